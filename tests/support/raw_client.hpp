#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace margrave::test {

/// One TCP connection to this machine, over which a test says what it likes.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port,
                       std::chrono::milliseconds patience = std::chrono::seconds(10))
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        timeval time{};
        time.tv_sec = patience.count() / 1000;
        time.tv_usec = (patience.count() % 1000) * 1000;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ =
            ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient() { ::close(socket_); }

    [[nodiscard]] bool is_connected() const { return is_connected_; }

    void send(std::string_view bytes) const {
        ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    /// What came until there was `end` in it, the server hung up, or patience ran out.
    std::string read_until(std::string_view end) {
        while (inbox_.find(end) == std::string::npos && read_some()) {
        }
        return inbox_;
    }
    /// All until the server hangs up.
    std::string read_all() {
        while (read_some()) {
        }
        return inbox_;
    }
    /// Whether the server hung up within the patience.
    [[nodiscard]] bool is_hung_up_on() {
        read_all();
        return is_at_end_;
    }

  private:
    bool read_some() {
        std::array<char, 4096> chunk{};
        const ssize_t bytes = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (bytes > 0) {
            inbox_.append(chunk.data(), static_cast<std::size_t>(bytes));
            return true;
        }
        // A reset is an end, too; what runs out of patience is none.
        is_at_end_ = bytes == 0 || errno == ECONNRESET;
        return false;
    }

    int socket_;
    bool is_connected_ = false;
    bool is_at_end_ = false;
    std::string inbox_;
};

}  // namespace margrave::test
