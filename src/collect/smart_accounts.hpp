#pragma once

#include <optional>
#include <set>
#include <vector>

#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// Finds the contracts that act for wallets: the DSProxy that the chain's registry names for an
/// owner, and the configured Safes and proxies of which a wallet is an owner.
class SmartAccountReader {
  public:
    SmartAccountReader(const settings::Chain& chain,
                       const std::vector<settings::SmartAccount>& configured);

    /// The registry's proxy of `owner`, if `owner` still owns it. Never throws core::ChainError.
    [[nodiscard]] chains::Task<std::optional<core::Address>> find_proxy(chains::Reader& reader,
                                                                        core::Address owner);
    /// Reads every configured account. Never throws core::ChainError.
    [[nodiscard]] chains::Task<void> read_configured(chains::Reader& reader);
    /// Those of them, also through each other, that one of the wallets is an owner of; after
    /// read_configured() has ended.
    [[nodiscard]] std::vector<core::Address> owned_by(const std::set<core::Address>& wallets) const;

    /// Adds the accounts that act for one of the wallets, and what could not be read as gaps.
    void take(const std::set<core::Address>& wallets, snapshot::Snapshot& into) const;

  private:
    [[nodiscard]] chains::Task<snapshot::SmartAccount> read_owners(
        chains::Reader& reader, settings::SmartAccount account) const;
    [[nodiscard]] chains::Task<snapshot::SmartAccount> read_proxy(chains::Reader& reader,
                                                                  core::Address owner) const;
    /// Of protocol "safe" or "ds_proxy": what is not read there may owe, too.
    void add_gap(const std::string& protocol, std::optional<core::Address> wallet,
                 const core::ChainError& error, const std::string& what);

    settings::Chain chain_;
    std::vector<settings::SmartAccount> configured_;
    std::vector<snapshot::SmartAccount> read_;
    std::vector<snapshot::SmartAccount> proxies_;
    std::vector<snapshot::CoverageGap> gaps_;
};

}  // namespace margrave::collect
