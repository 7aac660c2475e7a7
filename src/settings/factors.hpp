#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/units.hpp"
#include "settings/section.hpp"

namespace margrave::settings {

/// [[factors]]: what the price of a token is the product of, root feed first. A token is named by
/// `chain` and `address`, or by `symbol`.
struct TokenFactors {
    std::string chain;  ///< "" for a symbol
    std::optional<core::Address> address;
    std::string symbol;    ///< "" for an address
    std::string protocol;  ///< what that protocol's oracle follows; "": what it is worth
    /// Those of the `underlying` token included; none for an oracle whose answer is fixed.
    std::vector<std::string> factors;
};

/// [[risk_factors]]: how much a factor moves; assumptions. All in 1e18.
struct RiskFactor {
    std::string name;
    core::Wad volatility;     ///< of a year
    core::Wad common;         ///< loading on the common move, at most 1
    core::Wad yearly_growth;  ///< of a staking rate
};

/// The rows of all files in their order, later ones of the same token and protocol replacing
/// earlier ones. Throws ConfigError, also for an `underlying` that is no symbol of a row or that
/// leads back to its own row.
[[nodiscard]] std::vector<TokenFactors> read_token_factors(const std::vector<Section>& sections);

[[nodiscard]] RiskFactor read_risk_factor(const Section& section);

}  // namespace margrave::settings
