#include "app/watch_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "report/names.hpp"

namespace margrave::app {
namespace {

using prometheus::Family;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets& evaluation_buckets() {
    static const Buckets seconds{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
    return seconds;
}

/// From a block's own time: a chain's pace, and how far nodes lag, are in it.
const Buckets& alert_buckets() {
    static const Buckets seconds{1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 900};
    return seconds;
}

const Buckets& request_buckets() {
    static const Buckets seconds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15};
    return seconds;
}

constexpr std::array kStatuses{margin::Status::Healthy, margin::Status::AtRisk,
                               margin::Status::Liquidatable, margin::Status::NoDebt,
                               margin::Status::Unknown};
constexpr std::array kOutcomes{
    channels::Delivery::Outcome::Delivered, channels::Delivery::Outcome::Later,
    channels::Delivery::Outcome::Refused, channels::Delivery::Outcome::Never};

std::string word(channels::Delivery::Outcome outcome) {
    constexpr std::array kWords{"delivered", "later", "refused", "never"};
    return kWords.at(static_cast<std::size_t>(outcome));
}

std::string word(bool is_answered) { return is_answered ? "answered" : "failed"; }

using Standing = chains::evm::EndpointStanding;
constexpr std::array kStates{Standing::State::InUse, Standing::State::Distrusted,
                             Standing::State::Resting, Standing::State::Excluded};

std::string word(Standing::State state) {
    constexpr std::array kWords{"in_use", "distrusted", "resting", "excluded"};
    return kWords.at(static_cast<std::size_t>(state));
}

/// Whoever lies in these may be told.
constexpr std::array kChecks{"garbled", "outvoted", "far_head", "wrong_chain"};

/// Methods that margrave asks for, as values of a label; others would be somebody else's.
constexpr std::array kMethods{"batch",
                              "eth_blockNumber",
                              "eth_call",
                              "eth_chainId",
                              "eth_getBalance",
                              "eth_getBlockByHash",
                              "eth_getBlockByNumber",
                              "eth_getCode",
                              "eth_getLogs",
                              "other"};

std::string method_label(const std::string& method) {
    const bool is_known = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
    return is_known ? method : "other";
}

std::string depth_bucket(std::uint64_t depth) {
    constexpr std::array<std::pair<std::uint64_t, const char*>, 3> kBuckets{
        {{1, "1"}, {5, "2-5"}, {31, "6-31"}}};
    for (const auto& [most, name] : kBuckets) {
        if (depth <= most) {
            return name;
        }
    }
    return "32+";
}

Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name,
                                      const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<prometheus::Gauge>& gauges(prometheus::Registry& registry, const char* name,
                                  const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<prometheus::Histogram>& histograms(prometheus::Registry& registry, const char* name,
                                          const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// To what somebody else has counted so far.
void raise(prometheus::Counter& counter, std::uint64_t so_far) {
    counter.Increment(std::max(0.0, static_cast<double>(so_far) - counter.Value()));
}

}  // namespace

class WatchMetrics::Families {
  public:
    prometheus::Registry registry;
    Family<prometheus::Gauge>& build =
        gauges(registry, "margrave_build_info", "The version that runs; always 1.");
    Family<prometheus::Gauge>& start =
        gauges(registry, "margrave_start_time_seconds", "When the watch began.");
    Family<prometheus::Gauge>& head =
        gauges(registry, "margrave_chain_head_number", "The newest block that a node showed.");
    Family<prometheus::Gauge>& head_time =
        gauges(registry, "margrave_chain_head_timestamp_seconds", "That block's own time.");
    Family<prometheus::Gauge>& readable =
        gauges(registry, "margrave_chain_readable",
               "Whether the last look read the chain up to its head: 1, or 0.");
    Family<prometheus::Counter>& failures =
        counters(registry, "margrave_reading_failures_total",
                 "Looks that could not read the chain, by the kind of error.");
    Family<prometheus::Counter>& reorgs =
        counters(registry, "margrave_chain_reorgs_total",
                 "Reorganisations, by how many evaluated blocks they undid.");
    Family<prometheus::Gauge>& block =
        gauges(registry, "margrave_evaluated_block_number", "The block that was evaluated last.");
    Family<prometheus::Gauge>& block_time =
        gauges(registry, "margrave_evaluated_block_timestamp_seconds", "That block's own time.");
    Family<prometheus::Counter>& evaluations =
        counters(registry, "margrave_evaluations_total", "Blocks that were evaluated.");
    Family<prometheus::Histogram>& evaluation_time =
        histograms(registry, "margrave_evaluation_duration_seconds",
                   "From the question for a block's state until what was found is written.");
    Family<prometheus::Gauge>& last_success =
        gauges(registry, "margrave_evaluation_last_success_timestamp_seconds",
               "When a block was evaluated last; 0 before the first.");
    // Absent until a block was evaluated: what is not known is not 0.
    Family<prometheus::Gauge>& positions =
        gauges(registry, "margrave_positions",
               "Accounts at the last evaluated block, by their state; absent before the first.");
    Family<prometheus::Gauge>& gaps = gauges(
        registry, "margrave_coverage_gaps",
        "Parts that could not be read at the last evaluated block; absent before the first.");
    Family<prometheus::Counter>& transitions = counters(
        registry, "margrave_alert_transitions_total", "Transitions of alerts that were told.");
    Family<prometheus::Histogram>& block_to_alert =
        histograms(registry, "margrave_block_to_alert_seconds",
                   "From a block's own time until an alert that fires at it is written.");
    // The next three are absent where nobody says.
    Family<prometheus::Gauge>& verified_head =
        gauges(registry, "margrave_chain_verified_head_number",
               "The newest block up to which the chain was read, where several endpoints must "
               "agree; absent where one is enough.");
    Family<prometheus::Gauge>& finality_lag =
        gauges(registry, "margrave_chain_finality_lag_blocks",
               "How many of the newest blocks are not final; absent where the node does not say.");
    Family<prometheus::Gauge>& view_split =
        gauges(registry, "margrave_chain_view_split",
               "Whether endpoints had different blocks of one number at the last look: 1, or 0; "
               "absent where there is one endpoint.");
    Family<prometheus::Counter>& disputes =
        counters(registry, "margrave_rpc_quorum_disputes_total",
                 "Questions to which endpoints that must agree gave different answers.");
    Family<prometheus::Gauge>& endpoint_state =
        gauges(registry, "margrave_rpc_endpoint_state", "How an endpoint stands: 1 for one state.");
    Family<prometheus::Counter>& integrity =
        counters(registry, "margrave_rpc_integrity_failures_total",
                 "Answers of an endpoint that cannot be, by what was wrong with them.");
    Family<prometheus::Counter>& clock_steps =
        counters(registry, "margrave_clock_step_total",
                 "Times that the clock on the wall was set by more than two seconds.");
    Family<prometheus::Gauge>& reload =
        gauges(registry, "margrave_config_last_reload_successful",
               "Whether the configuration could be loaded when that was asked for last: 1, or 0.");
    Family<prometheus::Gauge>& reload_time =
        gauges(registry, "margrave_config_last_reload_success_timestamp_seconds",
               "When the configuration that is in force was loaded.");
    Family<prometheus::Counter>& requests =
        counters(registry, "margrave_rpc_requests_total",
                 "Requests to an endpoint, by what came of them; retries count.");
    Family<prometheus::Histogram>& request_time =
        histograms(registry, "margrave_rpc_request_duration_seconds",
                   "From the sending of requests that travel together until all are answered.");
    Family<prometheus::Counter>& notifications =
        counters(registry, "margrave_notifications_total",
                 "Tries to deliver a message, by what came of them.");
    Family<prometheus::Histogram>& notification_time = histograms(
        registry, "margrave_notification_duration_seconds", "What a try to deliver took.");
    Family<prometheus::Counter>& served =
        counters(registry, "margrave_http_requests_total",
                 "Answers of this interface that were allowed to be asked for, by route.");

    void begin(const MetricsSubjects& subjects) {
        build.Add({{"version", subjects.version}}).Set(1);
        start.Add({}).Set(static_cast<double>(subjects.started_at_s));
        for (const std::string& chain : subjects.chains) {
            begin_chain(chain);
        }
        endpoints = subjects.endpoints;
        clock_steps.Add({});
        reload.Add({}).Set(1);
        reload_time.Add({}).Set(static_cast<double>(subjects.loaded_at_s));
        for (const auto& [chain, aliases] : endpoints) {
            for (const std::string& alias : aliases) {
                begin_endpoint(alias);
            }
        }
        for (const std::string& channel : subjects.channels) {
            for (const auto outcome : kOutcomes) {
                notifications.Add({{"channel", channel}, {"outcome", word(outcome)}});
            }
            notification_time.Add({{"channel", channel}}, request_buckets());
        }
    }

    void stands(const std::string& endpoint, Standing::State now) {
        for (const auto state : kStates) {
            endpoint_state.Add({{"endpoint", endpoint}, {"state", word(state)}})
                .Set(state == now ? 1 : 0);
        }
    }
    void fails(const std::string& endpoint, const char* check, std::uint64_t so_far) {
        raise(integrity.Add({{"endpoint", endpoint}, {"check", check}}), so_far);
    }

    std::map<std::string, std::vector<std::string>> endpoints;  ///< of the subjects

  private:
    void begin_endpoint(const std::string& endpoint) {
        for (const char* method : kMethods) {
            for (const bool is_answered : {true, false}) {
                requests.Add(
                    {{"endpoint", endpoint}, {"method", method}, {"outcome", word(is_answered)}});
            }
        }
        request_time.Add({{"endpoint", endpoint}}, request_buckets());
        for (const char* check : kChecks) {
            fails(endpoint, check, 0);
        }
        stands(endpoint, Standing::State::InUse);
    }

    void begin_chain(const std::string& chain) {
        const prometheus::Labels of_chain{{"chain", chain}};
        for (auto* family : {&head, &head_time, &readable, &block, &block_time, &last_success}) {
            family->Add(of_chain);
        }
        evaluations.Add(of_chain);
        disputes.Add(of_chain);
        evaluation_time.Add(of_chain, evaluation_buckets());
        block_to_alert.Add(of_chain, alert_buckets());
        for (const auto kind : alert::kTransitions) {
            transitions.Add({{"chain", chain}, {"kind", std::string(to_string(kind))}});
        }
        for (const std::uint64_t depth : {1U, 2U, 6U, 32U}) {
            reorgs.Add({{"chain", chain}, {"depth_bucket", depth_bucket(depth)}});
        }
        for (int kind = 0; kind <= static_cast<int>(core::ErrorKind::NoAgreement); ++kind) {
            failures.Add({{"chain", chain},
                          {"kind", std::string(to_string(static_cast<core::ErrorKind>(kind)))}});
        }
    }
};

WatchMetrics::WatchMetrics(const MetricsSubjects& subjects)
    : families_(std::make_unique<Families>()) {
    families_->begin(subjects);
}
WatchMetrics::~WatchMetrics() = default;

void WatchMetrics::saw_head(const std::string& chain, std::uint64_t number,
                            std::uint64_t timestamp) {
    families_->head.Add({{"chain", chain}}).Set(static_cast<double>(number));
    families_->head_time.Add({{"chain", chain}}).Set(static_cast<double>(timestamp));
}

void WatchMetrics::could_not_read(const std::string& chain, core::ErrorKind kind) {
    families_->failures.Add({{"chain", chain}, {"kind", std::string(to_string(kind))}}).Increment();
}

void WatchMetrics::reorganised(const std::string& chain, std::uint64_t depth) {
    families_->reorgs.Add({{"chain", chain}, {"depth_bucket", depth_bucket(depth)}}).Increment();
}

void WatchMetrics::evaluated(const std::string& chain, const store::WatchedBlock& block,
                             Seconds took, std::uint64_t now_s) {
    const prometheus::Labels of_chain{{"chain", chain}};
    families_->evaluations.Add(of_chain).Increment();
    families_->evaluation_time.Add(of_chain, evaluation_buckets()).Observe(took.count());
    families_->last_success.Add(of_chain).Set(static_cast<double>(now_s));
    passed_over(chain, block.number, block.timestamp);
}

void WatchMetrics::passed_over(const std::string& chain, std::uint64_t number,
                               std::uint64_t timestamp) {
    const prometheus::Labels of_chain{{"chain", chain}};
    families_->block.Add(of_chain).Set(static_cast<double>(number));
    families_->block_time.Add(of_chain).Set(static_cast<double>(timestamp));
}

void WatchMetrics::counted(const std::string& chain, const report::Report& report) {
    families_->gaps.Add({{"chain", chain}}).Set(static_cast<double>(report.gaps.size()));
    std::map<margin::Status, std::uint64_t> count;
    for (const report::Account& account : report.accounts) {
        ++count[account.health.status];
    }
    for (const auto status : kStatuses) {
        families_->positions
            .Add({{"chain", chain}, {"state", std::string(report::to_string(status))}})
            .Set(static_cast<double>(count[status]));
    }
}

void WatchMetrics::looked(const std::string& chain, bool is_read) {
    families_->readable.Add({{"chain", chain}}).Set(is_read ? 1 : 0);
}

void WatchMetrics::told(const std::string& chain, alert::Kind kind, std::size_t members) {
    families_->transitions.Add({{"chain", chain}, {"kind", std::string(to_string(kind))}})
        .Increment(static_cast<double>(members));
}

void WatchMetrics::fired(const std::string& chain, std::uint64_t block_time, std::uint64_t now_s) {
    const std::uint64_t waited = now_s > block_time ? now_s - block_time : 0;
    families_->block_to_alert.Add({{"chain", chain}}, alert_buckets())
        .Observe(static_cast<double>(waited));
}

void WatchMetrics::asked(const std::string& endpoint, const WatchListener::Exchange& exchange) {
    families_->requests
        .Add({{"endpoint", endpoint},
              {"method", method_label(exchange.method)},
              {"outcome", word(exchange.is_answered)}})
        .Increment();
    families_->request_time.Add({{"endpoint", endpoint}}, request_buckets())
        .Observe(exchange.took.count());
    if (exchange.is_garbled) {
        families_->integrity.Add({{"endpoint", endpoint}, {"check", "garbled"}}).Increment();
    }
}

void WatchMetrics::agreed(const std::string& chain, const chains::evm::Agreement& agreement,
                          bool is_read) {
    const prometheus::Labels of_chain{{"chain", chain}};
    if (agreement.endpoints > 1 && is_read) {
        families_->verified_head.Add(of_chain).Set(families_->head.Add(of_chain).Value());
    }
    auto standings = agreement.standings;
    if (standings.empty()) {
        standings.push_back(
            {.state = is_read ? Standing::State::InUse : Standing::State::Distrusted});
    } else {
        families_->view_split.Add(of_chain).Set(agreement.is_split ? 1 : 0);
        raise(families_->disputes.Add(of_chain), agreement.disputes);
    }
    const auto aliases = families_->endpoints.find(chain);
    if (aliases == families_->endpoints.end()) {
        return;
    }
    for (std::size_t i = 0; i < std::min(aliases->second.size(), standings.size()); ++i) {
        const std::string& endpoint = aliases->second[i];
        const Standing& one = standings[i];
        families_->stands(endpoint, one.state);
        families_->fails(endpoint, "outvoted", one.outvoted);
        families_->fails(endpoint, "far_head", one.far_heads);
        families_->fails(endpoint, "wrong_chain", one.state == Standing::State::Excluded ? 1 : 0);
    }
}

void WatchMetrics::saw_final(const std::string& chain, std::optional<std::uint64_t> lag) {
    auto& gauge = families_->finality_lag.Add({{"chain", chain}});
    if (lag) {
        gauge.Set(static_cast<double>(*lag));
    } else {
        families_->finality_lag.Remove(&gauge);
    }
}

void WatchMetrics::stepped() { families_->clock_steps.Add({}).Increment(); }

void WatchMetrics::could_not_reload() { families_->reload.Add({}).Set(0); }

void WatchMetrics::sent(const std::string& channel, channels::Delivery::Outcome outcome,
                        Seconds took) {
    families_->notifications.Add({{"channel", channel}, {"outcome", word(outcome)}}).Increment();
    families_->notification_time.Add({{"channel", channel}}, request_buckets())
        .Observe(took.count());
}

void WatchMetrics::offers(const std::string& route) {
    families_->served.Add({{"route", route}, {"status", "200"}});
}

void WatchMetrics::served(const std::string& route, unsigned status) {
    families_->served.Add({{"route", route}, {"status", std::to_string(status)}}).Increment();
}

std::string WatchMetrics::expose(const std::vector<Figure>& computed) const {
    auto families = families_->registry.Collect();
    for (const Figure& figure : computed) {
        if (figure.samples.empty()) {
            continue;
        }
        prometheus::MetricFamily family;
        family.name = figure.name;
        family.help = figure.help;
        family.type =
            figure.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
        for (const Sample& sample : figure.samples) {
            prometheus::ClientMetric metric;
            for (const auto& [name, value] : sample.labels) {
                metric.label.push_back({name, value});
            }
            metric.gauge.value = sample.value;
            metric.counter.value = sample.value;
            family.metric.push_back(std::move(metric));
        }
        families.push_back(std::move(family));
    }
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace margrave::app
