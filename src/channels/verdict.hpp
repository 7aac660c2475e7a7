#pragma once

#include <cstdint>

#include "channels/channel.hpp"
#include "channels/http_post.hpp"

namespace margrave::channels {

enum class Receiver : std::uint8_t { Webhook, Slack, Discord, Telegram, PagerDuty, Alertmanager };

/// What the status of a receiver's answer says of trying again (the table in verdict.cpp). What
/// its body says is the kind's own business.
[[nodiscard]] Delivery judge(Receiver receiver, const HttpAnswer& answer);

/// A 2xx whose body does not say what this kind of receiver says of what it has taken.
[[nodiscard]] Delivery no_receipt(const HttpAnswer& answer, const char* why);

}  // namespace margrave::channels
