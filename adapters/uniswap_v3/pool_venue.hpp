#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "adapters/uniswap_v3/pool.hpp"
#include "margin/venue.hpp"

namespace margrave::adapters::uniswap_v3 {

/// The contracts that carry a swap out; both belong to the pool's own factory.
struct Routers {
    std::optional<core::Address> swap_router;     ///< SwapRouter of v3-periphery
    std::optional<core::Address> swap_router_02;  ///< SwapRouter02
};

/// One pool at one block.
class PoolVenue final : public margin::Venue {
  public:
    struct State {
        margin::VenueName name;
        std::vector<margin::VenueToken> tokens;  ///< token 0 and token 1
        Pool pool;
        Routers routers;
    };

    explicit PoolVenue(State state) : state_(std::move(state)) {}

    [[nodiscard]] const margin::VenueName& name() const override { return state_.name; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override {
        return state_.tokens;
    }
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override;
    [[nodiscard]] std::optional<margin::ConcentratedState> concentrated() const override {
        return state_.pool.now;
    }
    /// A price limit becomes the nearest sqrtPriceX96 at which the price is not below it.
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override;
    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        const margin::SwapCall& call, const margin::SwapTerms& terms) const override;
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<PoolVenue>(*this);
    }
    [[nodiscard]] core::Archive archive() const override;

    [[nodiscard]] static std::unique_ptr<PoolVenue> restore(const core::Archive& archive);

  private:
    /// nullopt unless both are this pool's tokens.
    [[nodiscard]] std::optional<bool> is_zero_for_one(const core::Address& sell,
                                                      const core::Address& buy) const;

    State state_;
};

/// Why the numbers cannot be a pool's; nullopt when they can. Walks the ticks of the band in both
/// directions: liquidity never leaves its 128 bits.
[[nodiscard]] std::optional<std::string> contradiction_in(const Pool& pool);

}  // namespace margrave::adapters::uniswap_v3
