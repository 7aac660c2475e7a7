#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "app/book.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/files.hpp"
#include "app/gather_parts.hpp"
#include "app/index_run.hpp"
#include "app/index_target.hpp"
#include "app/progress.hpp"
#include "collect/collect.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/index.hpp"
#include "store/book_file.hpp"
#include "store/book_text.hpp"

namespace margrave::app {
namespace {

namespace fs = std::filesystem;
using core::InputError;
using core::printable;

void refuse_conflicts(const IndexOptions& options) {
    const bool reads = !options.import_file && !options.offline;
    const bool says_where =
        options.rpc || options.block || !options.chains.empty() || !options.markets.empty();
    if (options.import_file && options.offline) {
        throw InputError(
            "--import and --offline exclude each other: a book that is imported is "
            "not there yet");
    }
    if (!reads && says_where) {
        throw InputError(
            "--import and --offline read no chain: leave out --rpc, --chain, --block "
            "and --market");
    }
}

/// Beside its place until it is whole, so that no half of it is ever taken for the book.
void make_from_export(const IndexOptions& options) {
    if (fs::exists(options.book)) {
        throw InputError(printable(options.book) +
                         ": it is there already; --import makes a new "
                         "book");
    }
    const std::string beside = options.book + ".importing";
    fs::remove(beside);
    {
        auto book = store::BookFile::open_or_create(beside);
        import_book(*options.import_file, book);
        static_cast<void>(read_book(book));
    }
    fs::rename(beside, options.book);
}

/// "aave_v3/core", or "morpho_blue/0xb323…".
IndexTarget parse_target(const std::string& word, const settings::Settings& settings,
                         const std::string& chain) {
    const std::size_t slash = word.find('/');
    const std::string name = slash == std::string::npos ? "" : word.substr(slash + 1);
    const auto found = find_target(settings, chain, word.substr(0, slash), name);
    if (!found) {
        throw InputError(
            fmt::format("--market {}: {} has no such deployment; write it as "
                        "PROTOCOL/NAME, as in aave_v3/core, or as PROTOCOL/MARKET-ID",
                        printable(word), printable(chain)));
    }
    return *found;
}

/// Those of the book, which are all brought on together, and those asked for; of a new book for
/// which none is asked, all of the chain.
std::vector<IndexTarget> targets_of(const store::BookFile& book, const IndexOptions& options,
                                    const settings::Settings& settings, const std::string& chain) {
    std::vector<IndexTarget> out;
    const auto add = [&](IndexTarget target) {
        const bool is_there = std::any_of(out.begin(), out.end(), [&](const IndexTarget& one) {
            return one.entry == target.entry && one.only_market == target.only_market;
        });
        if (!is_there) {
            out.push_back(std::move(target));
        }
    };
    for (const store::BookDeployment& known : book.deployments()) {
        const auto found = find_target(settings, chain, known.protocol, known.name);
        if (!found || !found->only_market.empty()) {
            throw InputError(fmt::format("{}: the book holds {}/{}, which is not configured on {}",
                                         printable(options.book), printable(known.protocol),
                                         printable(known.name), printable(chain)));
        }
        add({.entry = found->entry, .only_market = known.only_market});
    }
    for (const std::string& word : options.markets) {
        add(parse_target(word, settings, chain));
    }
    const bool takes_all = out.empty();
    for (const settings::MarketEntry& entry : settings.markets) {
        if (takes_all && entry.chain == chain) {
            add({.entry = &entry, .only_market = ""});
        }
    }
    if (out.empty()) {
        throw InputError(fmt::format("no market is configured on {}", printable(chain)));
    }
    return out;
}

report::IndexCost bring_up_to_date(World& world, const IndexOptions& options,
                                   store::BookFile& book) {
    const auto settings = load_settings(world, options.config_file);
    SourceOptions source = static_cast<const SourceOptions&>(options);
    const auto known = book.chain();
    if (known && source.chains.empty()) {
        source.chains = {*known};
    }
    const auto connected = connect_one_chain(world, source, settings);
    const settings::Chain& chain = connected.chain;
    if (known && (*known != chain.name || book.chain_id() != chain.chain_id)) {
        throw InputError(fmt::format("{}: it is a book of {} (chain {}), not of {} (chain {})",
                                     printable(options.book), printable(*known),
                                     book.chain_id().value(), printable(chain.name),
                                     chain.chain_id.value()));
    }
    const auto block =
        options.block ? collect::BlockSelector::parse(*options.block) : collect::BlockSelector{};
    auto targets = targets_of(book, options, settings, chain.name);
    book.set_chain(chain.name, chain.chain_id);

    Progress progress(world, options.quiet);
    const auto begin = world.clock.now();
    IndexRun run({.settings = settings,
                  .chain = chain,
                  .transport = *connected.transport,
                  .block = block.text},
                 std::move(targets), book, progress);
    run.run();
    const auto traffic = connected.transport->traffic();
    const auto time =
        std::chrono::duration_cast<std::chrono::milliseconds>(world.clock.now() - begin);
    return {.requests = traffic.requests,
            .bytes = traffic.bytes_sent + traffic.bytes_received,
            .milliseconds = static_cast<std::uint64_t>(time.count()),
            .blocks_moved = run.blocks_moved()};
}

}  // namespace

ExitCode run_index(World& world, const IndexOptions& options) {
    refuse_conflicts(options);
    if (options.import_file) {
        make_from_export(options);
    }
    const bool reads = !options.import_file && !options.offline;
    auto book =
        reads ? store::BookFile::open_or_create(options.book) : store::BookFile::open(options.book);
    report::IndexReport report;
    report.file = options.book;
    if (reads) {
        report.cost = bring_up_to_date(world, options, book);
    }
    OpenBook opened = read_book(book);
    report.cut = opened.snapshot.chains.front();
    report.markets = std::move(opened.markets);
    report.gaps = std::move(opened.gaps);
    if (options.export_file) {
        write_file(*options.export_file, store::to_text(book));
    }
    write_result(world,
                 options.json ? report::to_json(report) : report::to_text(report, world.columns));
    return report.gaps.empty() ? ExitCode::Fine : ExitCode::Gaps;
}

}  // namespace margrave::app
