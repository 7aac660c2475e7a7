#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "app/watch_listener.hpp"

namespace margrave::app {

/// Whom the figures are about: every label's values, so that each series is there, at 0, from the
/// start, and there are no others.
struct MetricsSubjects {
    std::vector<std::string> chains;
    std::vector<std::string> channels;
    /// By chain, in the order in which it has them: aliases; never a URL, nor a host, which may be
    /// a key.
    std::map<std::string, std::vector<std::string>> endpoints;
    std::uint64_t started_at_s = 0;
    std::uint64_t loaded_at_s = 0;  ///< the configuration, the last time
    std::string version;
};

/// The figures that a watch counts, in the names and units of docs/http.md. Thread-safe; counting
/// takes no longer than a map's look-up.
class WatchMetrics {
  public:
    using Seconds = WatchListener::Seconds;

    explicit WatchMetrics(const MetricsSubjects& subjects);
    ~WatchMetrics();

    void saw_head(const std::string& chain, std::uint64_t number, std::uint64_t timestamp);
    void could_not_read(const std::string& chain, core::ErrorKind kind);
    void reorganised(const std::string& chain, std::uint64_t depth);
    void evaluated(const std::string& chain, const store::WatchedBlock& block, Seconds took,
                   std::uint64_t now_s);
    /// Everybody who was due was looked at up to this block, and nobody is with it.
    void passed_over(const std::string& chain, std::uint64_t number, std::uint64_t timestamp);
    /// How many accounts of all wallets are how well, and gaps.
    void counted(const std::string& chain, const report::Report& report);
    void looked(const std::string& chain, bool is_read);
    /// Of one message: so many alerts made that transition.
    void told(const std::string& chain, alert::Kind kind, std::size_t members);
    void fired(const std::string& chain, std::uint64_t block_time, std::uint64_t now_s);
    void asked(const std::string& endpoint, const WatchListener::Exchange& exchange);
    void agreed(const std::string& chain, const chains::evm::Agreement& agreement, bool is_read);
    void saw_final(const std::string& chain, std::optional<std::uint64_t> lag);
    /// A clock on the wall that was set.
    void stepped();
    /// The last try to load the configuration anew, while this one goes on.
    void could_not_reload();
    void sent(const std::string& channel, channels::Delivery::Outcome outcome, Seconds took);
    /// A route that may be asked for, and what was answered there.
    void offers(const std::string& route);
    void served(const std::string& route, unsigned status);

    struct Sample {
        std::vector<std::pair<std::string, std::string>> labels;
        double value = 0;
    };
    /// A figure that is computed for one exposition.
    struct Figure {
        std::string name;
        std::string help;
        std::vector<Sample> samples;
        bool is_counter = false;  ///< else a gauge
    };
    /// The text format 0.0.4 of all that is counted, and of `computed`.
    [[nodiscard]] std::string expose(const std::vector<Figure>& computed) const;

  private:
    class Families;
    std::unique_ptr<Families> families_;
};

}  // namespace margrave::app
