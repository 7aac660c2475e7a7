#include "collect/smart_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace margrave::collect {
namespace {

using chains::Reader;
using chains::Task;
using core::Address;
using core::ChainError;
using core::ErrorKind;
using snapshot::SmartAccount;
using snapshot::SmartAccountKind;
namespace abi = chains::abi;

// safe-global/safe-smart-account@v1.4.1 contracts/base/OwnerManager.sol.
using GetOwners = abi::Function<"getOwners", std::vector<Address>()>;
using GetThreshold = abi::Function<"getThreshold", core::U256()>;
// dapphub/ds-auth auth.sol, and makerdao/proxy-registry src/ProxyRegistry.sol.
using Owner = abi::Function<"owner", Address()>;
using Proxies = abi::Function<"proxies", Address(Address)>;

template <class T>
std::vector<Task<T>> one(Task<T> task) {
    std::vector<Task<T>> out;
    out.push_back(std::move(task));
    return out;
}

bool is_owner(const SmartAccount& account, const std::set<Address>& wallets) {
    return std::any_of(account.owners.begin(), account.owners.end(),
                       [&](const Address& owner) { return wallets.contains(owner); });
}

}  // namespace

SmartAccountReader::SmartAccountReader(const settings::Chain& chain,
                                       const std::vector<settings::SmartAccount>& configured)
    : chain_(chain) {
    std::copy_if(
        configured.begin(), configured.end(), std::back_inserter(configured_),
        [&](const settings::SmartAccount& account) { return account.chain == chain.name; });
}

void SmartAccountReader::add_gap(const std::string& protocol, std::optional<Address> wallet,
                                 const ChainError& error, const std::string& what) {
    gaps_.push_back({.chain = chain_.name,
                     .protocol = protocol,
                     .market = "",
                     .wallet = wallet,
                     .kind = error.kind(),
                     .detail = fmt::format("{}: {}", what, error.what())});
}

/// Without owners where the registry names none.
Task<SmartAccount> SmartAccountReader::read_proxy(Reader& reader, Address owner) const {
    const Address proxy = co_await reader.call(*chain_.proxy_registry, Proxies{}, owner);
    SmartAccount out{.chain = chain_.name,
                     .address = proxy,
                     .kind = SmartAccountKind::DsProxy,
                     .owners = {},
                     .threshold = 1};
    if (!proxy.is_zero()) {
        // A proxy can be given away; the registry then still names it for its first owner.
        const Address today = co_await reader.call(proxy, Owner{});
        out.owners.push_back(today);
    }
    co_return out;
}

Task<std::optional<Address>> SmartAccountReader::find_proxy(Reader& reader, Address owner) {
    if (!chain_.proxy_registry) {
        co_return std::nullopt;
    }
    const auto found = co_await chains::settle_all(one(read_proxy(reader, owner)));
    if (!found.front()) {
        add_gap("ds_proxy", owner, found.front().error(), "its DSProxy");
        co_return std::nullopt;
    }
    const SmartAccount& proxy = found.front().value();
    if (proxy.owners != std::vector{owner}) {
        co_return std::nullopt;
    }
    proxies_.push_back(proxy);
    co_return proxy.address;
}

Task<SmartAccount> SmartAccountReader::read_owners(Reader& reader,
                                                   settings::SmartAccount account) const {
    SmartAccount out{.chain = chain_.name,
                     .address = account.address,
                     .kind = SmartAccountKind::DsProxy,
                     .owners = {},
                     .threshold = 1};
    if (account.kind == "ds_proxy") {
        const Address owner = co_await reader.call(account.address, Owner{});
        out.owners.push_back(owner);
        co_return out;
    }
    out.kind = SmartAccountKind::Safe;
    auto asked_owners = reader.call(account.address, GetOwners{});
    auto asked_threshold = reader.call(account.address, GetThreshold{});
    out.owners = co_await asked_owners;
    const core::U256 threshold = co_await asked_threshold;
    if (threshold > std::numeric_limits<std::uint32_t>::max()) {
        throw ChainError(ErrorKind::BadData, account.address.to_string() + " getThreshold",
                         "no number of owners");
    }
    out.threshold = static_cast<std::uint64_t>(threshold);
    co_return out;
}

Task<void> SmartAccountReader::read_configured(Reader& reader) {
    std::vector<Task<SmartAccount>> reading;
    reading.reserve(configured_.size());
    for (const settings::SmartAccount& account : configured_) {
        reading.push_back(read_owners(reader, account));
    }
    const auto found = co_await chains::settle_all(std::move(reading));
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i]) {
            read_.push_back(found[i].value());
        } else {
            add_gap(configured_[i].kind, std::nullopt, found[i].error(),
                    "smart account " + configured_[i].address.to_string());
        }
    }
}

std::vector<Address> SmartAccountReader::owned_by(const std::set<Address>& wallets) const {
    std::set<Address> known = wallets;
    std::vector<Address> out;
    for (bool grows = true; grows;) {
        grows = false;
        for (const SmartAccount& account : read_) {
            if (is_owner(account, known) && known.insert(account.address).second) {
                out.push_back(account.address);
                grows = true;
            }
        }
    }
    return out;
}

void SmartAccountReader::take(const std::set<Address>& wallets, snapshot::Snapshot& into) const {
    for (const auto* list : {&proxies_, &read_}) {
        for (const SmartAccount& account : *list) {
            if (is_owner(account, wallets)) {
                into.smart_accounts.push_back(account);
            }
        }
    }
    std::sort(into.smart_accounts.begin(), into.smart_accounts.end(),
              [](const SmartAccount& a, const SmartAccount& b) {
                  return std::tie(a.chain, a.address) < std::tie(b.chain, b.address);
              });
    const auto is_same = [](const SmartAccount& a, const SmartAccount& b) {
        return a.chain == b.chain && a.address == b.address;
    };
    const auto end = std::unique(into.smart_accounts.begin(), into.smart_accounts.end(), is_same);
    into.smart_accounts.erase(end, into.smart_accounts.end());
    into.gaps.insert(into.gaps.end(), gaps_.begin(), gaps_.end());
}

}  // namespace margrave::collect
