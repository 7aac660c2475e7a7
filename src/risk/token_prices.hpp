#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::risk {

/// A token of the chain that is spoken of.
struct Token {
    std::optional<core::Address> address;  ///< nullopt for the native coin
    std::string symbol;
    unsigned decimals = 0;
};

[[nodiscard]] inline bool is_same(const Token& a, const Token& b) { return a.address == b.address; }

/// What a chain's tokens are worth in dollars: by the oracles of the markets that price them, else
/// by what holdings carry. For costs and swaps, which are estimates; never for a health.
class TokenPrices {
  public:
    TokenPrices(const snapshot::Snapshot& snapshot, const std::string& chain);

    /// Rounded as asked; nullopt without a price, or beyond 256 bits.
    [[nodiscard]] std::optional<core::Usd> value(const Token& token, const core::U256& amount,
                                                 core::Rounding rounding) const;
    /// What `amount` of `from` is worth in base units of `to`; nullopt where either has no price.
    [[nodiscard]] std::optional<core::U256> convert(const Token& from, const core::U256& amount,
                                                    const Token& to, core::Rounding rounding) const;

  private:
    void add_market(const margin::Market& market);
    void add_denominated(const margin::Market& market);
    void add_holding(const snapshot::Holding& holding);
    void add(const std::optional<core::Address>& token, const core::U256& answer,
             const core::U256& unit);
    [[nodiscard]] std::optional<core::U256> price(const Token& token) const;

    std::map<std::optional<core::Address>, core::U256> price_ray_;  ///< 1e27 a dollar, whole token
};

}  // namespace margrave::risk
