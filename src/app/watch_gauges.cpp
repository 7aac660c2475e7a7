#include "app/watch_gauges.hpp"

#include <array>
#include <tuple>
#include <utility>

#include "app/watch_status.hpp"

namespace margrave::app {
namespace {

using Gauge = WatchMetrics::Gauge;

constexpr std::array kPhases{alert::Phase::Pending, alert::Phase::Firing, alert::Phase::Recovering};

std::string lane(bool is_urgent) { return is_urgent ? "urgent" : "normal"; }

void add_alerts(store::WatchFile& file, const std::vector<alert::Rule>& rules,
                std::vector<Gauge>& out) {
    std::map<std::string, alert::Severity> severities;
    for (const alert::Rule& rule : rules) {
        severities.emplace(rule.name, rule.severity);
    }
    std::map<std::pair<alert::Severity, alert::Phase>, std::uint64_t> by_phase;
    std::map<alert::Severity, std::uint64_t> unknown;
    for (const AlertState& one : read_alert_states(file)) {
        const auto rule = severities.find(one.rule);
        if (rule != severities.end()) {  // another watch's rule is nobody's concern now
            ++by_phase[{rule->second, one.phase}];
            unknown[rule->second] += one.is_unknown ? 1 : 0;
        }
    }
    Gauge alerts{.name = "margrave_alerts",
                 .help = "Alerts that are not quiet, by severity and state.",
                 .samples = {}};
    Gauge not_known{.name = "margrave_alerts_unknown",
                    .help = "Alerts of any state that cannot be evaluated now.",
                    .samples = {}};
    for (const auto severity : alert::kSeverities) {
        const std::string word(to_string(severity));
        for (const auto phase : kPhases) {
            alerts.samples.push_back(
                {.labels = {{"severity", word}, {"state", std::string(to_string(phase))}},
                 .value = static_cast<double>(by_phase[{severity, phase}])});
        }
        not_known.samples.push_back(
            {.labels = {{"severity", word}}, .value = static_cast<double>(unknown[severity])});
    }
    out.push_back(std::move(alerts));
    out.push_back(std::move(not_known));
}

void add_outbox(store::WatchFile& file, const std::vector<std::string>& channels,
                std::vector<Gauge>& out) {
    std::map<std::tuple<std::string, bool, bool>, store::OutboxCount> counts;
    for (store::OutboxCount& one : file.outbox_counts()) {
        counts.emplace(std::tuple(one.channel, one.is_urgent, one.is_dead), std::move(one));
    }
    Gauge pending{.name = "margrave_outbox_pending",
                  .help = "Messages that wait for their delivery.",
                  .samples = {}};
    Gauge oldest{.name = "margrave_outbox_oldest_timestamp_seconds",
                 .help = "When the oldest message that waits was written; absent where none does.",
                 .samples = {}};
    Gauge dead{
        .name = "margrave_outbox_dead", .help = "Messages that were given up.", .samples = {}};
    for (const std::string& channel : channels) {
        for (const bool is_urgent : {true, false}) {
            const std::vector<std::pair<std::string, std::string>> labels{
                {"channel", channel}, {"lane", lane(is_urgent)}};
            const store::OutboxCount& waits = counts[{channel, is_urgent, false}];
            pending.samples.push_back(
                {.labels = labels, .value = static_cast<double>(waits.count)});
            dead.samples.push_back(
                {.labels = labels,
                 .value = static_cast<double>(counts[{channel, is_urgent, true}].count)});
            if (waits.count > 0) {
                oldest.samples.push_back(
                    {.labels = labels, .value = static_cast<double>(waits.oldest)});
            }
        }
    }
    out.push_back(std::move(pending));
    out.push_back(std::move(oldest));
    out.push_back(std::move(dead));
}

}  // namespace

std::vector<Gauge> store_gauges(store::WatchFile& file, const std::vector<alert::Rule>& rules,
                                const std::vector<std::string>& channels) {
    std::vector<Gauge> out;
    add_alerts(file, rules, out);
    add_outbox(file, channels, out);
    return out;
}

Gauge progress_gauge(const std::map<std::string, bool>& workers) {
    Gauge out{.name = "margrave_worker_progressing",
              .help = "Whether a thread gets on: 1, or 0.",
              .samples = {}};
    for (const auto& [name, gets_on] : workers) {
        out.samples.push_back({.labels = {{"worker", name}}, .value = gets_on ? 1.0 : 0.0});
    }
    return out;
}

}  // namespace margrave::app
