#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/fixed_point.hpp"
#include "margin/market.hpp"

namespace margrave::test {

struct LendingAsset {
    std::string symbol;
    unsigned decimals = 0;
    core::U256 price_e8;              ///< dollars of a whole token
    std::uint64_t threshold_bps = 0;  ///< 0: no collateral
    std::optional<core::U256> supply_cap;
    core::U256 debt_growth;  ///< a second, 1e18 is all of it; simple over one accrue()
};

struct LendingBalance {
    core::U256 collateral;
    core::U256 supply;  ///< not enabled as collateral
    core::U256 debt;
};

/// A lending pool with arithmetic that a test can do by hand: HF = floor(sum of collateral value
/// times threshold / sum of debt value), interest on debts alone. E-modes replace thresholds.
class LendingMarket final : public margin::Market {
  public:
    using Row = std::map<core::Address, LendingBalance>;

    explicit LendingMarket(std::string name = "pool")
        : name_{.protocol = "lending", .chain = "ethereum", .name = std::move(name)} {}

    std::map<core::Address, LendingAsset> assets;
    std::vector<core::Address> wallets;
    std::vector<Row> rows;
    std::vector<std::uint64_t> emodes;                                           ///< of rows
    std::map<std::uint64_t, std::map<core::Address, std::uint64_t>> categories;  ///< thresholds
    std::set<core::Address> unpriced;  ///< makes healths unknown
    bool has_actions = true;
    core::Timestamp now{1'750'000'000};

    void add(const core::Address& wallet, Row row) {
        wallets.push_back(wallet);
        rows.push_back(std::move(row));
        emodes.push_back(0);
    }

    [[nodiscard]] const margin::MarketName& name() const override { return name_; }
    [[nodiscard]] std::string quote() const override { return "USD"; }
    [[nodiscard]] std::size_t account_count() const override { return rows.size(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override { return wallets.at(row); }
    [[nodiscard]] bool is_active(std::size_t row) const override { return !rows.at(row).empty(); }

    [[nodiscard]] margin::Health health(std::size_t row) const override {
        margin::Health out;
        core::U256 weighted = 0;
        core::U256 debt = 0;
        for (const auto& [asset, balance] : rows.at(row)) {
            if (unpriced.contains(asset)) {
                out.unknown_because = "no price";
                return out;
            }
            weighted += value(asset, balance.collateral) * threshold(row, asset);
            debt += value(asset, balance.debt) * 10'000;
        }
        if (debt == 0) {
            out.status = margin::Status::NoDebt;
            return out;
        }
        out.health_factor = core::Wad(core::U256(weighted * core::wad() / debt));
        out.status = *out.health_factor < core::Wad(core::wad()) ? margin::Status::Liquidatable
                                                                 : margin::Status::Healthy;
        return out;
    }

    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override {
        std::vector<margin::Leg> out;
        for (const auto& [asset, balance] : rows.at(row)) {
            add_leg(out, asset, margin::Side::Collateral, balance.collateral);
            add_leg(out, asset, margin::Side::Supply, balance.supply);
            add_leg(out, asset, margin::Side::Debt, balance.debt);
        }
        return out;
    }

    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t row) const override {
        return emodes.at(row) == 0 ? std::nullopt : std::optional(emodes.at(row));
    }
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t /*row*/) const override {
        return {};
    }
    void fast_health_factors(std::vector<double>& out) const override {
        out.assign(rows.size(), std::numeric_limits<double>::quiet_NaN());
    }
    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override {
        std::vector<margin::AssetPrice> out;
        for (const auto& [address, asset] : assets) {
            out.push_back({.asset = address,
                           .decimals = asset.decimals,
                           .quote = {.answer = asset.price_e8, .source = {}, .updated_at = {}},
                           .unit = 100'000'000});
        }
        return out;
    }

    [[nodiscard]] std::vector<margin::WeightedLeg> weighted_legs(std::size_t row) const override {
        std::vector<margin::WeightedLeg> out;
        for (const auto& [asset, balance] : rows.at(row)) {
            const auto weight =
                core::U256(value(asset, balance.collateral) * threshold(row, asset));
            out.push_back({.asset = asset,
                           .weight = weight.convert_to<double>() / 1e4,
                           .debt = value(asset, balance.debt).convert_to<double>()});
        }
        return out;
    }

    [[nodiscard]] core::Result<margin::ActionOutcome, margin::Refusal> apply(
        std::size_t row, const margin::Action& action) override {
        if (!has_actions) {
            return Market::apply(row, action);
        }
        const Row before = rows.at(row);
        const auto emode_before = emodes.at(row);
        const auto refusal = change(row, action);
        const auto after = health(row);
        const bool may_fall = action.kind == margin::ActionKind::Withdraw ||
                              action.kind == margin::ActionKind::SetEmode;
        const bool is_low =
            may_fall && after.health_factor && *after.health_factor < core::Wad(core::wad());
        if (!refusal.empty() || is_low) {
            rows.at(row) = before;
            emodes.at(row) = emode_before;
            return core::Unexpected(margin::Refusal{
                .reason = refusal.empty() ? "health_factor_too_low" : refusal, .detail = ""});
        }
        return margin::ActionOutcome{.amount = action.amount.value_or(0)};
    }

    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        std::size_t row, const margin::Action& action) const override {
        margin::ActionCalls out;
        out.call.to = core::Address(core::Address::Raw{0xcc});
        out.call.data = {static_cast<std::uint8_t>(action.kind)};
        out.call.what = "call";
        if (action.kind == margin::ActionKind::Repay || action.kind == margin::ActionKind::Supply) {
            out.approvals.push_back(
                {.token = action.asset,
                 .spender = out.call.to,
                 .amount = action.amount.value_or(rows.at(row).at(action.asset).debt)});
        }
        return out;
    }

    [[nodiscard]] std::vector<margin::Missing> missing() const override { return {}; }
    [[nodiscard]] bool has_referee(std::size_t /*row*/) const override { return false; }
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t /*row*/) const override {
        return {};
    }
    [[nodiscard]] core::Timestamp time() const override { return now; }
    void accrue(core::Timestamp to) override {
        const core::U256 seconds = to.value() - now.value();
        for (Row& row : rows) {
            for (auto& [asset, balance] : row) {
                balance.debt += core::mul_div<core::Rounding::Up>(
                    balance.debt, assets.at(asset).debt_growth * seconds, core::wad());
            }
        }
        now = to;
    }
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override {
        return std::make_unique<LendingMarket>(*this);
    }
    [[nodiscard]] core::Archive archive() const override { return {}; }

  private:
    /// In units of 1e-8 dollars over 10^18, so that nothing is rounded.
    [[nodiscard]] core::U256 value(const core::Address& asset, const core::U256& amount) const {
        const LendingAsset& terms = assets.at(asset);
        return amount * terms.price_e8 * core::pow10(18 - terms.decimals);
    }

    [[nodiscard]] std::uint64_t threshold(std::size_t row, const core::Address& asset) const {
        const auto category = categories.find(emodes.at(row));
        if (category != categories.end() && category->second.contains(asset)) {
            return category->second.at(asset);
        }
        return assets.at(asset).threshold_bps;
    }

    void add_leg(std::vector<margin::Leg>& out, const core::Address& asset, margin::Side side,
                 const core::U256& amount) const {
        if (amount > 0) {
            out.push_back({.asset = asset,
                           .symbol = assets.at(asset).symbol,
                           .decimals = assets.at(asset).decimals,
                           .side = side,
                           .amount = amount,
                           .price = std::nullopt,
                           .value = std::nullopt});
        }
    }

    /// The refusal's name; "" when done.
    std::string change(std::size_t row, const margin::Action& action) {
        if (action.kind == margin::ActionKind::SetEmode) {
            emodes.at(row) = action.category;
            return action.category == 0 || categories.contains(action.category)
                       ? ""
                       : "unknown_emode_category";
        }
        if (!assets.contains(action.asset)) {
            return "unknown_asset";
        }
        const LendingAsset& terms = assets.at(action.asset);
        LendingBalance& balance = rows.at(row)[action.asset];
        switch (action.kind) {
            case margin::ActionKind::Repay: {
                const core::U256 paid = action.amount.value_or(balance.debt);
                if (paid == 0 || paid > balance.debt) {
                    return "invalid_amount";
                }
                balance.debt = balance.debt - paid;
                return "";
            }
            case margin::ActionKind::Supply: {
                core::U256& into = terms.threshold_bps != 0 && balance.supply == 0
                                       ? balance.collateral
                                       : balance.supply;
                into += *action.amount;
                return terms.supply_cap && into > *terms.supply_cap ? "supply_cap_exceeded" : "";
            }
            case margin::ActionKind::Withdraw: {
                core::U256& from = balance.supply != 0 ? balance.supply : balance.collateral;
                if (*action.amount > from) {
                    return "not_enough_balance";
                }
                from = from - *action.amount;
                return "";
            }
            case margin::ActionKind::SetCollateral:
                if (terms.threshold_bps == 0) {
                    return "not_collateral";
                }
                balance.collateral += balance.supply;
                balance.supply = 0;
                return "";
            default:
                return "not_modelled";
        }
    }

    margin::MarketName name_;
};

}  // namespace margrave::test
