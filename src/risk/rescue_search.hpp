#pragma once

#include <vector>

#include "risk/rescue_steps.hpp"

namespace margrave::risk {

struct RescueFound {
    std::vector<RescuePlan> plans;  ///< the cheapest first
    std::vector<RejectedLever> rejected;
    bool is_exhaustive = true;
};

/// Every lever alone, then pairs and triples of which all but the last are pulled as far as they
/// go, after any switches. That is where the optimum lies: gas is a fixed cost of each lever, a
/// swap's is linear in its amount, and so is the target; of two levers pulled partly one can be
/// pulled further, until it ends or the other is not needed. Unless both draw on one balance that
/// is needed whole: then it is split. Sets that cannot cost less than the best found are left out.
[[nodiscard]] RescueFound search_rescue(const RescueTable& table);

/// True when plan a is to be preferred: without funds from outside, then with prices for all that
/// it moves, then the cheaper (what is brought from outside counted as a cost), then with less
/// capital, then without a flash loan.
[[nodiscard]] bool is_preferred(const RescuePlan& a, const RescuePlan& b);

}  // namespace margrave::risk
