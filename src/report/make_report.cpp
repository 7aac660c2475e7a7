#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/time.hpp"
#include "exposure/dollars.hpp"
#include "report/exposure_part.hpp"
#include "report/figures.hpp"
#include "report/health_report.hpp"
#include "report/liquidation_prices.hpp"
#include "report/oracles_part.hpp"
#include "report/price_checks_part.hpp"
#include "report/report.hpp"
#include "report/totals.hpp"

namespace margrave::report {

namespace {

using margin::Status;

constexpr const char* kDollars = "USD";  ///< Market::quote() of a market that counts in them

/// A market as the report sees it.
struct MarketView {
    const margin::Market& read;     ///< at the block; what the protocol's own view is compared with
    const margin::Market& accrued;  ///< at the report's time
    core::ChainId chain_id;
};

/// The dollar unit of each asset that the market's oracle prices.
using Units = std::map<core::Address, core::U256>;

Units dollar_units(const margin::Market& market) {
    Units units;
    for (const margin::AssetPrice& price : market.prices()) {
        units.emplace(price.asset, price.unit);
    }
    return units;
}

const snapshot::ChainCut& cut_of(const snapshot::Snapshot& snapshot, const std::string& chain) {
    const auto found =
        std::find_if(snapshot.chains.begin(), snapshot.chains.end(),
                     [&chain](const snapshot::ChainCut& cut) { return cut.chain == chain; });
    core::ensure(found != snapshot.chains.end(),
                 "a snapshot holds the block of each market's chain");
    return *found;
}

Leg with_price(margin::Leg leg, const Units& units) {
    const auto unit = units.find(leg.asset);
    const bool in_dollars = leg.price && unit != units.end();
    auto price = in_dollars ? price_usd_down({.answer = leg.price->answer, .unit = unit->second})
                            : std::nullopt;
    return {.leg = std::move(leg), .price_usd = std::move(price)};
}

std::vector<Leg> priced_legs(const margin::Market& market, std::size_t row, const Units& units) {
    std::vector<Leg> legs;
    for (margin::Leg& leg : market.legs(row)) {
        legs.push_back(with_price(std::move(leg), units));
    }
    return legs;
}

margin::Health judged(margin::Health health, const Options& options) {
    const bool close = health.health_factor && *health.health_factor < options.at_risk_below;
    if (health.status == Status::Healthy && close) {
        health.status = Status::AtRisk;
    }
    return health;
}

/// A figure that could not be read is a gap already and no disagreement: where health is unknown
/// only what is known is compared, and an account in which that agrees still counts as not
/// verified.
void compare(const margin::Market& market, std::size_t row, Account& account) {
    account.differences = market.verify(row);
    if (market.health(row).status == Status::Unknown) {
        std::erase_if(account.differences, [](const margin::Difference& difference) {
            return difference.ours == "unknown";
        });
        account.verified = !account.differences.empty();
    }
}

/// With or without what is searched for in copies of the market.
enum class Depth : bool { Health, Whole };

Account make_account(const MarketView& market, std::size_t row, const Units& units,
                     const Options& options, Depth depth) {
    Account account{.market = market.read.name(),
                    .chain_id = market.chain_id,
                    .wallet = market.read.wallet(row),
                    .emode_category = market.accrued.emode_category(row),
                    .health = judged(market.accrued.health(row), options),
                    .quote = market.accrued.quote(),
                    .blocked_by = market.accrued.blocked_by(row),
                    .warnings = market.accrued.warnings(row),
                    .legs = priced_legs(market.accrued, row, units),
                    .current_ltv_bps = std::nullopt,
                    .collateral_fall = std::nullopt,
                    .liquidation_prices = depth == Depth::Whole
                                              ? liquidation_prices(market.accrued, row)
                                              : std::vector<LiquidationPrice>{},
                    .verified = market.read.has_referee(row),
                    .differences = {}};
    account.current_ltv_bps = current_ltv_bps(account.health);
    account.collateral_fall = collateral_fall(account.health);
    if (account.verified) {
        compare(market.read, row, account);
    }
    return account;
}

/// A row that holds nothing is left out, unless the protocol's own view says that it does hold
/// something.
bool is_shown(const margin::Market& market, std::size_t row) {
    return market.is_active(row) || (market.has_referee(row) && !market.verify(row).empty());
}

/// Of these wallets; nullptr: of all.
using Wallets = const std::set<core::Address>*;

void add_accounts(const MarketView& market, const Options& options, Depth depth, Wallets wallets,
                  std::vector<Account>& out) {
    const Units units = dollar_units(market.accrued);
    for (std::size_t row = 0; row < market.read.account_count(); ++row) {
        const bool is_asked_for = wallets == nullptr || wallets->contains(market.read.wallet(row));
        if (is_asked_for && is_shown(market.read, row)) {
            out.push_back(make_account(market, row, units, options, depth));
        }
    }
}

void add_market(const snapshot::Snapshot& snapshot, const margin::Market& market,
                const Options& options, Depth depth, Wallets wallets, std::vector<Account>& out) {
    const core::ChainId chain_id = cut_of(snapshot, market.name().chain).chain_id;
    if (!options.at) {
        return add_accounts({.read = market, .accrued = market, .chain_id = chain_id}, options,
                            depth, wallets, out);
    }
    const auto later = market.fork();
    later->accrue(*options.at);
    add_accounts({.read = market, .accrued = *later, .chain_id = chain_id}, options, depth, wallets,
                 out);
}

/// Values in dollars what a market that does not count in them leaves open, by others' prices; what
/// nobody prices stays open. No protocol quantity rests on it.
void value_by_others(const snapshot::Snapshot& snapshot, const Options& options, Report& report) {
    std::vector<const margin::Market*> markets;
    markets.reserve(snapshot.markets.size());
    for (const auto& market : snapshot.markets) {
        markets.push_back(market.get());
    }
    const exposure::FactorMap factors = options.factors.with_snapshot(snapshot);
    const exposure::PriceBook prices(
        exposure::make_portfolio(markets, snapshot.holdings, options.wallets), factors);
    for (Account& account : report.accounts) {
        for (Leg& leg : account.legs) {
            const auto price = account.quote == kDollars || leg.leg.value || !leg.leg.amount
                                   ? std::nullopt
                                   : prices.price(account.market, leg.leg.asset);
            if (price) {
                const DollarPrice dollars{.answer = price->answer, .unit = price->unit};
                leg.leg.value = usd_value_down(*leg.leg.amount, leg.leg.decimals, dollars);
                leg.price_usd = price_usd_down(dollars);
                leg.priced_by = price->from;
            }
        }
    }
}

/// Where an account stands in the report: what is not known is the worst, what owes nothing the
/// least urgent.
int urgency(const Account& account) {
    switch (account.health.status) {
        case Status::Unknown:
            return 0;
        case Status::Liquidatable:
        case Status::AtRisk:
        case Status::Healthy:
            return 1;
        case Status::NoDebt:
            break;
    }
    return 2;
}

bool is_worse(const Account& a, const Account& b) {
    const auto key = [](const Account& account) {
        const margin::MarketName& market = account.market;
        const core::Wad factor = account.health.health_factor.value_or(core::Wad());
        return std::tuple(urgency(account), factor, std::tie(market.chain, market.protocol),
                          std::tie(market.name, account.wallet));
    };
    return key(a) < key(b);
}

std::vector<Holding> valued_holdings(const snapshot::Snapshot& snapshot) {
    const exposure::LookThrough claims(snapshot.claims);
    std::vector<const margin::Market*> markets;
    markets.reserve(snapshot.markets.size());
    for (const auto& market : snapshot.markets) {
        markets.push_back(market.get());
    }
    std::vector<Holding> holdings;
    for (const snapshot::Holding& holding : snapshot.holdings) {
        if (holding.amount == 0) {
            continue;
        }
        Holding valued{.holding = holding,
                       .price_usd = std::nullopt,
                       .value = std::nullopt,
                       .counted_in = std::nullopt};
        if (holding.price) {
            const DollarPrice price{.answer = holding.price->quote.answer,
                                    .unit = holding.price->unit};
            valued.price_usd = price_usd_down(price);
            valued.value = usd_value_down(holding.amount, holding.decimals, price);
        }
        valued.counted_in = exposure::counted_in(holding, markets, claims);
        holdings.push_back(std::move(valued));
    }
    return holdings;
}

/// Every unknown health is named by a gap. Where no read failed it was arithmetic that the contract
/// would refuse.
void name_unknown_accounts(Report& report) {
    using Concerned = std::pair<margin::MarketName, std::optional<core::Address>>;
    std::set<Concerned> named;
    for (const snapshot::CoverageGap& gap : report.gaps) {
        named.emplace(margin::MarketName{gap.protocol, gap.chain, gap.market}, gap.wallet);
    }
    for (const Account& account : report.accounts) {
        const bool is_named = named.contains({account.market, std::nullopt}) ||
                              named.contains({account.market, account.wallet});
        if (account.health.status == Status::Unknown && !is_named) {
            report.gaps.push_back({.chain = account.market.chain,
                                   .protocol = account.market.protocol,
                                   .market = account.market.name,
                                   .wallet = account.wallet,
                                   .kind = core::ErrorKind::OutOfRange,
                                   .detail = account.health.unknown_because});
        }
    }
}

void require_not_before(const std::vector<snapshot::ChainCut>& chains, core::Timestamp at) {
    for (const snapshot::ChainCut& cut : chains) {
        if (at < cut.timestamp) {
            throw core::InputError("interest can only be accrued forwards, to " +
                                   core::format_utc(cut.timestamp) + " (the block of " + cut.chain +
                                   ") or later, not to " + core::format_utc(at));
        }
    }
}

Report health_report(const snapshot::Snapshot& snapshot, const Options& options, Depth depth) {
    if (options.at) {
        require_not_before(snapshot.chains, *options.at);
    }
    Report report{.chains = snapshot.chains,
                  .at = options.at,
                  .accounts = {},
                  .holdings = valued_holdings(snapshot),
                  .totals = {},
                  .gaps = snapshot.gaps,
                  .smart_accounts = snapshot.smart_accounts};
    for (const auto& market : snapshot.markets) {
        add_market(snapshot, *market, options, depth, nullptr, report.accounts);
    }
    std::sort(report.accounts.begin(), report.accounts.end(), is_worse);
    return report;
}

}  // namespace

Report make_health_report(const snapshot::Snapshot& snapshot, const Options& options) {
    Report report = health_report(snapshot, options, Depth::Health);
    name_unknown_accounts(report);
    return report;
}

std::vector<Account> make_accounts(const snapshot::Snapshot& snapshot, const Options& options,
                                   const std::set<core::Address>& wallets) {
    std::vector<Account> out;
    for (const auto& market : snapshot.markets) {
        add_market(snapshot, *market, options, Depth::Health, &wallets, out);
    }
    return out;
}

Report make_report(const snapshot::Snapshot& snapshot, const Options& options) {
    Report report = health_report(snapshot, options, Depth::Whole);
    value_by_others(snapshot, options, report);
    name_unknown_accounts(report);
    report.totals = wallet_totals(snapshot, report);
    add_exposure(snapshot, options, report);
    add_oracles(snapshot, options, report);
    add_price_checks(snapshot, options, report);
    return report;
}

}  // namespace margrave::report
