#pragma once

#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::margin {

/// What a vault lends in one isolated market, at the block's time. Base units of the vault's asset.
struct Allocation {
    std::string protocol;
    std::string market;             ///< as MarketName::name has it
    std::string collateral_symbol;  ///< of what borrowers there post
    core::U256 lent;                ///< by the vault, with interest, rounded down
    core::U256 supplied;            ///< by everybody, with interest
    core::U256 borrowed;            ///< rounded up

    friend bool operator==(const Allocation&, const Allocation&) = default;
};

/// What a token is a claim on where its protocol knows.
struct PoolClaim {
    core::Address underlying;
    core::Address keeper;         ///< the contract in whose books it stands
    bool is_one_for_one = false;  ///< else the token's own convertToAssets tells its worth
    std::vector<Allocation> allocations = {};
};

}  // namespace margrave::margin
