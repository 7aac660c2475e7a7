#include "app/given_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "alert/alert.hpp"
#include "channels/alert_text.hpp"
#include "core/short_hash.hpp"
#include "core/text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

/// What became of a message, by the member of the JSON that says it to others.
constexpr const char* kGivenUp = "given_up";
constexpr const char* kLate = "late";

std::string prefix_of(const char* fate, const store::Outgoing& message) {
    return fmt::format("{} {} ", fate, core::printable(message.channel));
}

/// The same at every call, so that nobody is told twice.
std::string key_in_place(const char* fate, const store::Outgoing& message,
                         const std::string& other) {
    return core::short_hash(fmt::format("{}\n{}\n{}", fate, message.key, other));
}

Json parse(const std::string& body) {
    constexpr bool kThrow = false;
    return Json::parse(body, nullptr, kThrow);
}

bool is_in_place(const Json& body) { return body.contains(kGivenUp) || body.contains(kLate); }

/// The alert, and what became of it; "" of what stands in another's place itself. It is not the
/// alert's own name: a receiver that keeps alerts by their names would take one that ended
/// meanwhile for begun again.
std::string body_of(const char* fate, const store::Outgoing& message, const std::string& sentence,
                    const std::string& why) {
    Json alert = parse(message.body);
    if (!alert.is_object() || is_in_place(alert)) {
        return "";
    }
    const std::string channel = core::printable(message.channel);
    const std::string because = core::printable(why);
    alert[fate] = {{"channel", channel}, {"because", because}};
    const auto name = alert.find("alert");
    if (name != alert.end() && name->is_string()) {
        *name = prefix_of(fate, message) + name->get<std::string>();
    }
    const auto summary = alert.find("summary");
    if (summary != alert.end() && summary->is_string()) {
        *summary = fmt::format("channel {} {} ({}): {}", channel, sentence, because,
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

/// These tell all that it tells, for themselves.
bool do_tell(const std::vector<store::Outgoing>& others, const store::Outgoing& message) {
    const auto wanted = told_by(parse(message.body));
    std::set<std::string> told;
    for (const store::Outgoing& other : others) {
        const Json body = parse(other.body);
        if (!is_in_place(body)) {
            told.merge(told_by(body));
        }
    }
    return std::includes(told.begin(), told.end(), wanted.begin(), wanted.end());
}

/// One of the fate was told of the channel within the last hour.
bool is_said(store::WatchFile& file, const char* fate, const store::Outgoing& message,
             std::uint64_t now_s) {
    constexpr std::uint64_t kSaidForS = 3600;
    const std::uint64_t since = now_s > kSaidForS ? now_s - kSaidForS : 0;
    return file.was_written(prefix_of(fate, message), since, now_s);
}

/// The body, to each of the others.
std::vector<store::Outgoing> address(const char* fate, const store::Outgoing& message,
                                     const std::string& body,
                                     const std::vector<std::string>& others, std::uint64_t now_s) {
    std::vector<store::Outgoing> out;
    for (const std::string& other : others) {
        if (other != message.channel && !body.empty()) {
            out.push_back({.id = 0,
                           .key = key_in_place(fate, message, other),
                           .alert = prefix_of(fate, message) + message.alert,
                           .channel = other,
                           .body = body,
                           .is_urgent = message.is_urgent,
                           .created_at = now_s,
                           .attempts = 0});
        }
    }
    return out;
}

/// It fires, in that episode, or is not known where it is about that.
bool does_stand(store::WatchFile& file, const channels::AlertText& message,
                const std::string& alert, std::uint64_t episode) {
    const auto kept = file.alert(alert);
    if (!kept) {
        return false;
    }
    const alert::State state = alert::restore_state(snapshot::parse_json(kept->state, {}));
    return message.is_about_data() ? state.is_unknown_told
                                   : state.fires_still() && state.told_episode == episode;
}

}  // namespace

bool is_told_elsewhere(store::WatchFile& file, const store::Outgoing& message) {
    return do_tell(file.written_beside(message), message);
}

bool is_delivered_elsewhere(store::WatchFile& file, const store::Outgoing& message) {
    const auto channels = file.channels();
    return do_tell(file.delivered_beside(message), message) ||
           std::any_of(channels.begin(), channels.end(), [&](const std::string& other) {
               return file.is_delivered(key_in_place(kGivenUp, message, other)) ||
                      file.is_delivered(key_in_place(kLate, message, other));
           });
}

bool still_stands(store::WatchFile& file, const store::Outgoing& message) {
    const channels::AlertText told = channels::read_alert(message.body);
    return !told.is_end() &&
           (does_stand(file, told, told.alert, told.episode) ||
            std::any_of(told.others.begin(), told.others.end(), [&](const auto& other) {
                return does_stand(file, told, other.alert, other.episode);
            }));
}

bool may_be_retried(store::WatchFile& file, const store::Outgoing& message) {
    return still_stands(file, message) || !file.is_followed(message);
}

std::vector<store::Outgoing> tell_others(store::WatchFile& file, const store::Outgoing& message,
                                         const std::string& why,
                                         const std::vector<std::string>& others,
                                         std::uint64_t now_s) {
    const bool was_late = message.done_at != 0;
    if (is_said(file, kGivenUp, message, now_s) && (was_late || is_told_elsewhere(file, message))) {
        return {};
    }
    return address(kGivenUp, message, body_of(kGivenUp, message, "did not take this", why), others,
                   now_s);
}

std::vector<store::Outgoing> tell_of_late(store::WatchFile& file, const store::Outgoing& message,
                                          const std::vector<std::string>& others,
                                          std::uint64_t now_s) {
    if (is_said(file, kLate, message, now_s) && do_tell(file.delivered_beside(message), message)) {
        return {};
    }
    const std::string sentence =
        fmt::format("had not taken this after {} s",
                    message.is_urgent ? kPatience.urgent_s : kPatience.others_s);
    const std::string why =
        message.last_error.empty() ? "others are before it" : message.last_error;
    return address(kLate, message, body_of(kLate, message, sentence, why), others, now_s);
}

void take_back_late(store::WatchFile& file, const store::Outgoing& message,
                    const std::vector<std::string>& others, std::uint64_t now_s) {
    for (const std::string& other : others) {
        file.mark_needless(key_in_place(kLate, message, other), now_s);
    }
}

}  // namespace margrave::app
