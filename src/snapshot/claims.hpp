#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/claim.hpp"

namespace margrave::snapshot {

/// How a token says what it is worth.
enum class ClaimKind {
    PoolBalance,  ///< a balance in a protocol's pool, one for one
    Erc4626,      ///< shares of a vault: convertToAssets
    WstEth,       ///< stETH shares: getStETHByWstETH
    WeEth,        ///< eETH shares: getEETHByWeETH
    REth,         ///< ether: getEthValue
    Rate,         ///< a configured rate function: floor(amount * rate / 1e18)
};

/// "pool_balance", "erc4626", "wsteth", "weeth", "reth", "rate".
[[nodiscard]] std::string_view to_string(ClaimKind kind);
/// The inverse; nullopt for another word.
[[nodiscard]] std::optional<ClaimKind> parse_claim_kind(std::string_view name);

/// What a token was worth in another at the block, by its own contracts.
struct TokenClaim {
    std::string chain;
    core::Address token;
    std::string symbol;
    unsigned decimals = 0;
    ClaimKind kind = ClaimKind::Erc4626;
    /// What it is a claim on; nullopt for the chain's native coin.
    std::optional<core::Address> underlying;
    std::string underlying_symbol;
    unsigned underlying_decimals = 0;
    /// The contract in whose books the claim stands: the pool of an aToken, else the token itself
    /// or the contract that tells the rate.
    core::Address keeper;
    /// What a vault lends where its protocol tells, all of it and not the holder's part alone;
    /// empty where nothing is known.
    std::vector<margin::Allocation> allocations = {};
    core::U256 rate;  ///< base units of the underlying for 10^decimals, rounded down
    /// What the contract answered for the amounts that the wallets hold, in base units: one
    /// rounding of its own, where a rate would round twice.
    std::map<core::U256, core::U256> answers;
};

enum class SmartAccountKind {
    Safe,     ///< getOwners, getThreshold
    DsProxy,  ///< owner
};

/// "safe", "ds_proxy".
[[nodiscard]] std::string_view to_string(SmartAccountKind kind);
/// The inverse; nullopt for another word.
[[nodiscard]] std::optional<SmartAccountKind> parse_smart_account_kind(std::string_view name);

/// A contract that acts for wallets that were asked for; it is read as a wallet itself.
struct SmartAccount {
    std::string chain;
    core::Address address;
    SmartAccountKind kind = SmartAccountKind::Safe;
    std::vector<core::Address> owners;  ///< all, as the contract lists them
    std::uint64_t threshold = 1;        ///< how many of them must agree
};

}  // namespace margrave::snapshot
