#include "margin/feed_rule.hpp"

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::margin {

using core::U256;

U256 least_change(const U256& answer, core::Bps deviation) {
    return core::mul_div_wide<core::Rounding::Up>(answer, U256(deviation.value()),
                                                  core::percentage_factor());
}

NextAnswer next_answer(const FeedRule& rule, const U256& answer, core::Timestamp updated_at) {
    NextAnswer out;
    if (rule.deviation) {
        const auto change = value_or_nothing([&] { return least_change(answer, *rule.deviation); });
        out.at_or_below = !change || *change >= answer ? U256(0) : U256(answer - *change);
        if (change) {
            out.at_or_above = value_or_nothing([&] { return U256(answer + *change); });
        }
    }
    if (rule.heartbeat_s) {
        out.by = value_or_nothing([&] { return updated_at + core::Timestamp(*rule.heartbeat_s); });
    }
    return out;
}

}  // namespace margrave::margin
