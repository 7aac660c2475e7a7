#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"
#include "alert/fact_book.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "app/alert_groups.hpp"
#include "app/alert_inputs.hpp"
#include "app/hush.hpp"
#include "app/watch_plan.hpp"
#include "core/address.hpp"
#include "core/archive.hpp"
#include "core/units.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"
#include "store/watch_facts.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// When something is found: the last block that was evaluated, and the clock on the wall.
struct FoundAt {
    store::WatchedBlock block;
    std::uint64_t wall_s = 0;
    /// Whose accounts the reading has that is kept of the block where something is told; nullopt:
    /// everybody's.
    std::optional<std::set<core::Address>> kept_of = std::nullopt;
};

/// What people are told of an alert that nobody asks for any more.
[[nodiscard]] std::string not_watched_any_more(std::string_view key);

/// As the file keeps it.
[[nodiscard]] std::string to_json(const core::Archive& archive);

/// All alerts of one chain: what is so, and what is told of it. Only what it puts into an
/// Evaluation outlives the process.
class AlertBook {
  public:
    using Evaluation = store::WatchFile::Evaluation;

    /// `instance` is the file's.
    AlertBook(const WatchPlan& plan, std::string chain, core::ChainId chain_id,
              std::vector<core::Address> wallets, std::string instance);

    /// What the file holds of the chain. Of alerts of rules that are gone: sentences.
    [[nodiscard]] std::vector<std::string> restore(const std::vector<store::KeptAlert>& kept);
    /// Channels that nobody ever told anything, after restore(): what was told to others and still
    /// stands is told to them, too, once it is evaluated again, unless somebody is at it.
    void welcome(std::vector<ChannelPlan> newcomers);
    /// What the file holds of the chain's facts, up to this block; after restore().
    void restore_facts(const std::vector<store::Fact>& kept, const store::WatchedBlock& last);
    /// What the block shows of parameters and accounts. Of each block once, before it is evaluated.
    void learn_facts(const snapshot::Snapshot& snapshot, const report::Report& report,
                     const FoundAt& at);
    /// Every rule whose quantity is of this depth is put to every account, wallet and chain of
    /// which the report speaks. Of alerts that nobody asks for any more: sentences.
    [[nodiscard]] std::vector<std::string> evaluate(const report::Report& report,
                                                    const alert::Scope& scope, alert::Depth depth,
                                                    const FoundAt& at);
    /// Whose health is watched by an alert that is not quiet, or not known.
    [[nodiscard]] std::set<core::Address> waiting() const;
    /// By which factor alerts are grouped, from a whole report.
    void learn_factors(const report::Report& report);
    /// The chain could not be read.
    void evaluate_blind(const std::string& why, const FoundAt& at);
    /// The whole report of a block could not be made, of which this one is of health.
    void evaluate_unmade(const report::Report& health, const std::string& why, const FoundAt& at);
    /// Seconds since the last block.
    void evaluate_age(std::uint64_t age_s, const FoundAt& at);
    /// Blocks behind this one were reorganised away.
    void undo_after(std::uint64_t block);

    /// Puts the messages that are due and the states that changed into the evaluation; the lines
    /// that people read along. With a `depth` only of rules of that: what takes long is found at
    /// an older block than the last.
    [[nodiscard]] std::vector<std::string> close(const Notes& notes, const FoundAt& at,
                                                 std::optional<alert::Depth> depth,
                                                 Evaluation& evaluation);

  private:
    struct Known {
        std::string key;
        alert::Subject subject;
        alert::State state;
        alert::State written;  ///< as the file has it
        alert::Value value;    ///< of the last evaluation
        /// Of that; nullopt before one of this process.
        std::optional<store::WatchedBlock> found_at = std::nullopt;
        std::string cause = {};
        /// Of that; only of what may be told.
        std::shared_ptr<const AlertInputs> inputs = nullptr;
        bool is_news_to_newcomers = false;
    };
    /// Comparing subjects is cheaper than writing them, a thousand times for every block.
    using Alerts = std::map<alert::Subject, Known>;

    /// The rule, as it is now, still speaks of such a subject.
    [[nodiscard]] bool is_asked_of(const alert::Rule& rule, const alert::Subject& subject) const;
    /// It is put to reports of that depth on this chain.
    [[nodiscard]] bool is_put_to(const alert::Rule& rule, alert::Depth depth) const;
    Known& find_or_add(const alert::Rule& rule, const alert::Subject& subject);
    void step(const alert::Rule& rule, Known& known, alert::Value value, const FoundAt& at);
    void step_all(const alert::Rule& rule, const std::map<alert::Subject, alert::Value>& values,
                  InputFinder& inputs, const FoundAt& at);
    void evaluate_absent(const alert::Rule& rule, const report::Report& report,
                         const alert::Scope& scope,
                         const std::map<alert::Subject, alert::Value>& values, const FoundAt& at,
                         std::vector<std::string>& notes);
    void evaluate_changes(const alert::Rule& rule, const report::Report& report, const FoundAt& at,
                          std::vector<std::string>& notes);
    void step_or_forget(const alert::Rule& rule, const report::Report& report, Known& known,
                        alert::Value value, const FoundAt& at, std::vector<std::string>& notes);
    [[nodiscard]] bool is_inhibited(const alert::Rule& rule, const alert::Subject& subject) const;
    [[nodiscard]] static ToldAlert to_tell(const Known& known, const alert::Transition& transition,
                                           const FoundAt& at);
    [[nodiscard]] alert::Hush hush_of(const alert::Rule& rule, const Known& known,
                                      const Notes& notes) const;
    [[nodiscard]] std::vector<ToldAlert> tell(const alert::Rule& rule, const Notes& notes,
                                              const FoundAt& at);
    /// What stands, as newcomers are told of it.
    [[nodiscard]] std::vector<ToldAlert> tell_newcomers(const alert::Rule& rule, const Notes& notes,
                                                        const FoundAt& at);
    void keep_what_changed(Evaluation& evaluation);

    const WatchPlan& plan_;
    std::string chain_;
    core::ChainId chain_id_;
    std::uint64_t confirmations_ = 0;  ///< of the chain
    std::vector<core::Address> wallets_;
    std::string instance_;
    std::vector<ChannelPlan> newcomers_;
    alert::FactBook facts_;
    std::vector<store::Fact> new_facts_;                 ///< not in an evaluation yet
    std::map<std::string, Alerts, std::less<>> alerts_;  ///< by rule
    std::map<alert::Subject, std::string> factors_;      ///< nearest to each account
};

}  // namespace margrave::app
