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

core::U256 grown(const core::Wad& yearly, std::uint64_t seconds) {
    return core::wad() + yearly.value() * seconds / kYearSeconds;
}

std::optional<core::U256> grown_answer(const core::U256& today, const Growth& growth,
                                       core::Timestamp from, std::uint64_t seconds) {
    if (growth.parts.empty()) {
        return scaled_down(today, grown(growth.yearly, seconds), 1);
    }
    std::vector<AnswerRule::Move> moves;
    for (const Growth::Part& part : growth.parts) {
        moves.push_back({.rule = part.rule.get(), .multiplier = grown(part.yearly, seconds)});
    }
    return AnswerRule::moved_together(moves, core::Timestamp(from.value() + seconds));
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
        const auto answer = grown_answer(today.quote->answer, rate->second, market.time(), seconds);
        if (answer) {
            later->set_answer(today.asset, *answer);
        }
    }
    return later->health(row).status == margin::Status::Liquidatable;
}

YearlyGrowth answer_growth(const margin::Market& market, const FactorMap& factors) {
    std::map<core::Address, core::Wad> up;
    std::map<core::Address, core::Wad> down;
    std::map<core::Address, std::vector<Growth::Part>> parts;
    for (const auto& [factor, powers] : factor_powers(market, factors)) {
        const core::Wad growth = factors.risk_of(factor).yearly_growth;
        for (const auto& [asset, follow] : powers) {
            if (follow.rule) {
                parts[asset].push_back({.rule = follow.rule, .yearly = growth});
            }
            auto& side = follow.power > 0 ? up : down;
            for (int i = 0; i < std::abs(follow.power); ++i) {
                side[asset] = side[asset] + growth;
            }
        }
    }
    YearlyGrowth out;
    for (const auto& [asset, growth] : up) {
        const core::Wad against = down.contains(asset) ? down.at(asset) : core::Wad();
        if (growth > against) {
            out.emplace(asset, Growth{.yearly = growth - against, .parts = parts[asset]});
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
