#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/market.hpp"

namespace margrave::adapters::morpho_blue {

std::vector<margin::AnswerCall> MorphoMarket::answer_calls() const {
    std::vector<margin::AnswerCall> out;
    for (const margin::OracleAnswer& answer : answers()) {
        out.push_back(
            {.asset = answer.asset, .contract = state_.params.oracle, .data = Price::encode()});
    }
    return out;
}

}  // namespace margrave::adapters::morpho_blue
