#include "report/names.hpp"

#include "core/errors.hpp"

namespace margrave::report {

// Switches without default, so that the compiler names a word that is forgotten here.

std::string_view to_string(margin::Status status) {
    switch (status) {
        case margin::Status::Healthy:
            return "healthy";
        case margin::Status::AtRisk:
            return "at_risk";
        case margin::Status::Liquidatable:
            return "liquidatable";
        case margin::Status::NoDebt:
            return "no_debt";
        case margin::Status::Unknown:
            return "unknown";
    }
    throw core::InvariantError("a Status is one of the list");
}

std::string_view to_string(margin::Side side) {
    switch (side) {
        case margin::Side::Collateral:
            return "collateral";
        case margin::Side::Supply:
            return "supply";
        case margin::Side::Debt:
            return "debt";
    }
    throw core::InvariantError("a Side is one of the list");
}

}  // namespace margrave::report
