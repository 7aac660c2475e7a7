#include "app/cascade_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "app/factor_map.hpp"
#include "app/lent_by_others.hpp"
#include "app/playbook_names.hpp"
#include "cascade/assumed_curve.hpp"
#include "cascade/fast_engine.hpp"
#include "cascade/ladder.hpp"
#include "cascade/losses.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using core::Address;
using core::ConfigError;

bool is_entry(const PlaybookMarket& market, const settings::MarketEntry& entry) {
    return market.protocol == entry.protocol && market.market == entry.name;
}

/// The rows of the own wallets that hold something.
std::vector<cascade::Place> own_places(const cascade::State& state,
                                       const std::vector<Address>& own) {
    std::vector<cascade::Place> out;
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        const margin::Market& market = *state.markets[i];
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            const bool is_own = std::find(own.begin(), own.end(), market.wallet(row)) != own.end();
            if (is_own && market.is_active(row)) {
                out.push_back({.market = i, .row = row});
            }
        }
    }
    return out;
}

/// The factors that the account's legs follow; only those of the shock where it has any.
std::vector<std::string> factors_of(const cascade::State& state, const cascade::Place& place,
                                    const cascade::Playbook& playbook,
                                    const cascade::Shock& shock) {
    const margin::Market& market = *state.markets[place.market];
    const auto legs = market.legs(place.row);
    std::vector<std::string> out;
    for (const std::string& factor : playbook.factors.factors()) {
        const bool is_asked =
            shock.moves.empty() ||
            std::any_of(shock.moves.begin(), shock.moves.end(),
                        [&](const cascade::FactorMove& move) { return move.factor == factor; });
        const bool is_held = std::any_of(legs.begin(), legs.end(), [&](const margin::Leg& leg) {
            return leg.side != margin::Side::Supply &&
                   playbook.factors.of(factor, market.name().protocol, leg.asset) != 0;
        });
        if (is_asked && is_held) {
            out.push_back(factor);
        }
    }
    return out;
}

/// Today's price in dollars of an asset that follows this factor and no other.
std::optional<core::Wad> factor_price(const cascade::State& state,
                                      const cascade::FactorPowers& powers,
                                      const std::string& factor) {
    const auto factors = powers.factors();
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            if (!answer.quote || !answer.unit || answer.denominator) {
                continue;
            }
            const bool is_it =
                std::all_of(factors.begin(), factors.end(), [&](const std::string& one) {
                    return powers.of(one, market->name().protocol, answer.asset) ==
                           (one == factor ? 1 : 0);
                });
            if (is_it) {
                return core::Wad(core::mul_div_wide<core::Rounding::Down>(
                    answer.quote->answer, core::wad(), *answer.unit));
            }
        }
    }
    return std::nullopt;
}

std::vector<report::OwnPrice> own_prices(cascade::Headlines& headlines, const cascade::State& state,
                                         const std::vector<cascade::Place>& own,
                                         const cascade::Playbook& playbook,
                                         const cascade::Shock& shock,
                                         const std::function<void()>& pause) {
    std::vector<report::OwnPrice> out;
    for (const cascade::Place& place : own) {
        const std::size_t before = out.size();
        for (const std::string& factor : factors_of(state, place, playbook, shock)) {
            pause();
            cascade::Headline found = headlines.find(place, factor);
            if (found.naive_bps || found.unknown_from_bps) {
                out.push_back({.headline = std::move(found),
                               .factor_price = factor_price(state, playbook.factors, factor)});
            }
        }
        if (out.size() == before) {  // no price reaches it: said, and not left out
            out.push_back({.headline = {.place = place, .factor = ""}, .factor_price = {}});
        }
    }
    return out;
}

/// What the pools that were read do not tell is a gap, and no health.
void add_gaps(const cascade::State& state, report::CascadeReport& report) {
    const auto add = [&](std::string detail, const cascade::Place* place) {
        snapshot::CoverageGap gap{.chain = report.chain,
                                  .protocol = "",
                                  .market = "",
                                  .wallet = std::nullopt,
                                  .kind = core::ErrorKind::MissingState,
                                  .detail = std::move(detail)};
        if (place != nullptr) {
            const margin::Market& market = *state.markets[place->market];
            gap.protocol = market.name().protocol;
            gap.market = market.name().name;
            gap.wallet = market.wallet(place->row);
        }
        report.gaps.push_back(std::move(gap));
    };
    for (const std::string& why : report.outcome.unknown_because) {
        add("from there on the cascade is unknown: " + why, nullptr);
    }
    for (const report::OwnPrice& own : report.own) {
        if (own.headline.unknown_from_bps) {
            add(fmt::format("whether it falls is unknown from a move of {} by {}.{:02} % on: {}",
                            own.headline.factor, *own.headline.unknown_from_bps / 100,
                            *own.headline.unknown_from_bps % 100, own.headline.unknown_because),
                &own.headline.place);
        }
    }
}

std::unique_ptr<cascade::Engine> make_engine(EngineKind kind, const cascade::State& state,
                                             const cascade::Playbook& playbook,
                                             cascade::Moment now) {
    if (kind == EngineKind::Fast) {
        return std::make_unique<cascade::FastEngine>(state, playbook, now);
    }
    return std::make_unique<cascade::ExactEngine>(state, playbook, now);
}

/// The same search, were pools half as deep.
void add_half_depth(const cascade::Engine& engine, std::vector<report::OwnPrice>& own) {
    cascade::Playbook playbook = engine.playbook();
    playbook.depth_divisor = 2;
    const auto shallow = engine.with(std::move(playbook));
    std::vector<cascade::Place> places;
    places.reserve(own.size());
    for (const report::OwnPrice& one : own) {
        places.push_back(one.headline.place);
    }
    cascade::Headlines headlines(*shallow, places);
    for (report::OwnPrice& one : own) {
        if (!one.headline.factor.empty()) {
            one.half_depth = headlines.find(one.headline.place, one.headline.factor);
        }
    }
}

/// The same search under every policy.
void add_policies(const cascade::Engine& engine, std::vector<report::OwnPrice>& own) {
    std::vector<cascade::OwnFactor> rows;
    rows.reserve(own.size());
    for (const report::OwnPrice& one : own) {
        rows.push_back({.place = one.headline.place, .factor = one.headline.factor});
    }
    auto prices = cascade::prices_under_policies(engine, rows);
    for (std::size_t i = 0; i < own.size(); ++i) {
        own[i].by_policy = std::move(prices[i]);
    }
}

/// Down to where the first own account falls alone.
std::optional<cascade::Ladder> ladder_of(const cascade::Engine& engine,
                                         const std::vector<report::OwnPrice>& own) {
    constexpr std::uint32_t kRungs = 10;
    if (own.empty() || !own.front().headline.naive_bps ||
        own.front().headline.direction != cascade::Direction::Down) {
        return std::nullopt;
    }
    const cascade::Headline& first = own.front().headline;
    return cascade::ladder(engine, first.factor, *first.naive_bps, kRungs);
}

/// A dozen points up to a little beyond the farthest own price.
std::vector<cascade::SweepPoint> sweep_of(cascade::Headlines& headlines,
                                          const std::vector<report::OwnPrice>& own) {
    std::vector<cascade::SweepPoint> out;
    if (own.empty() || !own.front().headline.naive_bps) {
        return out;
    }
    const cascade::Headline& first = own.front().headline;
    std::uint32_t last = 0;
    for (const report::OwnPrice& one : own) {
        if (one.headline.factor == first.factor && one.headline.direction == first.direction) {
            last = std::max(last, one.headline.naive_bps.value_or(0));
        }
    }
    constexpr std::uint32_t kPoints = 16;
    const std::uint32_t step = std::max<std::uint32_t>(
        (last / kPoints / cascade::kGridBps + 1) * cascade::kGridBps, cascade::kGridBps);
    const std::uint32_t most =
        first.direction == cascade::Direction::Down ? cascade::kFallBpsMax : cascade::kRiseBpsMax;
    for (std::uint32_t move = step; move <= std::min(last + 2 * step, most); move += step) {
        out.push_back(headlines.at(first.factor, first.direction, move));
    }
    return out;
}

std::string depth_text(const cascade::State& state) {
    const auto assumed = std::count_if(
        state.venues.begin(), state.venues.end(), [](const std::unique_ptr<margin::Venue>& venue) {
            return dynamic_cast<const cascade::AssumedCurve*>(venue.get()) != nullptr;
        });
    const std::string read = fmt::format("{} pools that were read at the block",
                                         state.venues.size() - static_cast<std::size_t>(assumed));
    return assumed == 0 ? read + ", and nothing else"
                        : fmt::format("{}, and {} assumed curves", read, assumed);
}

std::vector<std::pair<std::string, std::string>> assumptions_of(EngineKind kind,
                                                                const cascade::Playbook& playbook,
                                                                const cascade::State& state) {
    const auto& capital = playbook.liquidators.capital;
    std::vector<std::pair<std::string, std::string>> out{
        {"order", cascade::to_string(playbook.order)},
        {"pair", cascade::to_string(playbook.pair)},
        {"repay", "max"},
        {"sell", cascade::to_string(playbook.selling)},
        {"depth", depth_text(state)},
        {"capital", capital
                        ? fmt::format("${} of all liquidators; what a round's sales bring is there "
                                      "for the next",
                                      core::format_fixed(capital->value(), 18, 2))
                        : "unlimited, by flash loans"},
        {"latency", fmt::format("{} blocks between rounds", playbook.blocks_per_round)},
        {"interest", playbook.accrues ? fmt::format("accrues, {} s a block", playbook.block_s)
                                      : "stands still"},
        {"recovery_bps_per_block", fmt::format("{}", playbook.recovery_per_block.value())},
        {"liquidators",
         playbook.liquidators.only_when_paying
             ? fmt::format("act when it pays after ${} gas and {} bps for the flash loan",
                           core::format_fixed(playbook.liquidators.gas_usd.value(), 18, 2),
                           playbook.liquidators.flash_fee.value())
             : "act on every eligible account, at any cost"},
        {"engine", kind == EngineKind::Fast
                       ? fmt::format("accounts in doubles; the contracts' own integers may decide "
                                     "otherwise within {:g} of a limit",
                                     cascade::FastEngine::kEpsilon)
                       : "the contracts' own integers"},
        {"search", fmt::format("own prices on a grid of {} basis points, narrowed to one",
                               cascade::kGridBps)},
    };
    for (const auto& venue : state.venues) {
        if (!venue->assumption().empty()) {
            out.emplace_back(margin::to_string(venue->name()), venue->assumption());
        }
    }
    return out;
}

cascade::Moment moment_of(const snapshot::Snapshot& snapshot) {
    const snapshot::ChainCut& cut = snapshot.chains.front();
    return {.block = cut.number, .time = cut.timestamp};
}

/// The playbook for what was read, which is taken out of the snapshot.
cascade::Playbook take_playbook(snapshot::Snapshot& snapshot, const PlaybookFile& file,
                                const settings::Settings& settings, cascade::State& state) {
    const auto factors = make_factor_map(settings).with_snapshot(snapshot);
    state = take_state(snapshot, file, settings);
    for (auto& curve : assumed_curves(file, state)) {
        state.venues.push_back(std::move(curve));
    }
    return resolve_playbook(file, state, factors);
}

/// The smallest move that liquidates the account, of all factors'. It is not known where at a
/// smaller one nobody knows.
report::CascadeFall nearest_fall(const cascade::State& state, const cascade::Place& place,
                                 const std::vector<report::OwnPrice>& prices) {
    const margin::Market& market = *state.markets[place.market];
    report::CascadeFall out{.market = market.name(),
                            .wallet = market.wallet(place.row),
                            .distance = std::nullopt,
                            .unknown_because = market.health(place.row).unknown_because};
    std::optional<std::uint32_t> nearest;
    const cascade::Headline* unknown = nullptr;
    for (const report::OwnPrice& price : prices) {
        const cascade::Headline& headline = price.headline;
        if (headline.place != place) {
            continue;
        }
        // Who falls alone and pays no liquidator is not safe: somebody may act all the same.
        const auto falls = headline.cascade_bps ? headline.cascade_bps : headline.naive_bps;
        nearest = falls && (!nearest || *falls < *nearest) ? falls : nearest;
        const bool is_sooner =
            headline.unknown_from_bps &&
            (unknown == nullptr || *headline.unknown_from_bps < *unknown->unknown_from_bps);
        unknown = is_sooner ? &headline : unknown;
    }
    if (unknown != nullptr && (!nearest || *unknown->unknown_from_bps < *nearest)) {
        out.unknown_because = unknown->unknown_because;
    }
    if (nearest) {
        constexpr std::uint64_t kWadOfBps = 100'000'000'000'000;
        out.distance = core::Wad(core::U256(*nearest) * core::U256(kWadOfBps));
    }
    return out;
}

}  // namespace

bool is_of_playbook(const PlaybookFile& file, const settings::Settings& settings,
                    const margin::MarketName& market) {
    const auto names_it = [&](const PlaybookMarket& one) {
        const bool is_deployment =
            std::any_of(settings.markets.begin(), settings.markets.end(),
                        [&](const settings::MarketEntry& entry) { return is_entry(one, entry); });
        return one.protocol == market.protocol && (one.market == market.name || is_deployment);
    };
    return market.chain == file.chain &&
           std::any_of(file.markets.begin(), file.markets.end(), names_it);
}

cascade::State take_state(snapshot::Snapshot& snapshot, const PlaybookFile& file,
                          const settings::Settings& settings) {
    cascade::State state;
    for (auto& market : snapshot.markets) {
        if (is_of_playbook(file, settings, market->name())) {
            state.markets.push_back(std::move(market));
        }
    }
    for (auto& venue : snapshot.venues) {
        if (venue->name().chain == file.chain) {
            state.venues.push_back(std::move(venue));
        }
    }
    return state;
}

settings::Settings playbook_settings(settings::Settings settings, const PlaybookFile& file) {
    settings.token_rates.clear();
    settings.smart_accounts.clear();
    for (auto& [name, chain] : settings.chains) {
        chain.proxy_registry.reset();
    }
    const auto concerns = [&](const PlaybookMarket& market, const settings::MarketEntry& entry) {
        const bool is_named =
            std::any_of(settings.markets.begin(), settings.markets.end(),
                        [&](const settings::MarketEntry& one) {
                            return one.chain == file.chain && is_entry(market, one);
                        });
        return is_named ? is_entry(market, entry) : market.protocol == entry.protocol;
    };
    std::vector<settings::MarketEntry> markets;
    for (const settings::MarketEntry& entry : settings.markets) {
        const bool is_wanted =
            entry.chain == file.chain &&
            std::any_of(file.markets.begin(), file.markets.end(),
                        [&](const PlaybookMarket& market) { return concerns(market, entry); });
        if (is_wanted) {
            markets.push_back(entry);
        }
    }
    for (const PlaybookMarket& market : file.markets) {
        const bool is_known = std::any_of(
            markets.begin(), markets.end(),
            [&](const settings::MarketEntry& entry) { return entry.protocol == market.protocol; });
        if (!is_known) {
            throw ConfigError(fmt::format("{}: no market of {} is configured on {}", market.where,
                                          core::printable(market.protocol),
                                          core::printable(file.chain)));
        }
    }
    settings.markets = std::move(markets);
    std::set<Address> pools;
    std::set<Address> assumed;
    for (const VenueWords& venue : file.venues) {
        (venue.curve ? assumed : pools).insert(venue.pool);
    }
    for (const OracleWords& oracle : file.oracles) {
        if (oracle.rule.pool && !assumed.contains(*oracle.rule.pool)) {
            pools.insert(*oracle.rule.pool);
        }
    }
    std::erase_if(settings.pools, [&](const settings::Pool& pool) {
        return pool.chain != file.chain || !pools.contains(pool.address);
    });
    for (const Address& pool : pools) {
        const bool is_known =
            std::any_of(settings.pools.begin(), settings.pools.end(),
                        [&](const settings::Pool& one) { return one.address == pool; });
        if (!is_known) {
            throw ConfigError(fmt::format(
                "pool {} of the playbook is not configured; add to --config: [[pools]] with kind, "
                "chain = \"{}\" and its address",
                pool.to_string(), core::printable(file.chain)));
        }
    }
    return settings;
}

collect::CollectOptions playbook_reading(const PlaybookFile& file) {
    return {.venues = true, .holders = std::set(file.own.begin(), file.own.end())};
}

std::vector<report::CascadeFall> own_falls(snapshot::Snapshot& snapshot, const PlaybookFile& file,
                                           const settings::Settings& settings,
                                           const std::function<void()>& pause) {
    cascade::State state;
    const cascade::Playbook playbook = take_playbook(snapshot, file, settings, state);
    const auto engine = make_engine(file.engine, state, playbook, moment_of(snapshot));
    const auto own = own_places(state, file.own);
    cascade::Headlines headlines(*engine, own);
    const auto prices = own_prices(headlines, state, own, playbook, {}, pause);
    std::vector<report::CascadeFall> out;
    out.reserve(own.size());
    for (const cascade::Place& place : own) {
        out.push_back(nearest_fall(state, place, prices));
    }
    return out;
}

CascadeRun::CascadeRun(snapshot::Snapshot snapshot, const PlaybookFile& file,
                       const settings::Settings& settings) {
    const cascade::Playbook playbook = take_playbook(snapshot, file, settings, state_);
    const cascade::Shock shock = resolve_shock(file, state_, playbook);
    const auto engine = make_engine(file.engine, state_, playbook, moment_of(snapshot));
    report_ = {.chain = file.chain,
               .begin = &state_,
               .near = std::nullopt,
               .static_ends = std::nullopt,
               .outcome = {},
               .own = {},
               .sweep = {},
               .ladder = std::nullopt,
               .losses = std::nullopt,
               .assumptions = assumptions_of(file.engine, playbook, state_),
               .gaps = std::move(snapshot.gaps)};
    if (const auto* fast = dynamic_cast<const cascade::FastEngine*>(engine.get())) {
        std::tie(report_.outcome, report_.near) = fast->run_branches(shock);
        report_.static_ends = fast->static_ends(shock);
    } else {
        report_.outcome = engine->run(shock);
    }
    const auto own = own_places(state_, file.own);
    cascade::Headlines headlines(*engine, own);
    report_.own = own_prices(headlines, state_, own, playbook, shock, [] {});
    add_half_depth(*engine, report_.own);
    if (file.range == Range::Own) {
        add_policies(*engine, report_.own);
    }
    report_.sweep = sweep_of(headlines, report_.own);
    report_.ladder = ladder_of(*engine, report_.own);
    add_gaps(state_, report_);
    const std::set<cascade::Place> own_set(own.begin(), own.end());
    // Along a path prices also move from outside, and no one moment's are the market's.
    if (shock.path.empty()) {
        report_.losses = cascade::losses(engine->shock_alone(shock).end, report_.outcome, own_set);
    }
    if (file.range != Range::None) {
        report_.policies = cascade::under_policies(*engine, shock, own_set);
    }
    // The fast engine does not keep what is lent.
    if (file.engine == EngineKind::Exact) {
        report_.lent = cascade::lent_assets(state_, report_.outcome, own_set,
                                            lent_by_others(snapshot, state_, file.own));
    }
}

}  // namespace margrave::app
