#pragma once

#include <memory>
#include <string>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/http_post.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

/// Posts to one of Slack's incoming webhooks. `url` holds its key.
[[nodiscard]] std::unique_ptr<Channel> make_slack(Secret url);

/// What is posted: a line for notifications, and the same with the facts in texts that Slack shows
/// as they are. Nothing is unfurled, nobody mentioned.
[[nodiscard]] std::string slack_json(const AlertText& alert);
/// The line alone: what is sent where Slack does not understand the other.
[[nodiscard]] std::string slack_plain_json(const AlertText& alert);
/// Delivered is 200 and a body that is "ok", nothing else.
[[nodiscard]] Delivery slack_verdict(const HttpAnswer& answer);

}  // namespace margrave::channels
