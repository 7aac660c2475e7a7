#include "server/server.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "core/errors.hpp"
#include "server/engine.hpp"
#include "server/session.hpp"

namespace margrave::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void Floor::admit(tcp::socket socket) {
    if (sessions.size() >= limits.connections_max) {
        const auto is_waiting = [](const auto& one) {
            return one->state() == Session::State::Waiting ||
                   one->state() == Session::State::Leaving;
        };
        std::shared_ptr<Session> oldest;
        for (const auto& one : sessions) {
            if (is_waiting(one) && (!oldest || one->since() < oldest->since())) {
                oldest = one;
            }
        }
        if (!oldest) {
            return;  // and with it goes the socket
        }
        oldest->close();
    }
    const auto session = std::make_shared<Session>(std::move(socket), *this);
    sessions.insert(session);
    session->begin();
}

void Floor::forget(const std::shared_ptr<Session>& session) {
    sessions.erase(session);
    if (is_ending && sessions.empty()) {
        context.stop();
    }
}

void Floor::end() {
    is_ending = true;
    const auto all = sessions;
    for (const auto& one : all) {
        if (one->state() != Session::State::Answering) {
            one->close();
        }
    }
    if (sessions.empty()) {
        context.stop();
    }
}

class Server::Engine {
  public:
    Engine(const Listener& listener, const Options& options, Router router, EventHub& events)
        : acceptor_(context_, listener.is_ipv6() ? tcp::v6() : tcp::v4(), duplicate(listener)),
          pause_(context_),
          last_call_(context_),
          floor_{.limits = options.limits,
                 .gate = Gate(listener.address(), listener.port(), options.names),
                 .router = std::move(router),
                 .events = events,
                 .context = context_,
                 .worker = worker_} {
        accept();
        thread_ = std::thread([this] { context_.run(); });
    }

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    ~Engine() {
        asio::post(context_, [this] { end(); });
        thread_.join();
        worker_.stop();  // what is not begun is answered to nobody any more
        worker_.join();
    }

  private:
    /// Closed with the acceptor; the listener keeps its own.
    static int duplicate(const Listener& listener) {
        const int out = ::fcntl(listener.descriptor(), F_DUPFD_CLOEXEC, 0);
        core::ensure(out >= 0, "a socket can be held twice");
        return out;
    }

    void accept() {
        acceptor_.async_accept([this](error_code error, tcp::socket socket) {
            if (floor_.is_ending) {
                return;
            }
            if (error) {
                // As when there is no file descriptor left: some will be free again.
                constexpr std::chrono::milliseconds kPause{100};
                pause_.expires_after(kPause);
                pause_.async_wait([this](error_code /*error*/) { accept(); });
                return;
            }
            floor_.admit(std::move(socket));
            accept();
        });
    }

    void end() {
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        constexpr std::chrono::milliseconds kMoment{1000};
        last_call_.expires_after(kMoment);
        last_call_.async_wait([this](error_code error) {
            if (!error) {
                context_.stop();
            }
        });
        floor_.end();
    }

    asio::io_context context_{1};
    asio::thread_pool worker_{1};
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    asio::steady_timer last_call_;
    Floor floor_;
    std::thread thread_;
};

Server::Server(const Listener& listener, const Options& options, Router router, EventHub& events)
    : engine_(std::make_unique<Engine>(listener, options, std::move(router), events)) {}
Server::~Server() = default;

}  // namespace margrave::server
