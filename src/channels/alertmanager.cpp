#include "channels/alertmanager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>

#include "channels/http_round.hpp"
#include "channels/times.hpp"
#include "channels/verdict.hpp"
#include "core/time.hpp"

namespace margrave::channels {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = Delivery::Outcome;
using Moment = std::chrono::steady_clock::time_point;

/// Prometheus, too, tells every minute.
constexpr Repeats kRepeats{.every_s = 60, .ended_for_s = 900};
/// As long as a restart may take, or an upgrade.
constexpr std::uint64_t kHeldForS = 900;
constexpr std::size_t kBatchMax = 64;
/// Of a message: longer than one post takes.
constexpr std::chrono::seconds kSendFor{20};
/// Of all that stands, well within the minute.
constexpr std::chrono::seconds kRepeatFor{30};
/// For the other members, once one has taken it.
constexpr std::chrono::seconds kPatience{2};

constexpr std::array<std::string_view, 8> kOwnLabels{"alertname", "chain",     "protocol", "market",
                                                     "wallet",    "condition", "given_up", "late"};

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
    // Beside the alert itself, which these must not end.
    add_label("given_up", alert.given_up);
    add_label("late", alert.late);
    for (const auto& [name, text] : target.labels) {
        out[name] = text;
    }
    return out;
}

/// Nothing where an end does not say when it began: Alertmanager takes the beginning that it knows.
std::optional<std::uint64_t> begin_of(const AlertText& alert) {
    const auto told = alert.is_end() ? std::nullopt : alert.at_s;
    return alert.is_about_data() || !alert.fired_at_s ? told : alert.fired_at_s;
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
struct Member {
    Secret url;
    HttpPost post = HttpPost();
    /// It said nothing while another one took something: it is not waited for then, until what
    /// stands is told again.
    bool is_silent = false;
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
            members_.push_back({.url = Secret(url.reveal() + "/api/v2/alerts")});
        }
    }

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        return post(std::vector{render(message, now_s)}, core::system_clock().now() + kSendFor);
    }
    [[nodiscard]] std::optional<Repeats> repeats() const override { return kRepeats; }

    /// In lists, as long as there is time; the next time begins with what there was none for.
    [[nodiscard]] Delivery repeat(std::span<const Message> messages, std::uint64_t now_s) override {
        for (Member& member : members_) {
            member.is_silent = false;
        }
        const Moment until = core::system_clock().now() + kRepeatFor;
        Delivery out{.outcome = Outcome::Delivered};
        std::size_t told = 0;
        while (told < messages.size() && core::system_clock().now() < until) {
            std::vector<std::string> alerts;
            alerts.reserve(kBatchMax);
            for (std::size_t i = told; i < messages.size() && alerts.size() < kBatchMax; ++i) {
                alerts.push_back(render(messages[(first_ + i) % messages.size()], now_s));
            }
            const Delivery came = post(alerts, until);
            out = came.outcome == Outcome::Delivered && came.why.empty() ? out : came;
            told += alerts.size();
        }
        first_ = messages.empty() ? 0 : (first_ + told) % messages.size();
        if (told < messages.size()) {
            out = {.outcome = Outcome::Later,
                   .why = fmt::format("there was time for {} of {} alerts: {}", told,
                                      messages.size(), out.why)};
        }
        return out;
    }

  private:
    [[nodiscard]] std::string render(const Message& message, std::uint64_t now_s) const {
        return alertmanager_json(read_alert(message.body), target_, now_s);
    }

    [[nodiscard]] Delivery post(std::span<const std::string> alerts, Moment until) {
        std::vector<std::size_t> all(members_.size());
        std::iota(all.begin(), all.end(), 0);
        return combine(post_to(all, alerts, until));
    }

    /// What each of these members says. Of several alerts one that is not valid keeps the others
    /// not.
    [[nodiscard]] std::vector<Delivery> post_to(const std::vector<std::size_t>& members,
                                                std::span<const std::string> alerts, Moment until) {
        constexpr long kInvalid = 400;
        const auto answers = ask(members, fmt::format("[{}]", fmt::join(alerts, ",")), until);
        std::vector<Delivery> out;
        out.reserve(members.size());
        std::vector<std::size_t> at_odds;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < members.size(); ++i) {
            members_[members[i]].is_silent = answers[i].is_late;
            out.push_back(judge(Receiver::Alertmanager, answers[i].http));
            if (answers[i].http.status == kInvalid && alerts.size() > 1) {
                at_odds.push_back(members[i]);
                places.push_back(i);
            }
        }
        if (at_odds.empty()) {
            return out;
        }
        const auto first = post_to(at_odds, alerts.first(alerts.size() / 2), until);
        const auto second = post_to(at_odds, alerts.subspan(alerts.size() / 2), until);
        for (std::size_t i = 0; i < places.size(); ++i) {
            out[places[i]] = first[i].outcome == Outcome::Delivered ? second[i] : first[i];
        }
        return out;
    }

    [[nodiscard]] std::vector<HttpRound::Answer> ask(const std::vector<std::size_t>& members,
                                                     const std::string& list, Moment until) {
        std::vector<HttpRound::Receiver> receivers;
        receivers.reserve(members.size());
        for (const std::size_t i : members) {
            Member& member = members_[i];
            receivers.push_back({.post = member.post,
                                 .url = member.url.reveal(),
                                 .is_waited_for = !member.is_silent});
        }
        const auto is_taken = [](const HttpAnswer& answer) {
            return judge(Receiver::Alertmanager, answer).outcome == Outcome::Delivered;
        };
        return round_.post(receivers, list,
                           {.is_taken = is_taken, .for_others = kPatience, .until = until});
    }

    AlertmanagerTarget target_;
    HttpRound round_;
    std::vector<Member> members_;
    std::size_t first_ = 0;  ///< of what is told again, where the next time begins
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

bool is_own_label(std::string_view name) {
    return std::find(kOwnLabels.begin(), kOwnLabels.end(), name) != kOwnLabels.end();
}

std::string alertmanager_json(const AlertText& alert, const AlertmanagerTarget& target,
                              std::uint64_t now_s) {
    Json json{{"labels", labels_of(alert, target)}, {"annotations", annotations_of(alert)}};
    const auto begin = begin_of(alert);
    const std::uint64_t end = alert.is_end() ? alert.at_s.value_or(now_s) : now_s + kHeldForS;
    if (begin) {
        json["startsAt"] = rfc3339(*begin);
    }
    json["endsAt"] = rfc3339(std::max(end, begin.value_or(end)));
    return json.dump();
}

}  // namespace margrave::channels
