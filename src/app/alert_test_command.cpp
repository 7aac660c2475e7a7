#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/duration.hpp"
#include "app/rule_replay.hpp"
#include "app/series_gaps.hpp"
#include "app/watch_config.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "store/watch_file.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

/// A rule over one series.
struct Tried {
    std::string rule;
    std::string severity;
    store::SeriesName series;
    std::uint64_t points = 0;
    Replay replay;
};

std::string subject_of(const store::SeriesName& name) {
    std::string out = name.chain;
    if (!name.protocol.empty()) {
        out += " " + name.protocol + "/" + name.market;
    }
    return name.wallet.empty() ? out : out + " " + name.wallet;
}

std::vector<Tried> try_rules(const settings::Settings& settings, store::WatchFile& file,
                             std::uint64_t from) {
    const auto rules = make_rules(settings);
    std::vector<Tried> out;
    for (const store::SeriesName& name : store::read_series(file.database())) {
        const auto points = read_watched(file.database(), name, from);
        store::SeriesName of_health = name;
        of_health.quantity = to_string(alert::Quantity::HealthFactor);
        const auto health = read_watched(file.database(), of_health, from);
        for (const alert::Rule& rule : rules) {
            // Of some factors alone nothing is kept.
            const bool has_history =
                rule.factors.empty() && to_string(rule.quantity) == name.quantity;
            if (has_history && !points.empty()) {
                out.push_back(
                    {.rule = rule.name,
                     .severity = std::string(to_string(rule.severity)),
                     .series = name,
                     .points = points.size(),
                     .replay = replay(rule, points, health, settings.confirmations(name.chain))});
            }
        }
    }
    return out;
}

Json optional_text(const std::optional<std::uint64_t>& number) {
    return number ? Json(std::to_string(*number)) : Json(nullptr);
}

Json to_json(const ReplayedAlert& alert) {
    return {{"block", std::to_string(alert.fired.block)},
            {"timestamp", std::to_string(alert.fired.time)},
            {"value", alert.fired.value ? Json(*alert.fired.value) : Json(nullptr)},
            {"flapping", alert.is_flapping},
            {"resolved_timestamp", optional_text(alert.resolved_s)},
            {"seconds_before_liquidatable", optional_text(alert.lead_s)}};
}

Json to_json(const Tried& tried) {
    Json alerts = Json::array();
    for (const ReplayedAlert& one : tried.replay.alerts) {
        alerts.push_back(to_json(one));
    }
    Json missed = Json::array();
    for (const std::uint64_t time : tried.replay.missed_s) {
        missed.push_back(std::to_string(time));
    }
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    return {{"rule", tried.rule},
            {"severity", tried.severity},
            {"chain", tried.series.chain},
            {"protocol", text_or_null(tried.series.protocol)},
            {"market", text_or_null(tried.series.market)},
            {"wallet", text_or_null(tried.series.wallet)},
            {"points", tried.points},
            {"fires", std::move(alerts)},
            {"liquidatable_without_alert", std::move(missed)},
            {"unknown_told", tried.replay.unknown_told}};
}

std::string to_text(const ReplayedAlert& alert) {
    const auto time = [](std::uint64_t seconds) {
        return core::format_utc(core::Timestamp(seconds));
    };
    std::string out = fmt::format(
        "    {}  block {}  {}{}", time(alert.fired.time), alert.fired.block,
        core::printable(alert.fired.value.value_or("")), alert.is_flapping ? "  flapping" : "");
    out +=
        alert.resolved_s
            ? fmt::format(", for {}", core::format_duration(*alert.resolved_s - alert.fired.time))
            : ", until now";
    if (alert.lead_s) {
        out +=
            fmt::format("; {} before it could be liquidated", core::format_duration(*alert.lead_s));
    }
    return out + '\n';
}

std::string to_text(const Tried& tried) {
    const Replay& replay = tried.replay;
    std::string out =
        fmt::format("{} {}: {} times\n", core::printable(tried.rule),
                    core::printable(subject_of(tried.series), 300), replay.alerts.size());
    for (const ReplayedAlert& one : replay.alerts) {
        out += to_text(one);
    }
    for (const std::uint64_t time : replay.missed_s) {
        out += fmt::format("    {}  could be liquidated, and nothing had been told\n",
                           core::format_utc(core::Timestamp(time)));
    }
    if (replay.unknown_told > 0) {
        out += fmt::format("    not known, and told so: {} times\n", replay.unknown_told);
    }
    return out;
}

bool is_of_interest(const Tried& tried) {
    return !tried.replay.alerts.empty() || !tried.replay.missed_s.empty() ||
           tried.replay.unknown_told > 0;
}

std::string text_of(const std::vector<Tried>& tried) {
    std::string out;
    std::size_t quiet = 0;
    for (const Tried& one : tried) {
        if (is_of_interest(one)) {
            out += to_text(one);
        } else {
            ++quiet;
        }
    }
    return out + fmt::format("{} of {} rules over subjects would have told nothing.\n", quiet,
                             tried.size());
}

}  // namespace

ExitCode run_alerts_test(World& world, const AlertsTestOptions& options) {
    const std::uint64_t back = parse_duration(options.since, "--since");
    const auto settings = load_settings(world, options.config_file);
    auto file = store::WatchFile::open(options.store);
    const std::uint64_t now = world.wall_s();
    const auto tried = try_rules(settings, file, now - std::min(now, back));
    if (!options.json) {
        write_result(world, text_of(tried));
        return ExitCode::Fine;
    }
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    Json list = Json::array();
    for (const Tried& one : tried) {
        list.push_back(to_json(one));
    }
    const Json json{{"schema", "margrave.alerts_test/1"}, {"rules", std::move(list)}};
    write_result(world, json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n');
    return ExitCode::Fine;
}

}  // namespace margrave::app
