#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "margin/venue.hpp"

/// Uniswap v2's constant product, as its router computes amounts.
/// Source: npm @uniswap/v2-periphery 1.1.0-beta.0 libraries/UniswapV2Library.sol, getAmountOut and
/// getAmountIn; with 997 / 1000 written as (10000 - fee) / 10000, which rounds alike.
namespace margrave::adapters::uniswap_v2 {

struct Reserves {
    core::U256 in;   ///< of what is sold
    core::U256 out;  ///< of what is bought
};

/// floor(a * out / (in * 1e4 + a)), a = amount * (1e4 - fee).
[[nodiscard]] core::U256 amount_out(const Reserves& reserves, const core::U256& amount,
                                    std::uint32_t fee_bps);
/// floor(in * amount * 1e4 / ((out - amount) * (1e4 - fee))) + 1; nullopt when `amount` is all
/// there is or more.
[[nodiscard]] std::optional<core::U256> amount_in(const Reserves& reserves,
                                                  const core::U256& amount, std::uint32_t fee_bps);

/// One pair at one block.
class PairVenue final : public margin::Venue {
  public:
    struct State {
        margin::VenueName name;
        std::vector<margin::VenueToken> tokens;  ///< token 0 and token 1
        std::array<core::U256, 2> reserves;
        std::uint32_t fee_bps = 30;
        std::optional<core::Address> router;  ///< of the pair's own factory
    };

    explicit PairVenue(State state) : state_(std::move(state)) {}

    [[nodiscard]] const margin::VenueName& name() const override { return state_.name; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override {
        return state_.tokens;
    }
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override;
    /// A purchase of all there is or more is refused ("no_liquidity"), as by the router, and a sale
    /// for nothing ("no_output"), as by the pair; with a price limit a part may stay unfilled.
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override;
    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        const margin::SwapCall& call, const margin::SwapTerms& terms) const override;
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<PairVenue>(*this);
    }
    [[nodiscard]] core::Archive archive() const override;

    [[nodiscard]] static std::unique_ptr<PairVenue> restore(const core::Archive& archive);

  private:
    /// The place of the token sold; nullopt unless both are this pair's.
    [[nodiscard]] std::optional<std::size_t> place_of(const core::Address& sell,
                                                      const core::Address& buy) const;

    State state_;
};

}  // namespace margrave::adapters::uniswap_v2
