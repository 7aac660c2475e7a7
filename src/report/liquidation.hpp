#pragma once

#include <string>
#include <vector>

#include "core/address.hpp"
#include "margin/liquidation_options.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// The answer of `margrave liquidate`: one call, or every pair with its profit.
struct LiquidationReport {
    margin::MarketName market;
    core::Address wallet;
    std::string quote;
    std::vector<margin::LiquidationTrial> trials;
    bool is_one_call = false;  ///< then there is exactly one trial
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.liquidation/1" or "margrave.liquidations/1" (docs/liquidate.md), with a final
/// newline.
[[nodiscard]] std::string to_json(const LiquidationReport& report);
/// For a person in a terminal.
[[nodiscard]] std::string to_text(const LiquidationReport& report);

}  // namespace margrave::report
