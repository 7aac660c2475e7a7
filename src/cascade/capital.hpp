#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cascade/dollars.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/result.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/liquidation.hpp"

namespace margrave::cascade {

/// What liquidators have to repay with, all together: it leaves with each call, and what sales
/// bring is there from the next round on. Counted at the markets' dollar answers; what is repaid in
/// an asset without one is not limited, and a note says so.
class Capital {
  public:
    /// nullopt: unlimited.
    explicit Capital(const std::optional<core::Usd>& have);

    /// At the answers of the round that begins.
    void begin_round(const State& state);
    [[nodiscard]] bool is_limited() const { return left_.has_value(); }
    /// The call, of which is known what it would come to, no larger than what is left allows;
    /// nullopt where nothing is.
    [[nodiscard]] std::optional<margin::LiquidationCall> sized(
        margin::LiquidationCall call,
        const core::Result<margin::LiquidationOutcome, margin::Refusal>& trial);
    void pay(const core::Address& asset, const core::U256& amount);
    void earn(const core::Address& asset, const core::U256& amount);

    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  private:
    std::optional<SignedUsd> left_;
    SignedUsd earned_;
    DollarPrices prices_;
    std::vector<std::string> notes_;
};

}  // namespace margrave::cascade
