#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/u256.hpp"
#include "margin/venue.hpp"
#include "risk/token_prices.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::risk {

/// A swap at the pool that asks least for it.
struct SwapQuote {
    const margin::Venue* venue = nullptr;
    margin::SwapCall call;     ///< of an exact amount bought
    bool pays_native = false;  ///< the source is the chain's own coin
    core::U256 sold;           ///< base units of the source, by the pool's own arithmetic
};

/// What swaps cost at the chain's pools as they were read; each quote is of an untouched pool.
/// Quotes are remembered: not for use by several threads.
class SwapQuotes {
  public:
    SwapQuotes(const snapshot::Snapshot& snapshot, const std::string& chain);

    /// True when a pool swaps the one for the other, however much of it.
    [[nodiscard]] bool serves(const Token& from, const Token& to) const;
    /// The cheapest way to buy exactly `amount` of `to`; nullopt when no pool sells so much.
    [[nodiscard]] std::optional<SwapQuote> buy(const Token& from, const Token& to,
                                               const core::U256& amount) const;
    /// The most of `to` that at most `funds` of `from` buy at one pool; 0 when none serves.
    [[nodiscard]] core::U256 bought_with(const Token& from, const core::U256& funds,
                                         const Token& to) const;

  private:
    using Coin = std::optional<core::Address>;

    std::vector<const margin::Venue*> venues_;
    mutable std::map<std::tuple<Coin, Coin, core::U256>, std::optional<SwapQuote>> bought_;
};

}  // namespace margrave::risk
