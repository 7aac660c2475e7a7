#include <string>
#include <utility>

#include "app/cascade_gather.hpp"
#include "app/cascade_run.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/files.hpp"
#include "app/playbook_file.hpp"
#include "core/errors.hpp"
#include "report/cascade.hpp"

namespace margrave::app {
namespace {

std::string render(const World& world, const report::CascadeReport& report,
                   const CascadeOptions& options) {
    if (options.json) {
        return report::to_json(report);
    }
    return options.dot ? report::to_dot(report) : report::to_text(report, world.columns);
}

}  // namespace

ExitCode run_cascade(World& world, const CascadeOptions& options) {
    if (options.json && options.dot) {
        throw core::InputError("--json and --dot exclude each other: both are the whole answer");
    }
    const PlaybookFile file = parse_playbook(
        {.name = options.playbook, .text = read_file(options.playbook, kConfigBytesMax)});
    const auto settings = playbook_settings(load_settings(world, options.config_file), file);
    auto gathered = gather_cascade(world, options, file, settings);
    if (gathered.chain_unreadable || gathered.snapshot.chains.empty()) {
        return ExitCode::Unreadable;
    }
    const CascadeRun run(std::move(gathered.snapshot), file, settings);
    write_result(world, render(world, run.report(), options));
    return run.report().gaps.empty() ? ExitCode::Fine : ExitCode::Gaps;
}

}  // namespace margrave::app
