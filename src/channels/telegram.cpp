#include "channels/telegram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "channels/verdict.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = Delivery::Outcome;

/// Telegram counts UTF-16 units without markup; with it, it stays below.
constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kTitleMax = 256;

/// A member of the answer's `parameters` that is a whole number.
std::optional<std::int64_t> parameter(const nlohmann::json& body, const char* name) {
    const auto parameters = body.find("parameters");
    if (parameters == body.end() || !parameters->is_object()) {
        return std::nullopt;
    }
    const auto found = parameters->find(name);
    return found != parameters->end() && found->is_number_integer()
               ? std::optional(found->get<std::int64_t>())
               : std::nullopt;
}

class Telegram : public Channel {
  public:
    explicit Telegram(TelegramTarget target)
        : url_(target.api + "/bot" + target.token.reveal() + "/sendMessage"),
          chat_id_(std::move(target.chat_id)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        const AlertText alert = read_alert(message.body);
        auto style = TelegramStyle::Html;
        TelegramAnswer answer = post(alert, style);
        if (answer.is_markup_refused) {
            style = TelegramStyle::Plain;
            answer = post(alert, style);
        }
        if (!answer.new_chat_id.empty()) {
            chat_id_ = answer.new_chat_id;
            answer = post(alert, style);
            if (answer.delivery.outcome == Outcome::Delivered) {
                answer.delivery.why = "the chat moved: its chat_id is now " + chat_id_;
            }
        }
        return answer.delivery;
    }

  private:
    [[nodiscard]] TelegramAnswer post(const AlertText& alert, TelegramStyle style) {
        return telegram_verdict(post_.post(url_.reveal(), telegram_json(alert, chat_id_, style)));
    }

    Secret url_;
    std::string chat_id_;
    HttpPost post_{HttpPost::Keep::Body};
};

}  // namespace

std::unique_ptr<Channel> make_telegram(TelegramTarget target) {
    return std::make_unique<Telegram>(std::move(target));
}

bool is_telegram_token(std::string_view text) {
    constexpr std::size_t kKeyMin = 30;
    const auto colon = text.find(':');
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_key = [&](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '-';
    };
    if (colon == 0 || colon == std::string_view::npos) {
        return false;
    }
    const auto bot = text.substr(0, colon);
    const auto key = text.substr(colon + 1);
    return key.size() >= kKeyMin && std::all_of(bot.begin(), bot.end(), is_digit) &&
           std::all_of(key.begin(), key.end(), is_key);
}

std::string telegram_json(const AlertText& alert, const std::string& chat_id, TelegramStyle style) {
    const bool is_html = style == TelegramStyle::Html;
    const Sink sink = is_html ? Sink::Markup : Sink::Plain;
    const std::string title = fit(alert.title(), kTitleMax, sink);
    const std::string lines = alert.summary + "\n" + alert.lines();
    // What stands in <pre> is made no link, mention, hashtag or command.
    const std::string_view begin = is_html ? "</b>\n<pre>" : "\n";
    const std::string_view end = is_html ? "</pre>" : "";
    std::string text = fmt::format("{}{}{}", is_html ? "<b>" : "", title, begin);
    text += fit(lines, kTextMax - units(text) - units(end), sink);
    text += end;
    Json json{{"chat_id", chat_id},
              {"text", std::move(text)},
              {"link_preview_options", {{"is_disabled", true}}},
              {"disable_notification", alert.severity == "info"}};
    if (is_html) {
        json["parse_mode"] = "HTML";
    }
    return json.dump();
}

TelegramAnswer telegram_verdict(const HttpAnswer& answer) {
    constexpr long kBadRequest = 400;
    constexpr bool kThrow = false;
    TelegramAnswer out{.delivery = judge(Receiver::Telegram, answer)};
    const auto body = nlohmann::json::parse(answer.body, nullptr, kThrow);
    const bool is_taken =
        body.is_object() && body.contains("ok") && body.at("ok") == nlohmann::json(true);
    if (out.delivery.outcome == Outcome::Delivered && !is_taken) {
        out.delivery = no_receipt(answer, R"(its body does not say {"ok":true})");
    }
    if (!body.is_object()) {
        return out;
    }
    const auto seconds = parameter(body, "retry_after");
    if (out.delivery.outcome == Outcome::Later && seconds && *seconds >= 0) {
        out.delivery.retry_after_s = static_cast<std::uint64_t>(*seconds);
    }
    if (const auto chat = parameter(body, "migrate_to_chat_id")) {
        out.new_chat_id = std::to_string(*chat);
    }
    const auto why = body.find("description");
    out.is_markup_refused =
        answer.status == kBadRequest && why != body.end() && why->is_string() &&
        why->get_ref<const std::string&>().find("can't parse") != std::string::npos;
    return out;
}

}  // namespace margrave::channels
