#include <fmt/format.h>

#include <string>
#include <string_view>

#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/factor_map.hpp"
#include "app/files.hpp"
#include "app/restore.hpp"
#include "report/report.hpp"
#include "report/report_diff.hpp"

namespace margrave::app {
namespace {

/// A file's own words decide; a text that is neither is left to the reader of reports, which says
/// what it is not.
bool is_snapshot(std::string_view text) {
    constexpr std::size_t kHeadBytes = 4096;
    return text.substr(0, kHeadBytes).find("\"margrave.snapshot/") != std::string_view::npos;
}

/// A snapshot is reported as `audit --snapshot` would.
report::NamedReport read_side(const std::string& file, const settings::Settings& settings) {
    std::string text = read_file(file, kDataBytesMax);
    if (!is_snapshot(text)) {
        return {.name = file, .json = std::move(text)};
    }
    const auto report =
        report::make_report(read_snapshot(file), {.at = std::nullopt,
                                                  .at_risk_below = settings.at_risk_below,
                                                  .factors = make_factor_map(settings),
                                                  .wallets = {},
                                                  .suppositions = make_suppositions(settings),
                                                  .feeds = make_feed_rules(settings)});
    return {.name = file, .json = report::to_json(report)};
}

}  // namespace

ExitCode run_diff(World& world, const DiffOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    const auto before = read_side(options.before, settings);
    const auto after = read_side(options.after, settings);
    write_result(world, options.json ? report::diff_to_json(before, after)
                                     : report::diff_to_text(before, after, world.columns));
    return ExitCode::Fine;
}

}  // namespace margrave::app
