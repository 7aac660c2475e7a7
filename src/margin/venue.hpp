#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/archive.hpp"
#include "core/result.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/action.hpp"
#include "margin/liquidation.hpp"

namespace margrave::margin {

/// Names one pool: "uniswap_v3" 0x88e6… on "ethereum".
struct VenueName {
    std::string kind;
    std::string chain;
    core::Address address;

    friend auto operator<=>(const VenueName&, const VenueName&) = default;
};

/// "uniswap_v3 0x88e6…"
[[nodiscard]] std::string to_string(const VenueName& name);

struct VenueToken {
    core::Address address;
    std::string symbol;
    unsigned decimals = 0;
    bool wraps_native = false;  ///< the router takes the chain's own coin in its place
};

/// An exact price: so many base units of one token for a base unit of another. The denominator is
/// not 0.
struct PriceRatio {
    core::U512 numerator;
    core::U512 denominator;
};

/// One swap. `amount` is in base units of `sell`, or of `buy` when `exact_out`.
struct SwapCall {
    core::Address sell;
    core::Address buy;
    core::U256 amount;
    bool exact_out = false;
    /// The swap ends when the pool's own price of `sell` has fallen to this; nullopt: only when
    /// liquidity ends.
    std::optional<PriceRatio> price_limit;
};

/// What moved, as the pool counts it.
struct SwapOutcome {
    core::U256 sold;      ///< paid in, fee included
    core::U256 bought;    ///< paid out
    core::U256 unfilled;  ///< of the call's amount: what the limit or the end of liquidity left
};

/// Where a pool of concentrated liquidity stands.
struct ConcentratedState {
    core::U256 sqrt_price_x96;
    std::int32_t tick = 0;
    core::U256 liquidity;  ///< active now

    friend bool operator==(const ConcentratedState&, const ConcentratedState&) = default;
};

/// What a swap's calldata says beside the swap itself.
struct SwapTerms {
    core::Address recipient;   ///< whose tokens are sold, and who gets what is bought
    core::U256 limit;          ///< the least that may be bought; of `exact_out` the most sold
    core::Timestamp deadline;  ///< refused in a later block
    bool pays_native = false;  ///< with the chain's own coin for the token that wraps it
};

/// One pool that swaps, at one block: pure data and the contract's own integer arithmetic; nothing
/// here reads a chain. A swap refuses what it cannot know ("beyond_band": it needs liquidity that
/// was not read) and what the contract refuses; a refused swap changes nothing.
class Venue {
  public:
    virtual ~Venue() = default;

    [[nodiscard]] virtual const VenueName& name() const = 0;
    /// At least two.
    [[nodiscard]] virtual const std::vector<VenueToken>& tokens() const = 0;
    /// How figures differ from the contract's: "" when they are its own to the unit, else a
    /// sentence that every report of them repeats.
    [[nodiscard]] virtual std::string assumption() const { return {}; }

    /// The price of one base unit of `sell` in base units of `buy` for the smallest swap, fee
    /// aside; nullopt for tokens that are not here, and without liquidity.
    [[nodiscard]] virtual std::optional<PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const = 0;
    /// nullopt for pools of another kind.
    [[nodiscard]] virtual std::optional<ConcentratedState> concentrated() const {
        return std::nullopt;
    }

    /// Carries out the swap on this copy.
    [[nodiscard]] virtual core::Result<SwapOutcome, Refusal> swap(const SwapCall& call) = 0;
    /// What the swap would move; changes nothing.
    [[nodiscard]] core::Result<SwapOutcome, Refusal> quote(const SwapCall& call) const;

    /// The unsigned call that carries the swap out, and the approval before it; refused without a
    /// configured router ("no_router").
    [[nodiscard]] virtual core::Result<ActionCalls, Refusal> calls(const SwapCall& call,
                                                                   const SwapTerms& terms) const;

    [[nodiscard]] virtual std::unique_ptr<Venue> fork() const = 0;
    /// Everything the pool is made of; the kind's restore_venue() is its inverse.
    [[nodiscard]] virtual core::Archive archive() const = 0;

    /// nullptr for a token that is not here.
    [[nodiscard]] const VenueToken* find_token(const core::Address& token) const;
};

}  // namespace margrave::margin
