#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "app/watch_listener.hpp"
#include "report/report.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

struct ChannelPlan {
    std::string name;
    /// What many accounts share is one message. Not to a receiver that keeps alerts apart itself.
    bool is_grouped = true;
};

[[nodiscard]] inline std::vector<std::string> names(const std::vector<ChannelPlan>& channels) {
    std::vector<std::string> out;
    out.reserve(channels.size());
    for (const ChannelPlan& channel : channels) {
        out.push_back(channel.name);
    }
    return out;
}

/// Whose cascades are carried out on a chain.
struct WatchedPlaybook {
    std::string file;
    bool has_book = false;  ///< whose block is its own
    /// Whether it says where this account falls; without it: of any.
    std::function<bool(const alert::Subject&)> asks_for = {};
};

/// What all chains of a watch share.
struct WatchPlan {
    settings::Settings settings;
    std::vector<alert::Rule> rules;
    std::vector<ChannelPlan> channels;
    report::Options report;
    WatchListener* listener = &WatchListener::nobody();
    std::map<std::string, WatchedPlaybook> playbooks = {};  ///< by chain
    std::string store_name = {};   ///< of the watch's file, without its folder
    std::string config_name = {};  ///< of the user's own configuration, likewise; "" without one
};

}  // namespace margrave::app
