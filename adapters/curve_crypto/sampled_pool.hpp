#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/u256.hpp"
#include "margin/venue.hpp"

namespace margrave::adapters::curve_crypto {

/// What the pool itself says that a sale would fetch.
struct Sample {
    core::U256 sold;
    core::U256 bought;
};

/// A point that the pool passes when its coins are traded: how much of each it then holds beyond
/// the least of all points, in base units. Along the curve the one grows as the other falls.
struct Point {
    core::U256 first;
    core::U256 second;
};

/// A pool of two coins known by samples: between them it trades along straight lines, which lie
/// below its own curve, so a sale from where it was read never fetches more than the pool would
/// give. A way back is taken along the same lines, without another fee.
class SampledPool final : public margin::Venue {
  public:
    struct State {
        margin::VenueName name;
        std::vector<margin::VenueToken> tokens;
        std::vector<Point> curve;  ///< by rising `first` and falling `second`
        Point now;                 ///< on the curve
    };

    explicit SampledPool(State state) : state_(std::move(state)) {}

    [[nodiscard]] const margin::VenueName& name() const override { return state_.name; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override {
        return state_.tokens;
    }
    [[nodiscard]] std::string assumption() const override;
    /// The slope of the line that a sale goes along first.
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override;
    /// A price limit is held to the next sample. Refuses "beyond_band" where it would go on beyond
    /// the last one, and `exact_out` as "not_modelled".
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override;
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<SampledPool>(*this);
    }
    [[nodiscard]] core::Archive archive() const override;

    [[nodiscard]] static std::unique_ptr<SampledPool> restore(const core::Archive& archive);

  private:
    State state_;
};

/// Samples of both directions as one curve through where the pool stands. Sales too small to fetch
/// anything are left out, and from one on that fetches no more than a smaller one, all.
[[nodiscard]] std::vector<Point> curve_of(const std::vector<Sample>& first_sold,
                                          const std::vector<Sample>& second_sold);
/// Where the pool stands on that curve.
[[nodiscard]] Point begin_of(const std::vector<Sample>& first_sold,
                             const std::vector<Sample>& second_sold);

/// Why the points cannot be a curve with `now` on it; nullopt when they can.
[[nodiscard]] std::optional<std::string> contradiction_in(const SampledPool::State& state);

}  // namespace margrave::adapters::curve_crypto
