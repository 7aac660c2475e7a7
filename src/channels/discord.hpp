#pragma once

#include <memory>
#include <string>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/http_post.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

/// Posts to one of Discord's webhooks. `url` is as Discord shows it and holds the key; the answer
/// is waited for.
[[nodiscard]] std::unique_ptr<Channel> make_discord(const Secret& url);

/// What is posted: a line and an embed with the facts. Markdown is escaped, nobody mentioned.
[[nodiscard]] std::string discord_json(const AlertText& alert);
/// The line alone: what is sent where Discord does not understand the other.
[[nodiscard]] std::string discord_plain_json(const AlertText& alert);
/// Delivered is a message's id, or 204 where none is told. A 429 says in its body how long to wait.
[[nodiscard]] Delivery discord_verdict(const HttpAnswer& answer);

}  // namespace margrave::channels
