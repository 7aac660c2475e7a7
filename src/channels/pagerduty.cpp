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
    return alert.is_end() ? "resolve" : "trigger";
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
        const AlertText alert = read_alert(message.body);
        Delivery out{.outcome = Delivery::Outcome::Delivered};
        for (const std::string& key : dedup_keys(alert)) {
            out = judge(Receiver::PagerDuty,
                        post_.post(target_.url, pagerduty_json(alert, key, target_.routing_key)));
            if (out.outcome != Delivery::Outcome::Delivered) {
                break;  // what was taken changes nothing when it comes again
            }
        }
        return out;
    }

  private:
    PagerDutyTarget target_;
    HttpPost post_;
};

}  // namespace

std::unique_ptr<Channel> make_pagerduty(PagerDutyTarget target) {
    return std::make_unique<PagerDuty>(std::move(target));
}

std::vector<std::string> dedup_keys(const AlertText& alert) {
    const auto key = [](const std::string& text) { return "margrave-" + core::short_hash(text); };
    // What is not known may be so before it ever fired and after: it counts no episodes.
    if (alert.is_about_data()) {
        return {key(alert.alert + "\nunknown")};
    }
    if (alert.kind == "test") {
        return {key(fmt::format("{}\ntest\n{}", alert.alert, alert.sequence))};
    }
    const std::string episode = fmt::format("{}\n{}", alert.alert, alert.episode);
    const std::string escalation = key(episode + "\nescalate");
    if (alert.kind == "escalate") {
        return {escalation};
    }
    return alert.is_end() && alert.is_escalated ? std::vector{key(episode), escalation}
                                                : std::vector{key(episode)};
}

std::string pagerduty_json(const AlertText& alert, const std::string& dedup_key,
                           const Secret& routing_key) {
    Json event{{"routing_key", routing_key.reveal()},
               {"event_action", action_of(alert)},
               {"dedup_key", dedup_key},
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
