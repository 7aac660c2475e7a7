#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "app/chain_choice.hpp"
#include "app/configuration.hpp"
#include "app/endpoints.hpp"
#include "app/files.hpp"
#include "app/gather_parts.hpp"
#include "app/kept_readings.hpp"
#include "app/log_folder.hpp"
#include "app/reading_progress.hpp"
#include "app/report_output.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/recording.hpp"
#include "collect/collect.hpp"
#include "core/errors.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {
namespace {

using chains::evm::Recording;
using core::InputError;

/// A transport for every chosen chain, with what it records.
struct Connections {
    std::vector<std::unique_ptr<chains::evm::RpcTransport>> transports;
    std::unique_ptr<Recording> recording;  ///< of --record; outlives the transports' use of it
};

std::optional<Recording> read_recording(const std::optional<std::string>& file) {
    return file ? std::optional(Recording::from_json(read_file(*file, kDataBytesMax)))
                : std::nullopt;
}

ChainQuestion question_of(const World& world, const SourceOptions& options) {
    ChainQuestion question{
        .chains = options.chains, .given = std::nullopt, .ambient = std::nullopt};
    if (options.replay) {
        question.given = OtherEndpoint{.url = {}, .origin = "--replay"};
        return question;
    }
    if (options.rpc) {
        question.given = OtherEndpoint{.url = *options.rpc, .origin = "--rpc"};
    }
    const auto ambient = world.environment("ETH_RPC_URL");
    if (ambient && !ambient->empty()) {
        question.ambient = OtherEndpoint{.url = *ambient, .origin = "ETH_RPC_URL"};
    }
    return question;
}

/// A quorum that is asked of all chains may be too much for one of them.
ConnectOptions of_several(ConnectOptions options, std::size_t chains) {
    options.are_too_few_gone = chains > 1 && options.quorum;
    return options;
}

void check_all(const std::vector<ChosenChain>& chosen, const ChainQuestion& question,
               const SourceOptions& options, const ConnectOptions& connect_options) {
    for (const ChosenChain& one : chosen) {
        check_endpoints(one.chain, connect_options, [&](const std::string& key) {
            for (const auto& other : {question.given, question.ambient}) {
                if (key == "rpc" && other && one.chain.rpc == std::vector{other->url}) {
                    return other->origin;
                }
            }
            return chain_key_place(options.config_file, one.chain.name, key);
        });
    }
}

std::vector<ChosenChain> choose(World& world, const SourceOptions& options,
                                const settings::Settings& settings,
                                const std::vector<core::ChainAddress>& wallets,
                                const std::optional<Recording>& replayed,
                                const ConnectOptions& connect_options) {
    const AskChainId ask = [&](const OtherEndpoint& endpoint) {
        return replayed ? chains::evm::read_chain_id(*chains::evm::make_replay_transport(*replayed))
                        : ask_chain_id(world, endpoint, connect_options);
    };
    const ChainQuestion question = question_of(world, options);
    auto chosen = choose_chains(settings, wallets, question, ask);
    if (!replayed) {
        require_endpoints(chosen);
        check_all(chosen, question, options, of_several(connect_options, chosen.size()));
    }
    if (options.timeout) {
        for (ChosenChain& one : chosen) {
            one.chain.timeout_ms =
                static_cast<std::uint64_t>(std::chrono::milliseconds(*options.timeout).count());
        }
    }
    // A recording knows calls, not chains: two chains in one would answer for each other.
    if ((options.record || replayed) && chosen.size() > 1) {
        throw InputError(
            fmt::format("{} holds one chain, but {} would be read: choose one with --chain",
                        options.record ? "--record" : "--replay", chosen.size()));
    }
    return chosen;
}

Connections connect_all(World& world, const std::vector<ChosenChain>& chosen, bool record,
                        std::optional<Recording> replayed, const ConnectOptions& options,
                        ReadingProgress& progress) {
    Connections connections;
    if (replayed) {  // of one chain, as choose() saw to
        connections.transports.push_back(chains::evm::make_replay_transport(*std::move(replayed)));
        return connections;
    }
    for (const auto& [chain, wallets] : chosen) {
        connections.transports.push_back(connect(world, chain, options));
    }
    if (record) {
        connections.recording = std::make_unique<Recording>();
        auto& transport = connections.transports.front();
        // Outside the retries, so that only what was used in the end is recorded.
        transport =
            chains::evm::make_record_transport(std::move(transport), *connections.recording);
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        auto& transport = connections.transports[i];
        transport = progress.watch(chosen[i].chain.name, std::move(transport));
    }
    return connections;
}

std::vector<collect::ChainRequest> make_requests(const std::vector<ChosenChain>& chosen,
                                                 const Connections& connections,
                                                 const collect::BlockSelector& block) {
    std::vector<collect::ChainRequest> requests;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        requests.push_back({.chain = chosen[i].chain,
                            .transport = connections.transports[i].get(),
                            .block = block,
                            .wallets = chosen[i].wallets});
    }
    return requests;
}

/// Where scans keep events. A recording must hold all that was asked, so it begins without any.
/// What fewer endpoints agreed on is not believed by a reading that asks for more: each number has
/// a folder of its own.
std::unique_ptr<chains::evm::LogStore> log_store(const World& world, const SourceOptions& options,
                                                 const std::vector<ChosenChain>& chosen) {
    auto folder = cache_folder(options.cache, world.environment);
    if (!folder || options.record || options.replay) {
        return nullptr;
    }
    std::uint64_t agreeing = std::numeric_limits<std::uint64_t>::max();
    for (const ChosenChain& one : chosen) {
        agreeing = std::min(agreeing, options.quorum.value_or(one.chain.quorum));
    }
    return make_log_folder(agreeing > 1 ? *folder + fmt::format("/quorum-{}", agreeing) : *folder);
}

/// What is read depends on the configuration, and on what is asked of the chains. Only plain
/// readings are kept: who has the protocols asked for their own view wants to hear it now.
std::unique_ptr<collect::ReadingStore> reading_store(const World& world,
                                                     const SourceOptions& options,
                                                     const collect::CollectOptions& reading) {
    auto folder = cache_folder(options.cache, world.environment);
    const bool is_plain =
        !reading.verify && !reading.venues && !reading.holders && !reading.asks_all;
    if (!folder || options.record || options.replay || !is_plain) {
        return nullptr;
    }
    std::string questions =
        fmt::format("discover {} quorum {}\n", options.discover, options.quorum.value_or(0));
    if (options.config_file) {
        questions += read_file(*options.config_file, kConfigBytesMax);
    }
    for (const std::string& list : options.token_lists) {
        questions += "\n" + read_file(list, kTokenListBytesMax);
    }
    return make_kept_readings(*std::move(folder), std::move(questions));
}

void tell_costs(World& world, const std::vector<collect::ReadingCost>& costs,
                const std::vector<ChosenChain>& chosen, std::chrono::steady_clock::duration time) {
    for (const auto& cost : costs) {
        const auto chain = std::find_if(chosen.begin(), chosen.end(), [&](const ChosenChain& one) {
            return one.chain.name == cost.chain;
        });
        say(world, describe(cost, chain == chosen.end() ? 0 : chain->wallets.size()));
    }
    say(world, fmt::format("read in {} ms",
                           std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
}

/// A chain that was not read at all is told apart from the report, which may be JSON in a pipe.
void tell_unreadable(World& world, const collect::CollectResult& result) {
    for (const auto& gap : result.snapshot.gaps) {
        const auto& unreadable = result.unreadable_chains;
        if (std::find(unreadable.begin(), unreadable.end(), gap.chain) != unreadable.end()) {
            say(world, fmt::format("chain {} could not be read: {}", gap.chain, gap.detail));
        }
    }
}

}  // namespace

ConnectOptions connect_options(const SourceOptions& options) {
    return {.timeout = options.timeout,
            .quorum = options.quorum,
            .allow_plain_http = options.allow_plain_http};
}

ConnectedChain connect_one_chain(World& world, const SourceOptions& options,
                                 const settings::Settings& settings) {
    const ConnectOptions connecting = connect_options(options);
    // Chains are chosen for wallets: for any that names none.
    auto chosen =
        choose(world, options, settings, {core::ChainAddress{}}, std::nullopt, connecting);
    if (chosen.size() != 1) {
        throw InputError(
            fmt::format("a book is of one chain, but {} would be read: choose one "
                        "with --chain",
                        chosen.size()));
    }
    auto transport = connect(world, chosen.front().chain, connecting);
    return {.chain = std::move(chosen.front().chain), .transport = std::move(transport)};
}

std::vector<ConnectedWallets> connect_chains(World& world, const SourceOptions& options,
                                             const settings::Settings& settings,
                                             const std::vector<core::ChainAddress>& wallets) {
    const ConnectOptions connecting = connect_options(options);
    std::vector<ConnectedWallets> out;
    for (ChosenChain& one : choose(world, options, settings, wallets, std::nullopt, connecting)) {
        auto transport = connect(world, one.chain, connecting);
        out.push_back({.chosen = std::move(one), .transport = std::move(transport)});
    }
    return out;
}

Gathered gather_chains(World& world, const SourceOptions& options,
                       const settings::Settings& settings,
                       const std::vector<core::ChainAddress>& wallets,
                       const collect::CollectOptions& reading) {
    const ConnectOptions connecting = connect_options(options);
    const auto block =
        options.block ? collect::BlockSelector::parse(*options.block) : collect::BlockSelector{};
    auto replayed = read_recording(options.replay);
    const auto chosen = choose(world, options, settings, wallets, replayed, connecting);
    auto progress = std::make_unique<ReadingProgress>(world, options.quiet);
    auto connections = connect_all(world, chosen, options.record.has_value(), std::move(replayed),
                                   of_several(connecting, chosen.size()), *progress);
    const auto requests = make_requests(chosen, connections, block);

    const auto store = log_store(world, options, chosen);
    const auto begin = world.clock.now();
    auto how = reading;
    how.discover = options.discover;
    // In a recording a question has one answer, so the block is asked for once.
    how.scan_ahead = !options.record && !options.replay;
    how.log_store = store.get();
    const auto readings = reading_store(world, options, reading);
    how.readings = readings.get();
    how.tell = [&world](const std::string& line) { say(world, line); };
    how.clock = &world.clock;
    auto result = collect::collect(settings, requests, how);
    connections.transports.clear();
    progress.reset();
    const auto time = world.clock.now() - begin;
    if (options.verbose) {
        tell_costs(world, result.costs, chosen, time);
    }
    tell_unreadable(world, result);
    if (options.record) {
        write_file(*options.record, connections.recording->to_json());
    }
    if (options.snapshot_out) {
        write_file(*options.snapshot_out, snapshot::to_json(result.snapshot));
    }
    const std::set<core::Address> asked(result.snapshot.wallets.begin(),
                                        result.snapshot.wallets.end());
    return {.snapshot = std::move(result.snapshot),
            .wallets = asked,
            .chain_unreadable = !result.unreadable_chains.empty()};
}

}  // namespace margrave::app
