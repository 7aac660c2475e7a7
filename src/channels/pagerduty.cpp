#include "channels/pagerduty.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "channels/http_post.hpp"
#include "channels/times.hpp"
#include "channels/verdict.hpp"
#include "core/short_hash.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;

/// PagerDuty's limit of a summary, in characters.
constexpr std::size_t kSummaryMax = 1024;

std::string_view action_of(const AlertText& alert) {
    return alert.is_end() ? "resolve" : alert.kind == "acknowledged" ? "acknowledge" : "trigger";
}

/// "critical", "error", "warning" and "info" are all there are.
std::string_view severity_of(const AlertText& alert) {
    const bool is_theirs =
        alert.severity == "critical" || alert.severity == "warning" || alert.severity == "info";
    return is_theirs ? std::string_view(alert.severity) : "error";
}

/// Where it is, from the small to the large.
std::string source_of(const AlertText& alert) {
    std::string out = alert.wallet;
    for (const std::string& part : {alert.market, alert.protocol, alert.chain}) {
        out += part.empty() || out.empty() ? part : "/" + part;
    }
    return out.empty() ? "margrave" : out;
}

Json details_of(const AlertText& alert) {
    Json out = Json::object();
    for (const auto& [name, text] : alert.facts()) {
        out[name] = text;
    }
    return out;
}

class PagerDuty : public Channel {
  public:
    explicit PagerDuty(PagerDutyTarget target) : target_(std::move(target)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        const std::string event = pagerduty_json(read_alert(message.body), target_.routing_key);
        return judge(Receiver::PagerDuty, post_.post(target_.url, event));
    }

  private:
    PagerDutyTarget target_;
    HttpPost post_;
};

}  // namespace

std::unique_ptr<Channel> make_pagerduty(PagerDutyTarget target) {
    return std::make_unique<PagerDuty>(std::move(target));
}

std::string dedup_key(const AlertText& alert) {
    // What is not known may be so before it ever fired and after: it counts no episodes.
    const std::string text = alert.is_about_data()
                                 ? alert.alert + "\nunknown"
                                 : fmt::format("{}\n{}", alert.alert, alert.episode);
    return "margrave-" + core::short_hash(text);
}

std::string pagerduty_json(const AlertText& alert, const Secret& routing_key) {
    Json event{{"routing_key", routing_key.reveal()},
               {"event_action", action_of(alert)},
               {"dedup_key", dedup_key(alert)},
               {"client", "margrave"},
               {"payload",
                {{"summary", fit(alert.summary, kSummaryMax, Sink::Plain)},
                 {"source", source_of(alert)},
                 {"severity", severity_of(alert)},
                 {"component", alert.protocol},
                 {"group", alert.chain},
                 {"class", alert.rule},
                 {"custom_details", details_of(alert)}}}};
    if (alert.at_s) {
        event["payload"]["timestamp"] = rfc3339(*alert.at_s);
    }
    return event.dump();
}

}  // namespace margrave::channels
