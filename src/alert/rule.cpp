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

const std::vector<Quantity>& all_quantities() {
    static const std::vector<Quantity> kAll{Quantity::HealthFactor, Quantity::CollateralFall,
                                            Quantity::TimeToLiquidation, Quantity::CoverageGaps,
                                            Quantity::BlockAge};
    return kAll;
}

}  // namespace margrave::alert
