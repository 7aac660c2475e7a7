#include "exposure/liquidation_time.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/fixed_point.hpp"
#include "exposure/shock.hpp"

namespace margrave::exposure {
namespace {

constexpr std::uint64_t kYearSeconds = 365ULL * 86'400;

/// A second at which the check fails, with an earlier one at which it does not.
struct Bracket {
    std::uint64_t safe = 0;
    std::uint64_t failing = 0;
};

/// Spans that double, from an hour to the horizon.
std::optional<Bracket> find_bracket(const margin::Market& market, std::size_t row,
                                    const YearlyGrowth& growth) {
    Bracket bracket;
    for (std::uint64_t seconds = 3600;; seconds *= 2) {
        const std::uint64_t moment = std::min(seconds, kTimeHorizonSeconds);
        if (fails_after(market, row, growth, moment)) {
            bracket.failing = moment;
            return bracket;
        }
        if (moment == kTimeHorizonSeconds) {
            return std::nullopt;
        }
        bracket.safe = moment;
    }
}

}  // namespace

bool fails_after(const margin::Market& market, std::size_t row, const YearlyGrowth& growth,
                 std::uint64_t seconds) {
    const auto later = market.fork();
    later->accrue(core::Timestamp(market.time().value() + seconds));
    for (const margin::OracleAnswer& today : market.answers()) {
        const auto rate = growth.find(today.asset);
        if (rate == growth.end() || !today.quote) {
            continue;
        }
        const core::U256 multiplier = core::wad() + rate->second.value() * seconds / kYearSeconds;
        if (const auto grown = scaled_down(today.quote->answer, multiplier, 1)) {
            later->set_answer(today.asset, *grown);
        }
    }
    return later->health(row).status == margin::Status::Liquidatable;
}

YearlyGrowth answer_growth(const margin::Market& market, const FactorMap& factors) {
    YearlyGrowth up;
    YearlyGrowth down;
    for (const auto& [factor, powers] : factor_powers(market, factors)) {
        const core::Wad growth = factors.risk_of(factor).yearly_growth;
        for (const auto& [asset, follow] : powers) {
            YearlyGrowth& side = follow.power > 0 ? up : down;
            for (int i = 0; i < std::abs(follow.power); ++i) {
                side[asset] = side[asset] + growth;
            }
        }
    }
    YearlyGrowth out;
    for (const auto& [asset, growth] : up) {
        const core::Wad against = down.contains(asset) ? down.at(asset) : core::Wad();
        if (growth > against) {
            out.emplace(asset, growth - against);
        }
    }
    return out;
}

std::optional<core::Timestamp> liquidation_time(const margin::Market& market, std::size_t row,
                                                const YearlyGrowth& growth) {
    const margin::Status today = market.health(row).status;
    if (today == margin::Status::Liquidatable) {
        return market.time();
    }
    if (today == margin::Status::Unknown || today == margin::Status::NoDebt) {
        return std::nullopt;
    }
    auto bracket = find_bracket(market, row, growth);
    if (!bracket) {
        return std::nullopt;
    }
    while (bracket->failing - bracket->safe > 1) {
        const std::uint64_t middle = bracket->safe + (bracket->failing - bracket->safe) / 2;
        (fails_after(market, row, growth, middle) ? bracket->failing : bracket->safe) = middle;
    }
    return core::Timestamp(market.time().value() + bracket->failing);
}

}  // namespace margrave::exposure
