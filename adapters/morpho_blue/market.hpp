#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/morpho_blue/rules.hpp"
#include "adapters/morpho_blue/state.hpp"
#include "core/archive.hpp"
#include "margin/answer_calls.hpp"
#include "margin/bulk.hpp"
#include "margin/kept_rows.hpp"
#include "margin/linear_form.hpp"
#include "margin/market.hpp"

namespace margrave::adapters::morpho_blue {

/// The market at some time: interest accrued, but not stored.
struct Accrued {
    Totals totals;
    core::U256 fee_shares;      ///< that the fee recipient gains when it is stored
    core::U256 rate;            ///< average of a second since the last update
    core::U256 rate_at_target;  ///< of AdaptiveCurve, at the end
};

/// `state` at `time`, which is not before its last update. Throws std::overflow_error where the
/// contract's own accrual would revert; the rate must be known.
[[nodiscard]] Accrued accrue_to(const State& state, core::Timestamp time);

/// One Morpho Blue market with the accounts read from it. Collateral counts in the collateral
/// token, debt in the loan token, which is the quote.
class MorphoMarket final : public margin::Market,
                           public margin::LinearRows,
                           public margin::BulkMarket,
                           public margin::KeptRows,
                           public margin::AnswerCalls {
  public:
    explicit MorphoMarket(State state);

    [[nodiscard]] const margin::MarketName& name() const override { return state_.name; }
    [[nodiscard]] std::optional<core::Address> keeper() const override { return state_.morpho; }
    [[nodiscard]] std::string quote() const override { return state_.loan.symbol; }

    [[nodiscard]] std::size_t account_count() const override { return state_.accounts.size(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override;
    [[nodiscard]] bool is_active(std::size_t row) const override;
    [[nodiscard]] margin::Health health(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override;
    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t row) const override;
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t row) const override;
    [[nodiscard]] std::vector<std::string> warnings(std::size_t row) const override;
    void fast_health_factors(std::vector<double>& out) const override;
    /// In base units of the loan token.
    [[nodiscard]] std::optional<margin::LinearForm> linear_form(std::size_t row) const override;

    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override { return {}; }
    [[nodiscard]] std::vector<margin::OracleAnswer> answers() const override;
    void set_answer(const core::Address& asset, const core::U256& answer) override;
    [[nodiscard]] std::optional<core::U256> liquidation_answer(
        std::size_t row, const core::Address& asset) const override;
    [[nodiscard]] std::vector<margin::WeightedLeg> weighted_legs(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::LiquidationPair> liquidation_pairs(
        std::size_t row) const override;

    // bulk.cpp

    [[nodiscard]] std::vector<core::Address> bulk_assets() const override;
    [[nodiscard]] std::vector<double> bulk_liquidity() const override;
    [[nodiscard]] std::optional<std::vector<margin::BulkLeg>> bulk_row(
        std::size_t row) const override;
    [[nodiscard]] double bulk_health(std::span<const margin::BulkLeg> legs,
                                     std::span<const double> answers) const override;
    [[nodiscard]] margin::BulkOutcome bulk_liquidate(std::span<margin::BulkLeg> legs,
                                                     margin::BulkCall call,
                                                     std::span<const double> answers,
                                                     std::span<double> liquidity) const override;
    void put_bulk_row(std::size_t row, std::span<const margin::BulkLeg> legs) override;

    // market_changes.cpp
    [[nodiscard]] core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        std::size_t row, const margin::LiquidationCall& call) override;
    [[nodiscard]] core::Result<margin::ActionOutcome, margin::Refusal> apply(
        std::size_t row, const margin::Action& action) override;
    [[nodiscard]] core::Result<std::monostate, margin::Refusal> shock(
        const margin::ParameterShock& shock) override;
    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        std::size_t row, const margin::Action& action) const override;
    [[nodiscard]] std::vector<margin::AssetCapacity> capacities() const override;

    // parameter_texts.cpp
    /// The fee, and what the oracle is made of: all else is a market's for ever.
    [[nodiscard]] std::vector<margin::ParameterGroup> parameters() const override;

    [[nodiscard]] std::vector<margin::Missing> missing() const override;
    [[nodiscard]] bool has_referee(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t row) const override;

    [[nodiscard]] core::Timestamp time() const override { return time_; }
    void accrue(core::Timestamp to) override;
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override;
    [[nodiscard]] core::Archive archive() const override;

    // kept_rows.cpp
    /// Borrow shares, collateral, supply shares.
    [[nodiscard]] std::vector<core::U256> kept_row(std::size_t row) const override;
    void add_row(const core::Address& wallet, std::span<const core::U256> numbers) override;
    void take_row(const margin::Market& read, std::size_t row) override;
    [[nodiscard]] std::unique_ptr<margin::Market> without_accounts() const override;
    [[nodiscard]] std::vector<margin::DebtSum> debt_sums() const override;

    // answer_calls.cpp
    /// price() of the market's oracle.
    [[nodiscard]] std::vector<margin::AnswerCall> answer_calls() const override;

    [[nodiscard]] const State& state() const { return state_; }

  private:
    void look_at_time();
    void take_over(State state);
    [[nodiscard]] std::string trouble(const Account& account) const;
    [[nodiscard]] margin::Health known_health(const Account& account) const;
    [[nodiscard]] std::optional<core::U256> debt_of(const Account& account) const;
    [[nodiscard]] core::U256 supply_shares_of(const Account& account) const;
    [[nodiscard]] std::string pre_liquidation_warning(const Account& account,
                                                      const PreLiquidation& by) const;
    [[nodiscard]] bool quotes_later() const;

    State state_;
    core::Timestamp time_;
    std::optional<Accrued> now_;  ///< at time_; nullopt where the contract's accrual would revert
    std::optional<ShareTotals<margin::Exact>> borrowed_;  ///< of now_, for everyone's debt
    std::string no_interest_because_;
};

/// The inverse of archive(); throws core::InputError naming the field.
[[nodiscard]] State restore_state(const core::Archive& archive);
[[nodiscard]] core::Archive archive_state(const State& state);

}  // namespace margrave::adapters::morpho_blue
