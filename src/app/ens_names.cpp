#include "app/ens_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app/endpoints.hpp"
#include "app/gather_parts.hpp"
#include "chains/ens.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/head.hpp"
#include "core/errors.hpp"

namespace margrave::app {
namespace {

using core::Address;
using core::InputError;

std::string registry_chain(const SourceOptions& options, const settings::Settings& settings) {
    std::vector<std::string> candidates;
    for (const auto& [name, chain] : settings.chains) {
        if (chain.ens_registry) {
            candidates.push_back(name);
        }
    }
    if (candidates.empty()) {
        throw InputError("no configured chain has an `ens_registry`: give 0x… addresses");
    }
    for (const auto* preferred : {&options.chains, &settings.user_chains}) {
        const auto found = std::find_first_of(candidates.begin(), candidates.end(),
                                              preferred->begin(), preferred->end());
        if (found != candidates.end()) {
            return *found;
        }
    }
    return candidates.front();
}

/// Whether the endpoint of --rpc is of this chain.
bool serves(World& world, const SourceOptions& options, const settings::Chain& chain) {
    return ask_chain_id(world, {.url = *options.rpc, .origin = "--rpc"},
                        connect_options(options)) == chain.chain_id;
}

chains::Task<void> resolve(chains::Reader& reader, Address registry, std::string name,
                           std::optional<Address>& out) {
    out = co_await chains::ens::read_address(reader, registry, chains::ens::namehash(name));
}

}  // namespace

std::map<std::string, Address> resolve_ens_names(World& world, const SourceOptions& options,
                                                 const settings::Settings& settings,
                                                 const std::vector<std::string>& names) {
    if (names.empty()) {
        return {};
    }
    if (options.snapshot || options.replay || options.record) {
        throw InputError(fmt::format(
            "{} is an ENS name, which only a chain can resolve: give its 0x… address with "
            "--snapshot, --replay and --record",
            names.front()));
    }
    SourceOptions where = options;
    where.chains = {registry_chain(options, settings)};
    if (options.rpc && !serves(world, options, settings.chain(where.chains.front()))) {
        where.rpc.reset();  // it is for the chains that are read
    }
    const ConnectedChain connected = connect_one_chain(world, where, settings);
    const auto head = chains::evm::read_head_of(*connected.transport, connected.chain.name,
                                                connected.chain.chain_id, "latest");
    chains::evm::BatchReader reader(*connected.transport, head.block, connected.chain.multicall3);
    std::vector<std::optional<Address>> found(names.size());
    std::vector<chains::Task<void>> tasks;
    for (std::size_t i = 0; i < names.size(); ++i) {
        tasks.push_back(resolve(reader, *connected.chain.ens_registry, names[i], found[i]));
    }
    reader.run(tasks);
    std::map<std::string, Address> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        tasks[i].result();
        if (!found[i]) {
            throw InputError(
                fmt::format("{} has no address in the ENS of {}", names[i], connected.chain.name));
        }
        say(world, fmt::format("{} is {}", names[i], found[i]->to_string()));
        out.emplace(names[i], *found[i]);
    }
    return out;
}

}  // namespace margrave::app
