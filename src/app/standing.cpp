#include "app/standing.hpp"

#include <set>

#include "alert/alert.hpp"
#include "channels/alert_text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

/// The alerts that fire, and those that are told to be unknown.
std::set<std::pair<std::string, bool>> standing_in(store::WatchFile& file) {
    std::set<std::pair<std::string, bool>> out;
    for (const store::KeptAlert& kept : file.alerts()) {
        const alert::State state = alert::restore_state(snapshot::parse_json(kept.state, {}));
        if (state.phase == alert::Phase::Firing || state.phase == alert::Phase::Recovering) {
            out.emplace(kept.key, false);
        }
        if (state.is_unknown_told) {
            out.emplace(kept.key, true);
        }
    }
    return out;
}

}  // namespace

Standing::Standing(store::WatchFile& file, const std::string& channel, channels::Repeats repeats)
    : file_(file), repeats_(repeats) {
    for (store::Outgoing& message : file.sent(channel)) {
        const std::uint64_t done_at = message.done_at;
        note(std::move(message), done_at);
    }
}

void Standing::note(store::Outgoing message, std::uint64_t now_s) {
    const channels::AlertText alert = channels::read_alert(message.body);
    // A test tells nothing of whether an alert stands, nor does what is told in another channel's
    // place: Alertmanager forgets that by itself.
    if (alert.kind != "test" && alert.given_up.empty() && alert.late.empty()) {
        const Name name(message.alert, alert.is_about_data());
        told_[name] = {.message = std::move(message), .at_s = now_s, .is_end = alert.is_end()};
    }
}

std::vector<channels::Message> Standing::due(std::uint64_t now_s) {
    constexpr std::uint64_t kDay = 86'400;
    // A clock that was set back ends what ended.
    std::erase_if(told_, [&](const auto& one) {
        const Told& told = one.second;
        return told.is_end && (now_s < told.at_s || now_s > told.at_s + repeats_.ended_for_s);
    });
    const auto standing = standing_in(file_);
    std::vector<channels::Message> out;
    for (auto& [name, told] : told_) {
        if (!told.is_end && !standing.contains(name)) {
            continue;  // its end waits to be delivered, or nobody watches it any more
        }
        if (!told.is_end && now_s > told.at_s + kDay) {
            file_.mark_repeated(told.message.id, now_s);
            told.at_s = now_s;
        }
        out.push_back({.key = told.message.key, .body = told.message.body});
    }
    return out;
}

}  // namespace margrave::app
