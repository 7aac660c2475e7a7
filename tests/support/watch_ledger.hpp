#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/sqlite.hpp"
#include "tests/support/age_reference.hpp"
#include "tests/support/alert_reference.hpp"
#include "tests/support/simulated_chain.hpp"
#include "tests/support/simulated_node.hpp"

namespace margrave::test {

/// The two clocks at a moment.
struct LedgerTime {
    std::uint64_t now_ms = 0;
    std::uint64_t wall_s = 0;
};

/// What was written for one channel.
struct LedgerRow {
    std::string key;
    std::string channel;
    std::string body;
    ToldMessage message;
    std::uint64_t written_ms = 0;
};

/// Follows what a watch writes into its file, block by block, and holds each against what the chain
/// really was: throws Wrong where they differ.
class WatchLedger {
  public:
    struct Terms {
        std::vector<ReferenceTerms> health;  ///< rules that watch health factors
        ReferenceTerms unread;               ///< coverage gaps
        std::string silence;                 ///< the rule that watches the age of blocks
        std::uint64_t silent_above_s = 0;
        std::string channel;  ///< that every rule tells
        /// How often wallets are looked at that are not near a liquidation; 0: with every block.
        std::uint64_t far_every_s = 0;
    };

    WatchLedger(const std::string& store, const SimulatedChain& chain, const SimulatedNode& node,
                Terms terms);

    void booted(const LedgerTime& now);
    void begin_look(const LedgerTime& now);
    /// Also between the blocks of a look. `said` is what stood on stderr since the last time.
    void observe(const LedgerTime& now, const std::string& said);
    /// A look that came to its end.
    void end_look(const LedgerTime& now, bool is_blind);
    /// One that did not.
    void break_look(const LedgerTime& now);

    [[nodiscard]] std::optional<core::Hash> last_hash() const;
    [[nodiscard]] const std::vector<LedgerRow>& rows() const { return rows_; }
    /// Nobody needs to be looked at with this block.
    [[nodiscard]] bool may_pass_over(const core::Hash& hash) const;
    [[nodiscard]] std::uint64_t evaluated() const { return evaluated_; }
    /// Messages that wait for the channel.
    [[nodiscard]] std::uint64_t waiting(const std::string& channel);
    /// The phase in which the alert is kept; "" where it is not.
    [[nodiscard]] std::string phase_of(const std::string& alert) const;
    [[nodiscard]] const std::map<std::string, AlertReference>& alerts() const { return alerts_; }

  private:
    void read_messages(const LedgerTime& now);
    void follow(const LedgerTime& now);
    [[nodiscard]] bool is_kept(std::size_t index);
    void undo();
    /// What is not known still, without a block.
    void wait_on(const LedgerTime& now);
    void evaluate(std::size_t index, const LedgerTime& now);
    /// Whether all wallets must be looked at with a block of that time, or those that are near.
    [[nodiscard]] bool is_all_due(std::uint64_t chain_s) const;
    [[nodiscard]] bool is_nobody_near() const;
    [[nodiscard]] bool is_news(const core::Hash& head) const;
    [[nodiscard]] std::set<std::size_t> wallets_due(std::uint64_t chain_s) const;
    [[nodiscard]] bool is_near(const SimulatedBlock& block, std::size_t wallet,
                               bool is_any_gap) const;
    void learn_near(const SimulatedBlock& block, const std::set<std::size_t>& looked_at,
                    bool is_any_gap, bool is_doubtful);
    void evaluate_health(const SimulatedBlock& block, std::size_t wallet, std::size_t market,
                         bool is_any_gap, const ReferenceMoment& at, bool is_doubtful);
    [[nodiscard]] ReferenceMoment moment(const LedgerTime& now) const;
    [[nodiscard]] std::string alert_of(const std::string& rule, std::size_t wallet,
                                       std::size_t market) const;
    [[nodiscard]] std::string kept_state(const std::string& alert) const;
    void check_gap(std::uint64_t from, std::uint64_t to) const;

    const SimulatedChain& chain_;
    const SimulatedNode& node_;
    Terms terms_;
    AgeReference age_;
    store::Database database_;
    // Asked thousands of times a day.
    store::Statement new_rows_;
    store::Statement newest_block_;
    store::Statement is_kept_;
    store::Statement waiting_;
    std::map<std::string, AlertReference> alerts_;
    std::map<std::string, AlertReference::Told> told_;
    std::vector<LedgerRow> rows_;
    std::int64_t last_row_ = 0;
    std::deque<std::size_t> stands_;  ///< evaluated and not reorganised away, in order
    std::uint64_t evaluated_ = 0;
    std::uint64_t first_lost_ = 0;  ///< by the last reorganisation, of those that were evaluated
    core::Hash passed_over_{};      ///< the newest block with which nobody had to be looked at
    std::set<std::size_t> near_;    ///< wallets, by the last look at each
    std::optional<std::uint64_t> all_at_s_;  ///< when all were looked at; nullopt: they are due
    std::string said_;                       ///< on stderr since a block was evaluated last
    LedgerTime seen_at_;                     ///< the last observation
};

}  // namespace margrave::test
