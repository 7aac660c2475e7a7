#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "app/restore.hpp"
#include "core/errors.hpp"
#include "margin/market.hpp"
#include "snapshot/archive_json.hpp"
#include "tests/support/book_check.hpp"

/// Replays on a saved snapshot what a test does on a chain, so that both ends can be compared.
///
///     replay_actions SNAPSHOT < lines
///
/// Each line is a JSON object of texts, flags and objects; each gets one line of JSON in answer.
/// Integers are decimal text; an amount that is missing is everything there is.
///
///     {"act": {"market", "wallet", "kind", "asset", "amount", "enable", "category"}}
///     {"liquidate": {"market", "wallet", "collateral", "debt", "repay", "receive_shares"}}
///     {"shock": {"market", "kind", "asset", "value"}}
///     {"answer": {"market", "asset", "value"}}     replaces an oracle's answer
///     {"screen": {"market"}}                       what doubles say of all rows, beside the exact
///     check
///     {"accrue_to": "1750000000"}                  all markets
///     {"state": {"market", "wallets": [ ]}}        everything that is known of them now
///     {"swap": {"pool", "sell", "buy", "amount", "exact_out", "limit_x96"}}
///                                                  limit_x96: Uniswap v3's own price limit
///     {"reset": true}                              back to the snapshot
namespace {

using namespace margrave;
using core::Archive;
using core::InputError;
using margin::Market;

using Markets = std::map<std::string, std::unique_ptr<Market>>;
using Venues = std::map<core::Address, std::unique_ptr<margin::Venue>>;

/// What is replayed on.
struct Forks {
    Markets markets;
    Venues venues;
};

Venues fork_venues(const snapshot::Snapshot& from) {
    Venues out;
    for (const auto& venue : from.venues) {
        out[venue->name().address] = venue->fork();
    }
    return out;
}

Markets fork_all(const snapshot::Snapshot& from) {
    Markets out;
    for (const auto& market : from.markets) {
        out[market->name().name] = market->fork();
    }
    return out;
}

Market& market_of(Markets& markets, const Archive& line) {
    const auto found = markets.find(line.text("market"));
    if (found == markets.end()) {
        throw InputError("the snapshot has no market " + line.text("market"));
    }
    return *found->second;
}

std::size_t row_of(const Market& market, const core::Address& wallet) {
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        if (market.wallet(row) == wallet) {
            return row;
        }
    }
    throw InputError(wallet.to_string() + " has no row in " + market.name().name);
}

margin::ActionKind action_kind(const std::string& name) {
    static const std::map<std::string, margin::ActionKind> kKinds{
        {"supply", margin::ActionKind::Supply},
        {"withdraw", margin::ActionKind::Withdraw},
        {"supply_collateral", margin::ActionKind::SupplyCollateral},
        {"withdraw_collateral", margin::ActionKind::WithdrawCollateral},
        {"borrow", margin::ActionKind::Borrow},
        {"repay", margin::ActionKind::Repay},
        {"collateral", margin::ActionKind::SetCollateral},
        {"emode", margin::ActionKind::SetEmode}};
    const auto found = kKinds.find(name);
    if (found == kKinds.end()) {
        throw InputError("no kind of action: " + name);
    }
    return found->second;
}

margin::ParameterShock::Kind shock_kind(const std::string& name) {
    using Kind = margin::ParameterShock::Kind;
    if (name == "borrow_rate") {
        return Kind::BorrowRate;
    }
    if (name == "liquidation_threshold") {
        return Kind::LiquidationThreshold;
    }
    if (name == "pause") {
        return Kind::Pause;
    }
    throw InputError("no kind of shock: " + name);
}

/// What came of a call: its numbers, or why not.
template <class T>
Archive outcome_of(const core::Result<T, margin::Refusal>& result,
                   const std::function<void(const T&, Archive&)>& fill) {
    Archive out;
    out.set("ok", result.has_value());
    if (result) {
        fill(*result, out);
    } else {
        out.set("reason", result.error().reason);
        out.set("detail", result.error().detail);
    }
    return out;
}

Archive act(Markets& markets, const Archive& line) {
    Market& market = market_of(markets, line);
    margin::Action action;
    action.kind = action_kind(line.text("kind"));
    if (line.has("asset")) {
        action.asset = line.address("asset");
    }
    action.amount = line.optional_u256("amount");
    action.enable = !line.has("enable") || line.flag("enable");
    action.category = line.optional_u64("category").value_or(0);
    return outcome_of<margin::ActionOutcome>(
        market.apply(row_of(market, line.address("wallet")), action),
        [](const auto& done, Archive& out) { out.set("amount", done.amount); });
}

Archive liquidate(Markets& markets, const Archive& line) {
    Market& market = market_of(markets, line);
    margin::LiquidationCall call;
    call.collateral = line.address("collateral");
    call.debt = line.address("debt");
    call.repay = line.optional_u256("repay");
    call.repay_shares = line.optional_u256("repay_shares");
    call.seize = line.optional_u256("seize");
    call.receive_shares = line.has("receive_shares") && line.flag("receive_shares");
    return outcome_of<margin::LiquidationOutcome>(
        market.liquidate(row_of(market, line.address("wallet")), call),
        [](const auto& done, Archive& out) {
            out.set("repaid", done.repaid);
            out.set("seized", done.seized);
            out.set("fee", done.fee);
            out.set("bad_debt", done.bad_debt);
            Archive::List deficits;
            for (const margin::Deficit& deficit : done.deficits) {
                Archive one;
                one.set("asset", deficit.asset);
                one.set("amount", deficit.amount);
                deficits.push_back(std::move(one));
            }
            out.set("deficits", std::move(deficits));
        });
}

/// A root of a price, "sqrtPriceX96", as the price that it is the root of.
margin::PriceRatio price_of_root(const core::U256& root, bool is_first_sold) {
    const core::U512 squared = core::U512(root) * core::U512(root);
    const core::U512 one = core::U512(1) << 192U;
    return is_first_sold ? margin::PriceRatio{.numerator = squared, .denominator = one}
                         : margin::PriceRatio{.numerator = one, .denominator = squared};
}

Archive swap(Venues& venues, const Archive& line) {
    const auto found = venues.find(line.address("pool"));
    if (found == venues.end()) {
        throw InputError("the snapshot has no pool " + line.text("pool"));
    }
    margin::Venue& venue = *found->second;
    margin::SwapCall call{.sell = line.address("sell"),
                          .buy = line.address("buy"),
                          .amount = line.u256("amount"),
                          .exact_out = line.has("exact_out") && line.flag("exact_out"),
                          .price_limit = std::nullopt};
    if (line.has("limit_x96")) {
        call.price_limit =
            price_of_root(line.u256("limit_x96"), call.sell == venue.tokens().at(0).address);
    }
    Archive out = outcome_of<margin::SwapOutcome>(
        venue.swap(call), [](const margin::SwapOutcome& done, Archive& into) {
            into.set("sold", done.sold);
            into.set("bought", done.bought);
            into.set("unfilled", done.unfilled);
        });
    if (const auto now = venue.concentrated()) {
        out.set("sqrt_price_x96", now->sqrt_price_x96);
        out.set("tick", std::to_string(now->tick));
        out.set("liquidity", now->liquidity);
    }
    return out;
}

Archive shock(Markets& markets, const Archive& line) {
    margin::ParameterShock change;
    change.kind = shock_kind(line.text("kind"));
    if (line.has("asset")) {
        change.asset = line.address("asset");
    }
    change.value = line.optional_u256("value").value_or(core::U256(0));
    return outcome_of<std::monostate>(market_of(markets, line).shock(change),
                                      [](const auto&, Archive&) {});
}

Archive archive_health(const margin::Health& health) {
    Archive out;
    out.set_optional("collateral", health.collateral);
    out.set_optional("debt", health.debt);
    out.set_optional("available_borrows", health.available_borrows);
    if (health.liquidation_threshold) {
        out.set("liquidation_threshold_bps", std::uint64_t{health.liquidation_threshold->value()});
    }
    if (health.max_ltv) {
        out.set("max_ltv_bps", std::uint64_t{health.max_ltv->value()});
    }
    if (health.health_factor) {
        out.set("health_factor", health.health_factor->value());
    }
    out.set("unknown_because", health.unknown_because);
    return out;
}

Archive archive_leg(const margin::Leg& leg) {
    static const std::map<margin::Side, std::string> kSides{
        {margin::Side::Collateral, "collateral"},
        {margin::Side::Supply, "supply"},
        {margin::Side::Debt, "debt"}};
    Archive out;
    out.set("asset", leg.asset);
    out.set("side", kSides.at(leg.side));
    out.set_optional("amount", leg.amount);
    return out;
}

/// The market's archive without the accounts of other wallets.
Archive keep_accounts(const Archive& market, const std::set<core::Address>& wallets) {
    const auto& fields = std::get<Archive::Fields>(market.value());
    Archive out;
    for (const auto& [name, value] : fields) {
        if (name != "accounts") {
            out.set(name, value);
        }
    }
    if (market.has("accounts")) {
        Archive::List kept;
        for (const Archive& account : market.list("accounts")) {
            if (wallets.contains(account.address("wallet"))) {
                kept.push_back(account);
            }
        }
        out.set("accounts", std::move(kept));
    }
    return out;
}

Archive state(Markets& markets, const Archive& line) {
    const Market& market = market_of(markets, line);
    Archive::List accounts;
    std::set<core::Address> wallets;
    for (const Archive& wallet : line.list("wallets")) {
        Archive holder;
        holder.set("wallet", wallet);
        wallets.insert(holder.address("wallet"));
        const std::size_t row = row_of(market, holder.address("wallet"));
        holder.set("health", archive_health(market.health(row)));
        Archive::List legs;
        for (const margin::Leg& leg : market.legs(row)) {
            legs.push_back(archive_leg(leg));
        }
        holder.set("legs", std::move(legs));
        accounts.push_back(std::move(holder));
    }
    Archive out;
    out.set("accounts", std::move(accounts));
    out.set("time", market.time().value());
    out.set("raw", keep_accounts(market.archive(), wallets));
    return out;
}

/// At the market's answers now, by a book of the snapshot's.
Archive screen(const snapshot::Snapshot& from, Markets& markets, const Archive& line) {
    const Market& market = market_of(markets, line);
    const auto original =
        std::find_if(from.markets.begin(), from.markets.end(),
                     [&](const auto& one) { return one->name() == market.name(); });
    const test::BookCheck check = test::check_book(market, margin::make_book(**original), 0);
    Archive::List wrong;
    for (const std::size_t row : check.wrong) {
        wrong.emplace_back(market.wallet(row).to_string());
    }
    Archive out;
    out.set("healthy", std::uint64_t{check.healthy});
    out.set("liquidatable", std::uint64_t{check.liquidatable});
    out.set("asked", std::uint64_t{check.asked});
    out.set("wrong", std::move(wrong));
    return out;
}

Archive answer(const snapshot::Snapshot& from, Forks& forks, const Archive& line) {
    Markets& markets = forks.markets;
    Archive ok;
    ok.set("ok", true);
    if (line.has("act")) {
        return act(markets, line.at("act"));
    }
    if (line.has("liquidate")) {
        return liquidate(markets, line.at("liquidate"));
    }
    if (line.has("swap")) {
        return swap(forks.venues, line.at("swap"));
    }
    if (line.has("shock")) {
        return shock(markets, line.at("shock"));
    }
    if (line.has("state")) {
        return state(markets, line.at("state"));
    }
    if (line.has("screen")) {
        return screen(from, markets, line.at("screen"));
    }
    if (line.has("answer")) {
        const Archive& change = line.at("answer");
        market_of(markets, change).set_answer(change.address("asset"), change.u256("value"));
        return ok;
    }
    if (line.has("accrue_to")) {
        for (auto& [name, market] : markets) {
            market->accrue(core::Timestamp(line.u64("accrue_to")));
        }
        return ok;
    }
    if (line.has("reset")) {
        forks = {.markets = fork_all(from), .venues = fork_venues(from)};
        return ok;
    }
    throw InputError("the line asks for nothing that is known");
}

/// Newlines stand between elements only: within texts they are escaped.
void print_line(const Archive& archive) {
    std::string text;
    snapshot::append_json(archive, 0, text);
    std::erase(text, '\n');
    std::cout << text << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: replay_actions SNAPSHOT < lines\n";
        return 2;
    }
    try {
        const auto from = app::read_snapshot(arguments[1]);
        Forks forks{.markets = fork_all(from), .venues = fork_venues(from)};
        for (std::string line; std::getline(std::cin, line);) {
            print_line(answer(from, forks, snapshot::parse_json(line, {})));
        }
    } catch (const InputError& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
    return 0;
}
