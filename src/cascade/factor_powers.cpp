#include "cascade/factor_powers.hpp"

#include <cstdlib>

namespace margrave::cascade {

void FactorPowers::set(const std::string& factor, const std::string& protocol,
                       const core::Address& asset, int power) {
    powers_[factor][{protocol, asset}] = power;
}

int FactorPowers::of(const std::string& factor, const std::string& protocol,
                     const core::Address& asset) const {
    const auto of_factor = powers_.find(factor);
    if (of_factor == powers_.end()) {
        return 0;
    }
    const auto found = of_factor->second.find({protocol, asset});
    return found == of_factor->second.end() ? 0 : found->second;
}

std::vector<std::string> FactorPowers::factors() const {
    std::vector<std::string> out;
    out.reserve(powers_.size());
    for (const auto& [factor, powers] : powers_) {
        out.push_back(factor);
    }
    return out;
}

Fraction to_power(const Fraction& multiplier, int power) {
    Fraction out = 1;
    for (int i = 0; i < std::abs(power); ++i) {
        out = power > 0 ? Fraction(out * multiplier) : Fraction(out / multiplier);
    }
    return out;
}

}  // namespace margrave::cascade
