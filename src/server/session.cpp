#include "server/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>
#include <string_view>
#include <utility>

namespace margrave::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// The first line and the headers.
std::string head_of(const Reply& reply) {
    const Response& response = reply.response;
    http::response<http::empty_body> head;
    constexpr unsigned kHttp11 = 11;
    head.version(kHttp11);
    head.result(response.status);
    head.reason(
        boost::beast::string_view(reason(response.status).data(), reason(response.status).size()));
    head.set(http::field::server, "margrave");
    head.set(http::field::content_type, response.type);
    head.set(http::field::cache_control, "no-store");
    head.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    head.set("X-Content-Type-Options", "nosniff");
    head.set("Referrer-Policy", "no-referrer");
    head.set("Cross-Origin-Resource-Policy", "same-origin");
    for (const auto& [name, value] : response.headers) {
        head.set(name, value);
    }
    if (!response.is_stream) {
        head.content_length(response.body.size());
    }
    head.keep_alive(reply.keep_alive);
    std::ostringstream out;
    out << head.base();
    return std::move(out).str();
}

}  // namespace

Session::Session(tcp::socket socket, Floor& floor)
    : socket_(std::move(socket)),
      floor_(floor),
      deadline_(floor.context),
      heartbeat_(floor.context),
      since_(std::chrono::steady_clock::now()) {}

void Session::enter(State state) {
    state_ = state;
    since_ = std::chrono::steady_clock::now();
}

void Session::limit(std::chrono::milliseconds time) {
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) {
            self->close();
        }
    });
}

void Session::close() {
    if (std::exchange(is_closed_, true)) {
        return;
    }
    if (mailbox_) {
        floor_.events.leave(mailbox_);
        --floor_.streams;
    }
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    deadline_.cancel();
    heartbeat_.cancel();
    floor_.forget(shared_from_this());
}

void Session::await_head() {
    enter(State::Waiting);
    if (floor_.is_ending) {
        close();
        return;
    }
    limit(answered_ == 0 || !inbox_.empty() ? floor_.limits.head_time : floor_.limits.idle_time);
    read_more();
}

void Session::read_more() {
    constexpr std::string_view kEnd = "\r\n\r\n";
    const std::size_t end = inbox_.find(kEnd);
    if (end != std::string::npos || inbox_.size() > kHeadBytesMax) {
        take_head(std::min(end, inbox_.size()) + kEnd.size());
        return;
    }
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                                if (error || self->is_closed_) {
                                    self->close();
                                    return;
                                }
                                if (self->inbox_.empty() && self->answered_ > 0) {
                                    self->limit(self->floor_.limits.head_time);
                                }
                                self->inbox_.append(self->chunk_.data(), bytes);
                                self->read_more();
                            });
}

void Session::take_head(std::size_t bytes) {
    enter(State::Answering);
    deadline_.cancel();
    asio::post(
        floor_.worker, [self = shared_from_this(), head = inbox_.substr(0, bytes)]() mutable {
            Floor& floor = self->floor_;
            Reply reply = answer(head, floor.gate, floor.router);
            // Connections begin and end on the thread of the context alone.
            asio::post(floor.context, [self = std::move(self), reply = std::move(reply)]() mutable {
                if (!self->is_closed_) {
                    self->send(std::move(reply));
                }
            });
        });
    inbox_.erase(0, bytes);
}

void Session::send(Reply reply) {
    ++answered_;
    reply.keep_alive = reply.keep_alive && !floor_.is_ending;
    if (reply.response.is_stream && !reply.is_head_only) {
        stream(std::move(reply));
        return;
    }
    std::string bytes = head_of(reply);
    if (!reply.is_head_only) {
        bytes += reply.response.body;
    }
    write(std::move(bytes), [this, keep = reply.keep_alive] { keep ? await_head() : leave(); });
}

void Session::write(std::string bytes, std::function<void()> then) {
    outbox_ = std::move(bytes);
    is_writing_ = true;
    limit(floor_.limits.write_time);
    asio::async_write(socket_, asio::buffer(outbox_),
                      [self = shared_from_this(), then = std::move(then)](error_code error,
                                                                          std::size_t /*bytes*/) {
                          self->is_writing_ = false;
                          self->deadline_.cancel();
                          if (error || self->is_closed_) {
                              self->close();
                              return;
                          }
                          then();
                      });
}

/// What the client still sends is read and dropped for a moment: closed with bytes unread, the
/// connection would be reset, and with it the answer lost.
void Session::leave() {
    enter(State::Leaving);
    constexpr std::chrono::milliseconds kMoment{1000};
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    limit(kMoment);
    discard();
}

void Session::discard() {
    constexpr std::size_t kDiscardedMax = std::size_t{256} * 1024;
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                                self->discarded_ += bytes;
                                if (error || self->is_closed_ || self->discarded_ > kDiscardedMax) {
                                    self->close();
                                    return;
                                }
                                self->discard();
                            });
}

void Session::stream(Reply reply) {
    if (floor_.streams >= floor_.limits.streams_max || floor_.is_ending) {
        send({.response = problem(503, "as many listen as may listen at once")});
        return;
    }
    enter(State::Streaming);
    ++floor_.streams;
    reply.keep_alive = false;
    last_event_id_ = std::move(reply.last_event_id);
    mailbox_ = std::make_shared<Mailbox>([weak = weak_from_this(), &context = floor_.context] {
        asio::post(context, [weak] {
            if (const auto self = weak.lock()) {
                self->send_events();
            }
        });
    });
    await_hang_up();
    beat();
    write(head_of(reply) + ": margrave\n\n", [this] {
        floor_.events.listen(mailbox_, last_event_id_);
        send_events();
    });
}

void Session::send_events() {
    if (is_closed_ || is_writing_) {
        return;
    }
    if (mailbox_->is_overrun()) {
        close();
        return;
    }
    std::string frames = mailbox_->take();
    if (!frames.empty()) {
        write(std::move(frames), [this] { send_events(); });
    }
}

/// Comments keep those on the way from hanging up, and find out who is gone.
void Session::beat() {
    heartbeat_.expires_after(floor_.limits.heartbeat);
    heartbeat_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->is_closed_) {
            return;
        }
        if (!self->is_writing_) {
            self->write(": still here\n\n", [self] { self->send_events(); });
        }
        self->beat();
    });
}

void Session::await_hang_up() {
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this()](error_code error, std::size_t /*bytes*/) {
                                if (error || self->is_closed_) {
                                    self->close();
                                    return;
                                }
                                self->await_hang_up();
                            });
}

}  // namespace margrave::server
