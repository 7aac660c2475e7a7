#include "cascade/ladder.hpp"

#include <algorithm>
#include <set>

#include "cascade/headline.hpp"
#include "cascade/liquidators.hpp"
#include "margin/liquidation_options.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;

/// The first asset that is sold somewhere and follows the factor more than what it is sold for.
std::optional<Address> sold_asset(const Playbook& playbook, const std::string& factor) {
    for (const VenueRule& venue : playbook.venues) {
        if (playbook.factors.of(factor, "", venue.asset) >
            playbook.factors.of(factor, "", venue.into)) {
            return venue.asset;
        }
    }
    return std::nullopt;
}

/// What all pools took of the asset on the way from today's price.
U256 taken(const Outcome& shocked, const Address& asset) {
    U256 sum = 0;
    for (const Sale& sale : shocked.shock_sales) {
        sum += sale.asset == asset ? sale.amount : U256(0);
    }
    return sum;
}

/// What the first call on the account would seize of the asset.
U256 seized_of(const margin::Market& market, std::size_t row, const Address& asset,
               PairChoice choice) {
    const auto pair = choose_pair(market, row, choice);
    if (!pair || pair->collateral != asset) {
        return 0;
    }
    const auto trial = margin::try_liquidation(market, row, call_of(*pair));
    return trial.outcome ? trial.outcome->seized : U256(0);
}

void add(const std::optional<core::Usd>& value, core::Usd& sum) {
    sum = value ? sum + *value : sum;
}

/// Adds the accounts that are liquidatable in the state and were not before.
void add_fallen(const State& state, const Playbook& playbook, const Address& asset,
                std::set<Place>& fallen, Rung& rung) {
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        const margin::Market& market = *state.markets[i];
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            const margin::Health health = market.health(row);
            if (health.status != margin::Status::Liquidatable ||
                market.liquidation_pairs(row).empty() ||
                !fallen.insert({.market = i, .row = row}).second) {
                continue;
            }
            ++rung.accounts;
            add(health.collateral_usd, rung.collateral);
            add(health.debt_usd, rung.debt);
            rung.seized += seized_of(market, row, asset, playbook.pair);
        }
    }
}

}  // namespace

const Rung* Ladder::next_cliff() const {
    const auto found = std::find_if(rungs.begin(), rungs.end(),
                                    [](const Rung& rung) { return rung.gain && *rung.gain >= 1; });
    return found == rungs.end() ? nullptr : &*found;
}

std::optional<Ladder> ladder(const Engine& engine, const std::string& factor,
                             std::uint32_t last_bps, std::uint32_t steps) {
    const Playbook& playbook = engine.playbook();
    const auto asset = sold_asset(playbook, factor);
    if (!asset || last_bps == 0 || steps == 0) {
        return std::nullopt;
    }
    Ladder out{.factor = factor, .asset = *asset, .rungs = {}};
    std::set<Place> fallen;
    U256 before = 0;
    for (std::uint32_t step = 1; step <= steps; ++step) {
        const std::uint32_t move = last_bps * step / steps;
        const std::uint32_t last = out.rungs.empty() ? 0 : out.rungs.back().move_bps;
        if (move == last) {
            continue;  // fewer basis points than steps
        }
        const Outcome shocked = engine.shock_alone(move_of(factor, Direction::Down, move));
        if (!shocked.unknown_because.empty()) {
            break;  // of the rest nothing is known
        }
        const U256 now = taken(shocked, *asset) / playbook.depth_divisor;
        Rung rung{.move_bps = move,
                  .collateral = {},
                  .debt = {},
                  .seized = 0,
                  .depth = now > before ? U256(now - before) : U256(0),
                  .gain = std::nullopt};
        add_fallen(shocked.end, playbook, *asset, fallen, rung);
        if (rung.depth != 0) {
            rung.gain = rung.seized.convert_to<double>() / rung.depth.convert_to<double>();
        }
        before = now;
        out.rungs.push_back(rung);
    }
    return out;
}

}  // namespace margrave::cascade
