#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>  // also for Boost 1.74, whose asio.hpp needs it and forgets it
#include <vector>

namespace margrave::test {

/// What the server does with one request.
struct FaultReply {
    enum class End {
        KeepAlive,  ///< wait for the next request on the same connection
        Close,      ///< an orderly end of the connection
        Reset,      ///< RST
        Hang,       ///< say nothing more until the client leaves or the server goes
    };

    std::string bytes;  ///< sent as they are: status line, headers, body
    std::optional<std::size_t> cut_after = std::nullopt;  ///< only so many of them; then End::Close
    std::chrono::milliseconds pause_per_byte{0};          ///< dribble
    End end = End::KeepAlive;
};

/// An HTTP server on 127.0.0.1 that follows a script down to the byte. It runs on a thread of
/// its own; every member may be called at any time.
class FaultServer {
  public:
    struct Request {
        std::string head;  ///< request line and headers
        std::string body;
    };
    using Handler = std::function<FaultReply(const std::string& body)>;

    FaultServer();
    ~FaultServer();
    FaultServer(const FaultServer&) = delete;
    FaultServer& operator=(const FaultServer&) = delete;

    /// Queues the answer to the next request that has none yet.
    void answer(FaultReply reply);
    /// Answers every request for which nothing is queued. It runs on the server's thread.
    void answer_with(Handler handler);
    /// From now on sends these bytes to whoever connects, without waiting for a request, and hangs
    /// up.
    void greet_with(std::string bytes);

    [[nodiscard]] unsigned short port() const;
    /// "http://127.0.0.1:PORT" and the path.
    [[nodiscard]] std::string url(const std::string& path = "/") const;
    [[nodiscard]] std::vector<Request> requests() const;
    /// TCP connections accepted so far.
    [[nodiscard]] std::size_t connections() const;

  private:
    class Engine;
    std::unique_ptr<Engine> engine_;
};

/// A response with Content-Length; `headers` are whole lines with their "\r\n".
[[nodiscard]] std::string http_response(int status, const std::string& body,
                                        const std::string& headers = "");
/// The body of a correct JSON-RPC reply to `request_body`: `result` (JSON text) for every call.
[[nodiscard]] std::string json_rpc_reply(const std::string& request_body,
                                         const std::string& result);
[[nodiscard]] std::string gzipped(const std::string& bytes);

}  // namespace margrave::test
