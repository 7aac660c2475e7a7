#include "app/service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <system_error>

#include "core/text.hpp"

namespace margrave::app {
namespace {

std::optional<std::uint64_t> number(const std::optional<std::string>& text) {
    std::uint64_t out = 0;
    if (!text || text->empty()) {
        return std::nullopt;
    }
    const char* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, out);
    return error == std::errc() && stopped == end ? std::optional(out) : std::nullopt;
}

/// "" where there is none that can be.
std::string address_of(const settings::Environment& environment) {
    std::string path = environment("NOTIFY_SOCKET").value_or("");
    const bool is_path = path.size() > 1 && (path.front() == '/' || path.front() == '@');
    if (!is_path || path.size() >= sizeof(sockaddr_un::sun_path)) {
        return {};
    }
    if (path.front() == '@') {
        path.front() = '\0';
    }
    return path;
}

/// The watchdog is for another process where $WATCHDOG_PID is another one's.
std::optional<std::chrono::microseconds> watchdog_of(const settings::Environment& environment) {
    const auto usec = number(environment("WATCHDOG_USEC"));
    const auto pid = number(environment("WATCHDOG_PID"));
    const bool is_ours = !pid || *pid == static_cast<std::uint64_t>(::getpid());
    // A day and more is none; it also keeps within what a clock can count.
    constexpr std::uint64_t kMax = 86'400'000'000;
    if (!usec || *usec == 0 || *usec > kMax || !is_ours) {
        return std::nullopt;
    }
    return std::chrono::microseconds(*usec);
}

/// One line without what could pass for another assignment.
std::string line(std::string_view text) {
    constexpr std::size_t kMax = 300;
    return core::printable(text, kMax);
}

}  // namespace

ServiceManager::ServiceManager(const settings::Environment& environment)
    : address_(address_of(environment)),
      socket_(address_.empty() ? -1 : ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      watchdog_(watchdog_of(environment)) {}

void ServiceManager::send(const std::string& state) const {
    if (!socket_.is_open()) {
        return;
    }
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    // A path ends with a zero byte; an abstract name is as long as it is.
    const std::size_t length =
        offsetof(sockaddr_un, sun_path) + address_.size() + (address_.front() == '\0' ? 0 : 1);
    // Whether it is heard is not this process's business.
    static_cast<void>(::sendto(socket_.get(), state.data(), state.size(),
                               MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
                               static_cast<socklen_t>(length)));
}

void ServiceManager::ready(std::string_view status) { send("READY=1\nSTATUS=" + line(status)); }

void ServiceManager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    constexpr std::int64_t kMicro = 1'000'000;
    constexpr std::int64_t kNanoOfMicro = 1'000;
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     now.tv_sec * kMicro + now.tv_nsec / kNanoOfMicro));
}

void ServiceManager::stopping() { send("STOPPING=1"); }

void ServiceManager::status(std::string_view status) { send("STATUS=" + line(status)); }

void ServiceManager::feed_watchdog(std::chrono::steady_clock::time_point now) {
    if (watchdog_ && now - fed_ >= *watchdog_ / 2) {
        fed_ = now;
        send("WATCHDOG=1");
    }
}

}  // namespace margrave::app
