#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/http_post.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

struct TelegramTarget {
    std::string api = "https://api.telegram.org";
    Secret token = {};  ///< of the bot; becomes a part of the path
    std::string chat_id = {};
};

/// Sends as a bot. Where a chat became a supergroup, its new id is used until margrave ends.
[[nodiscard]] std::unique_ptr<Channel> make_telegram(TelegramTarget target);

/// "123456:AA…", as BotFather gives it.
[[nodiscard]] bool is_telegram_token(std::string_view text);

enum class TelegramStyle : bool { Plain, Html };
/// What is posted: a title and the facts, in which Telegram finds no links; with Plain the same
/// without any markup.
[[nodiscard]] std::string telegram_json(const AlertText& alert, const std::string& chat_id,
                                        TelegramStyle style);

/// What Telegram says of a message.
struct TelegramAnswer {
    Delivery delivery = {};
    bool is_markup_refused = false;
    std::string new_chat_id = {};  ///< where the chat moved to; else empty
};
/// Delivered is 200 and {"ok": true}, nothing else.
[[nodiscard]] TelegramAnswer telegram_verdict(const HttpAnswer& answer);

}  // namespace margrave::channels
