#include "margin/price_limit.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace margrave::margin {

bool is_at_least(const PriceRatio& price, const PriceRatio& limit) {
    using boost::multiprecision::cpp_int;
    return cpp_int(price.numerator) * cpp_int(limit.denominator) >=
           cpp_int(limit.numerator) * cpp_int(price.denominator);
}

}  // namespace margrave::margin
