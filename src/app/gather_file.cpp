#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/gather_parts.hpp"
#include "app/restore.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {
namespace {

using core::InputError;

std::set<core::Address> wallets_in(const snapshot::Snapshot& snapshot, const std::string& file,
                                   const std::vector<core::ChainAddress>& wallets) {
    const std::set<core::Address> saved(snapshot.wallets.begin(), snapshot.wallets.end());
    std::set<core::Address> chosen;
    for (const auto& wallet : wallets) {
        if (wallet.chain_prefix || wallet.chain_id) {
            throw InputError(fmt::format(
                "{}: --snapshot is reported with all its chains; write the address without "
                "a chain in front",
                wallet.address.to_string()));
        }
        if (!saved.contains(wallet.address)) {
            throw InputError(fmt::format("{} is not among the wallets of {}",
                                         wallet.address.to_string(), core::printable(file)));
        }
        chosen.insert(wallet.address);
    }
    return chosen;
}

/// With a wallet come the accounts that act for it, and for those.
void add_smart_accounts(Gathered& gathered) {
    for (bool grows = true; grows;) {
        grows = false;
        for (const snapshot::SmartAccount& account : gathered.snapshot.smart_accounts) {
            const bool is_ours =
                std::any_of(account.owners.begin(), account.owners.end(),
                            [&](const auto& owner) { return gathered.wallets.contains(owner); });
            grows |= is_ours && gathered.wallets.insert(account.address).second;
        }
    }
}

}  // namespace

Gathered gather_file(const SourceOptions& options, const std::vector<core::ChainAddress>& wallets) {
    const auto& file = *options.snapshot;
    Gathered gathered{.snapshot = read_snapshot(file), .wallets = {}, .chain_unreadable = false};
    gathered.wallets = wallets_in(gathered.snapshot, file, wallets);
    if (gathered.wallets.empty()) {
        gathered.wallets.insert(gathered.snapshot.wallets.begin(), gathered.snapshot.wallets.end());
    }
    add_smart_accounts(gathered);
    return gathered;
}

}  // namespace margrave::app
