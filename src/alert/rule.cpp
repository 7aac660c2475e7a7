#include "alert/rule.hpp"

#include <algorithm>

namespace margrave::alert {

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::Info:
            return "info";
        case Severity::Warning:
            return "warning";
        case Severity::Critical:
            break;
    }
    return "critical";
}

Severity parse_severity(std::string_view word) {
    const auto* const found =
        std::find_if(kSeverities.begin(), kSeverities.end(),
                     [&](Severity severity) { return to_string(severity) == word; });
    return found == kSeverities.end() ? Severity::Info : *found;
}

std::string_view to_string(Quantity quantity) {
    switch (quantity) {
        case Quantity::HealthFactor:
            return "health_factor";
        case Quantity::CollateralFall:
            return "collateral_fall";
        case Quantity::TimeToLiquidation:
            return "time_to_liquidation";
        case Quantity::LiquidationDistance:
            return "liquidation_distance";
        case Quantity::FactorDistance:
            return "factor_distance";
        case Quantity::CascadeDistance:
            return "cascade_distance";
        case Quantity::OracleAge:
            return "oracle_age";
        case Quantity::LateOracles:
            return "late_oracles";
        case Quantity::Utilisation:
            return "utilisation";
        case Quantity::FreeLiquidity:
            return "free_liquidity";
        case Quantity::OracleDivergence:
            return "oracle_divergence";
        case Quantity::PegDistance:
            return "peg_distance";
        case Quantity::ParameterChanges:
            return "parameter_changes";
        case Quantity::AccountChanges:
            return "account_changes";
        case Quantity::CoverageGaps:
            return "coverage_gaps";
        case Quantity::NetUsd:
            return "net_usd";
        case Quantity::Leverage:
            return "leverage";
        case Quantity::Concentration:
            return "concentration";
        case Quantity::FactorExposure:
            return "factor_exposure";
        case Quantity::BlockAge:
            break;
    }
    return "block_age";
}

}  // namespace margrave::alert
