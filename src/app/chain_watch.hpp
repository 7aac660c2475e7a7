#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "app/alert_message.hpp"
#include "app/chain_choice.hpp"
#include "app/watch_listener.hpp"
#include "app/world.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "collect/collect.hpp"
#include "report/report.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// What all chains of a watch share.
struct WatchPlan {
    settings::Settings settings;
    std::vector<alert::Rule> rules;
    std::vector<std::string> channels;  ///< names of all
    report::Options report;
    WatchListener* listener = &WatchListener::nobody();
};

/// One chain of a watch: its blocks one after the other, each evaluated once.
class ChainWatch {
  public:
    /// `file` is a connection of its own. Throws InputError where it cannot be used.
    ChainWatch(World& world, const WatchPlan& plan, ChosenChain chosen,
               std::unique_ptr<chains::evm::RpcTransport> transport, store::WatchFile file);
    ~ChainWatch();

    /// Evaluates what is new: every block behind the last one that was evaluated, the last
    /// kCatchUp of them where there are more; or, where the chain cannot be read, that it cannot.
    /// Everything that is found is written before this returns. Throws InputError where the file
    /// cannot be written: what was not is evaluated again by the next watch.
    void look(const std::function<bool()>& is_asked_to_stop);

    /// The chain could not be read at the last look.
    [[nodiscard]] bool is_blind() const { return is_blind_; }

    /// Nodes forget states that are some 128 blocks old, and who starts again wants to know how
    /// things are, not how they were.
    static constexpr std::uint64_t kCatchUp = 64;
    /// So often a block is tried, with a look each, before later ones are not kept waiting.
    static constexpr unsigned kTries = 3;

  private:
    struct Known {
        alert::Subject subject;
        alert::State state;
    };
    class Kept;

    void restore();
    void follow(const chains::Block& head, const std::function<bool()>& is_asked_to_stop);
    /// The newest block that was evaluated and still is of the chain; forgets those above it.
    [[nodiscard]] std::optional<std::uint64_t> last_that_stands(
        const chains::Block& head, store::WatchFile::Evaluation& evaluation);
    [[nodiscard]] std::optional<std::uint64_t> find_fork(const chains::Block& head,
                                                         store::WatchFile::Evaluation& evaluation);
    /// What was found in blocks above this one.
    void undo(std::uint64_t after, store::WatchFile::Evaluation& evaluation);
    /// Throws ChainError.
    [[nodiscard]] snapshot::Snapshot read(const collect::BlockSelector& block);
    void evaluate(const collect::BlockSelector& block);
    void evaluate_absent(const alert::Rule& rule, const report::Report& report,
                         const std::map<alert::Subject, alert::Value>& values,
                         store::WatchFile::Evaluation& evaluation);
    void evaluate_blind(const std::string& why);
    void evaluate_age();
    void step(const alert::Rule& rule, const alert::Subject& subject, const alert::Value& value,
              store::WatchFile::Evaluation& evaluation);
    void forget(const std::string& rule, const std::string& key, Known& known,
                store::WatchFile::Evaluation& evaluation);
    void write(store::WatchFile::Evaluation evaluation);
    static void keep(const std::string& rule, const std::string& key, const Known& known,
                     store::WatchFile::Evaluation& evaluation);
    void tell(const AlertMessage& message, store::WatchFile::Evaluation& evaluation);

    World& world_;
    const WatchPlan& plan_;
    ChosenChain chosen_;
    std::unique_ptr<chains::evm::RpcTransport> transport_;
    store::WatchFile file_;
    std::string instance_;
    std::uint64_t begun_at_s_;
    std::chrono::steady_clock::time_point last_new_;  ///< when a block was evaluated last
    std::unique_ptr<Kept> kept_;
    std::optional<store::WatchedBlock> last_;
    std::map<std::string, std::map<std::string, Known>> known_;  ///< by rule, then by alert
    std::vector<std::string> told_;  ///< lines about what is being written
    unsigned failures_ = 0;          ///< of the same block
    bool is_blind_ = false;
};

}  // namespace margrave::app
