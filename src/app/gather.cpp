#include "app/gather.hpp"

#include <fmt/format.h>

#include <array>

#include "app/ens_names.hpp"
#include "app/files.hpp"
#include "app/gather_parts.hpp"
#include "app/token_list.hpp"
#include "app/wallets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace margrave::app {
namespace {

using core::InputError;

/// The first option of a pair excludes the second when both were given.
struct Conflict {
    bool both;
    std::string_view first;
    std::string_view second;
    std::string_view why;
};

void refuse_conflicts(const SourceOptions& options) {
    constexpr std::string_view kNoReading = "a saved snapshot is not read from a chain again";
    const bool snapshot = options.snapshot.has_value();
    const bool replay = options.replay.has_value();
    const auto conflicts = std::to_array<Conflict>({
        {snapshot && options.block, "--snapshot", "--block", kNoReading},
        {snapshot && options.rpc, "--snapshot", "--rpc", kNoReading},
        {snapshot && options.record, "--snapshot", "--record", kNoReading},
        {snapshot && replay, "--snapshot", "--replay", kNoReading},
        {snapshot && options.discover, "--snapshot", "--discover", kNoReading},
        {snapshot && options.cache.has_value(), "--snapshot", "--cache", kNoReading},
        {replay && options.cache.has_value(), "--replay", "--cache",
         "a recording begins without kept events"},
        {options.record.has_value() && options.cache.has_value(), "--record", "--cache",
         "a recording begins without kept events"},
        {snapshot && !options.token_lists.empty(), "--snapshot", "--token-list", kNoReading},
        {snapshot && options.timeout, "--snapshot", "--timeout", kNoReading},
        {snapshot && options.snapshot_out, "--snapshot", "--snapshot-out", kNoReading},
        {snapshot && !options.chains.empty(), "--snapshot", "--chain",
         "a saved snapshot is reported with all its chains"},
        {replay && options.rpc, "--replay", "--rpc", "a recording stands in for the endpoint"},
        {replay && options.record, "--replay", "--record", "the recording would be copied"},
    });
    for (const auto& [both, first, second, why] : conflicts) {
        if (both) {
            throw InputError(fmt::format("{} and {} exclude each other: {}", first, second, why));
        }
    }
}

/// The words of the command line, of --addresses and of stdin, in that order. A list that names
/// nobody is a mistake: without wallets a snapshot would be reported whole.
std::vector<WalletWord> wallet_words(World& world, const SourceOptions& options) {
    std::vector<WalletWord> words;
    const auto add_list = [&](const std::string& name, const std::string& text) {
        const auto listed = split_wallet_list(name, text);
        if (listed.empty()) {
            throw InputError(fmt::format("{}: no address in it", core::printable(name)));
        }
        words.insert(words.end(), listed.begin(), listed.end());
    };
    for (const auto& word : options.wallets) {
        if (word == "-") {
            add_list("stdin", read_stream(world.in, "stdin", kAddressBytesMax));
        } else {
            words.push_back({.text = word, .where = ""});
        }
    }
    if (options.wallets_file) {
        add_list(*options.wallets_file, read_file(*options.wallets_file, kAddressBytesMax));
    }
    return words;
}

/// The settings with the tokens of the lists.
settings::Settings with_tokens(World& world, const SourceOptions& options,
                               settings::Settings settings) {
    for (const std::string& file : options.token_lists) {
        const auto count = add_token_list(file, read_file(file, kTokenListBytesMax), settings);
        if (count.foreign != 0) {
            say(world, fmt::format("{}: {} tokens are of chains that are not configured",
                                   core::printable(file), count.foreign));
        }
    }
    return settings;
}

}  // namespace

std::vector<core::ChainAddress> gather_wallets(World& world, const SourceOptions& options,
                                               const settings::Settings& settings) {
    const auto words = expand(wallet_words(world, options), settings);
    return parse_wallets(words, resolve_ens_names(world, options, settings, ens_names(words)));
}

core::Timestamp parse_moment(const std::string& text) {
    const auto time = core::parse_time(text);
    if (!time) {
        throw InputError(fmt::format(
            "--at: \"{}\" is no time; write chain seconds, 2026-01-31 or 2026-01-31T12:00:00Z",
            core::printable(text)));
    }
    return *time;
}

Gathered gather(World& world, const SourceOptions& options, const settings::Settings& settings,
                const collect::CollectOptions& reading) {
    refuse_conflicts(options);
    const auto wallets = gather_wallets(world, options, settings);
    if (options.snapshot) {
        return gather_file(options, wallets);
    }
    if (wallets.empty()) {
        throw InputError("no address; write it behind the command, as in `margrave audit 0x…`");
    }
    return gather_chains(world, options, with_tokens(world, options, settings), wallets, reading);
}

}  // namespace margrave::app
