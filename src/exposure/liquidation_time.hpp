#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/units.hpp"
#include "exposure/factor_map.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// Ten years: what lies further away is said not to happen.
inline constexpr std::uint64_t kTimeHorizonSeconds = 10ULL * 365 * 86'400;

/// How one oracle answer grows while time passes: a year in 1e18, simple.
struct Growth {
    core::Wad yearly;  ///< of the whole answer, where nothing is known of its parts
    /// Of the parts of its confirmed composition, which says what of that comes through: a cap that
    /// grows slower holds it back, one that holds the answer down today lets it catch up.
    struct Part {
        std::shared_ptr<const AnswerRule> rule;
        core::Wad yearly;

        friend bool operator==(const Part&, const Part&) = default;
    };
    std::vector<Part> parts = {};

    friend bool operator==(const Growth&, const Growth&) = default;
};

/// By asset; of those that are not named the answers stand.
using YearlyGrowth = std::map<core::Address, Growth>;

/// The growth of the factors that each answer of the market follows, less that of what it is priced
/// in where that leaves something.
[[nodiscard]] YearlyGrowth answer_growth(const margin::Market& market, const FactorMap& factors);

/// Whether the row's health check fails `seconds` after the market's time, the answers grown.
[[nodiscard]] bool fails_after(const margin::Market& market, std::size_t row,
                               const YearlyGrowth& growth, std::uint64_t seconds);

/// The first second at which the row's health check fails by interest alone, rates as the protocol
/// keeps them without a further transaction, prices fixed but for `growth`: answer * (1 + growth *
/// seconds / year), rounded down, or what the answer's composition makes of parts that grow so. The
/// market's own time when it fails already; nullopt when it does
/// not within kTimeHorizonSeconds. Exact to the second. The moments looked at first double from an
/// hour to the horizon: a failure that begins and ends between two of them is not seen.
[[nodiscard]] std::optional<core::Timestamp> liquidation_time(const margin::Market& market,
                                                              std::size_t row,
                                                              const YearlyGrowth& growth);
/// The same of several rows, in their order: the moments that they share are looked at once.
[[nodiscard]] std::vector<std::optional<core::Timestamp>> liquidation_times(
    const margin::Market& market, const std::vector<std::size_t>& rows, const YearlyGrowth& growth);

}  // namespace margrave::exposure
