#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/events.hpp"
#include "server/listener.hpp"
#include "server/router.hpp"

namespace margrave::server {

/// What a client may take.
struct Limits {
    std::chrono::milliseconds head_time{5'000};    ///< from a connection's, or a head's, first byte
    std::chrono::milliseconds idle_time{30'000};   ///< between two requests
    std::chrono::milliseconds write_time{10'000};  ///< until it has taken an answer, or some events
    std::chrono::milliseconds heartbeat{15'000};   ///< of a stream without events
    /// Beyond it the connection that has waited longest for a request gives way.
    std::size_t connections_max = 128;
    std::size_t streams_max = 16;
};

struct Options {
    std::vector<std::string> names = {};  ///< see Gate
    Limits limits = {};
};

/// Answers from its making to its end. Connections have one thread, handlers another, so that a
/// slow answer keeps no other client's limits waiting; handlers run one at a time.
class Server {
  public:
    Server(const Listener& listener, const Options& options, Router router, EventHub& events);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Answers what is being answered, a moment at most, and hangs up.
    ~Server();

  private:
    class Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace margrave::server
