#include <utility>

#include "adapters/aave_v3/market.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using core::Archive;
using core::InputError;
using core::U256;

Archive archive_quote(const margin::PriceQuote& quote) {
    Archive out;
    out.set("answer", quote.answer);
    out.set("source", quote.source);
    if (quote.updated_at) {
        out.set("updated_at", quote.updated_at->value());
    }
    return out;
}

margin::PriceQuote restore_quote(const Archive& in) {
    margin::PriceQuote out{
        .answer = in.u256("answer"), .source = in.address("source"), .updated_at = {}};
    if (const auto updated_at = in.optional_u64("updated_at")) {
        out.updated_at = core::Timestamp(*updated_at);
    }
    return out;
}

Archive archive_rates(const RateParameters& rates) {
    Archive out;
    out.set("optimal_usage", rates.optimal_usage);
    out.set("base_variable_rate", rates.base_variable_rate);
    out.set("variable_slope1", rates.variable_slope1);
    out.set("variable_slope2", rates.variable_slope2);
    if (rates.stable) {
        Archive stable;
        stable.set("optimal_share", rates.stable->optimal_share);
        stable.set("base_rate", rates.stable->base_rate);
        stable.set("slope1", rates.stable->slope1);
        stable.set("slope2", rates.stable->slope2);
        stable.set("excess_offset", rates.stable->excess_offset);
        out.set("stable", std::move(stable));
    }
    return out;
}

RateParameters restore_rates(const Archive& in) {
    RateParameters out{.optimal_usage = in.u256("optimal_usage"),
                       .base_variable_rate = in.u256("base_variable_rate"),
                       .variable_slope1 = in.u256("variable_slope1"),
                       .variable_slope2 = in.u256("variable_slope2"),
                       .stable = {}};
    if (in.has("stable")) {
        const Archive& stable = in.at("stable");
        out.stable = RateParameters::Stable{.optimal_share = stable.u256("optimal_share"),
                                            .base_rate = stable.u256("base_rate"),
                                            .slope1 = stable.u256("slope1"),
                                            .slope2 = stable.u256("slope2"),
                                            .excess_offset = stable.u256("excess_offset")};
    }
    return out;
}

Archive archive_totals(const ReserveTotals& totals) {
    Archive out;
    out.set("scaled_supply", totals.scaled_supply);
    out.set("scaled_debt", totals.scaled_debt);
    if (totals.stable) {
        Archive stable;
        stable.set("principal", totals.stable->principal);
        stable.set("average_rate", totals.stable->average_rate);
        stable.set("last_update", totals.stable->last_update.value());
        out.set("stable", std::move(stable));
    }
    out.set_optional("virtual_balance", totals.virtual_balance);
    out.set_optional("a_token_holding", totals.a_token_holding);
    out.set("deficit", totals.deficit);
    if (totals.rates) {
        out.set("rates", archive_rates(*totals.rates));
    }
    return out;
}

ReserveTotals restore_totals(const Archive& in) {
    ReserveTotals out;
    out.scaled_supply = in.u256("scaled_supply");
    out.scaled_debt = in.u256("scaled_debt");
    if (in.has("stable")) {
        const Archive& stable = in.at("stable");
        out.stable = StableTotals{.principal = stable.u256("principal"),
                                  .average_rate = stable.u256("average_rate"),
                                  .last_update = core::Timestamp(stable.u64("last_update"))};
    }
    out.virtual_balance = in.optional_u256("virtual_balance");
    out.a_token_holding = in.optional_u256("a_token_holding");
    out.deficit = in.u256("deficit");
    if (in.has("rates")) {
        out.rates = restore_rates(in.at("rates"));
    }
    return out;
}

Archive archive_reserve(const Reserve& reserve) {
    Archive out;
    out.set("id", std::uint64_t{reserve.id});
    out.set("asset", reserve.asset);
    out.set("symbol", reserve.symbol);
    out.set("configuration", reserve.configuration.word());
    out.set("liquidity_index", reserve.liquidity_index);
    out.set("liquidity_rate", reserve.liquidity_rate);
    out.set("borrow_index", reserve.borrow_index);
    out.set("borrow_rate", reserve.borrow_rate);
    out.set("last_update", reserve.last_update.value());
    out.set("a_token", reserve.a_token);
    out.set("stable_debt_token", reserve.stable_debt_token);
    out.set("variable_debt_token", reserve.variable_debt_token);
    out.set("grace_period_until", reserve.grace_period_until.value());
    out.set("interest_rate_strategy", reserve.interest_rate_strategy);
    out.set("accrued_to_treasury", reserve.accrued_to_treasury);
    out.set("unbacked", reserve.unbacked);
    out.set("isolation_mode_total_debt", reserve.isolation_mode_total_debt);
    if (reserve.totals) {
        out.set("totals", archive_totals(*reserve.totals));
    } else {
        out.set("totals_trouble", reserve.totals_trouble);
        out.set("totals_trouble_kind", std::string(to_string(reserve.totals_trouble_kind)));
    }
    if (reserve.price) {
        out.set("price", archive_quote(*reserve.price));
    } else {
        out.set("price_trouble", reserve.price_trouble);
        out.set("price_trouble_kind", std::string(to_string(reserve.price_trouble_kind)));
    }
    return out;
}

unsigned restore_reserve_id(const Archive& in, std::string_view field) {
    const std::uint64_t id = in.u64(field);
    if (id >= 128) {
        throw InputError("field " + std::string(field) + ": " + std::to_string(id) +
                         " is no reserve id (0 to 127)");
    }
    return static_cast<unsigned>(id);
}

Reserve restore_reserve(const Archive& in) {
    Reserve out;
    out.id = restore_reserve_id(in, "id");
    out.asset = in.address("asset");
    out.symbol = in.text("symbol");
    out.configuration = ReserveConfiguration(in.u256("configuration"));
    out.liquidity_index = in.u256("liquidity_index");
    out.liquidity_rate = in.u256("liquidity_rate");
    out.borrow_index = in.u256("borrow_index");
    out.borrow_rate = in.u256("borrow_rate");
    out.last_update = core::Timestamp(in.u64("last_update"));
    out.a_token = in.address("a_token");
    out.stable_debt_token = in.address("stable_debt_token");
    out.variable_debt_token = in.address("variable_debt_token");
    out.grace_period_until = core::Timestamp(in.u64("grace_period_until"));
    if (in.has("interest_rate_strategy")) {
        out.interest_rate_strategy = in.address("interest_rate_strategy");
    }
    out.accrued_to_treasury = in.optional_u256("accrued_to_treasury").value_or(0);
    out.unbacked = in.optional_u256("unbacked").value_or(0);
    out.isolation_mode_total_debt = in.optional_u256("isolation_mode_total_debt").value_or(0);
    if (in.has("totals")) {
        out.totals = restore_totals(in.at("totals"));
    } else {
        out.totals_trouble = in.optional_text("totals_trouble").value_or("");
        out.totals_trouble_kind =
            core::parse_error_kind(in.optional_text("totals_trouble_kind").value_or(""))
                .value_or(core::ErrorKind::ServerFault);
    }
    if (in.has("price")) {
        out.price = restore_quote(in.at("price"));
    } else {
        out.price_trouble = in.text("price_trouble");
        out.price_trouble_kind = core::parse_error_kind(in.text("price_trouble_kind"))
                                     .value_or(core::ErrorKind::NoPrice);
    }
    return out;
}

Archive archive_bitmap(const ReserveBitmap& bitmap) {
    Archive::List ids;
    for (std::size_t id = 0; id < bitmap.size(); ++id) {
        if (bitmap.test(id)) {
            ids.emplace_back(std::uint64_t{id});
        }
    }
    return ids;
}

ReserveBitmap restore_bitmap(const Archive& in, std::string_view field) {
    ReserveBitmap out;
    for (const Archive& id : in.list(field)) {
        Archive holder;
        holder.set(field, id);
        out.set(restore_reserve_id(holder, field));
    }
    return out;
}

Archive archive_emode(const EmodeCategory& category) {
    Archive out;
    out.set("id", category.id);
    out.set("ltv_bps", category.ltv_bps);
    out.set("liquidation_threshold_bps", category.liquidation_threshold_bps);
    if (category.liquidation_bonus_bps) {
        out.set("liquidation_bonus_bps", *category.liquidation_bonus_bps);
    }
    out.set("collateral", archive_bitmap(category.collateral));
    out.set("borrowable", archive_bitmap(category.borrowable));
    out.set("zero_ltv", archive_bitmap(category.zero_ltv));
    out.set("is_isolated", category.is_isolated);
    if (category.price) {
        out.set("price", archive_quote(*category.price));
    }
    return out;
}

EmodeCategory restore_emode(const Archive& in) {
    EmodeCategory out;
    out.id = in.u64("id");
    out.ltv_bps = in.u64("ltv_bps");
    out.liquidation_threshold_bps = in.u64("liquidation_threshold_bps");
    out.liquidation_bonus_bps = in.optional_u64("liquidation_bonus_bps");
    out.collateral = restore_bitmap(in, "collateral");
    if (in.has("borrowable")) {
        out.borrowable = restore_bitmap(in, "borrowable");
    }
    out.zero_ltv = restore_bitmap(in, "zero_ltv");
    out.is_isolated = in.flag("is_isolated");
    if (in.has("price")) {
        out.price = restore_quote(in.at("price"));
    }
    return out;
}

Archive archive_balance(const Balance& balance) {
    Archive out;
    out.set("reserve", std::uint64_t{balance.reserve_id});
    out.set("scaled_supply", balance.scaled_supply);
    out.set("scaled_debt", balance.scaled_debt);
    if (balance.stable_debt) {
        Archive stable;
        stable.set("principal", balance.stable_debt->principal);
        stable.set("rate", balance.stable_debt->rate);
        stable.set("last_update", balance.stable_debt->last_update.value());
        out.set("stable_debt", std::move(stable));
    }
    out.set_optional("debt_by_balance", std::optional<U256>(balance.debt_by_balance));
    return out;
}

Balance restore_balance(const Archive& in) {
    Balance out;
    out.reserve_id = restore_reserve_id(in, "reserve");
    out.scaled_supply = in.u256("scaled_supply");
    out.scaled_debt = in.u256("scaled_debt");
    if (in.has("stable_debt")) {
        const Archive& stable = in.at("stable_debt");
        out.stable_debt = StableDebt{.principal = stable.u256("principal"),
                                     .rate = stable.u256("rate"),
                                     .last_update = core::Timestamp(stable.u64("last_update"))};
    }
    out.debt_by_balance = in.optional_u256("debt_by_balance");
    return out;
}

Archive archive_referee(const Referee& referee) {
    Archive out;
    out.set("collateral", referee.collateral);
    out.set("debt", referee.debt);
    out.set("available_borrows", referee.available_borrows);
    out.set("liquidation_threshold_bps", referee.liquidation_threshold_bps);
    out.set("ltv_bps", referee.ltv_bps);
    out.set("health_factor", referee.health_factor);
    Archive::List balances;
    for (const Referee::TokenBalances& held : referee.balances) {
        Archive row;
        row.set("reserve", std::uint64_t{held.reserve_id});
        row.set("a_token", held.a_token);
        row.set("variable_debt", held.variable_debt);
        row.set("stable_debt", held.stable_debt);
        balances.push_back(std::move(row));
    }
    out.set("balances", std::move(balances));
    return out;
}

Referee restore_referee(const Archive& in) {
    Referee out{.collateral = in.u256("collateral"),
                .debt = in.u256("debt"),
                .available_borrows = in.u256("available_borrows"),
                .liquidation_threshold_bps = in.u256("liquidation_threshold_bps"),
                .ltv_bps = in.u256("ltv_bps"),
                .health_factor = in.u256("health_factor"),
                .balances = {}};
    for (const Archive& row : in.list("balances")) {
        out.balances.push_back({.reserve_id = restore_reserve_id(row, "reserve"),
                                .a_token = row.u256("a_token"),
                                .variable_debt = row.u256("variable_debt"),
                                .stable_debt = row.u256("stable_debt")});
    }
    return out;
}

Archive archive_account(const Account& account) {
    Archive out;
    out.set("wallet", account.wallet);
    out.set("configuration", account.configuration.word());
    out.set("emode_category", account.emode_category);
    Archive::List balances;
    for (const Balance& balance : account.balances) {
        balances.push_back(archive_balance(balance));
    }
    out.set("balances", std::move(balances));
    if (!account.trouble.empty()) {
        out.set("trouble", account.trouble);
    }
    if (account.referee) {
        out.set("referee", archive_referee(*account.referee));
    }
    return out;
}

Account restore_account(const Archive& in, const State& state) {
    Account out;
    out.wallet = in.address("wallet");
    out.configuration = UserConfiguration(in.u256("configuration"));
    out.emode_category = in.u64("emode_category");
    const auto require_reserve = [&](unsigned id) {
        if (state.reserves.count(id) == 0) {
            throw InputError("field reserve: the snapshot has no reserve " + std::to_string(id));
        }
    };
    for (const Archive& balance : in.list("balances")) {
        out.balances.push_back(restore_balance(balance));
        require_reserve(out.balances.back().reserve_id);
    }
    out.trouble = in.optional_text("trouble").value_or("");
    if (in.has("referee")) {
        out.referee = restore_referee(in.at("referee"));
        for (const Referee::TokenBalances& held : out.referee->balances) {
            require_reserve(held.reserve_id);
        }
    }
    return out;
}

}  // namespace

Archive archive_state(const State& state) {
    Archive out;
    out.set("chain", state.chain);
    out.set("market", state.market);
    out.set("behaviour", std::string(state.behaviour->name));
    out.set("pool_revision", state.pool_revision);
    out.set("pool", state.pool);
    out.set("oracle", state.oracle);
    out.set("base_currency", state.base_currency);
    out.set("base_currency_unit", state.base_currency_unit);
    out.set("block_time", state.block_time.value());
    if (state.liquidation_allowed) {
        out.set("liquidation_allowed", *state.liquidation_allowed);
    }
    if (state.borrow_allowed) {
        out.set("borrow_allowed", *state.borrow_allowed);
    }
    Archive::List reserves;
    for (const auto& [id, reserve] : state.reserves) {
        reserves.push_back(archive_reserve(reserve));
    }
    out.set("reserves", std::move(reserves));
    Archive::List emodes;
    for (const auto& [id, category] : state.emodes) {
        emodes.push_back(archive_emode(category));
    }
    out.set("emodes", std::move(emodes));
    Archive::List unread_emodes;
    for (const auto& [id, why] : state.unread_emodes) {
        Archive row;
        row.set("id", id);
        row.set("trouble", why);
        unread_emodes.push_back(std::move(row));
    }
    out.set("unread_emodes", std::move(unread_emodes));
    out.set("emodes_asked", state.emodes_asked);
    Archive::List accounts;
    for (const Account& account : state.accounts) {
        accounts.push_back(archive_account(account));
    }
    out.set("accounts", std::move(accounts));
    return out;
}

State restore_state(const Archive& in) {
    State out;
    out.chain = in.text("chain");
    out.market = in.text("market");
    out.behaviour = find_behaviour(in.text("behaviour"));
    if (out.behaviour == nullptr) {
        throw InputError("field behaviour: \"" + in.text("behaviour") +
                         "\" is no behaviour of aave_v3 that this margrave knows");
    }
    out.pool_revision = in.u64("pool_revision");
    out.pool = in.address("pool");
    out.oracle = in.address("oracle");
    out.base_currency = in.address("base_currency");
    out.base_currency_unit = in.u256("base_currency_unit");
    out.block_time = core::Timestamp(in.u64("block_time"));
    if (in.has("liquidation_allowed")) {
        out.liquidation_allowed = in.flag("liquidation_allowed");
    }
    if (in.has("borrow_allowed")) {
        out.borrow_allowed = in.flag("borrow_allowed");
    }
    for (const Archive& row : in.list("reserves")) {
        Reserve reserve = restore_reserve(row);
        const unsigned id = reserve.id;
        out.reserves.emplace(id, std::move(reserve));
    }
    for (const Archive& row : in.list("emodes")) {
        const EmodeCategory category = restore_emode(row);
        out.emodes.emplace(category.id, category);
    }
    if (in.has("unread_emodes")) {
        for (const Archive& row : in.list("unread_emodes")) {
            out.unread_emodes.emplace(row.u64("id"), row.text("trouble"));
        }
    }
    out.emodes_asked = in.optional_u64("emodes_asked").value_or(0);
    for (const Archive& row : in.list("accounts")) {
        out.accounts.push_back(restore_account(row, out));
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
