#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cascade/fraction.hpp"
#include "core/address.hpp"

namespace margrave::cascade {

/// An outside move of a risk factor.
struct FactorMove {
    std::string factor;
    Fraction multiplier;  ///< of today's price; above 0
};

/// By which power of each factor prices go. A protocol's oracle may follow less than what an asset
/// is worth, as Aave's of wstETH does without the stETH market; what it is worth, and so what pools
/// pay for it, has the protocol "".
class FactorPowers {
  public:
    void set(const std::string& factor, const std::string& protocol, const core::Address& asset,
             int power);

    /// 0 where the price does not follow the factor.
    [[nodiscard]] int of(const std::string& factor, const std::string& protocol,
                         const core::Address& asset) const;
    [[nodiscard]] std::vector<std::string> factors() const;

  private:
    std::map<std::string, std::map<std::pair<std::string, core::Address>, int>> powers_;
};

/// multiplier^power, for a power of either sign.
[[nodiscard]] Fraction to_power(const Fraction& multiplier, int power);

}  // namespace margrave::cascade
