#pragma once

#include <memory>
#include <string>
#include <vector>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

struct PagerDutyTarget {
    std::string url = "https://events.pagerduty.com/v2/enqueue";
    Secret routing_key = {};
};

/// Posts events of PagerDuty's Events API v2: a trigger, and a resolve for what ends.
[[nodiscard]] std::unique_ptr<Channel> make_pagerduty(PagerDutyTarget target);

/// Of the incidents that it begins or ends. What is told of one episode of an alert is of one, so
/// that what ends it finds what began it. An escalation pages anew and is one beside it, which ends
/// with it; not knowing is another, and so is every test.
[[nodiscard]] std::vector<std::string> dedup_keys(const AlertText& alert);

/// The event.
[[nodiscard]] std::string pagerduty_json(const AlertText& alert, const std::string& dedup_key,
                                         const Secret& routing_key);

}  // namespace margrave::channels
