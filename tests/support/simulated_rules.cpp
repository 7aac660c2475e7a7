#include "tests/support/simulated_rules.hpp"

#include "core/fixed_point.hpp"

namespace margrave::test {

const std::string& simulated_rules() {
    static const std::string kRules = R"(
[[rules]]
name = "health"
watch = "health_factor"
severity = "critical"
flap_count = 0
fire_below = "1.1"
clear_above = "1.15"
clear_blocks = 3
[[rules]]
name = "steady"
watch = "health_factor"
severity = "warning"
flap_count = 0
fire_below = "1.3"
clear_above = "1.35"
for_blocks = 3
clear_blocks = 6
unknown_after_s = 900
channels = ["desk"]
[[rules]]
name = "unread"
watch = "coverage_gaps"
severity = "warning"
flap_count = 0
fire_above = "0"
for_s = 60
clear_blocks = 2
[[rules]]
name = "silence"
watch = "block_age"
severity = "critical"
flap_count = 0
fire_above = "900"
[[channels]]
name = "ops"
kind = "webhook"
grouped = false
[[channels]]
name = "desk"
kind = "webhook"
grouped = false
)";
    return kRules;
}

WatchLedger::Terms simulated_terms() {
    const core::U256 percent = core::wad() / 100;
    const ReferenceTerms health{.rule = "health",
                                .fires_below = true,
                                .fires = 110 * percent,
                                .clears = 115 * percent,
                                .for_blocks = 1,
                                .for_s = 0,
                                .clear_blocks = 3,
                                .unknown_after_s = 300,
                                .waits_below_one = false};
    ReferenceTerms steady = health;
    steady.rule = "steady";
    steady.fires = 130 * percent;
    steady.clears = 135 * percent;
    steady.for_blocks = 3;
    steady.clear_blocks = 6;
    steady.unknown_after_s = 900;
    const ReferenceTerms unread{.rule = "unread",
                                .fires_below = false,
                                .fires = 0,
                                .clears = 0,
                                .for_blocks = 1,
                                .for_s = 60,
                                .clear_blocks = 2,
                                .unknown_after_s = 300,
                                .waits_below_one = true};
    return {.health = {health, steady},
            .unread = unread,
            .silence = "silence",
            .silent_above_s = 900,
            .channel = "desk"};
}

}  // namespace margrave::test
