#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "adapters/curve/stableswap.hpp"
#include "margin/venue.hpp"

namespace margrave::adapters::curve {

/// One StableSwap pool at one block.
class PoolVenue final : public margin::Venue {
  public:
    struct State {
        margin::VenueName name;
        std::vector<margin::VenueToken> tokens;  ///< in the order of the pool's coins
        StablePool pool;
    };

    explicit PoolVenue(State state) : state_(std::move(state)) {}

    [[nodiscard]] const margin::VenueName& name() const override { return state_.name; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override {
        return state_.tokens;
    }
    /// The slope of the invariant, as the contracts' get_p has it.
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override;
    /// The contract sells exact amounts only: a purchase is the smallest sale that buys no less, so
    /// `bought` may be a little more than the call's amount.
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override;
    /// `exchange` at the pool itself, which knows neither deadline nor recipient: only where the
    /// recipient sends it. A purchase is refused as "exact_out".
    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        const margin::SwapCall& call, const margin::SwapTerms& terms) const override;
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<PoolVenue>(*this);
    }
    [[nodiscard]] core::Archive archive() const override;

    [[nodiscard]] static std::unique_ptr<PoolVenue> restore(const core::Archive& archive);

  private:
    [[nodiscard]] std::optional<CoinPair> pair_of(const core::Address& sell,
                                                  const core::Address& buy) const;

    State state_;
};

/// "early", "template", "ng".
[[nodiscard]] std::string_view to_string(Generation generation);
[[nodiscard]] std::optional<Generation> parse_generation(std::string_view name);

/// Why the numbers cannot be a pool's; nullopt when they can.
[[nodiscard]] std::optional<std::string> contradiction_in(const StablePool& pool);

}  // namespace margrave::adapters::curve
