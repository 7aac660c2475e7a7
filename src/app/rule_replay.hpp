#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "alert/rule.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {

/// One time that a rule would have fired.
struct ReplayedAlert {
    store::Point fired;
    std::optional<std::uint64_t> resolved_s;  ///< chain time; nullopt: it fires at the end
    /// Seconds from the fire until the account could be liquidated; nullopt: it never could.
    std::optional<std::uint64_t> lead_s;
    bool is_flapping = false;
};

struct Replay {
    std::vector<ReplayedAlert> alerts;
    /// Times at which the account became liquidatable, and no alert fired yet.
    std::vector<std::uint64_t> missed_s;
    std::uint64_t unknown_told = 0;
};

/// The rule over a series of its quantity; `health` is the same account's health factor, for how
/// early. Between two points a value holds. Nobody silences and nobody acknowledges. Of a chain
/// with so many `confirmations`.
[[nodiscard]] Replay replay(const alert::Rule& rule, const std::vector<store::Point>& points,
                            const std::vector<store::Point>& health,
                            std::uint64_t confirmations = 0);

}  // namespace margrave::app
