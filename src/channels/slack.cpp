#include "channels/slack.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "channels/verdict.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;

// Slack's own limits, in characters: of a header, a section's text, a message's text. api.slack.com
// advises 4,000 for the last and cuts at 40,000.
constexpr std::size_t kHeaderMax = 150;
constexpr std::size_t kSectionMax = 3000;
constexpr std::size_t kTextMax = 4000;
constexpr std::size_t kPlainMax = 500;

Json plain_text(std::string text) {
    return {{"type", "plain_text"}, {"text", std::move(text)}, {"emoji", false}};
}

/// In which nothing is formatted, and of whose links nothing is shown.
Json line_of(const AlertText& alert, std::size_t units_max) {
    return {{"text", fit(alert.summary, units_max, Sink::Markup)},
            {"mrkdwn", false},
            {"unfurl_links", false},
            {"unfurl_media", false}};
}

class Slack : public Channel {
  public:
    explicit Slack(Secret url) : url_(std::move(url)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        const AlertText alert = read_alert(message.body);
        return slack_verdict(
            post_or_plain(post_, url_, slack_json(alert), slack_plain_json(alert)));
    }

  private:
    Secret url_;
    HttpPost post_{HttpPost::Keep::Body};
};

}  // namespace

std::unique_ptr<Channel> make_slack(Secret url) { return std::make_unique<Slack>(std::move(url)); }

std::string slack_json(const AlertText& alert) {
    const std::string lines = alert.summary + "\n" + alert.lines();
    Json json = line_of(alert, kTextMax);
    json["blocks"] = {
        {{"type", "header"}, {"text", plain_text(fit(alert.title(), kHeaderMax, Sink::Markup))}},
        {{"type", "section"}, {"text", plain_text(fit(lines, kSectionMax, Sink::Markup))}}};
    return json.dump();
}

std::string slack_plain_json(const AlertText& alert) { return line_of(alert, kPlainMax).dump(); }

Delivery slack_verdict(const HttpAnswer& answer) {
    const Delivery out = judge(Receiver::Slack, answer);
    const bool is_taken = out.outcome == Delivery::Outcome::Delivered;
    const bool is_ok = answer.body == "ok" && answer.is_whole;
    return is_taken && !is_ok ? no_receipt(answer, R"(its body is not "ok")") : out;
}

}  // namespace margrave::channels
