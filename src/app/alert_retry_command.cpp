#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>

#include "app/commands.hpp"
#include "app/given_up.hpp"
#include "core/text.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {
namespace {

/// Of a channel's messages that were given up.
struct Counts {
    std::uint64_t retried = 0;
    std::uint64_t left = 0;
};

std::string to_text(const std::string& channel, const Counts& counts) {
    const auto messages = [](std::uint64_t count) {
        return fmt::format("{} message{}", count, count == 1 ? "" : "s");
    };
    const std::string name = core::printable(channel);
    std::string out;
    if (counts.retried > 0) {
        out +=
            fmt::format("channel {}: {} to be delivered again\n", name, messages(counts.retried));
    }
    if (counts.left > 0) {
        out += fmt::format("channel {}: {} left, as it was told since that it is over\n", name,
                           messages(counts.left));
    }
    return out;
}

}  // namespace

ExitCode run_alerts_retry(World& world, const AlertsRetryOptions& options) {
    auto file = store::WatchFile::open(options.store);
    std::map<std::string, Counts> channels;
    for (const store::Outgoing& message : file.dead()) {
        if (options.channel.value_or(message.channel) != message.channel) {
            continue;
        }
        Counts& counts = channels[message.channel];
        if (may_be_retried(file, message)) {
            file.mark_queued(message.id);
            ++counts.retried;
        } else {
            ++counts.left;
        }
    }
    for (const auto& [channel, counts] : channels) {
        write_result(world, to_text(channel, counts));
    }
    if (channels.empty()) {
        write_result(world, options.channel
                                ? fmt::format("No message of channel {} was given up.\n",
                                              core::printable(*options.channel))
                                : "No message was given up.\n");
    }
    return ExitCode::Fine;
}

}  // namespace margrave::app
