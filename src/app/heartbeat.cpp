#include "app/heartbeat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "chains/evm/http_url.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "settings/section.hpp"
#include "settings/variables.hpp"

namespace margrave::app {
namespace {

constexpr std::uint64_t kEveryMin = 1;
constexpr std::uint64_t kEveryMax = 3600;

}  // namespace

std::optional<HeartbeatConfig> read_heartbeat(const settings::Settings& settings,
                                              const settings::Environment& environment) {
    if (!settings.heartbeat) {
        return std::nullopt;
    }
    const settings::Section& section = *settings.heartbeat;
    const std::string url =
        settings::expand_variables(section.text("url"), section.where("url"), environment);
    try {
        chains::evm::check_endpoint_url(url, section.flag("allow_plain_http", false));
    } catch (const core::ConfigError& error) {
        throw core::ConfigError(fmt::format("{}: {}", section.where("url"), error.what()));
    }
    HeartbeatConfig out{.url = channels::Secret(url)};
    out.every_s = section.optional_integer("every_s").value_or(out.every_s);
    if (out.every_s < kEveryMin || out.every_s > kEveryMax) {
        throw core::ConfigError(fmt::format("{}: from {} to {} seconds", section.where("every_s"),
                                            kEveryMin, kEveryMax));
    }
    section.reject_unknown_keys();
    return out;
}

Heartbeat::Heartbeat(World& world, HeartbeatConfig config,
                     std::function<std::vector<std::string>()> what_is_wrong)
    : world_(world), config_(std::move(config)), what_is_wrong_(std::move(what_is_wrong)) {}

void Heartbeat::beat() {
    const auto now = world_.clock.now();
    if (last_ && now - *last_ < std::chrono::seconds(config_.every_s)) {
        return;
    }
    const auto wrong = what_is_wrong_();
    if (!wrong.empty()) {  // asked again with the next look, so that a beat is late by little
        say_once(fmt::format("no heartbeat is sent: {}", fmt::join(wrong, "; ")));
        return;
    }
    last_ = now;
    const auto answer = post_.post(config_.url.reveal(), "{}");
    const bool is_taken = answer.status >= 200 && answer.status < 300;
    say_once(
        is_taken ? ""
        : answer.status > 0
            ? fmt::format("the heartbeat's receiver answers with HTTP status {}", answer.status)
            : "the heartbeat did not arrive: " + core::printable(answer.failure));
}

void Heartbeat::say_once(const std::string& why) {
    if (why == said_) {
        return;
    }
    said_ = why;
    say(world_, why.empty() ? "heartbeats are sent again" : why);
}

}  // namespace margrave::app
