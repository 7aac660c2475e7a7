#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/world.hpp"
#include "channels/http_post.hpp"
#include "channels/secret.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// [heartbeat] url and every_s.
struct HeartbeatConfig {
    channels::Secret url;
    std::uint64_t every_s = 60;
};

/// nullopt where there is none. Throws ConfigError that does not show the URL.
[[nodiscard]] std::optional<HeartbeatConfig> read_heartbeat(
    const settings::Settings& settings, const settings::Environment& environment);

/// Tells an outside monitor that the watch does its work: whoever stops hearing of it wakes
/// somebody.
class Heartbeat {
  public:
    /// `what_is_wrong` is asked before every beat: sentences; with any, no beat is sent.
    Heartbeat(World& world, HeartbeatConfig config,
              std::function<std::vector<std::string>()> what_is_wrong);

    /// Sends one where it is time. What keeps it from that is said, each kind of trouble once until
    /// one is sent again.
    void beat();

  private:
    void say_once(const std::vector<std::string>& troubles, const std::string& line);

    World& world_;
    HeartbeatConfig config_;
    std::function<std::vector<std::string>()> what_is_wrong_;
    channels::HttpPost post_;
    std::optional<std::chrono::steady_clock::time_point> last_;
    std::set<std::string, std::less<>> said_;  ///< kinds of trouble
};

}  // namespace margrave::app
