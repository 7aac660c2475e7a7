#include "app/given_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/short_hash.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kGivenUp = "given_up";

std::string prefix_of(const store::Outgoing& message) {
    return fmt::format("{} {} ", kGivenUp, core::printable(message.channel));
}

Json parse(const std::string& body) {
    constexpr bool kThrow = false;
    return Json::parse(body, nullptr, kThrow);
}

/// The alert, and what became of it; "" of what stands in another's place itself. It is not the
/// alert's own name: a receiver that keeps alerts by their names would take one that ended
/// meanwhile for begun again.
std::string body_of(const store::Outgoing& message, const std::string& why) {
    Json alert = parse(message.body);
    if (!alert.is_object() || alert.contains(kGivenUp)) {
        return "";
    }
    const std::string channel = core::printable(message.channel);
    const std::string because = core::printable(why);
    alert[kGivenUp] = {{"channel", channel}, {"because", because}};
    const auto name = alert.find("alert");
    if (name != alert.end() && name->is_string()) {
        *name = prefix_of(message) + name->get<std::string>();
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

/// What a message tells: its kind with each of its alerts. Of those that it only counts nothing is
/// known.
std::set<std::string> told_by(const Json& body) {
    std::set<std::string> out;
    if (!body.is_object()) {
        return out;
    }
    const std::string kind = body.value("kind", "");
    const auto add = [&](const Json& alert) {
        out.insert(fmt::format("{} {} {}", kind, alert.value("sequence", std::uint64_t{0}),
                               alert.value("alert", "")));
    };
    add(body);
    const auto others = body.find("others");
    if (others != body.end() && others->is_array()) {
        std::for_each(others->begin(), others->end(), add);
    }
    return out;
}

}  // namespace

bool is_told_elsewhere(store::WatchFile& file, const store::Outgoing& message) {
    const auto wanted = told_by(parse(message.body));
    std::set<std::string> told;
    for (const store::Outgoing& other : file.written_beside(message)) {
        const Json body = parse(other.body);
        if (!body.contains(kGivenUp)) {
            told.merge(told_by(body));
        }
    }
    return std::includes(told.begin(), told.end(), wanted.begin(), wanted.end());
}

std::vector<store::Outgoing> tell_others(store::WatchFile& file, const store::Outgoing& message,
                                         const std::string& why,
                                         const std::vector<std::string>& others,
                                         std::uint64_t now_s) {
    constexpr std::uint64_t kSaidForS = 3600;
    const std::uint64_t since = now_s > kSaidForS ? now_s - kSaidForS : 0;
    const std::string body = body_of(message, why);
    std::vector<store::Outgoing> out;
    if (body.empty() ||
        (file.was_written(prefix_of(message), since, now_s) && is_told_elsewhere(file, message))) {
        return out;
    }
    for (const std::string& other : others) {
        if (other != message.channel) {
            out.push_back({.id = 0,
                           .key = core::short_hash("given up\n" + message.key + "\n" + other),
                           .alert = prefix_of(message) + message.alert,
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
