#include "exposure/liquidation_time.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "core/fixed_point.hpp"
#include "exposure/shock.hpp"

namespace margrave::exposure {
namespace {

constexpr std::uint64_t kYearSeconds = 365ULL * 86'400;

/// A second at which the row's check fails, with an earlier one at which it does not.
struct Bracket {
    std::size_t place = 0;  ///< of the row among those asked for
    std::uint64_t safe = 0;
    std::uint64_t failing = 0;

    [[nodiscard]] std::uint64_t middle() const { return safe + (failing - safe) / 2; }
    [[nodiscard]] bool is_open() const { return failing - safe > 1; }
};

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

/// The market so many seconds later, the answers grown.
std::unique_ptr<margin::Market> later(const margin::Market& market, const YearlyGrowth& growth,
                                      std::uint64_t seconds) {
    auto out = market.fork();
    out->accrue(core::Timestamp(market.time().value() + seconds));
    for (const margin::OracleAnswer& today : market.answers()) {
        const auto rate = growth.find(today.asset);
        if (rate == growth.end() || !today.quote) {
            continue;
        }
        const auto answer = grown_answer(today.quote->answer, rate->second, market.time(), seconds);
        if (answer) {
            out->set_answer(today.asset, *answer);
        }
    }
    return out;
}

/// Spans that double, from an hour to the horizon; of those rows that fail within it.
std::vector<Bracket> find_brackets(const margin::Market& market,
                                   const std::vector<std::size_t>& rows,
                                   std::vector<std::size_t> places, const YearlyGrowth& growth) {
    std::vector<Bracket> out;
    std::uint64_t safe = 0;
    for (std::uint64_t seconds = 3600; !places.empty(); seconds *= 2) {
        const std::uint64_t moment = std::min(seconds, kTimeHorizonSeconds);
        const auto then = later(market, growth, moment);
        std::erase_if(places, [&](std::size_t place) {
            const bool fails = then->health(rows[place]).status == margin::Status::Liquidatable;
            if (fails) {
                out.push_back({.place = place, .safe = safe, .failing = moment});
            }
            return fails;
        });
        if (moment == kTimeHorizonSeconds) {
            break;
        }
        safe = moment;
    }
    return out;
}

/// Halves each bracket that is wider than a second; false where none is.
bool halve(const margin::Market& market, const std::vector<std::size_t>& rows,
           const YearlyGrowth& growth, std::vector<Bracket>& brackets) {
    std::map<std::uint64_t, std::vector<Bracket*>> by_middle;
    for (Bracket& one : brackets) {
        if (one.is_open()) {
            by_middle[one.middle()].push_back(&one);
        }
    }
    for (const auto& [middle, ours] : by_middle) {
        const auto then = later(market, growth, middle);
        for (Bracket* const one : ours) {
            const bool fails =
                then->health(rows[one->place]).status == margin::Status::Liquidatable;
            (fails ? one->failing : one->safe) = middle;
        }
    }
    return !by_middle.empty();
}

}  // namespace

bool fails_after(const margin::Market& market, std::size_t row, const YearlyGrowth& growth,
                 std::uint64_t seconds) {
    return later(market, growth, seconds)->health(row).status == margin::Status::Liquidatable;
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
    return liquidation_times(market, {row}, growth).front();
}

std::vector<std::optional<core::Timestamp>> liquidation_times(const margin::Market& market,
                                                              const std::vector<std::size_t>& rows,
                                                              const YearlyGrowth& growth) {
    std::vector<std::optional<core::Timestamp>> out(rows.size());
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < rows.size(); ++place) {
        const margin::Status today = market.health(rows[place]).status;
        if (today == margin::Status::Liquidatable) {
            out[place] = market.time();
        } else if (today != margin::Status::Unknown && today != margin::Status::NoDebt) {
            places.push_back(place);
        }
    }
    auto brackets = find_brackets(market, rows, std::move(places), growth);
    while (halve(market, rows, growth, brackets)) {
    }
    for (const Bracket& one : brackets) {
        out[one.place] = core::Timestamp(market.time().value() + one.failing);
    }
    return out;
}

}  // namespace margrave::exposure
