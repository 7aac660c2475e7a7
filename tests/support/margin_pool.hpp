#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/fixed_point.hpp"
#include "margin/market.hpp"

namespace margrave::test {

/// A lending pool small enough to be worked by hand: health = floor(sum(value * threshold) * 1e18 /
/// sum(debt)), liquidatable below 1e18; values are amount * answer / 10^decimals in the oracle's
/// unit, rounded down. Debts grow by simple interest from the block's time. A liquidation repays
/// half of the debt, or as much of it as the close factor says, and seizes 105 % of its value.
class MarginPool final : public margin::Market {
  public:
    struct Asset {
        core::Address address;
        std::string symbol;
        unsigned decimals = 18;
        core::U256 answer;
        core::U256 threshold_bps = 8000;
        core::U256 yearly_rate = 0;  ///< of a debt, 1e18 is one
        std::optional<core::Address> denominator = std::nullopt;
        std::string denominator_symbol = "USD";
        core::Address feed = {};
        bool is_unit = false;  ///< what the others are priced in: no answer is read for it
    };
    struct Balance {
        core::Address asset;
        core::U256 collateral;
        core::U256 debt;
    };
    struct Row {
        core::Address wallet;
        std::vector<Balance> balances;
    };

    explicit MarginPool(margin::MarketName name) : name_(std::move(name)) {}

    std::vector<Asset> assets;
    std::vector<Row> rows;
    core::U256 unit = 1'00000000;   ///< of an answer in dollars
    bool rounds_threshold = false;  ///< average thresholds are whole basis points, as Aave's
    core::U256 close_factor_bps = 5000;
    std::string refuses_as;  ///< every liquidation, unless it is ""
    std::optional<core::Address> kept_by = std::nullopt;
    core::Timestamp now{1'750'000'000};

    [[nodiscard]] const margin::MarketName& name() const override { return name_; }
    [[nodiscard]] std::optional<core::Address> keeper() const override { return kept_by; }
    [[nodiscard]] std::string quote() const override { return "USD"; }
    [[nodiscard]] std::size_t account_count() const override { return rows.size(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override {
        return rows.at(row).wallet;
    }
    [[nodiscard]] bool is_active(std::size_t /*row*/) const override { return true; }

    [[nodiscard]] margin::Health health(std::size_t row) const override {
        core::U256 collateral = 0;
        core::U256 weighted = 0;
        core::U256 owed = 0;
        for (const Balance& balance : rows.at(row).balances) {
            const Asset& listed = asset(balance.asset);
            const core::U256 worth = value(listed, balance.collateral);
            collateral = collateral + worth;
            weighted = weighted + worth * listed.threshold_bps;
            owed = owed + value(listed, debt(listed, balance.debt));
        }
        if (rounds_threshold && collateral != 0) {
            weighted = collateral * core::U256(weighted / collateral);
        }
        margin::Health health;
        health.collateral = collateral;
        health.debt = owed;
        health.status = margin::Status::NoDebt;
        if (owed != 0) {
            health.health_factor = core::Wad(core::mul_div_wide<core::Rounding::Down>(
                weighted, core::wad(), core::U256(owed * 10'000)));
            health.status = health.health_factor->value() < core::wad()
                                ? margin::Status::Liquidatable
                                : margin::Status::Healthy;
        }
        return health;
    }
    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override {
        std::vector<margin::Leg> out;
        for (const Balance& balance : rows.at(row).balances) {
            const Asset& listed = asset(balance.asset);
            const auto add = [&](margin::Side side, const core::U256& amount) {
                if (amount != 0) {
                    out.push_back({.asset = listed.address,
                                   .symbol = listed.symbol,
                                   .decimals = listed.decimals,
                                   .side = side,
                                   .amount = amount,
                                   .price = quote_of(listed),
                                   .value = std::nullopt});
                }
            };
            add(margin::Side::Collateral, balance.collateral);
            add(margin::Side::Debt, debt(listed, balance.debt));
        }
        return out;
    }
    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t /*row*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t /*row*/) const override {
        return {};
    }
    void fast_health_factors(std::vector<double>& out) const override {
        out.assign(rows.size(), std::numeric_limits<double>::quiet_NaN());
    }
    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override {
        std::vector<margin::AssetPrice> out;
        for (const Asset& listed : assets) {
            if (!listed.denominator && !listed.is_unit) {
                out.push_back({.asset = listed.address,
                               .decimals = listed.decimals,
                               .quote = quote_of(listed),
                               .unit = unit});
            }
        }
        return out;
    }
    [[nodiscard]] std::vector<margin::OracleAnswer> answers() const override {
        std::vector<margin::OracleAnswer> out;
        for (const Asset& listed : assets) {
            if (listed.is_unit) {
                continue;
            }
            out.push_back({.asset = listed.address,
                           .symbol = listed.symbol,
                           .decimals = listed.decimals,
                           .denominator = listed.denominator,
                           .denominator_symbol = listed.denominator_symbol,
                           .quote = quote_of(listed),
                           .unit = listed.denominator ? std::nullopt : std::optional(unit)});
        }
        return out;
    }
    void set_answer(const core::Address& changed, const core::U256& answer) override {
        for (Asset& listed : assets) {
            if (listed.address == changed) {
                listed.answer = answer;
                return;
            }
        }
        Market::set_answer(changed, answer);
    }
    [[nodiscard]] std::vector<margin::WeightedLeg> weighted_legs(std::size_t row) const override {
        std::vector<margin::WeightedLeg> out;
        for (const Balance& balance : rows.at(row).balances) {
            const Asset& listed = asset(balance.asset);
            out.push_back({.asset = listed.is_unit ? core::Address() : balance.asset,
                           .weight = value(listed, balance.collateral).convert_to<double>() *
                                     listed.threshold_bps.convert_to<double>() / 10'000,
                           .debt = value(listed, debt(listed, balance.debt)).convert_to<double>()});
        }
        return out;
    }
    [[nodiscard]] std::vector<margin::LiquidationPair> liquidation_pairs(
        std::size_t row) const override {
        std::vector<margin::LiquidationPair> out;
        for (const Balance& held : rows.at(row).balances) {
            for (const Balance& owed : rows.at(row).balances) {
                if (held.collateral != 0 && owed.debt != 0) {
                    out.push_back({.collateral = held.asset,
                                   .collateral_symbol = asset(held.asset).symbol,
                                   .debt = owed.asset,
                                   .debt_symbol = asset(owed.asset).symbol});
                }
            }
        }
        return out;
    }
    [[nodiscard]] core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        std::size_t row, const margin::LiquidationCall& call) override {
        if (!refuses_as.empty()) {
            return core::Unexpected(margin::Refusal{.reason = refuses_as, .detail = ""});
        }
        if (health(row).status != margin::Status::Liquidatable) {
            return core::Unexpected(margin::Refusal{.reason = "healthy", .detail = ""});
        }
        Balance& held = balance(row, call.collateral);
        Balance& owed = balance(row, call.debt);
        const Asset& sold = asset(call.collateral);
        const Asset& paid = asset(call.debt);
        margin::LiquidationOutcome outcome;
        outcome.repaid = owed.debt * close_factor_bps / 10'000;
        outcome.repaid = call.repay ? std::min(*call.repay, outcome.repaid) : outcome.repaid;
        const core::U256 worth = value(paid, outcome.repaid) * 105 / 100;
        outcome.seized =
            std::min(core::U256(worth * core::pow10(sold.decimals) / sold.answer), held.collateral);
        owed.debt = owed.debt - outcome.repaid;
        held.collateral = held.collateral - outcome.seized;
        return outcome;
    }
    /// Borrow rates alone.
    [[nodiscard]] core::Result<std::monostate, margin::Refusal> shock(
        const margin::ParameterShock& shock) override {
        if (shock.kind != margin::ParameterShock::Kind::BorrowRate || !shock.asset) {
            return Market::shock(shock);
        }
        for (Asset& listed : assets) {
            if (listed.address == *shock.asset) {
                listed.yearly_rate = shock.value / core::U256(core::ray() / core::wad());
            }
        }
        return std::monostate{};
    }
    [[nodiscard]] std::vector<margin::AssetCapacity> capacities() const override {
        return capacities_;
    }
    std::vector<margin::AssetCapacity> capacities_;

    [[nodiscard]] std::vector<margin::Missing> missing() const override { return {}; }
    [[nodiscard]] bool has_referee(std::size_t /*row*/) const override { return false; }
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t /*row*/) const override {
        return {};
    }
    [[nodiscard]] core::Timestamp time() const override {
        return core::Timestamp(now.value() + elapsed_s_);
    }
    void accrue(core::Timestamp to) override { elapsed_s_ = (to - now).value(); }
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override {
        return std::make_unique<MarginPool>(*this);
    }
    [[nodiscard]] core::Archive archive() const override { return {}; }

  private:
    [[nodiscard]] const Asset& asset(const core::Address& address) const {
        return *std::find_if(assets.begin(), assets.end(),
                             [&](const Asset& listed) { return listed.address == address; });
    }
    [[nodiscard]] Balance& balance(std::size_t row, const core::Address& address) {
        auto& balances = rows.at(row).balances;
        return *std::find_if(balances.begin(), balances.end(),
                             [&](const Balance& one) { return one.asset == address; });
    }
    [[nodiscard]] static margin::PriceQuote quote_of(const Asset& listed) {
        return {.answer = listed.answer, .source = listed.feed, .updated_at = std::nullopt};
    }
    [[nodiscard]] static core::U256 value(const Asset& listed, const core::U256& amount) {
        return core::mul_div_wide<core::Rounding::Down>(amount, listed.answer,
                                                        core::pow10(listed.decimals));
    }
    [[nodiscard]] core::U256 debt(const Asset& listed, const core::U256& principal) const {
        constexpr std::uint64_t kYear = 365 * 86'400;
        return principal + principal * listed.yearly_rate * elapsed_s_ / kYear / core::wad();
    }

    margin::MarketName name_;
    std::uint64_t elapsed_s_ = 0;
};

}  // namespace margrave::test
