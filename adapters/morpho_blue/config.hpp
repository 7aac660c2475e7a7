#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/morpho_blue/contracts.hpp"
#include "core/units.hpp"
#include "settings/settings.hpp"

namespace margrave::adapters::morpho_blue {

/// A deployment as configured.
struct DeploymentConfig {
    std::string chain;
    Address morpho;
    core::BlockNumber from_block;
    std::vector<Bytes32> market_ids;  ///< none: they are discovered
    std::set<Address> adaptive_curve_irms;
    std::vector<Address> pre_liquidations;
    std::optional<Address> pre_liquidation_factory;
};

/// 0x and 64 hex digits.
[[nodiscard]] std::optional<Bytes32> parse_market_id(std::string_view text);

/// Throws ConfigError naming the key.
[[nodiscard]] DeploymentConfig read_config(const settings::MarketEntry& entry);

}  // namespace margrave::adapters::morpho_blue
