#include "app/heartbeat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
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

/// Without the seconds, which grow from one look to the next: "chain base: not read for s".
std::string kind_of(std::string_view sentence) {
    constexpr std::string_view kDigits = "0123456789";
    std::string out;
    while (!sentence.empty()) {
        const auto end = std::min(sentence.find(' '), sentence.size());
        const auto word = sentence.substr(0, end);
        const auto next = sentence.substr(std::min(end + 1, sentence.size()));
        const bool are_seconds =
            word.find_first_not_of(kDigits) == std::string_view::npos && next.starts_with('s');
        out += are_seconds ? "" : std::string(word) + " ";
        sentence = next;
    }
    return out;
}

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
        say_once(wrong, fmt::format("no heartbeat is sent: {}", fmt::join(wrong, "; ")));
        return;
    }
    last_ = now;
    const auto answer = post_.post(config_.url.reveal(), "{}");
    if (answer.status >= 200 && answer.status < 300) {
        if (!said_.empty()) {
            said_.clear();
            say(world_, "heartbeats are sent again");
        }
        return;
    }
    const std::string why =
        answer.status > 0
            ? fmt::format("the heartbeat's receiver answers with HTTP status {}", answer.status)
            : "the heartbeat did not arrive: " + core::printable(answer.failure);
    say_once({why}, why);
}

void Heartbeat::say_once(const std::vector<std::string>& troubles, const std::string& line) {
    bool is_new = false;
    for (const std::string& one : troubles) {
        is_new = said_.insert(kind_of(one)).second || is_new;
    }
    if (is_new) {
        say(world_, line);
    }
}

}  // namespace margrave::app
