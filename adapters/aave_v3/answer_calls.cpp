#include "adapters/aave_v3/contracts.hpp"
#include "adapters/aave_v3/market.hpp"

namespace margrave::adapters::aave_v3 {

std::vector<margin::AnswerCall> AaveMarket::answer_calls() const {
    std::vector<margin::AnswerCall> out;
    for (const margin::OracleAnswer& answer : answers()) {
        out.push_back({.asset = answer.asset,
                       .contract = state_.oracle,
                       .data = GetAssetPrice::encode(answer.asset)});
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
