#include "channels/discord.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "channels/verdict.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = Delivery::Outcome;

// Discord's limits, in characters: 2000 of content; of an embed 256 of its title and of a field's
// name, 1024 of a field's text, 25 fields, 6000 of all together. A dozen fields of 300 and that of
// the others stay below.
constexpr std::size_t kContentMax = 2000;
constexpr std::size_t kTitleMax = 256;
constexpr std::size_t kNameMax = 40;
constexpr std::size_t kTextMax = 300;
constexpr std::size_t kOthersTextMax = 1000;
constexpr std::size_t kPlainMax = 500;

/// Nobody is called by what stands in a text.
Json no_mentions() { return {{"parse", Json::array()}}; }

int colour_of(const AlertText& alert) {
    constexpr int kGreen = 0x2e7d32;
    constexpr int kRed = 0xc62828;
    constexpr int kAmber = 0xf9a825;
    constexpr int kGrey = 0x607d8b;
    return alert.is_end()                 ? kGreen
           : alert.severity == "critical" ? kRed
           : alert.severity == "warning"  ? kAmber
                                          : kGrey;
}

/// Seconds, with a fraction.
std::optional<std::uint64_t> retry_after(const nlohmann::json& body) {
    constexpr double kMost = 1e9;
    const auto found = body.is_object() ? body.find("retry_after") : body.end();
    if (found == body.end() || !found->is_number()) {
        return std::nullopt;
    }
    const double seconds = std::ceil(found->get<double>());
    return seconds >= 0 && seconds < kMost ? std::optional(static_cast<std::uint64_t>(seconds))
                                           : std::nullopt;
}

class Discord : public Channel {
  public:
    explicit Discord(const Secret& url)
        : url_(url.reveal() +
               (url.reveal().find('?') == std::string::npos ? "?wait=true" : "&wait=true")) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        const AlertText alert = read_alert(message.body);
        return discord_verdict(
            post_or_plain(post_, url_, discord_json(alert), discord_plain_json(alert)));
    }

  private:
    Secret url_;
    HttpPost post_{HttpPost::Keep::Body};
};

}  // namespace

std::unique_ptr<Channel> make_discord(const Secret& url) { return std::make_unique<Discord>(url); }

std::string discord_json(const AlertText& alert) {
    Json fields = Json::array();
    for (const auto& [name, text] : alert.facts()) {
        fields.push_back({{"name", fit(name, kNameMax, Sink::Markdown)},
                          {"value", fit(text, name == kOthersFact ? kOthersTextMax : kTextMax,
                                        Sink::Markdown)}});
    }
    const Json json{
        {"content", fit(alert.summary, kContentMax, Sink::Markdown)},
        {"allowed_mentions", no_mentions()},
        {"embeds", Json::array({{{"title", fit(alert.title(), kTitleMax, Sink::Markdown)},
                                 {"color", colour_of(alert)},
                                 {"fields", std::move(fields)}}})}};
    return json.dump();
}

std::string discord_plain_json(const AlertText& alert) {
    const Json json{{"content", fit(alert.summary, kPlainMax, Sink::Markdown)},
                    {"allowed_mentions", no_mentions()}};
    return json.dump();
}

Delivery discord_verdict(const HttpAnswer& answer) {
    constexpr long kNoContent = 204;
    constexpr bool kThrow = false;
    Delivery out = judge(Receiver::Discord, answer);
    const auto body = nlohmann::json::parse(answer.body, nullptr, kThrow);
    if (out.outcome == Outcome::Later) {
        const auto seconds = retry_after(body);
        out.retry_after_s = seconds ? seconds : out.retry_after_s;
    }
    const bool has_id = body.is_object() && body.contains("id");
    if (out.outcome == Outcome::Delivered && answer.status != kNoContent && !has_id) {
        return no_receipt(answer, "its body names no message");
    }
    return out;
}

}  // namespace margrave::channels
