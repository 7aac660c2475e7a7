#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/rule.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/duration.hpp"
#include "app/series_chart.hpp"
#include "app/series_gaps.hpp"
#include "app/series_recorder.hpp"
#include "app/wallets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "store/watch_file.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

struct Series {
    store::SeriesName name;
    std::vector<store::Point> points;
};

void check_quantity(const std::string& word) {
    std::vector<std::string_view> words;
    for (const alert::Quantity quantity : alert::kQuantities) {
        if (is_recorded(quantity)) {
            words.push_back(to_string(quantity));
        }
    }
    if (std::find(words.begin(), words.end(), word) == words.end()) {
        throw core::InputError(fmt::format(R"(--watch: "{}" is none of {})", core::printable(word),
                                           fmt::join(words, ", ")));
    }
}

std::vector<std::string> wallets_of(World& world, const HistoryOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    const std::vector<WalletWord> words{{.text = options.wallet, .where = {}}};
    std::vector<std::string> out;
    for (const core::ChainAddress& one : parse_wallets(expand(words, settings), {})) {
        out.push_back(one.address.to_string());
    }
    return out;
}

std::vector<Series> read(store::WatchFile& file, const std::vector<std::string>& wallets,
                         const HistoryOptions& options, std::uint64_t from) {
    std::vector<Series> out;
    for (const store::SeriesName& name : store::read_series(file.database())) {
        // What is of all watched wallets together is shown for any of them.
        const bool is_wanted = name.quantity == options.quantity &&
                               (name.wallet.empty() || std::find(wallets.begin(), wallets.end(),
                                                                 name.wallet) != wallets.end());
        if (is_wanted) {
            out.push_back({.name = name, .points = read_watched(file.database(), name, from)});
        }
    }
    return out;
}

std::string title(const store::SeriesName& name) {
    const std::string market = name.protocol.empty() ? "" : " " + name.protocol + "/" + name.market;
    return fmt::format("{} of {} on {}{}", name.quantity, name.wallet, core::printable(name.chain),
                       core::printable(market, 200));
}

std::string value_of(const store::Point& point) {
    if (!point.value) {
        return "not known";
    }
    return point.value->empty() ? "nothing to watch" : *point.value;
}

std::string table(const std::vector<store::Point>& points) {
    std::string out;
    for (const store::Point& point : points) {
        out += fmt::format("  {}  block {:<12} {}\n", core::format_utc(core::Timestamp(point.time)),
                           point.block, core::printable(value_of(point)));
    }
    return out;
}

std::vector<ChartPoint> chart_points(const std::vector<store::Point>& points) {
    std::vector<ChartPoint> out;
    out.reserve(points.size());
    for (const store::Point& point : points) {
        if (!point.value) {
            out.push_back({.time_s = point.time, .value = std::nullopt});
        } else if (!point.value->empty()) {
            out.push_back(
                {.time_s = point.time, .value = std::strtod(point.value->c_str(), nullptr)});
        }
    }
    return out;
}

Json to_json(const Series& series) {
    Json points = Json::array();
    for (const store::Point& point : series.points) {
        points.push_back(
            {{"block", std::to_string(point.block)},
             {"timestamp", std::to_string(point.time)},
             {"known", point.value.has_value()},
             {"value", point.value && !point.value->empty() ? Json(*point.value) : Json(nullptr)}});
    }
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    return {{"chain", series.name.chain},
            {"protocol", text_or_null(series.name.protocol)},
            {"market", text_or_null(series.name.market)},
            {"wallet", text_or_null(series.name.wallet)},
            {"quantity", series.name.quantity},
            {"points", std::move(points)}};
}

std::string json_of(const std::vector<Series>& found) {
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    Json series = Json::array();
    for (const Series& one : found) {
        series.push_back(to_json(one));
    }
    return Json{{"schema", "margrave.history/1"}, {"series", std::move(series)}}.dump(
               kIndent, ' ', kAscii, Json::error_handler_t::replace) +
           '\n';
}

std::string text_of(const std::vector<Series>& found, bool as_chart, unsigned columns) {
    std::string out;
    for (const Series& one : found) {
        out += title(one.name) + '\n';
        out += one.points.empty() ? "  nothing in that time\n"
               : as_chart         ? draw_chart(chart_points(one.points), columns)
                                  : table(one.points);
    }
    return out;
}

}  // namespace

ExitCode run_history(World& world, const HistoryOptions& options) {
    check_quantity(options.quantity);
    const std::uint64_t back = parse_duration(options.since, "--since");
    const auto wallets = wallets_of(world, options);
    auto file = store::WatchFile::open(options.store);
    const std::uint64_t now = world.wall_s();
    const auto found = read(file, wallets, options, now - std::min(now, back));
    if (found.empty() && !options.json) {
        say(world, fmt::format("{} has no {} of {}", core::printable(options.store),
                               options.quantity, core::printable(options.wallet)));
    }
    write_result(world,
                 options.json ? json_of(found) : text_of(found, options.chart, world.columns));
    return ExitCode::Fine;
}

}  // namespace margrave::app
