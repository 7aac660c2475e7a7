#include "core/fixed_point.hpp"

namespace margrave::core {

const U256& wad() {
    static const U256 value = pow10(18);
    return value;
}

const U256& ray() {
    static const U256 value = pow10(27);
    return value;
}

const U256& percentage_factor() {
    static const U256 value = pow10(4);
    return value;
}

}  // namespace margrave::core
