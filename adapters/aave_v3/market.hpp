#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/rules.hpp"
#include "adapters/aave_v3/state.hpp"
#include "core/archive.hpp"
#include "margin/answer_calls.hpp"
#include "margin/bulk.hpp"
#include "margin/kept_rows.hpp"
#include "margin/linear_form.hpp"
#include "margin/market.hpp"

namespace margrave::adapters::aave_v3 {

/// One Aave v3 pool with the accounts read from it. Every figure is computed from raw state by
/// rules.hpp; the pool's own getUserAccountData is only ever compared with.
class AaveMarket final : public margin::Market,
                         public margin::LinearRows,
                         public margin::BulkMarket,
                         public margin::KeptRows,
                         public margin::AnswerCalls {
  public:
    explicit AaveMarket(State state);

    [[nodiscard]] const margin::MarketName& name() const override { return name_; }
    [[nodiscard]] std::optional<core::Address> keeper() const override { return state_.pool; }
    [[nodiscard]] std::string quote() const override;

    [[nodiscard]] std::size_t account_count() const override { return state_.accounts.size(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override;
    [[nodiscard]] bool is_active(std::size_t row) const override;
    [[nodiscard]] margin::Health health(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override;
    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t row) const override;
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t row) const override;
    /// Where the debt shown is not what the token says: GHO before 3.4.
    [[nodiscard]] std::vector<std::string> warnings(std::size_t row) const override;
    void fast_health_factors(std::vector<double>& out) const override;
    /// In base currency.
    [[nodiscard]] std::optional<margin::LinearForm> linear_form(std::size_t row) const override;

    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override;

    /// Every reserve's price, and the price sources that e-modes have of their own until 3.1.
    [[nodiscard]] std::vector<margin::OracleAnswer> answers() const override;
    void set_answer(const core::Address& asset, const core::U256& answer) override;
    [[nodiscard]] std::optional<core::U256> liquidation_answer(
        std::size_t row, const core::Address& asset) const override;
    /// In base currency.
    [[nodiscard]] std::vector<margin::WeightedLeg> weighted_legs(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::LiquidationPair> liquidation_pairs(
        std::size_t row) const override;
    /// By the names of README.md. The liquidator's own account is not kept: what it would
    /// be refused for itself is not asked.
    [[nodiscard]] core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        std::size_t row, const margin::LiquidationCall& call) override;

    // bulk.cpp: accounts in an e-mode with a price source of its own are left to the exact market.

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

    /// Refusals by the names of README.md.
    [[nodiscard]] core::Result<margin::ActionOutcome, margin::Refusal> apply(
        std::size_t row, const margin::Action& action) override;
    [[nodiscard]] core::Result<std::monostate, margin::Refusal> shock(
        const margin::ParameterShock& shock) override;
    /// A full repayment is approved for the debt at time(): accrue to the last moment at which the
    /// call may be executed.
    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        std::size_t row, const margin::Action& action) const override;
    [[nodiscard]] std::vector<margin::AssetCapacity> capacities() const override;

    // parameter_texts.cpp
    /// Of the pool, of reserves that accounts hold or owe, and of e-modes that they are in.
    [[nodiscard]] std::vector<margin::ParameterGroup> parameters() const override;

    [[nodiscard]] std::vector<margin::Missing> missing() const override;

    [[nodiscard]] bool has_referee(std::size_t row) const override;
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t row) const override;

    [[nodiscard]] core::Timestamp time() const override { return time_; }
    void accrue(core::Timestamp to) override;
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override;
    [[nodiscard]] core::Archive archive() const override;

    // kept_rows.cpp
    /// The configuration's word and the e-mode, then each reserve that the account uses.
    [[nodiscard]] std::vector<core::U256> kept_row(std::size_t row) const override;
    void add_row(const core::Address& wallet, std::span<const core::U256> numbers) override;
    void take_row(const margin::Market& read, std::size_t row) override;
    [[nodiscard]] std::unique_ptr<margin::Market> without_accounts() const override;
    [[nodiscard]] std::vector<margin::DebtSum> debt_sums() const override;

    // answer_calls.cpp
    /// getAssetPrice() of the oracle, of assets and of price sources that e-modes have.
    [[nodiscard]] std::vector<margin::AnswerCall> answer_calls() const override;

    [[nodiscard]] const State& state() const { return state_; }

  private:
    /// Balances with interest, in base units of the asset.
    template <class A>
    struct Amounts {
        typename A::Number supply = A::of(0);
        typename A::Number variable_debt = A::of(0);
        typename A::Number stable_debt = A::of(0);
        [[nodiscard]] typename A::Number debt() const { return variable_debt + stable_debt; }
    };
    /// How one reserve counts as collateral for one account.
    struct Terms {
        bool counts = false;
        std::uint64_t threshold_bps = 0;
        std::uint64_t ltv_bps = 0;
    };
    class Attempt;      ///< attempt.hpp
    class Call;         ///< actions.cpp
    class Liquidation;  ///< liquidation.cpp
    /// A reserve's indexes at time_; nullopt where the contract's own arithmetic would revert.
    struct Indexes {
        std::optional<core::U256> supply;
        std::optional<core::U256> debt;
    };

    template <class A>
    [[nodiscard]] Sums<A> sums(const Account& account) const;
    template <class A>
    [[nodiscard]] Amounts<A> amounts(const Balance& balance) const;
    void grow_indexes();
    void grow_indexes(const Reserve& reserve);
    /// What one balance enters the sums with; it has a price.
    template <class A>
    [[nodiscard]] Position<A> position(const Balance& balance, const Account& account) const;
    [[nodiscard]] bool is_in_emode(const Reserve& reserve, const Account& account) const;
    /// The oracle's key by which the reserve is priced for the account: the asset, or its e-mode's
    /// price source.
    [[nodiscard]] core::Address price_key(const Reserve& reserve, const Account& account) const;
    /// Today's answer for a key of answers(); nullopt without one.
    [[nodiscard]] std::optional<core::U256> answer_of(const core::Address& key) const;
    [[nodiscard]] Terms terms(const Reserve& reserve, const Account& account) const;
    [[nodiscard]] const EmodeCategory* emode(const Account& account) const;
    [[nodiscard]] const std::optional<margin::PriceQuote>& price(const Reserve& reserve,
                                                                 const Account& account) const;
    [[nodiscard]] margin::Leg leg(const Reserve& reserve, margin::Side side,
                                  const std::optional<core::U256>& amount,
                                  const std::optional<margin::PriceQuote>& quote) const;
    [[nodiscard]] std::string trouble(const Account& account) const;
    template <class A>
    [[nodiscard]] margin::Health known_health(const Account& account) const;
    [[nodiscard]] std::optional<core::Usd> to_usd(const core::U256& base,
                                                  core::Rounding rounding) const;
    [[nodiscard]] std::optional<margin::Refusal> unmodelled(const Reserve& reserve) const;
    [[nodiscard]] std::optional<margin::Refusal> barrier(const Reserve& collateral,
                                                         const Reserve& debt, bool is_near) const;
    [[nodiscard]] bool may_have_discount(const Reserve& reserve) const;
    [[nodiscard]] Reserve* find_reserve(const core::Address& asset);
    [[nodiscard]] const Reserve* find_reserve(const core::Address& asset) const;
    core::Result<std::monostate, margin::Refusal> shock_borrow_rate(Reserve& reserve,
                                                                    const core::U256& rate);
    core::Result<std::monostate, margin::Refusal> shock_threshold(Reserve& reserve,
                                                                  const core::U256& bps);
    [[nodiscard]] std::optional<margin::AssetCapacity> capacity(const Reserve& reserve) const;
    [[nodiscard]] std::optional<core::U256> amount_to_approve(const Account& account,
                                                              const Reserve& reserve,
                                                              const margin::Action& action) const;
    [[nodiscard]] margin::ParameterGroup parameters_of(const Reserve& reserve) const;
    [[nodiscard]] bool is_dollars() const { return state_.base_currency.is_zero(); }

    State state_;
    margin::MarketName name_;
    core::Timestamp time_;
    bool has_own_answers_ = false;     ///< set_answer() was used: the protocol's view is of others
    ById<unsigned, Indexes> indexes_;  ///< by reserve id
    /// Liquidation thresholds set by shock(), in e-modes too; by reserve id, in basis points.
    std::map<unsigned, std::uint64_t> shocked_thresholds_;
};

/// The inverse of archive(); throws core::InputError naming the field.
[[nodiscard]] State restore_state(const core::Archive& archive);
[[nodiscard]] core::Archive archive_state(const State& state);

}  // namespace margrave::adapters::aave_v3
