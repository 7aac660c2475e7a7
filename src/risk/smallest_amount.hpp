#pragma once

#include <functional>
#include <optional>

#include "core/u256.hpp"

namespace margrave::risk {

/// What an amount does when it is tried.
enum class Reach {
    Below,    ///< accepted, but not enough
    Enough,   ///< accepted, and enough
    Refused,  ///< the protocol takes no such amount
};

struct SizedAmount {
    core::U256 amount;
    bool is_enough = false;  ///< else it is the most that is accepted
};

/// The smallest amount in [1, max] that is enough, where the amount before it is not; or the
/// largest that is accepted, when none is enough. nullopt when none is accepted at all. Amounts may
/// be refused from some size on (a cap) and below some size (dust). Between a guess and what is
/// found, small falls of a rising health are looked for but a short one may be missed; elsewhere
/// the guess only saves trials.
[[nodiscard]] std::optional<SizedAmount> smallest_enough(
    const core::U256& max, const std::optional<core::U256>& guess,
    const std::function<Reach(const core::U256&)>& attempt);

}  // namespace margrave::risk
