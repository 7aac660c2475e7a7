#include "app/watch_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "app/watch_status.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using Figure = WatchMetrics::Figure;

constexpr std::array kPhases{alert::Phase::Pending, alert::Phase::Firing, alert::Phase::Recovering};

std::string lane(bool is_urgent) { return is_urgent ? "urgent" : "normal"; }

void add_alerts(const std::vector<AlertState>& alerts_kept, const std::vector<alert::Rule>& rules,
                std::vector<Figure>& out) {
    std::map<std::string, alert::Severity> severities;
    for (const alert::Rule& rule : rules) {
        severities.emplace(rule.name, rule.severity);
    }
    std::map<std::pair<alert::Severity, alert::Phase>, std::uint64_t> by_phase;
    std::map<alert::Severity, std::uint64_t> unknown;
    for (const AlertState& one : alerts_kept) {
        const auto rule = severities.find(one.rule);
        if (rule != severities.end()) {  // another watch's rule is nobody's concern now
            ++by_phase[{rule->second, one.phase}];
            unknown[rule->second] += one.is_unknown ? 1 : 0;
        }
    }
    Figure alerts{.name = "margrave_alerts",
                  .help = "Alerts that are not quiet, by severity and state.",
                  .samples = {}};
    Figure not_known{.name = "margrave_alerts_unknown",
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

/// By rules of an account's health: others may not know what a cascade would do, or how long
/// interest takes. What none looks at is in `margrave_positions`.
void add_unknown(const std::vector<AlertState>& alerts_kept, const std::vector<alert::Rule>& rules,
                 const std::vector<std::string>& chains, std::uint64_t now_s,
                 std::vector<Figure>& out) {
    std::set<std::string> of_health;
    for (const alert::Rule& rule : rules) {
        if (alert::depth_of(rule.quantity) == alert::Depth::Health) {
            of_health.insert(rule.name);
        }
    }
    std::map<std::string, std::uint64_t> longest;
    for (const AlertState& one : alerts_kept) {
        const bool is_of_account = one.subject.wallet && !one.subject.market.empty();
        if (is_of_account && of_health.contains(one.rule) && one.is_unknown &&
            now_s > one.unknown_since_s) {
            auto& seconds = longest[one.subject.chain];
            seconds = std::max(seconds, now_s - one.unknown_since_s);
        }
    }
    Figure unknown{.name = "margrave_position_unknown_seconds_max",
                   .help = "For how long an account could not be evaluated, of all the longest.",
                   .samples = {}};
    for (const std::string& chain : chains) {
        unknown.samples.push_back(
            {.labels = {{"chain", chain}}, .value = static_cast<double>(longest[chain])});
    }
    out.push_back(std::move(unknown));
}

void add_outbox(store::WatchFile& file, const std::vector<std::string>& channels,
                std::vector<Figure>& out) {
    std::map<std::tuple<std::string, bool, bool>, store::OutboxCount> counts;
    for (store::OutboxCount& one : file.outbox_counts()) {
        counts.emplace(std::tuple(one.channel, one.is_urgent, one.is_dead), std::move(one));
    }
    Figure pending{.name = "margrave_outbox_pending",
                   .help = "Messages that wait for their delivery.",
                   .samples = {}};
    Figure oldest{.name = "margrave_outbox_oldest_timestamp_seconds",
                  .help = "When the oldest message that waits was written; absent where none does.",
                  .samples = {}};
    Figure dead{
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

/// By feed, "aave_v3/core WETH": what a market asks for the price of an asset. Of equal names,
/// which anybody may give a token, the worst.
using ByFeed = std::map<std::string, double>;

std::string feed_name(const margin::MarketName& market, const std::string& symbol) {
    return core::printable(fmt::format("{}/{} {}", market.protocol, market.name, symbol));
}

void take_worst(ByFeed& by_feed, std::string feed, double value) {
    const auto [at, is_new] = by_feed.try_emplace(std::move(feed), value);
    at->second = std::max(at->second, value);
}

ByFeed ages_of(const report::Report& report, std::uint64_t now_s) {
    std::set<std::pair<margin::MarketName, core::Address>> held;
    for (const report::PriceCheck& check : report.price_checks) {
        held.emplace(check.market, check.asset);
    }
    ByFeed out;
    for (const report::OracleChain& chain : report.oracles) {
        for (const report::OracleRow& row : chain.rows) {
            for (const report::OracleUse& use : row.used_for) {
                if (row.updated_at && held.contains({use.market, use.asset})) {
                    const std::uint64_t then = row.updated_at->value();
                    take_worst(out, feed_name(use.market, use.symbol),
                               now_s > then ? static_cast<double>(now_s - then) : 0);
                }
            }
        }
    }
    return out;
}

ByFeed divergences_of(const report::Report& report) {
    constexpr double kWad = 1e18;
    ByFeed out;
    for (const report::PriceCheck& check : report.price_checks) {
        if (check.divergence) {
            take_worst(out, feed_name(check.market, check.symbol),
                       static_cast<double>(check.divergence->value()) / kWad);
        }
    }
    return out;
}

void add_samples(const std::string& chain, const ByFeed& by_feed, Figure& figure) {
    for (const auto& [feed, value] : by_feed) {
        figure.samples.push_back({.labels = {{"chain", chain}, {"feed", feed}}, .value = value});
    }
}

}  // namespace

std::vector<Figure> store_figures(store::WatchFile& file, const std::vector<alert::Rule>& rules,
                                  const MetricsSubjects& subjects, std::uint64_t now_s) {
    std::vector<Figure> out;
    const auto alerts_kept = read_alert_states(file);
    add_alerts(alerts_kept, rules, out);
    add_unknown(alerts_kept, rules, subjects.chains, now_s, out);
    add_outbox(file, subjects.channels, out);
    return out;
}

std::vector<Figure> price_figures(const std::map<std::string, ChainNews>& news,
                                  std::uint64_t now_s) {
    Figure age{.name = "margrave_oracle_age_seconds",
               .help =
                   "Since the answer that prices an asset of an account was given; absent "
                   "where it has no time.",
               .samples = {}};
    Figure divergence{.name = "margrave_oracle_divergence_ratio",
                      .help =
                          "How far it is from what another source says, as |answer / reference "
                          "- 1|; absent without one.",
                      .samples = {}};
    for (const auto& [chain, one] : news) {
        if (one.report) {
            add_samples(chain, ages_of(*one.report, now_s), age);
            add_samples(chain, divergences_of(*one.report), divergence);
        }
    }
    return {std::move(age), std::move(divergence)};
}

Figure progress_figure(const std::map<std::string, bool>& workers) {
    Figure out{.name = "margrave_worker_progressing",
               .help = "Whether a thread gets on: 1, or 0.",
               .samples = {}};
    for (const auto& [name, gets_on] : workers) {
        out.samples.push_back({.labels = {{"worker", name}}, .value = gets_on ? 1.0 : 0.0});
    }
    return out;
}

}  // namespace margrave::app
