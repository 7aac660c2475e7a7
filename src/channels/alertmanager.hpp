#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

struct AlertmanagerTarget {
    std::vector<Secret> urls = {};  ///< of every member of the cluster, without "/api/v2/alerts"
    /// Added to the labels of every alert.
    std::vector<std::pair<std::string, std::string>> labels = {};
};

/// Posts to Prometheus' Alertmanager (API v2), to all its members at once: it is delivered when one
/// took it. Alertmanager keeps alerts in memory and takes one that is not told again for resolved,
/// so what stands is told again every minute, and what ended for 15 minutes.
[[nodiscard]] std::unique_ptr<Channel> make_alertmanager(AlertmanagerTarget target);

/// Whether Alertmanager takes it for the name of a label.
[[nodiscard]] bool is_label_name(std::string_view name);

/// Whether alerts have a label of this name themselves, which tells them apart.
[[nodiscard]] bool is_own_label(std::string_view name);

/// One alert of the API's list. Labels are what an alert is known by, and nothing that can change
/// while it fires. margrave may be silent for 15 minutes from `now_s` on before Alertmanager takes
/// it for resolved.
[[nodiscard]] std::string alertmanager_json(const AlertText& alert,
                                            const AlertmanagerTarget& target, std::uint64_t now_s);

}  // namespace margrave::channels
