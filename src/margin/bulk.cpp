#include "margin/bulk.hpp"

#include <cmath>

namespace margrave::margin {

core::U256 to_units(double amount) {
    const double rounded = std::round(amount);
    return rounded > 0 ? core::U256(rounded) : core::U256(0);
}

}  // namespace margrave::margin
