#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"

namespace margrave::exposure {

/// One balance looked through: of an account, or outside of every protocol.
struct Item {
    std::optional<margin::MarketName> market;  ///< nullopt for a holding
    std::string chain;
    core::Address wallet;
    Token token;
    margin::Side side = margin::Side::Supply;
    std::optional<core::U256> amount;  ///< nullopt: not read
    std::optional<core::Usd> value;    ///< debt up, the rest down; nullopt: unpriced or unread
    FactorsFound found;

    [[nodiscard]] bool is_debt() const { return side == margin::Side::Debt; }
};

/// The balances of one account, in the order of its legs, zeros included.
[[nodiscard]] std::vector<Item> items_of_row(const margin::Market& market, std::size_t row,
                                             const PriceBook& prices, const FactorMap& factors);

/// Every balance of the portfolio above zero, in the order of market, wallet and token. A holding
/// that an account of the same wallet counts already is left out. What no oracle prices is valued
/// by what it is a claim on.
[[nodiscard]] std::vector<Item> items_of(const Portfolio& portfolio, const PriceBook& prices,
                                         const FactorMap& factors);

/// What one account, or a wallet's balances outside, add to a factor.
struct Contribution {
    std::optional<margin::MarketName> market;
    std::string chain;
    core::Address wallet;
    core::Usd long_usd;
    core::Usd short_usd;
};

/// Dollars that follow a factor. A token counts in full in each of its factors: a dollar of wstETH
/// is a dollar of ETH/USD, of stETH/ETH and of wstETH/stETH.
struct FactorExposure {
    std::string factor;
    bool is_root = false;  ///< some token's first factor: over these the dollars add up
    core::Usd long_usd;    ///< rounded down
    core::Usd short_usd;   ///< rounded up
    std::vector<Contribution> contributions;

    [[nodiscard]] SignedUsd net() const { return difference(long_usd, short_usd); }
};

/// A balance that no total holds: never a zero.
struct Unpriced {
    std::optional<margin::MarketName> market;
    std::string chain;
    core::Address wallet;
    Token token;
    margin::Side side = margin::Side::Supply;
    std::optional<core::U256> amount;
};

/// What the portfolio is in one pool's asset.
struct PoolShare {
    margin::MarketName market;
    margin::AssetCapacity capacity;
    core::U256 supplied;  ///< by the portfolio, base units
    core::U256 borrowed;
};

/// What one account, or the balances of a wallet outside of protocols, add to the portfolio.
struct PlaceTotal {
    std::optional<margin::MarketName> market;
    std::string chain;
    core::Address wallet;
    core::Usd assets;
    core::Usd debt;

    [[nodiscard]] SignedUsd net() const { return difference(assets, debt); }
};

/// A token of the portfolio: what says which factors it follows, and what it is a claim on.
struct LookedThrough {
    Token token;
    FactorsFound found;
    core::U256 held;              ///< base units, without debts; as much as 256 bits hold
    std::vector<LookStep> steps;  ///< of `held`; empty where the chain told of no claim
    /// What the balances, each looked through by itself, come to in what the steps end in.
    core::U256 worth;
    bool is_answered = true;  ///< every one of them by the contracts' own answers
    std::string warning;      ///< where chain and configuration disagree; ""
};

/// What a vault that the portfolio has shares of lends in one market.
struct LentByVault {
    Token held;  ///< the share, or what is a claim on it
    Token vault;
    std::string underlying_symbol;
    unsigned underlying_decimals = 0;
    VaultPart part;
};

struct Exposure {
    std::vector<FactorExposure> factors;  ///< in the order of names
    std::vector<PlaceTotal> places;       ///< accounts before holdings, in the order of names
    std::vector<LookedThrough> tokens;    ///< in the order of chain and address
    std::vector<Unpriced> unpriced;
    std::vector<Token> assumed;  ///< taken for what their own symbols say
    std::vector<PoolShare> pools;
    std::vector<LentByVault> lent_by_vaults;  ///< in the order of `tokens`, then of the vault
    core::Usd assets;                         ///< of everything priced, rounded down
    core::Usd debt;                           ///< rounded up

    [[nodiscard]] SignedUsd net() const { return difference(assets, debt); }
};

[[nodiscard]] Exposure aggregate(const Portfolio& portfolio, const std::vector<Item>& items,
                                 const FactorMap& factors);

/// assets / (assets - debt) in 1e18, rounded up; nullopt when nothing is left of the assets.
[[nodiscard]] std::optional<core::Wad> leverage(const Exposure& exposure);

/// How much stands on few factors, over the root factors' |net|: statistics, in 1e18.
struct Concentration {
    std::string largest;      ///< the factor with the largest |net|, the first by name of equals
    core::Wad largest_share;  ///< of the sum of all
    core::Wad herfindahl;     ///< sum of squared shares: 1 for one factor, 1/n for n equal ones
};
/// nullopt when every net exposure is 0.
[[nodiscard]] std::optional<Concentration> concentration(const Exposure& exposure);

}  // namespace margrave::exposure
