#include "adapters/aave_v3/deployment.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "adapters/aave_v3/contracts.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;
using core::ChainError;
using core::ErrorKind;
namespace oracles = chains::evm::oracles;

core::Timestamp to_timestamp(const Uint<40>& seconds) {
    return core::Timestamp(static_cast<std::uint64_t>(seconds.value));
}

const Behaviour& choose_behaviour(const DeploymentConfig& config, core::Address pool,
                                  const U256& revision) {
    if (config.behaviour != nullptr) {
        return *config.behaviour;
    }
    const bool fits = revision <= std::numeric_limits<std::uint64_t>::max();
    const auto known =
        fits ? config.revisions.find(static_cast<std::uint64_t>(revision)) : config.revisions.end();
    if (known == config.revisions.end()) {
        throw ChainError(ErrorKind::UnknownRevision, pool.to_string() + " POOL_REVISION",
                         fmt::format("revision {} is not one whose rules margrave knows; a fork is "
                                     "told by `behaviour` in its [[markets]] entry",
                                     core::to_decimal(revision)));
    }
    return *known->second;
}

/// The asset's price as the protocol sees it.
Task<margin::PriceQuote> read_price(Reader& chain, Address oracle, Address asset) {
    auto asked_price = chain.call(oracle, GetAssetPrice{}, asset);
    auto asked_source = chain.try_call(oracle, GetSourceOfAsset{}, asset);
    const U256 answer = co_await asked_price;
    const auto source = co_await asked_source;
    if (answer == 0) {
        throw ChainError(ErrorKind::NoPrice, oracle.to_string() + " getAssetPrice",
                         "the oracle answers 0");
    }
    margin::PriceQuote quote;
    quote.answer = answer;
    if (source) {
        quote.source = *source;
    }
    co_return quote;
}

Task<std::optional<core::Timestamp>> read_grace_period(Reader& chain, Address pool,
                                                       const Behaviour& behaviour, Address asset) {
    std::optional<core::Timestamp> until;
    if (behaviour.has_grace_period) {
        const Uint<40> answer = co_await chain.call(pool, GetLiquidationGracePeriod{}, asset);
        until = to_timestamp(answer);
    }
    co_return until;
}

void fill(const ReserveData& data, Reserve& reserve) {
    reserve.configuration = ReserveConfiguration(std::get<0>(data));
    reserve.liquidity_index = std::get<1>(data).value;
    reserve.liquidity_rate = std::get<2>(data).value;
    reserve.borrow_index = std::get<3>(data).value;
    reserve.borrow_rate = std::get<4>(data).value;
    reserve.last_update = to_timestamp(std::get<6>(data));
    reserve.id = std::get<7>(data);
    reserve.a_token = std::get<8>(data);
    reserve.stable_debt_token = std::get<9>(data);
    reserve.variable_debt_token = std::get<10>(data);
    reserve.interest_rate_strategy = std::get<11>(data);
    reserve.accrued_to_treasury = std::get<12>(data).value;
    reserve.unbacked = std::get<13>(data).value;
    reserve.isolation_mode_total_debt = std::get<14>(data).value;
}

/// A reserve without a price is still a reserve; without its data it is none.
Task<Reserve> read_reserve(Reader& chain, EntryPoints entry, const Behaviour& behaviour,
                           Address asset) {
    std::vector<Task<margin::PriceQuote>> price;
    price.push_back(read_price(chain, entry.oracle, asset));
    std::vector<Task<std::string>> symbol;
    symbol.push_back(chains::erc20::read_symbol(chain, asset));
    std::vector<Task<std::optional<core::Timestamp>>> grace;
    grace.push_back(read_grace_period(chain, entry.pool, behaviour, asset));
    chains::SharedTask prices(chains::settle_all(std::move(price)));
    chains::SharedTask symbols(chains::settle_all(std::move(symbol)));
    chains::SharedTask graces(chains::settle_all(std::move(grace)));
    prices.start();
    symbols.start();
    graces.start();

    const ReserveData data = co_await chain.call(entry.pool, GetReserveData{}, asset);
    Reserve reserve;
    reserve.asset = asset;
    fill(data, reserve);
    const auto& quote = (co_await prices).front();
    if (quote) {
        reserve.price = *quote;
    } else {
        reserve.price_trouble = quote.error().what();
        reserve.price_trouble_kind =
            quote.error().kind() == ErrorKind::Reverted ? ErrorKind::NoPrice : quote.error().kind();
    }
    reserve.symbol = (co_await symbols).front().value();
    const auto& until = (co_await graces).front();
    if (!until) {
        throw ChainError(until.error());
    }
    reserve.grace_period_until = until->value_or(core::Timestamp(0));
    co_return reserve;
}

/// What the sentinel allows; nullopt where there is none.
struct SentinelAnswers {
    std::optional<bool> liquidation;
    std::optional<bool> borrow;
};

/// A sentinel that reverts stops the call just as one that says no.
bool allows(const core::Result<bool, ChainError>& answer) {
    if (!answer && answer.error().kind() != ErrorKind::Reverted) {
        throw ChainError(answer.error());
    }
    return answer && *answer;
}

Task<SentinelAnswers> read_sentinel(Reader& chain, EntryPoints entry, const Behaviour& behaviour) {
    SentinelAnswers out;
    if (behaviour.has_sentinel && !entry.sentinel.is_zero()) {
        auto asked_liquidation = chain.try_call(entry.sentinel, IsLiquidationAllowed{});
        auto asked_borrow = chain.try_call(entry.sentinel, IsBorrowAllowed{});
        out.liquidation = allows(co_await asked_liquidation);
        out.borrow = allows(co_await asked_borrow);
    }
    co_return out;
}

Task<std::optional<StableTotals>> read_stable_totals(Reader& chain, Address token) {
    const auto [principal, with_interest, rate, updated] =
        co_await chain.call(token, GetSupplyData{});
    co_return StableTotals{
        .principal = principal, .average_rate = rate, .last_update = to_timestamp(updated)};
}

/// Of a strategy of one reserve. Its parameters are asked for one by one.
Task<std::optional<RateParameters>> read_own_rates(Reader& chain, Address strategy) {
    auto asked_optimal = chain.try_call(strategy, OptimalUsageRatio{});
    auto asked_base = chain.try_call(strategy, GetBaseVariableBorrowRate{});
    auto asked_slope1 = chain.try_call(strategy, GetVariableRateSlope1{});
    auto asked_slope2 = chain.try_call(strategy, GetVariableRateSlope2{});
    auto asked_share = chain.try_call(strategy, OptimalStableToTotalDebtRatio{});
    auto asked_stable_base = chain.try_call(strategy, GetBaseStableBorrowRate{});
    auto asked_stable_slope1 = chain.try_call(strategy, GetStableRateSlope1{});
    auto asked_stable_slope2 = chain.try_call(strategy, GetStableRateSlope2{});
    auto asked_offset = chain.try_call(strategy, GetStableRateExcessOffset{});
    const auto optimal = co_await asked_optimal;
    const auto base = co_await asked_base;
    const auto slope1 = co_await asked_slope1;
    const auto slope2 = co_await asked_slope2;
    const auto share = co_await asked_share;
    const auto stable_base = co_await asked_stable_base;
    const auto stable_slope1 = co_await asked_stable_slope1;
    const auto stable_slope2 = co_await asked_stable_slope2;
    const auto offset = co_await asked_offset;
    std::optional<RateParameters> out;
    if (optimal && base && slope1 && slope2) {
        out = RateParameters{*optimal, *base, *slope1, *slope2, {}};
        if (share && stable_base && stable_slope1 && stable_slope2 && offset) {
            out->stable = RateParameters::Stable{*share, *stable_base, *stable_slope1,
                                                 *stable_slope2, *offset};
        }
    }
    co_return out;
}

/// nullopt for a strategy of another kind, whose rates margrave cannot foretell.
Task<std::optional<RateParameters>> read_rates(Reader& chain, const Behaviour& behaviour,
                                               Address strategy, Address asset) {
    std::optional<RateParameters> out;
    if (strategy.is_zero()) {
        co_return out;
    }
    if (behaviour.virtual_balance == VirtualBalance::None) {
        out = co_await read_own_rates(chain, strategy);
        co_return out;
    }
    const auto answer = co_await chain.try_call(strategy, GetInterestRateData{}, asset);
    if (answer) {
        const auto& [optimal, base, slope1, slope2] = *answer;
        out = RateParameters{optimal, base, slope1, slope2, {}};
    }
    co_return out;
}

Task<U256> read_deficit(Reader& chain, Address pool, const Behaviour& behaviour, Address asset) {
    U256 out;
    if (behaviour.has_deficit) {
        out = co_await chain.call(pool, GetReserveDeficit{}, asset);
    }
    co_return out;
}

Task<ReserveTotals> read_reserve_totals(Reader& chain, EntryPoints entry,
                                        const Behaviour& behaviour, const Reserve& reserve) {
    SharedTask<std::optional<RateParameters>> rates(
        read_rates(chain, behaviour, reserve.interest_rate_strategy, reserve.asset));
    rates.start();
    std::optional<SharedTask<std::optional<StableTotals>>> stable;
    if (behaviour.has_stable_debt && !reserve.stable_debt_token.is_zero()) {
        stable.emplace(read_stable_totals(chain, reserve.stable_debt_token));
        stable->start();
    }
    SharedTask<U256> deficit(read_deficit(chain, entry.pool, behaviour, reserve.asset));
    deficit.start();
    auto asked_supply = chain.call(reserve.a_token, ScaledTotalSupply{});
    auto asked_debt = chain.call(reserve.variable_debt_token, ScaledTotalSupply{});
    auto asked_holding = chain.call(reserve.asset, chains::erc20::BalanceOf{}, reserve.a_token);
    ReserveTotals out;
    if (keeps_virtual_balance(behaviour, reserve.configuration)) {
        const Uint<128> counted =
            co_await chain.call(entry.pool, GetVirtualUnderlyingBalance{}, reserve.asset);
        out.virtual_balance = counted.value;
    }
    out.a_token_holding = co_await asked_holding;
    out.scaled_supply = co_await asked_supply;
    out.scaled_debt = co_await asked_debt;
    out.deficit = co_await deficit;
    if (stable) {
        out.stable = co_await *stable;
    }
    out.rates = co_await rates;
    co_return out;
}

}  // namespace

Task<EntryPoints> read_entry_points(Reader& chain, Address provider) {
    auto asked_pool = chain.call(provider, GetPool{});
    auto asked_oracle = chain.call(provider, GetPriceOracle{});
    auto asked_sentinel = chain.try_call(provider, GetPriceOracleSentinel{});
    EntryPoints out;
    out.pool = co_await asked_pool;
    out.oracle = co_await asked_oracle;
    const auto sentinel = co_await asked_sentinel;
    if (sentinel) {
        out.sentinel = *sentinel;
    } else if (sentinel.error().kind() != ErrorKind::Reverted &&
               sentinel.error().kind() != ErrorKind::EmptyReply) {
        // Only a provider without this getter has no sentinel; one that was not reached may have.
        throw ChainError(sentinel.error());
    }
    if (out.pool.is_zero() || out.oracle.is_zero()) {
        throw ChainError(ErrorKind::BadData, provider.to_string() + " getPool",
                         "the provider names no pool or no oracle at this block");
    }
    co_return out;
}

Task<PoolFacts> read_pool_facts(Reader& chain, EntryPoints entry, const DeploymentConfig& config) {
    auto asked_revision = chain.call(entry.pool, PoolRevision{});
    auto asked_assets = chain.call(entry.pool, GetReservesList{});
    auto asked_currency = chain.call(entry.oracle, BaseCurrency{});
    auto asked_unit = chain.call(entry.oracle, BaseCurrencyUnit{});
    const U256 revision = co_await asked_revision;
    PoolFacts out;
    out.behaviour = &choose_behaviour(config, entry.pool, revision);
    out.revision = revision > std::numeric_limits<std::uint64_t>::max()
                       ? std::numeric_limits<std::uint64_t>::max()
                       : static_cast<std::uint64_t>(revision);
    out.assets = co_await asked_assets;
    out.base_currency = co_await asked_currency;
    out.base_currency_unit = co_await asked_unit;
    co_return out;
}

Task<Reserves> read_reserves(Reader& chain, EntryPoints entry, const PoolFacts& facts) {
    std::vector<Task<SentinelAnswers>> sentinel;
    sentinel.push_back(read_sentinel(chain, entry, *facts.behaviour));
    chains::SharedTask sentinels(chains::settle_all(std::move(sentinel)));
    sentinels.start();

    std::vector<Task<Reserve>> reading;
    reading.reserve(facts.assets.size());
    for (const Address& asset : facts.assets) {
        reading.push_back(read_reserve(chain, entry, *facts.behaviour, asset));
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    Reserves out;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const bool in_range = outcomes[i] && outcomes[i]->id < ReserveBitmap().size();
        if (in_range && out.by_id.emplace(outcomes[i]->id, *outcomes[i]).second) {
            continue;
        }
        const bool is_odd = outcomes[i].has_value();
        out.unread.push_back({.wallet = std::nullopt,
                              .what = "reserve of " + facts.assets[i].to_string(),
                              .kind = is_odd ? ErrorKind::BadData : outcomes[i].error().kind(),
                              .detail = !is_odd    ? std::string(outcomes[i].error().what())
                                        : in_range ? std::string("its id is another reserve's too")
                                                   : std::string("its id is over 127")});
    }
    const auto& allowed = (co_await sentinels).front();
    if (allowed) {
        out.liquidation_allowed = allowed->liquidation;
        out.borrow_allowed = allowed->borrow;
    } else {
        out.unread_sentinel = margin::Missing{.wallet = std::nullopt,
                                              .what = "price oracle sentinel",
                                              .kind = allowed.error().kind(),
                                              .detail = allowed.error().what()};
    }
    co_return out;
}

Task<bool> read_price_ages(Reader& chain, Reserves& reserves) {
    std::vector<Reserve*> priced;
    std::vector<Task<std::optional<core::Timestamp>>> reading;
    for (auto& [id, reserve] : reserves.by_id) {
        if (reserve.price && !reserve.price->source.is_zero()) {
            priced.push_back(&reserve);
            reading.push_back(oracles::read_updated_at(chain, reserve.price->source));
        }
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    for (std::size_t i = 0; i < priced.size(); ++i) {
        if (outcomes[i]) {
            priced[i]->price->updated_at = *outcomes[i];
        }
    }
    co_return true;
}

Task<bool> read_totals(Reader& chain, EntryPoints entry, const Behaviour& behaviour,
                       Reserves& reserves) {
    std::vector<Reserve*> of;
    std::vector<Task<ReserveTotals>> reading;
    for (auto& [id, reserve] : reserves.by_id) {
        of.push_back(&reserve);
        reading.push_back(read_reserve_totals(chain, entry, behaviour, reserve));
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    for (std::size_t i = 0; i < of.size(); ++i) {
        if (outcomes[i]) {
            of[i]->totals = *outcomes[i];
        } else {
            of[i]->totals_trouble = outcomes[i].error().what();
            of[i]->totals_trouble_kind = outcomes[i].error().kind();
        }
    }
    co_return true;
}

}  // namespace margrave::adapters::aave_v3
