#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "server/engine.hpp"

namespace margrave::server {

/// One connection. Whatever it waits for keeps it alive; close() ends that.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(boost::asio::ip::tcp::socket socket, Floor& floor);

    void begin() { await_head(); }
    void close();

    enum class State { Waiting, Answering, Streaming, Leaving };
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::chrono::steady_clock::time_point since() const { return since_; }

  private:
    void enter(State state);
    void limit(std::chrono::milliseconds time);
    void await_head();
    void read_more();
    void take_head(std::size_t bytes);
    void send(Reply reply);
    void write(std::string bytes, std::function<void()> then);
    void leave();
    void discard();

    void stream(Reply reply);
    void send_events();
    void beat();
    void await_hang_up();

    boost::asio::ip::tcp::socket socket_;
    Floor& floor_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer heartbeat_;
    std::array<char, 4096> chunk_{};
    std::string inbox_;
    std::string outbox_;
    State state_ = State::Waiting;
    std::chrono::steady_clock::time_point since_;  ///< of its state
    std::size_t answered_ = 0;
    std::size_t discarded_ = 0;
    std::shared_ptr<Mailbox> mailbox_;
    std::string last_event_id_;
    bool is_writing_ = false;
    bool is_closed_ = false;
};

}  // namespace margrave::server
