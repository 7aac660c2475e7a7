#include "alert/rule.hpp"

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

std::string_view to_string(Quantity quantity) {
    switch (quantity) {
        case Quantity::HealthFactor:
            return "health_factor";
        case Quantity::CollateralFall:
            return "collateral_fall";
        case Quantity::TimeToLiquidation:
            return "time_to_liquidation";
        case Quantity::CoverageGaps:
            return "coverage_gaps";
        case Quantity::BlockAge:
            break;
    }
    return "block_age";
}

}  // namespace margrave::alert
