#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "app/chain_watch.hpp"
#include "app/world.hpp"
#include "tests/support/simulated_chain.hpp"
#include "tests/support/simulated_daemon.hpp"
#include "tests/support/simulated_node.hpp"
#include "tests/support/simulated_receiver.hpp"
#include "tests/support/simulated_time.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/watch_ledger.hpp"

namespace margrave::test {

/// A day of `margrave watch`, all of it by chance from one seed: the daemon's own ChainWatch,
/// Courier and WatchFile, with everything around them simulated. The threads of the daemon take
/// turns wherever one of them waits for the world; there, too, it is killed now and then.
class SimulatedDay {
  public:
    struct Options {
        std::uint64_t hours = 24;
        std::uint64_t calm_hours = 1;  ///< of them at the end, without any fault
    };
    struct Figures {
        std::uint64_t blocks = 0;  ///< evaluated
        std::uint64_t fires = 0;
        std::uint64_t resolves = 0;
        std::uint64_t unknowns = 0;
        std::uint64_t crashes = 0;
        std::uint64_t full_disks = 0;
        std::uint64_t written_late_ms = 0;    ///< at most, of fires
        std::uint64_t delivered_late_ms = 0;  ///< at most
    };

    SimulatedDay(std::uint64_t seed, Options options);
    ~SimulatedDay();

    /// Throws Wrong.
    void run();

    /// After the last hour: the process that is left ends.
    void end_daemon() { daemon_.reset(); }

    [[nodiscard]] const Figures& figures() const { return figures_; }
    /// Of every line of the log: the same seed has the same.
    [[nodiscard]] std::uint64_t log_hash() const { return log_hash_; }
    /// The last lines.
    [[nodiscard]] std::string log_end() const;
    /// Called when an hour has passed.
    std::function<void(std::uint64_t hour)> at_hour = [](std::uint64_t) {};

  private:
    struct Desk {
        std::string name;
        std::unique_ptr<SimulatedReceiver> receiver;
        std::uint64_t next_ms = 0;
        bool is_busy = false;
        bool has_mail = false;
    };

    void make_file();
    void boot();
    void die(const std::string& why, std::uint64_t down_ms);
    void guard(const std::function<void()>& work);
    void turn();
    void pause(std::string_view where);
    [[nodiscard]] bool is_any_busy() const;
    void look();
    void deliver(std::size_t desk);
    void observe();
    void look_at_mail();
    void check_clean_look(bool was_asked_to_stop);
    void check_lateness();
    void calm_down();
    void check_end();
    void set_wall();
    [[nodiscard]] LedgerTime now();
    [[nodiscard]] std::string take_said();
    void log(const std::string& line);

    Options options_;
    TemporaryFolder folder_;
    std::string store_;
    Dice dice_;
    SimulatedTime time_;
    Weather wall_;
    Weather disk_;
    SimulatedChain chain_;
    SimulatedNode node_;
    std::vector<Desk> desks_;
    std::int64_t wall_offset_s_ = 0;
    std::ostringstream out_;
    std::ostringstream err_;
    std::istringstream in_;
    app::World world_;
    app::WatchPlan plan_;
    std::unique_ptr<WatchLedger> ledger_;
    std::unique_ptr<SimulatedDaemon> daemon_;
    std::uint64_t next_look_ms_ = 0;
    std::uint64_t looks_ = 0;
    bool is_looking_ = false;
    bool is_asked_to_end_ = false;
    bool is_calm_ = false;
    std::uint64_t readable_since_ms_ = 0;  ///< the last look at which something went wrong
    std::vector<std::uint64_t> boots_ms_;
    std::size_t rows_seen_ = 0;
    Figures figures_;
    std::deque<std::string> log_;
    std::uint64_t log_hash_ = 14'695'981'039'346'656'037U;
};

}  // namespace margrave::test
