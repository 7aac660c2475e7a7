#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cascade/accounts.hpp"
#include "cascade/fast_market.hpp"
#include "cascade/playbook.hpp"

namespace margrave::cascade {

/// Who is taken for fallen of those whom doubles cannot tell.
enum class Branch {
    Nominal,
    Most,   ///< healths and values are lower by epsilon: they fall
    Least,  ///< higher: they do not
};

/// Accounts in doubles, for a state whose markets are forks without accounts. Rows stay as they are
/// in the FastMarkets until one is liquidated; a round looks only at rows whose cushion can have
/// been used up.
class FastAccounts : public Accounts {
  public:
    /// All must outlive this. `epsilon` is a part of a threshold.
    FastAccounts(const std::vector<FastMarket>& markets, const Playbook& playbook, double epsilon,
                 Branch branch);

    std::vector<Place> eligible(const State& state) override;
    std::vector<Place> in_order(const State& state, const std::vector<Place>& places) override;
    std::optional<margin::LiquidationPair> choose_pair(const State& state,
                                                       const Place& place) override;
    core::Result<margin::LiquidationOutcome, margin::Refusal> tried(
        const State& state, const Place& place, const margin::LiquidationCall& call) override;
    bool is_paying(const State& state, const Place& place,
                   const margin::LiquidationCall& call) override;
    core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        State& state, const Place& place, const margin::LiquidationCall& call) override;
    /// Throws InvariantError: interest is the exact engine's.
    void accrued(const State& state) override;

    /// Accounts that came within epsilon of something that decides, and what that was.
    [[nodiscard]] const std::map<Place, std::string>& near() const { return near_; }
    /// Every row that was liquidated, as it is now.
    using Rows = std::unordered_map<std::size_t, std::vector<margin::BulkLeg>>;
    [[nodiscard]] const Rows& changed_rows(std::size_t market) const {
        return sides_[market].changed;
    }

  private:
    using Legs = std::vector<margin::BulkLeg>;

    /// One market in the course of the run.
    struct Side {
        Rows changed;
        std::vector<bool> is_changed;  ///< of every row: most are not, and are not looked up
        std::vector<double> liquidity;
        std::vector<double> answers;  ///< of this round, in the order of FastMarket::scales()
        /// Rows whose cushion was below kNearCushion at `reference`: all that a move of less than
        /// that can bring down.
        std::vector<std::uint32_t> low;
        std::vector<double> reference;  ///< the book's answers then; empty before the first round
    };
    struct Trial {
        margin::BulkOutcome outcome;
        Legs after;
        std::optional<double> profit;  ///< nullopt when refused or unpriced
    };

    [[nodiscard]] Legs legs_of(const Place& place) const;
    [[nodiscard]] const std::vector<std::uint32_t>& candidates(std::size_t market,
                                                               std::span<const double> answers);
    [[nodiscard]] Trial trial(const Place& place, margin::BulkCall call) const;
    [[nodiscard]] std::optional<margin::BulkCall> best_pair(const Place& place);
    [[nodiscard]] margin::BulkCall find_legs(const Place& place,
                                             const margin::LiquidationCall& call) const;
    void note_near_rule(const Place& place, margin::BulkCall call, const Trial& done);
    [[nodiscard]] bool is_close(double a, double b) const;

    const std::vector<FastMarket>& markets_;
    const Playbook& playbook_;
    double epsilon_;
    double tilt_;  ///< what healths and values are multiplied by
    std::vector<Side> sides_;
    std::map<Place, std::string> near_;
};

}  // namespace margrave::cascade
