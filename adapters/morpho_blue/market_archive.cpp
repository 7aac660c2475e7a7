#include <utility>

#include "adapters/morpho_blue/market.hpp"
#include "core/hex.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using core::Archive;
using core::ErrorKind;
using core::InputError;
using core::Timestamp;

void set_trouble(Archive& out, const std::string& prefix, const Trouble& trouble) {
    if (!trouble.detail.empty()) {
        out.set(prefix, trouble.detail);
        out.set(prefix + "_kind", std::string(to_string(trouble.kind)));
    }
}

Trouble restore_trouble(const Archive& in, const std::string& prefix) {
    Trouble out;
    out.detail = in.optional_text(prefix).value_or("");
    if (!out.detail.empty()) {
        const std::string kind = in.text(prefix + "_kind");
        const auto known = core::parse_error_kind(kind);
        if (!known) {
            throw InputError("field " + prefix + "_kind: \"" + kind + "\" is no kind of error");
        }
        out.kind = *known;
    }
    return out;
}

/// A number that the contract keeps in 128 bits.
U256 restore_128(const Archive& in, std::string_view field) {
    U256 value = in.u256(field);
    if ((value >> 128U) != 0) {
        throw InputError("field " + std::string(field) + ": more than the contract's 128 bits");
    }
    return value;
}

Archive archive_token(const Token& token) {
    Archive out;
    out.set("symbol", token.symbol);
    out.set("decimals", std::uint64_t{token.decimals});
    return out;
}

Token restore_token(const Archive& in) {
    constexpr std::uint64_t kDecimalsMax = 255;  // ERC-20 answers a uint8
    Token out;
    out.symbol = in.text("symbol");
    const std::uint64_t decimals = in.u64("decimals");
    if (decimals > kDecimalsMax) {
        throw InputError("field decimals: " + std::to_string(decimals) + " is over 255");
    }
    out.decimals = static_cast<unsigned>(decimals);
    return out;
}

Archive archive_model(const RateModel& model) {
    Archive out;
    switch (model.kind) {
        case RateModel::Kind::None:
            out.set("kind", "none");
            break;
        case RateModel::Kind::AdaptiveCurve:
            out.set("kind", "adaptive_curve");
            out.set("rate_at_target", model.rate_at_target);
            break;
        case RateModel::Kind::Quoted:
            out.set("kind", "quoted");
            out.set_optional("rate", model.rate);
            out.set("is_assumed", model.is_assumed);
            break;
    }
    set_trouble(out, "trouble", model.trouble);
    return out;
}

RateModel restore_model(const Archive& in) {
    RateModel out;
    out.trouble = restore_trouble(in, "trouble");
    const std::string& kind = in.text("kind");
    if (kind == "adaptive_curve") {
        out.kind = RateModel::Kind::AdaptiveCurve;
        out.rate_at_target = restore_128(in, "rate_at_target");
    } else if (kind == "quoted") {
        out.kind = RateModel::Kind::Quoted;
        out.rate = in.optional_u256("rate");
        out.is_assumed = in.flag("is_assumed");
        if (!out.rate && out.trouble.detail.empty()) {
            throw InputError("field rate: missing, and no trouble says why");
        }
    } else if (kind != "none") {
        throw InputError("field kind: \"" + kind +
                         "\" is no rate model; known are none, adaptive_curve, quoted");
    }
    return out;
}

Archive archive_pre_liquidation(const PreLiquidation& by) {
    Archive out;
    out.set("contract", by.contract);
    out.set("pre_lltv", by.pre_lltv);
    out.set("close_factor_at_pre_lltv", by.close_factor_at_pre_lltv);
    out.set("close_factor_at_lltv", by.close_factor_at_lltv);
    out.set("incentive_at_pre_lltv", by.incentive_at_pre_lltv);
    out.set("incentive_at_lltv", by.incentive_at_lltv);
    out.set("oracle", by.oracle);
    out.set_optional("price", by.price);
    return out;
}

PreLiquidation restore_pre_liquidation(const Archive& in) {
    return {.contract = in.address("contract"),
            .pre_lltv = in.u256("pre_lltv"),
            .close_factor_at_pre_lltv = in.u256("close_factor_at_pre_lltv"),
            .close_factor_at_lltv = in.u256("close_factor_at_lltv"),
            .incentive_at_pre_lltv = in.u256("incentive_at_pre_lltv"),
            .incentive_at_lltv = in.u256("incentive_at_lltv"),
            .oracle = in.address("oracle"),
            .price = in.optional_u256("price")};
}

Archive archive_account(const Account& account, const State& state) {
    Archive out;
    out.set("wallet", account.wallet);
    out.set("supply_shares", account.supply_shares);
    out.set("borrow_shares", account.borrow_shares);
    out.set("collateral", account.collateral);
    set_trouble(out, "trouble", account.trouble);
    Archive::List authorised;
    for (const std::size_t place : account.pre_liquidations) {
        authorised.emplace_back(state.pre_liquidations.at(place).contract);
    }
    out.set("pre_liquidations", std::move(authorised));
    if (account.referee) {
        Archive referee;
        if (account.referee->is_healthy) {
            referee.set("is_healthy", *account.referee->is_healthy);
        }
        referee.set_optional("borrow_rate", account.referee->borrow_rate);
        out.set("referee", referee.has("is_healthy") || referee.has("borrow_rate")
                               ? std::move(referee)
                               : Archive(Archive::Fields{}));
    }
    return out;
}

std::size_t place_of(const State& state, const core::Address& contract) {
    for (std::size_t place = 0; place < state.pre_liquidations.size(); ++place) {
        if (state.pre_liquidations[place].contract == contract) {
            return place;
        }
    }
    throw InputError("field pre_liquidations: the market has no contract " + contract.to_string());
}

Account restore_account(const Archive& in, const State& state) {
    Account out;
    out.wallet = in.address("wallet");
    out.supply_shares = in.u256("supply_shares");
    out.borrow_shares = restore_128(in, "borrow_shares");
    out.collateral = restore_128(in, "collateral");
    out.trouble = restore_trouble(in, "trouble");
    for (const Archive& contract : in.list("pre_liquidations")) {
        Archive holder;
        holder.set("pre_liquidations", contract);
        out.pre_liquidations.push_back(place_of(state, holder.address("pre_liquidations")));
    }
    if (in.has("referee")) {
        const Archive& referee = in.at("referee");
        out.referee.emplace();
        if (referee.has("is_healthy")) {
            out.referee->is_healthy = referee.flag("is_healthy");
        }
        out.referee->borrow_rate = referee.optional_u256("borrow_rate");
    }
    return out;
}

void check_id(const std::string& id) {
    const auto bytes = core::parse_hex(id);
    if (!bytes || bytes->size() != 32 || core::to_hex(*bytes) != id) {
        throw InputError("field market: \"" + id +
                         "\" is no market id (0x and 64 lower-case hex digits)");
    }
}

}  // namespace

Archive archive_state(const State& state) {
    Archive out;
    out.set("chain", state.name.chain);
    out.set("market", state.name.name);
    out.set("morpho", state.morpho);
    out.set("block_time", state.block_time.value());
    out.set("loan_token", state.params.loan_token);
    out.set("collateral_token", state.params.collateral_token);
    out.set("oracle", state.params.oracle);
    out.set("irm", state.params.irm);
    out.set("lltv", state.params.lltv);
    out.set("loan", archive_token(state.loan));
    out.set("collateral", archive_token(state.collateral));
    out.set("total_supply_assets", state.totals.supply_assets);
    out.set("total_supply_shares", state.totals.supply_shares);
    out.set("total_borrow_assets", state.totals.borrow_assets);
    out.set("total_borrow_shares", state.totals.borrow_shares);
    out.set("last_update", state.last_update.value());
    out.set("fee", state.fee);
    out.set("fee_recipient", state.fee_recipient);
    if (state.price) {
        out.set("price", state.price->answer);
    }
    set_trouble(out, "price_trouble", state.price_trouble);
    out.set("model", archive_model(state.model));
    Archive::List pre_liquidations;
    for (const PreLiquidation& by : state.pre_liquidations) {
        pre_liquidations.push_back(archive_pre_liquidation(by));
    }
    out.set("pre_liquidations", std::move(pre_liquidations));
    Archive::List accounts;
    for (const Account& account : state.accounts) {
        accounts.push_back(archive_account(account, state));
    }
    out.set("accounts", std::move(accounts));
    return out;
}

State restore_state(const Archive& in) {
    State out;
    check_id(in.text("market"));
    out.name = {.protocol = "morpho_blue", .chain = in.text("chain"), .name = in.text("market")};
    out.morpho = in.address("morpho");
    out.block_time = Timestamp(in.u64("block_time"));
    out.params = {.loan_token = in.address("loan_token"),
                  .collateral_token = in.address("collateral_token"),
                  .oracle = in.address("oracle"),
                  .irm = in.address("irm"),
                  .lltv = in.u256("lltv")};
    if (out.params.lltv > core::wad()) {
        throw InputError("field lltv: over one");
    }
    out.loan = restore_token(in.at("loan"));
    out.collateral = restore_token(in.at("collateral"));
    out.totals = {.supply_assets = restore_128(in, "total_supply_assets"),
                  .supply_shares = restore_128(in, "total_supply_shares"),
                  .borrow_assets = restore_128(in, "total_borrow_assets"),
                  .borrow_shares = restore_128(in, "total_borrow_shares")};
    out.last_update = Timestamp(in.u64("last_update"));
    if (out.last_update > out.block_time) {
        throw InputError("field last_update: later than block_time");
    }
    out.fee = restore_128(in, "fee");
    out.fee_recipient = in.address("fee_recipient");
    if (const auto answer = in.optional_u256("price")) {
        out.price = margin::PriceQuote{
            .answer = *answer, .source = out.params.oracle, .updated_at = std::nullopt};
    }
    out.price_trouble = restore_trouble(in, "price_trouble");
    out.model = restore_model(in.at("model"));
    for (const Archive& by : in.list("pre_liquidations")) {
        out.pre_liquidations.push_back(restore_pre_liquidation(by));
    }
    for (const Archive& account : in.list("accounts")) {
        out.accounts.push_back(restore_account(account, out));
    }
    return out;
}

}  // namespace margrave::adapters::morpho_blue
