#pragma once

#include <memory>
#include <string>

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

/// The same for everything that is told of one episode of an alert, so that what ends it finds what
/// began it; not knowing has one of its own.
[[nodiscard]] std::string dedup_key(const AlertText& alert);

/// The event.
[[nodiscard]] std::string pagerduty_json(const AlertText& alert, const Secret& routing_key);

}  // namespace margrave::channels
