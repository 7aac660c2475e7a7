#pragma once

#include <memory>
#include <string>
#include <vector>

#include "channels/channel.hpp"

namespace margrave::channels {

struct CommandTarget {
    std::vector<std::string> argv;       ///< the program's path, absolute, and its arguments
    std::string path = "/usr/bin:/bin";  ///< its PATH
    /// After so long it is killed, and everything that it started in its process group.
    int timeout_ms = 15'000;
};

/// Runs a program of this machine for each message, without a shell. It reads the message's JSON
/// from stdin; its environment is PATH and MARGRAVE_ALERT_KEY, the message's key, and it inherits
/// no open file. Exit code 0 is delivered, everything else worth another try. What it writes is
/// dropped.
[[nodiscard]] std::unique_ptr<Channel> make_command(CommandTarget target);

}  // namespace margrave::channels
