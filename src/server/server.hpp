#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/events.hpp"
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
    std::string address = "127.0.0.1";    ///< an IPv4 or IPv6 address
    std::uint16_t port = 0;               ///< 0: any that is free
    std::vector<std::string> names = {};  ///< see Gate
    Limits limits = {};
};

/// Listens from its making to its end. Connections have one thread, handlers another, so that a
/// slow answer keeps no other client's limits waiting; handlers run one at a time.
class Server {
  public:
    /// Throws core::InputError where it cannot listen there.
    Server(const Options& options, Router router, EventHub& events);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Answers what is being answered, a moment at most, and hangs up.
    ~Server();

    [[nodiscard]] std::uint16_t port() const;

  private:
    class Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace margrave::server
