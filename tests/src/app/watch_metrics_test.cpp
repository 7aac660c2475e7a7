#include "app/watch_metrics.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/alert_book.hpp"
#include "app/watch_figures.hpp"
#include "core/fixed_point.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::app {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

MetricsSubjects subjects() {
    return {.chains = {"ethereum"},
            .channels = {"ops"},
            .endpoints = {{"ethereum", {"ethereum-1", "ethereum-2"}}, {"base", {"other"}}},
            .started_at_s = 1'750'000'000,
            .loaded_at_s = 1'750'000'500,
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

/// Of the series of that name that has all of these labels; "absent" where there is none.
std::string value_of(const std::string& exposition, const std::string& name,
                     const std::map<std::string, std::string>& labels) {
    for (const auto& [series, value] : values(exposition)) {
        const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
            return series.find(label.first + "=\"" + label.second + '"') != std::string::npos;
        });
        if (series.starts_with(name + '{') && has_all) {
            return value;
        }
    }
    return "absent";
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
    metrics.asked("ethereum-1", {.method = "eth_call", .is_answered = false, .took = 20ms});
    metrics.asked("ethereum-1", {.method = "debug_secret", .is_answered = true, .took = 20ms});
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
    const std::string all = metrics.expose({});
    const auto of = [&](const std::string& name, const std::string& label,
                        const std::string& word) {
        return value_of(all, name, {{label, word}});
    };
    CHECK(of("margrave_positions", "state", "at_risk") == "3");
    CHECK(of("margrave_positions", "state", "unknown") == "1");
    CHECK(of("margrave_positions", "state", "healthy") == "0");
    CHECK(of("margrave_chain_reorgs_total", "depth_bucket", "2-5") == "1");
    CHECK(of("margrave_chain_reorgs_total", "depth_bucket", "6-31") == "0");
    CHECK(of("margrave_reading_failures_total", "kind", "rate_limited") == "1");
    CHECK(of("margrave_notifications_total", "outcome", "later") == "1");
    const auto requests = [&](const std::string& method, const std::string& outcome) {
        return value_of(all, "margrave_rpc_requests_total",
                        {{"endpoint", "ethereum-1"}, {"method", method}, {"outcome", outcome}});
    };
    CHECK(requests("eth_call", "failed") == "1");
    CHECK(requests("eth_call", "answered") == "0");
    CHECK(requests("other", "answered") == "1");
    CHECK(requests("debug_secret", "answered") == "absent");
    CHECK(of("margrave_alert_transitions_total", "kind", "fire") == "14");
    CHECK(of("margrave_alert_transitions_total", "kind", "escalate") == "1");
}

TEST_CASE("endpoints stand as their chain's last look left them", "[metrics]") {
    using State = chains::evm::EndpointStanding::State;
    WatchMetrics metrics(subjects());
    const auto state_of = [&](const std::string& endpoint) {
        std::string out;
        for (const char* state : {"in_use", "distrusted", "resting", "excluded"}) {
            const bool is_it = value_of(metrics.expose({}), "margrave_rpc_endpoint_state",
                                        {{"endpoint", endpoint}, {"state", state}}) == "1";
            out += is_it ? state : "";
        }
        return out;
    };
    const auto lies = [&](const std::string& endpoint, const std::string& check) {
        return value_of(metrics.expose({}), "margrave_rpc_integrity_failures_total",
                        {{"endpoint", endpoint}, {"check", check}});
    };
    // One endpoint alone: of what several would show there is no word.
    metrics.saw_head("ethereum", 8, 1'750'000'024);
    metrics.agreed("ethereum", {}, true);
    CHECK(state_of("ethereum-1") == "in_use");
    metrics.agreed("ethereum", {}, false);
    CHECK(state_of("ethereum-1") == "distrusted");
    auto seen = values(metrics.expose({}));
    CHECK_FALSE(seen.contains("margrave_chain_verified_head_number{chain=\"ethereum\"}"));
    CHECK_FALSE(seen.contains("margrave_chain_view_split{chain=\"ethereum\"}"));

    chains::evm::Agreement agreement{.endpoints = 2, .disputes = 3, .is_split = true};
    agreement.standings = {{.state = State::InUse},
                           {.state = State::Resting, .outvoted = 2, .far_heads = 1},
                           {.state = State::Excluded}};  // one without series of its own
    metrics.agreed("ethereum", agreement, true);
    metrics.agreed("ethereum", agreement, true);  // what is counted there is a sum already
    CHECK(state_of("ethereum-1") == "in_use");
    CHECK(state_of("ethereum-2") == "resting");
    CHECK(state_of("ethereum-3").empty());
    CHECK(lies("ethereum-2", "outvoted") == "2");
    CHECK(lies("ethereum-2", "far_head") == "1");
    CHECK(lies("ethereum-1", "outvoted") == "0");
    CHECK(lies("ethereum-3", "wrong_chain") == "absent");
    seen = values(metrics.expose({}));
    CHECK(seen.at("margrave_chain_verified_head_number{chain=\"ethereum\"}") == "8");
    CHECK(seen.at("margrave_chain_view_split{chain=\"ethereum\"}") == "1");
    CHECK(seen.at("margrave_rpc_quorum_disputes_total{chain=\"ethereum\"}") == "3");

    // Whose endpoint was typed.
    metrics.agreed("base", {}, false);
    CHECK(state_of("other") == "distrusted");

    agreement.standings[1].state = State::Excluded;
    metrics.agreed("ethereum", agreement, true);
    CHECK(lies("ethereum-2", "wrong_chain") == "1");
    metrics.asked("ethereum-1", {.method = "eth_call", .is_garbled = true});
    CHECK(lies("ethereum-1", "garbled") == "1");
}

TEST_CASE("what is not final is absent where nobody says, and so it becomes", "[metrics]") {
    WatchMetrics metrics(subjects());
    const std::string name = "margrave_chain_finality_lag_blocks{chain=\"ethereum\"}";
    CHECK_FALSE(values(metrics.expose({})).contains(name));
    metrics.saw_final("ethereum", 64);
    CHECK(values(metrics.expose({})).at(name) == "64");
    metrics.saw_final("ethereum", std::nullopt);
    CHECK_FALSE(values(metrics.expose({})).contains(name));
    metrics.saw_final("ethereum", 0);
    CHECK(values(metrics.expose({})).at(name) == "0");
}

TEST_CASE("a configuration that was refused shows, and since when the one before is in force",
          "[metrics]") {
    WatchMetrics metrics(subjects());
    const std::string name = "margrave_config_last_reload_success";
    CHECK(values(metrics.expose({})).at(name + "ful") == "1");
    CHECK(values(metrics.expose({})).at(name + "_timestamp_seconds") == "1750000500");
    metrics.could_not_reload();
    CHECK(values(metrics.expose({})).at(name + "ful") == "0");
    CHECK(values(metrics.expose({})).at(name + "_timestamp_seconds") == "1750000500");
}

TEST_CASE("for how long accounts are unknown: the longest, of accounts alone", "[metrics]") {
    auto file = store::WatchFile::in_memory();
    const auto keep = [&](const char* key, const alert::Subject& subject,
                          std::optional<std::uint64_t> since_s, const char* rule = "health") {
        alert::State state;
        state.unknown_since_s = since_s;
        file.write({.chain = subject.chain,
                    .alerts = {{.key = key,
                                .rule = rule,
                                .subject = to_json(alert::to_archive(subject)),
                                .state = to_json(alert::to_archive(state))}}});
    };
    const core::Address wallet = test::address(7);
    const alert::Subject account{
        .chain = "ethereum", .protocol = "aave_v3", .market = "core", .wallet = wallet};
    alert::Subject other = account;
    other.market = "prime";
    const alert::Subject chain{.chain = "ethereum", .protocol = {}, .market = {}, .wallet = {}};
    std::vector<alert::Rule> rules(2);
    rules[0].name = "health";
    rules[1].name = "fall";
    rules[1].quantity = alert::Quantity::CascadeDistance;
    const auto longest = [&] {
        WatchMetrics metrics(subjects());
        return values(metrics.expose(store_figures(file, rules, subjects(), 1'000)))
            .at("margrave_position_unknown_seconds_max{chain=\"ethereum\"}");
    };
    CHECK(longest() == "0");
    keep("a", chain, 100);
    keep("b", account, std::nullopt);
    CHECK(longest() == "0");
    keep("b", account, 700);
    keep("c", other, 940);
    keep("d", account, 10, "fall");  // its health is known all the same
    CHECK(longest() == "300");
    keep("b", account, 2'000);  // by a clock that was set since
    CHECK(longest() == "60");
}

TEST_CASE("of equal feeds, as anybody may name a token, the worst counts", "[metrics]") {
    const margin::MarketName market{.protocol = "aave_v3", .chain = "ethereum", .name = "core"};
    const auto wad = [](std::uint64_t thousandths) {
        return core::Wad(core::U256(thousandths) * core::wad() / core::U256(1'000));
    };
    const auto check = [&](std::uint64_t asset, const char* symbol,
                           std::optional<core::Wad> divergence) {
        report::PriceCheck out;
        out.market = market;
        out.asset = test::address(asset);
        out.symbol = symbol;
        out.divergence = divergence;
        return out;
    };
    report::Report report;
    report.price_checks = {check(1, "ETH", wad(20)), check(2, "ETH", wad(5)),
                           check(3, "X\n1", std::nullopt)};
    report::OracleRow row;
    row.used_for = {{.market = market, .asset = test::address(1), .symbol = "ETH"},
                    {.market = market, .asset = test::address(3), .symbol = "X\n1"},
                    {.market = market, .asset = test::address(4), .symbol = "nobody's"}};
    row.updated_at = core::Timestamp(900);
    report::OracleChain& chain = report.oracles.emplace_back();
    chain.chain = "ethereum";
    chain.rows = {row};
    ChainNews news;
    news.report = std::make_shared<const report::Report>(report);
    WatchMetrics metrics(subjects());
    const auto seen = values(metrics.expose(price_figures({{"ethereum", news}}, 1'000)));
    const std::string of = "{chain=\"ethereum\",feed=\"aave_v3/core ";
    CHECK(seen.at("margrave_oracle_divergence_ratio" + of + "ETH\"}") == "0.02");
    CHECK(seen.at("margrave_oracle_age_seconds" + of + "ETH\"}") == "100");
    CHECK(seen.at("margrave_oracle_age_seconds" + of + "X?1\"}") == "100");
    CHECK_FALSE(seen.contains("margrave_oracle_divergence_ratio" + of + "X?1\"}"));
    CHECK_FALSE(seen.contains("margrave_oracle_age_seconds" + of + "nobody's\"}"));
}

TEST_CASE("names keep to the rules: a prefix, a base unit, _total of what only grows",
          "[metrics]") {
    WatchMetrics metrics(subjects());
    metrics.evaluated("ethereum", {}, 1s, 1);
    metrics.counted("ethereum", {});
    auto file = store::WatchFile::in_memory();
    auto figures = store_figures(file, {}, subjects(), 0);
    figures.push_back(progress_figure({{"chain ethereum", true}}));
    for (auto& figure : price_figures({}, 0)) {
        figure.samples.push_back({.labels = {}, .value = 0});  // without one there is no figure
        figures.push_back(std::move(figure));
    }
    metrics.offers("/metrics");
    metrics.agreed("ethereum", {.endpoints = 2, .standings = {{}, {}}}, true);
    metrics.saw_final("ethereum", 64);
    std::istringstream lines(metrics.expose(figures));
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
    CHECK(names.size() == 38);
}

TEST_CASE("labels are escaped: a channel may be called anything", "[metrics]") {
    auto file = store::WatchFile::in_memory();
    MetricsSubjects odd = subjects();
    odd.channels = {"o\"ps\n\\"};
    const WatchMetrics metrics(subjects());
    const std::string all = metrics.expose(store_figures(file, {}, odd, 0));
    CHECK_THAT(all,
               Contains("margrave_outbox_pending{channel=\"o\\\"ps\\n\\\\\",lane=\"urgent\"} 0"));
}

}  // namespace margrave::app
