#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <memory>
#include <set>

#include "server/answer.hpp"
#include "server/events.hpp"
#include "server/gate.hpp"
#include "server/router.hpp"
#include "server/server.hpp"

namespace margrave::server {

class Session;

/// What all connections share. Everything but `worker` runs on the thread of `context`.
struct Floor {
    const Limits limits;
    const Gate gate;
    const Router router;
    EventHub& events;
    boost::asio::io_context& context;
    boost::asio::thread_pool& worker;
    std::set<std::shared_ptr<Session>> sessions = {};
    std::size_t streams = 0;
    bool is_ending = false;

    /// Takes a new connection in, or sends it away where there is no room.
    void admit(boost::asio::ip::tcp::socket socket);
    void forget(const std::shared_ptr<Session>& session);
    /// Hangs up on all that wait or listen; who is being answered is heard out.
    void end();
};

}  // namespace margrave::server
