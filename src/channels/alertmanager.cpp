#include "channels/alertmanager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "channels/http_post.hpp"
#include "channels/times.hpp"
#include "channels/verdict.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = Delivery::Outcome;

/// Prometheus, too, tells every minute.
constexpr Repeats kRepeats{.every_s = 60, .ended_for_s = 900};
/// As long as a restart may take, or an upgrade.
constexpr std::uint64_t kHeldForS = 900;
constexpr std::size_t kBatchMax = 64;

Json labels_of(const AlertText& alert, const AlertmanagerTarget& target) {
    Json out{{"alertname", alert.rule.empty() ? std::string("margrave") : alert.rule}};
    const auto add_label = [&](const char* name, const std::string& text) {
        if (!text.empty()) {
            out[name] = text;
        }
    };
    add_label("chain", alert.chain);
    add_label("protocol", alert.protocol);
    add_label("market", alert.market);
    add_label("wallet", alert.wallet);
    add_label("condition", alert.is_about_data() ? "unknown" : "");
    for (const auto& [name, text] : target.labels) {
        out[name] = text;
    }
    return out;
}

Json annotations_of(const AlertText& alert) {
    Json out{{"summary", alert.summary}, {"severity", alert.severity}};
    for (const auto& [name, text] : alert.facts()) {
        // Alertmanager refuses names with anything else.
        std::string plain = name;
        std::replace_if(
            plain.begin(), plain.end(),
            [](char c) {
                return !is_label_name({&c, 1});
            },
            '_');
        out[plain] = text;
    }
    return out;
}

/// One member, over a connection of its own.
class Member {
  public:
    explicit Member(const Secret& url) : url_(url.reveal() + "/api/v2/alerts") {}

    /// Of several alerts one that is not valid keeps the others not.
    [[nodiscard]] Delivery post(std::span<const std::string> alerts) {
        constexpr long kInvalid = 400;
        const HttpAnswer answer =
            post_.post(url_.reveal(), fmt::format("[{}]", fmt::join(alerts, ",")));
        if (answer.status != kInvalid || alerts.size() == 1) {
            return judge(Receiver::Alertmanager, answer);
        }
        const Delivery first = post(alerts.first(alerts.size() / 2));
        const Delivery second = post(alerts.subspan(alerts.size() / 2));
        return first.outcome == Outcome::Delivered ? second : first;
    }

  private:
    Secret url_;
    HttpPost post_;
};

/// Of what every member said: it is delivered when one took it.
Delivery combine(std::span<const Delivery> of_members) {
    std::vector<std::string> failures;
    const Delivery* best = of_members.data();
    for (std::size_t i = 0; i < of_members.size(); ++i) {
        const Delivery& one = of_members[i];
        if (one.outcome != Outcome::Delivered) {
            failures.push_back(
                fmt::format("member {} of {}: {}", i + 1, of_members.size(), one.why));
        }
        best = one.outcome < best->outcome ? &one : best;
    }
    return {.outcome = best->outcome,
            .why = fmt::format("{}", fmt::join(failures, "; ")),
            .retry_after_s = best->retry_after_s};
}

class Alertmanager : public Channel {
  public:
    explicit Alertmanager(AlertmanagerTarget target) : target_(std::move(target)) {
        members_.reserve(target_.urls.size());
        for (const Secret& url : target_.urls) {
            members_.emplace_back(url);
        }
    }

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        return post(std::vector{render(message, now_s)});
    }
    [[nodiscard]] std::optional<Repeats> repeats() const override { return kRepeats; }
    [[nodiscard]] Delivery repeat(std::span<const Message> messages, std::uint64_t now_s) override {
        Delivery out{.outcome = Outcome::Delivered};
        std::vector<std::string> alerts;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            alerts.push_back(render(messages[i], now_s));
            if (alerts.size() == kBatchMax || i + 1 == messages.size()) {
                const Delivery came = post(alerts);
                out = came.outcome == Outcome::Delivered && came.why.empty() ? out : came;
                alerts.clear();
            }
        }
        return out;
    }

  private:
    [[nodiscard]] std::string render(const Message& message, std::uint64_t now_s) {
        const AlertText alert = read_alert(message.body);
        // What ends begins when it was first told: Alertmanager would take it for another one.
        const std::string name = alert.alert + (alert.is_about_data() ? "\nunknown" : "");
        if (!alert.is_end()) {
            began_[name] = alert.is_about_data()
                               ? alert.at_s.value_or(now_s)
                               : alert.fired_at_s.value_or(alert.at_s.value_or(now_s));
        }
        const auto found = began_.find(name);
        return alertmanager_json(
            alert, target_, found == began_.end() ? std::nullopt : std::optional(found->second),
            now_s);
    }

    [[nodiscard]] Delivery post(const std::vector<std::string>& alerts) {
        std::vector<std::future<Delivery>> asked;
        asked.reserve(members_.size());
        for (Member& member : members_) {
            asked.push_back(std::async(std::launch::async, [&] { return member.post(alerts); }));
        }
        std::vector<Delivery> came;
        came.reserve(asked.size());
        for (auto& one : asked) {
            came.push_back(one.get());
        }
        return combine(came);
    }

    AlertmanagerTarget target_;
    std::vector<Member> members_;
    std::map<std::string, std::uint64_t> began_;  ///< by alert
};

}  // namespace

std::unique_ptr<Channel> make_alertmanager(AlertmanagerTarget target) {
    return std::make_unique<Alertmanager>(std::move(target));
}

bool is_label_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string alertmanager_json(const AlertText& alert, const AlertmanagerTarget& target,
                              std::optional<std::uint64_t> began_s, std::uint64_t now_s) {
    Json json{{"labels", labels_of(alert, target)}, {"annotations", annotations_of(alert)}};
    const auto begin = alert.fired_at_s && !alert.is_about_data() ? alert.fired_at_s : began_s;
    const std::uint64_t end = alert.is_end() ? alert.at_s.value_or(now_s) : now_s + kHeldForS;
    // Without it Alertmanager takes the one that it knows, or the end.
    if (begin) {
        json["startsAt"] = rfc3339(*begin);
    }
    json["endsAt"] = rfc3339(std::max(end, begin.value_or(end)));
    return json.dump();
}

}  // namespace margrave::channels
