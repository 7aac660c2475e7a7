#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/world.hpp"
#include "collect/collect.hpp"
#include "core/address.hpp"
#include "core/units.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// Where a command's snapshot comes from, as typed: every command that reads wallets has these.
struct SourceOptions {
    std::vector<std::string> wallets;
    std::optional<std::string> wallets_file;  ///< --addresses
    std::vector<std::string> token_lists;     ///< --token-list
    std::optional<std::string> config_file;
    std::vector<std::string> chains;  ///< --chain, commas resolved; "all" is one of the names
    std::optional<std::string> rpc;
    std::optional<std::string> block;
    std::optional<std::string> snapshot_out;
    std::optional<std::string> snapshot;
    std::optional<std::string> record;
    std::optional<std::string> replay;
    std::optional<std::string> cache;  ///< --cache, the folder of kept events
    bool discover = false;
    std::optional<std::chrono::seconds> timeout;
    std::optional<std::uint64_t> quorum;  ///< --quorum, in place of the chains' own
    bool allow_plain_http = false;
    bool verbose = false;
    bool quiet = false;  ///< no progress
};

struct Gathered {
    snapshot::Snapshot snapshot;
    std::set<core::Address> wallets;  ///< those that were asked for; of a file without any, all
    bool chain_unreadable = false;
};

/// The snapshot that the options ask for: from a file, a recording or endpoints; and saves what
/// they ask to save. Throws InputError for options that exclude each other, for no wallet, and for
/// a wallet that the file does not hold.
[[nodiscard]] Gathered gather(World& world, const SourceOptions& options,
                              const settings::Settings& settings,
                              const collect::CollectOptions& reading = {});

/// Everyone that the options name: typed, listed and resolved. Throws InputError.
[[nodiscard]] std::vector<core::ChainAddress> gather_wallets(World& world,
                                                             const SourceOptions& options,
                                                             const settings::Settings& settings);

/// A moment of --at: chain seconds, a date or a time in UTC; throws InputError.
[[nodiscard]] core::Timestamp parse_moment(const std::string& text);

}  // namespace margrave::app
