#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "app/alert_message.hpp"
#include "app/channel_config.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

/// Nothing that it says is so: it shows that its channel works.
AlertMessage test_message(const alert::Rule& rule, std::uint64_t now_s) {
    AlertMessage message{.rule = rule,
                         .members = {},
                         .cause = {},
                         .chain_id = {},
                         .block = 0,
                         .block_hash = {},
                         .block_time = core::Timestamp(now_s),
                         .at_s = now_s};
    message.members.push_back(
        {.subject = {.chain = "test", .protocol = {}, .market = {}, .wallet = {}},
         .value = {},
         .state = {},
         .transition = {.kind = alert::Kind::Test, .episode = 0, .sequence = now_s}});
    return message;
}

void check_names(const std::vector<std::string>& names, const Channels& channels) {
    for (const std::string& name : names) {
        if (!channels.contains(name)) {
            throw core::InputError(
                fmt::format(R"(there is no channel "{}")", core::printable(name)));
        }
    }
}

}  // namespace

ExitCode run_alerts_send(World& world, const AlertsSendOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    const Channels channels = make_channels(settings, world.environment);
    if (channels.empty()) {
        throw core::InputError("the configuration has no [[channels]]; see docs/watch.md");
    }
    check_names(options.channels, channels);
    alert::Rule rule;
    rule.name = "test";
    rule.severity = alert::Severity::Info;
    const std::uint64_t now_s = world.wall_s();
    const AlertMessage message = test_message(rule, now_s);
    bool all_delivered = true;
    for (const auto& [name, channel] : channels) {
        const auto& chosen = options.channels;
        if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), name) == chosen.end()) {
            continue;
        }
        const auto came = channel->send(
            {.key = message_key("test", message, name), .body = to_json(message)}, now_s);
        const bool is_delivered = came.outcome == channels::Delivery::Outcome::Delivered;
        all_delivered = all_delivered && is_delivered;
        write_result(world, fmt::format("{}: {}\n", core::printable(name),
                                        is_delivered ? "delivered" : core::printable(came.why)));
    }
    return all_delivered ? ExitCode::Fine : ExitCode::Unreadable;
}

}  // namespace margrave::app
