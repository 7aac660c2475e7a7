#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/descriptor.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// systemd, where it started this process as Type=notify or notify-reload: it is told by datagrams
/// what the daemon does (sd_notify(3)). Nobody, where $NOTIFY_SOCKET is not set.
class ServiceManager {
  public:
    explicit ServiceManager(const settings::Environment& environment);

    void ready(std::string_view status);
    void reloading();
    void stopping();
    void status(std::string_view status);
    /// Feeds the watchdog where one is on and half of its time has passed. To be called only while
    /// everything gets on.
    void feed_watchdog(std::chrono::steady_clock::time_point now);

    /// How long the watchdog waits; nullopt: there is none.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  private:
    void send(const std::string& state) const;

    std::string address_;  ///< as the system takes it: "@" is a zero byte; "" of nobody
    core::Descriptor socket_;
    std::optional<std::chrono::microseconds> watchdog_;
    std::chrono::steady_clock::time_point fed_;
};

}  // namespace margrave::app
