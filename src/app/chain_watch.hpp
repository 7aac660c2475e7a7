#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/observe.hpp"
#include "app/alert_book.hpp"
#include "app/aside.hpp"
#include "app/block_reader.hpp"
#include "app/cascade_watch.hpp"
#include "app/chain_choice.hpp"
#include "app/pace.hpp"
#include "app/series_recorder.hpp"
#include "app/watch_plan.hpp"
#include "app/world.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/keccak.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// One chain of a watch: its blocks one after the other, each evaluated once.
class ChainWatch {
  public:
    /// `file` is a connection of its own; without a `cascade` none is carried out. Throws
    /// InputError where the file cannot be used.
    ChainWatch(World& world, const WatchPlan& plan, ChosenChain chosen,
               std::unique_ptr<chains::evm::RpcTransport> transport, store::WatchFile file,
               std::optional<CascadeWatch> cascade = std::nullopt);

    /// Evaluates what is new: every block behind the last one that was evaluated, the last
    /// kCatchUp of them where there are more, for those whom the pace has due; or, where the chain
    /// cannot be read, that it cannot.
    /// Everything that is found is written before this returns. Throws InputError where the file
    /// cannot be written: what was not is evaluated again by the next watch.
    void look(const std::function<bool()>& is_asked_to_stop);
    /// Makes the whole report that a look has put aside; false where none has. On another thread:
    /// it takes longer than the next block may wait.
    bool report_aside();
    /// The same of a cascade, on a thread for that.
    bool cascade_aside(const std::function<bool()>& is_asked_to_stop);
    /// Tells what came of both, and puts aside what is due behind it. Looks do so themselves.
    void take_what_came();

    /// Health is looked at with every block; what takes copies of whole markets so often, by the
    /// time of the chain.
    static constexpr std::uint64_t kWholeEveryS = 60;
    /// A cascade of which a part is not known is tried again after so long.
    static constexpr std::uint64_t kCascadeAgainS = 60;

    [[nodiscard]] const std::string& name() const { return chosen_.chain.name; }
    /// The chain could not be read at the last look.
    [[nodiscard]] bool is_blind() const { return is_blind_; }

    /// Nodes forget states that are some 128 blocks old, and who starts again wants to know how
    /// things are, not how they were.
    static constexpr std::uint64_t kCatchUp = 64;
    /// So often, and for so long, a block is tried before later ones are not kept waiting. Those
    /// behind it have had that time, too, until one can be read.
    static constexpr unsigned kTries = 3;
    static constexpr std::chrono::seconds kTriedFor{30};

  private:
    using Time = std::chrono::steady_clock::time_point;
    using SharedSnapshot = Aside::SharedSnapshot;
    /// Makes what alerts are made of ready for the file; nullopt where there is nothing to keep.
    using Evidence = std::function<std::optional<store::PackedSnapshot>()>;

    void restore();
    void follow(const chains::evm::Head& newest, const std::function<bool()>& is_asked_to_stop);
    /// Throws ChainError where it is no child of the last block that was evaluated.
    void check_follows(const chains::evm::Head& next) const;
    /// Forgets what was found in blocks that are not of the chain any more.
    void follow_fork(const chains::Block& head);
    /// The first one that was not looked at yet.
    [[nodiscard]] std::uint64_t first_new(std::uint64_t head) const;
    /// Nobody has to be looked at with it.
    void pass_over(const chains::Block& block);
    /// For those who are due with it. Throws ChainError.
    void evaluate(const chains::Block& block);
    [[nodiscard]] std::pair<SharedSnapshot, report::Report> read_health(const core::Hash& block,
                                                                        const alert::Scope& scope);
    void learn_pace(const report::Report& report);
    [[nodiscard]] std::optional<store::Schedule> new_schedule();
    /// What is due of the last block.
    void put_aside();
    void take_report(const Aside::Task& whole);
    void take_cascade(const Aside::Task& found);
    void evaluate_age();
    [[nodiscard]] report::Options report_options(const alert::Scope& scope) const;
    [[nodiscard]] FoundAt now() const;
    /// Puts what is due into the evaluation, and writes it.
    void close(store::WatchFile::Evaluation evaluation);
    /// The same, of rules of one depth, as found at an earlier block.
    void close(store::WatchFile::Evaluation evaluation, const FoundAt& at,
               std::optional<alert::Depth> depth, const Evidence& evidence);
    void keep_what_is_owed();
    [[nodiscard]] Evidence evidence_of(const SharedSnapshot& snapshot);
    void say_all(const std::vector<std::string>& notes);

    World& world_;
    const WatchPlan& plan_;
    ChosenChain chosen_;
    std::unique_ptr<chains::evm::RpcTransport> transport_;
    store::WatchFile file_;
    AlertBook book_;
    SeriesRecorder series_;
    std::uint64_t begun_at_s_;
    /// The newest block with which nobody had to be looked at, if it is newer than the last one.
    std::optional<chains::Block> passed_over_;
    std::uint64_t passed_s_ = 0;    ///< the time of that, or of one before the last start
    std::uint64_t first_lost_ = 0;  ///< by the last reorganisation, of blocks that were evaluated
    bool owes_evidence_ = false;    ///< of the last block, since before the last start
    Time last_new_;                 ///< when a block was evaluated last
    BlockReader reader_;
    Pace pace_;
    std::optional<store::Schedule> schedule_;  ///< as the file has it
    std::optional<store::WatchedBlock> last_;
    alert::Scope all_;
    SharedSnapshot snapshot_;  ///< of the block that was evaluated last
    alert::Scope scope_;       ///< of that
    Aside whole_{kWholeEveryS};
    std::optional<CascadeWatch> cascade_watch_;
    Aside cascade_{0};
    unsigned failures_ = 0;              ///< of the same block
    std::optional<Time> failing_since_;  ///< no block behind the last one could be read
    bool is_blind_ = false;
};

}  // namespace margrave::app
