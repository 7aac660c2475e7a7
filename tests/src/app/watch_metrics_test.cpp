#include "app/watch_metrics.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "app/watch_gauges.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::app {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

MetricsSubjects subjects() {
    return {.chains = {"ethereum"},
            .channels = {"ops"},
            .endpoints = {"ethereum-1"},
            .started_at_s = 1'750'000'000,
            .version = "1.2.3"};
}

/// Series and their values.
std::map<std::string, std::string> values(const std::string& exposition) {
    std::map<std::string, std::string> out;
    std::istringstream lines(exposition);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#')) {
            const auto space = line.rfind(' ');
            out.emplace(line.substr(0, space), line.substr(space + 1));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("every series is there from the start, at zero", "[metrics]") {
    const WatchMetrics metrics(subjects());
    const auto seen = values(metrics.expose({}));
    CHECK(seen.at("margrave_build_info{version=\"1.2.3\"}") == "1");
    CHECK(seen.at("margrave_start_time_seconds") == "1750000000");
    for (const char* name :
         {"margrave_evaluations_total{chain=\"ethereum\"}",
          "margrave_evaluation_duration_seconds_count{chain=\"ethereum\"}",
          "margrave_evaluation_last_success_timestamp_seconds{chain=\"ethereum\"}",
          "margrave_block_to_alert_seconds_count{chain=\"ethereum\"}"}) {
        INFO(name);
        CHECK(seen.at(name) == "0");
    }
    const std::string all = metrics.expose({});
    CHECK_THAT(all, Contains("margrave_notifications_total{channel=\"ops\",outcome=\"refused\"} 0"
                             "\n") ||
                        Contains("margrave_notifications_total{outcome=\"refused\",channel=\"ops\"}"
                                 " 0\n"));
    CHECK_THAT(all, Contains("kind=\"rate_limited\"") && Contains("depth_bucket=\"32+\"") &&
                        Contains("kind=\"no_agreement\"") && Contains("kind=\"escalate\""));
    // What nobody has looked at is not 0.
    CHECK_THAT(all, !Contains("margrave_positions{") && !Contains("margrave_coverage_gaps{"));
}

TEST_CASE("what happens is counted under its labels", "[metrics]") {
    WatchMetrics metrics(subjects());
    report::Report report;
    report::Account account;
    account.health.status = margin::Status::AtRisk;
    report.accounts.assign(3, account);
    account.health.status = margin::Status::Unknown;
    report.accounts.push_back(account);
    report.gaps.resize(2);
    metrics.evaluated("ethereum", {.number = 7, .hash = {}, .timestamp = 1'750'000'012}, 300ms,
                      1'750'000'020);
    metrics.counted("ethereum", report);
    metrics.saw_head("ethereum", 8, 1'750'000'024);
    metrics.looked("ethereum", true);
    metrics.told("ethereum", alert::Kind::Fire, 14);
    metrics.told("ethereum", alert::Kind::Escalate, 1);
    metrics.fired("ethereum", 1'750'000'012, 1'750'000'016);
    // A node whose clock is ahead: no time has passed, rather than 585 billion years.
    metrics.fired("ethereum", 1'750'000'099, 1'750'000'016);
    metrics.reorganised("ethereum", 5);
    metrics.could_not_read("ethereum", core::ErrorKind::RateLimited);
    metrics.sent("ops", channels::Delivery::Outcome::Later, 2s);
    metrics.asked("ethereum-1", false, 20ms);
    const auto seen = values(metrics.expose({}));
    CHECK(seen.at("margrave_evaluated_block_number{chain=\"ethereum\"}") == "7");
    CHECK(seen.at("margrave_evaluated_block_timestamp_seconds{chain=\"ethereum\"}") ==
          "1750000012");
    CHECK(seen.at("margrave_evaluation_last_success_timestamp_seconds{chain=\"ethereum\"}") ==
          "1750000020");
    CHECK(seen.at("margrave_chain_head_number{chain=\"ethereum\"}") == "8");
    CHECK(seen.at("margrave_chain_readable{chain=\"ethereum\"}") == "1");
    CHECK(seen.at("margrave_coverage_gaps{chain=\"ethereum\"}") == "2");
    CHECK(seen.at("margrave_block_to_alert_seconds_count{chain=\"ethereum\"}") == "2");
    CHECK(seen.at("margrave_block_to_alert_seconds_sum{chain=\"ethereum\"}") == "4");
    const auto of = [&](const std::string& name, const std::string& label) {
        for (const auto& [series, value] : seen) {
            if (series.starts_with(name + '{') && series.find(label) != std::string::npos) {
                return value;
            }
        }
        return std::string("absent");
    };
    CHECK(of("margrave_positions", "state=\"at_risk\"") == "3");
    CHECK(of("margrave_positions", "state=\"unknown\"") == "1");
    CHECK(of("margrave_positions", "state=\"healthy\"") == "0");
    CHECK(of("margrave_chain_reorgs_total", "depth_bucket=\"2-5\"") == "1");
    CHECK(of("margrave_chain_reorgs_total", "depth_bucket=\"6-31\"") == "0");
    CHECK(of("margrave_reading_failures_total", "kind=\"rate_limited\"") == "1");
    CHECK(of("margrave_notifications_total", "outcome=\"later\"") == "1");
    CHECK(of("margrave_rpc_requests_total", "outcome=\"failed\"") == "1");
    CHECK(of("margrave_alert_transitions_total", "kind=\"fire\"") == "14");
    CHECK(of("margrave_alert_transitions_total", "kind=\"escalate\"") == "1");
}

TEST_CASE("names keep to the rules: a prefix, a base unit, _total of what only grows",
          "[metrics]") {
    WatchMetrics metrics(subjects());
    metrics.evaluated("ethereum", {}, 1s, 1);
    metrics.counted("ethereum", {});
    auto file = store::WatchFile::in_memory();
    auto gauges = store_gauges(file, {}, {"ops"});
    gauges.push_back(progress_gauge({{"chain ethereum", true}}));
    metrics.offers("/metrics");
    std::istringstream lines(metrics.expose(gauges));
    const std::regex type(R"(^# TYPE (\S+) (\S+)$)");
    const std::regex name_rule(R"(^margrave_[a-z0-9_]*[a-z]$)");
    std::set<std::string> names;
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, type)) {
            continue;
        }
        const std::string name = match[1];
        INFO(name);
        CHECK(std::regex_match(name, name_rule));
        CHECK(names.insert(name).second);
        CHECK((match[2] == "counter") == name.ends_with("_total"));
        CHECK((match[2] != "histogram" || name.ends_with("_seconds")));
        for (const char* unit : {"_ms", "_minutes", "_percent", "_count", "_sum", "_age"}) {
            CHECK_FALSE(name.ends_with(unit));
        }
    }
    CHECK(names.size() == 27);
}

TEST_CASE("labels are escaped: a channel may be called anything", "[metrics]") {
    auto file = store::WatchFile::in_memory();
    const WatchMetrics metrics(subjects());
    const std::string all = metrics.expose(store_gauges(file, {}, {"o\"ps\n\\"}));
    CHECK_THAT(all,
               Contains("margrave_outbox_pending{channel=\"o\\\"ps\\n\\\\\",lane=\"urgent\"} 0"));
}

}  // namespace margrave::app
