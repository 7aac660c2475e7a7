#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/backtest_run.hpp"
#include "app/cascade_run.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/files.hpp"
#include "chains/evm/head.hpp"
#include "collect/collect.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using core::InputError;

/// Blocks that are looked at where nobody says how many.
constexpr std::uint64_t kSteps = 1'000;
/// A state each: more would take days.
constexpr std::uint64_t kStepsMax = 1'000'000;

/// Pools, and oracles that follow them, have no part in it.
PlaybookFile without_pools(PlaybookFile file) {
    file.venues.clear();
    file.oracles.clear();
    return file;
}

ConnectedChain connect(World& world, const BacktestOptions& options, const PlaybookFile& file,
                       const settings::Settings& settings) {
    SourceOptions source = static_cast<const SourceOptions&>(options);
    const bool is_other = std::any_of(source.chains.begin(), source.chains.end(),
                                      [&](const auto& name) { return name != file.chain; });
    if (is_other) {
        throw InputError(fmt::format("--chain: the playbook is of {}; leave --chain out",
                                     core::printable(file.chain)));
    }
    source.chains = {file.chain};
    return connect_one_chain(world, source, settings);
}

chains::Block block_of(const ConnectedChain& connected, const char* option,
                       const std::string& word) {
    try {
        const auto block = collect::BlockSelector::parse(word);
        return chains::evm::read_head_of(*connected.transport, connected.chain.name,
                                         connected.chain.chain_id, block.text)
            .block;
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", option, error.what()));
    } catch (const core::ChainError& error) {
        if (error.kind() != core::ErrorKind::UnknownBlock) {
            throw;
        }
        throw InputError(fmt::format("{}: {} has no block {}", option, connected.chain.name, word));
    }
}

BacktestSpan span_of(const ConnectedChain& connected, const BacktestOptions& options) {
    BacktestSpan out{.from = block_of(connected, "--from", options.from),
                     .to = block_of(connected, "--to", options.to)};
    if (out.to.number <= out.from.number) {
        throw InputError(fmt::format("--to: block {} is not behind --from, block {}",
                                     out.to.number.value(), out.from.number.value()));
    }
    const std::uint64_t blocks = (out.to.number - out.from.number).value();
    out.every = options.every.value_or((blocks + kSteps - 1) / kSteps);
    if (blocks / out.every > kStepsMax) {
        throw InputError(fmt::format("--every {}: that is {} blocks to look at; at most {}",
                                     out.every, blocks / out.every, kStepsMax));
    }
    return out;
}

}  // namespace

ExitCode run_backtest(World& world, const BacktestOptions& options) {
    const PlaybookFile file = without_pools(parse_playbook(
        {.name = options.playbook, .text = read_file(options.playbook, kConfigBytesMax)}, false));
    const auto settings = playbook_settings(load_settings(world, options.config_file), file);
    auto targets = backtest_targets(file, settings);
    const ConnectedChain connected = connect(world, options, file, settings);
    const BacktestSpan span = span_of(connected, options);
    Progress progress(world, options.quiet);
    const auto report = backtest({.world = world,
                                  .options = options,
                                  .file = file,
                                  .settings = settings,
                                  .connected = connected,
                                  .progress = progress,
                                  .targets = std::move(targets)},
                                 span);
    write_result(world,
                 options.json ? report::to_json(report) : report::to_text(report, world.columns));
    Findings findings;
    findings.hit = report.test.verdict == cascade::BacktestVerdict::Red;
    findings.gaps = !report.gaps.empty();
    return exit_code(findings);
}

}  // namespace margrave::app
