#include "tests/support/fault_server.hpp"

#include <zlib.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <charconv>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace margrave::test {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::size_t content_length(std::string_view head) {
    constexpr std::string_view kName = "Content-Length: ";
    const std::size_t at = head.find(kName);
    std::size_t length = 0;
    if (at != std::string_view::npos) {
        const char* first = head.data() + at + kName.size();
        std::from_chars(first, head.data() + head.size(), length);
    }
    return length;
}

}  // namespace

class FaultServer::Engine {
  public:
    Engine() : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        accept();
        thread_ = std::thread([this] { context_.run(); });
    }

    ~Engine() {
        context_.stop();
        thread_.join();
    }

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

    template <class Change>
    auto locked(const Change& change) {
        const std::lock_guard guard(mutex_);
        return change(*this);
    }

    std::deque<FaultReply> script;
    Handler handler;
    std::string greeting;
    std::vector<Request> requests;
    std::size_t connections = 0;

  private:
    /// One connection; its pending operation keeps it alive.
    struct Session : std::enable_shared_from_this<Session> {
        Session(tcp::socket accepted, Engine& owner)
            : socket(std::move(accepted)), pause(socket.get_executor()), engine(owner) {}

        void read_head() {
            asio::async_read_until(
                socket, asio::dynamic_buffer(inbox), "\r\n\r\n",
                [self = shared_from_this()](error_code error, std::size_t head_bytes) {
                    if (!error) {
                        self->read_body(head_bytes);
                    }
                });
        }

        void read_body(std::size_t head_bytes) {
            request.head = inbox.substr(0, head_bytes);
            inbox.erase(0, head_bytes);
            const std::size_t body_bytes = content_length(request.head);
            const std::size_t missing = body_bytes - std::min(body_bytes, inbox.size());
            asio::async_read(
                socket, asio::dynamic_buffer(inbox), asio::transfer_exactly(missing),
                [self = shared_from_this(), body_bytes](error_code error, std::size_t) {
                    if (!error) {
                        self->request.body = self->inbox.substr(0, body_bytes);
                        self->inbox.erase(0, body_bytes);
                        self->reply = self->engine.next_reply(self->request);
                        self->write();
                    }
                });
        }

        void write() {
            if (reply.cut_after) {
                reply.bytes.resize(std::min(*reply.cut_after, reply.bytes.size()));
                reply.end = FaultReply::End::Close;
            }
            sent = 0;
            reply.pause_per_byte.count() > 0 ? dribble() : write_all();
        }

        void write_all() {
            asio::async_write(socket, asio::buffer(reply.bytes),
                              [self = shared_from_this()](error_code error, std::size_t) {
                                  if (!error) {
                                      self->end();
                                  }
                              });
        }

        void dribble() {
            if (sent == reply.bytes.size()) {
                end();
                return;
            }
            asio::async_write(socket, asio::buffer(reply.bytes.data() + sent++, 1),
                              [self = shared_from_this()](error_code error, std::size_t) {
                                  if (!error) {
                                      self->wait_and_dribble();
                                  }
                              });
        }

        void wait_and_dribble() {
            pause.expires_after(reply.pause_per_byte);
            pause.async_wait([self = shared_from_this()](error_code error) {
                if (!error) {
                    self->dribble();
                }
            });
        }

        void end() {
            error_code ignored;
            switch (reply.end) {
                case FaultReply::End::KeepAlive:
                    read_head();
                    return;
                case FaultReply::End::Close:
                    socket.shutdown(tcp::socket::shutdown_both, ignored);
                    socket.close(ignored);
                    return;
                case FaultReply::End::Reset:
                    socket.set_option(asio::socket_base::linger(true, 0), ignored);
                    socket.close(ignored);
                    return;
                case FaultReply::End::Hang:
                    wait_for_client_to_leave();
                    return;
            }
        }

        void wait_for_client_to_leave() {
            asio::async_read(socket, asio::dynamic_buffer(inbox), asio::transfer_at_least(1),
                             [self = shared_from_this()](error_code, std::size_t) {});
        }

        tcp::socket socket;
        asio::steady_timer pause;
        Engine& engine;
        std::string inbox;
        Request request;
        FaultReply reply;
        std::size_t sent = 0;
    };

    void accept() {
        acceptor_.async_accept([this](error_code error, tcp::socket socket) {
            if (error) {
                return;
            }
            start(std::make_shared<Session>(std::move(socket), *this));
            accept();
        });
    }

    void start(const std::shared_ptr<Session>& session) {
        const std::string hello = locked([](Engine& self) {
            ++self.connections;
            return self.greeting;
        });
        if (hello.empty()) {
            session->read_head();
            return;
        }
        session->reply = {.bytes = hello, .end = FaultReply::End::Close};
        session->write();
    }

    FaultReply next_reply(const Request& request) {
        Handler answer;
        {
            const std::lock_guard guard(mutex_);
            requests.push_back(request);
            if (!script.empty()) {
                FaultReply reply = std::move(script.front());
                script.pop_front();
                return reply;
            }
            answer = handler;
        }
        return answer ? answer(request.body)
                      : FaultReply{.bytes = http_response(500, "the script is at its end")};
    }

    asio::io_context context_;
    tcp::acceptor acceptor_;
    std::thread thread_;
    mutable std::mutex mutex_;
};

FaultServer::FaultServer() : engine_(std::make_unique<Engine>()) {}
FaultServer::~FaultServer() = default;

void FaultServer::answer(FaultReply reply) {
    engine_->locked([&reply](Engine& engine) { engine.script.push_back(std::move(reply)); });
}

void FaultServer::answer_with(Handler handler) {
    engine_->locked([&handler](Engine& engine) { engine.handler = std::move(handler); });
}

void FaultServer::greet_with(std::string bytes) {
    engine_->locked([&bytes](Engine& engine) { engine.greeting = std::move(bytes); });
}

unsigned short FaultServer::port() const { return engine_->port(); }

std::string FaultServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
}

std::vector<FaultServer::Request> FaultServer::requests() const {
    return engine_->locked([](Engine& engine) { return engine.requests; });
}

std::size_t FaultServer::connections() const {
    return engine_->locked([](Engine& engine) { return engine.connections; });
}

std::string http_response(int status, const std::string& body, const std::string& headers) {
    return "HTTP/1.1 " + std::to_string(status) +
           " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
           "\r\n" + body;
}

std::string json_rpc_reply(const std::string& request_body, const std::string& result) {
    constexpr std::string_view kId = "\"id\":";
    std::string items;
    for (std::size_t at = request_body.find(kId); at != std::string::npos;
         at = request_body.find(kId, at + 1)) {
        const std::size_t first = at + kId.size();
        const std::string id = request_body.substr(first, request_body.find(',', first) - first);
        items += items.empty() ? "" : ",";
        items.append(R"({"jsonrpc":"2.0","id":)").append(id);
        items.append(R"(,"result":)").append(result).append("}");
    }
    return request_body.starts_with('[') ? "[" + items + "]" : items;
}

std::string gzipped(const std::string& bytes) {
    z_stream z{};
    constexpr int kGzipOnly = 16;
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipOnly, 9,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib cannot compress");
    }
    std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

}  // namespace margrave::test
