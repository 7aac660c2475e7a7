#include "cascade/playbook.hpp"

namespace margrave::cascade {

std::string to_string(Order order) {
    return order == Order::MostProfitable ? "most-profitable" : "lowest-health";
}

std::string to_string(PairChoice pair) {
    return pair == PairChoice::MostProfitable ? "most-profitable" : "largest";
}

std::string to_string(Selling selling) {
    switch (selling) {
        case Selling::ToDebt:
            return "to-debt";
        case Selling::PerRound:
            return "per-round";
        case Selling::Keep:
            break;
    }
    return "keep";
}

}  // namespace margrave::cascade
