#include "app/given_up.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/short_hash.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kGivenUp = "given_up";

/// Not the alert's own name: a receiver that keeps alerts by their names would take one that ended
/// meanwhile for begun again.
std::string name_of(const store::Outgoing& message, const std::string& alert) {
    return fmt::format("{} {} {}", kGivenUp, core::printable(message.channel), alert);
}

/// The alert, and what became of it; "" of what stands in another's place itself.
std::string body_of(const store::Outgoing& message, const std::string& why) {
    constexpr bool kThrow = false;
    Json alert = Json::parse(message.body, nullptr, kThrow);
    if (!alert.is_object() || alert.contains(kGivenUp)) {
        return "";
    }
    const std::string channel = core::printable(message.channel);
    const std::string because = core::printable(why);
    alert[kGivenUp] = {{"channel", channel}, {"because", because}};
    const auto name = alert.find("alert");
    if (name != alert.end() && name->is_string()) {
        *name = name_of(message, name->get<std::string>());
    }
    const auto summary = alert.find("summary");
    if (summary != alert.end() && summary->is_string()) {
        *summary = fmt::format("channel {} did not take this ({}): {}", channel, because,
                               summary->get<std::string>());
    }
    constexpr int kOneLine = -1;
    constexpr bool kAscii = true;
    return alert.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace

std::vector<store::Outgoing> tell_others(store::WatchFile& file, const store::Outgoing& message,
                                         const std::string& why,
                                         const std::vector<std::string>& others,
                                         std::uint64_t now_s) {
    constexpr std::uint64_t kSaidForS = 3600;
    const std::uint64_t since = now_s > kSaidForS ? now_s - kSaidForS : 0;
    const std::string body = body_of(message, why);
    const bool is_said =
        file.is_told_elsewhere(message) && file.has_given_up_since(message.channel, since);
    std::vector<store::Outgoing> out;
    if (body.empty() || is_said) {
        return out;
    }
    for (const std::string& other : others) {
        if (other != message.channel) {
            out.push_back({.id = 0,
                           .key = core::short_hash("given up\n" + message.key + "\n" + other),
                           .alert = name_of(message, message.alert),
                           .channel = other,
                           .body = body,
                           .is_urgent = message.is_urgent,
                           .created_at = now_s,
                           .attempts = 0});
        }
    }
    return out;
}

}  // namespace margrave::app
