#include "margin/liquidation_options.hpp"

#include <algorithm>
#include <utility>

namespace margrave::margin {
namespace {

using core::Rounding;

std::optional<SignedWad> profit_of(const Market& before, const LiquidationCall& call,
                                   const LiquidationOutcome& outcome) {
    const auto answers = before.answers();
    const auto gain = oracle_value(answers, call.collateral, outcome.seized, Rounding::Down);
    const auto cost = oracle_value(answers, call.debt, outcome.repaid, Rounding::Up);
    return gain && cost ? std::optional(net(*gain, *cost)) : std::nullopt;
}

LiquidationPair name_pair(const Market& market, std::size_t row, const LiquidationCall& call) {
    LiquidationPair named{.collateral = call.collateral,
                          .collateral_symbol = {},
                          .debt = call.debt,
                          .debt_symbol = {}};
    for (const LiquidationPair& pair : market.liquidation_pairs(row)) {
        if (pair.collateral == call.collateral) {
            named.collateral_symbol = pair.collateral_symbol;
        }
        if (pair.debt == call.debt) {
            named.debt_symbol = pair.debt_symbol;
        }
    }
    return named;
}

bool is_better(const LiquidationTrial& a, const LiquidationTrial& b) {
    if (a.profit.has_value() != b.profit.has_value()) {
        return a.profit.has_value();
    }
    return a.profit && is_less(*b.profit, *a.profit);
}

}  // namespace

LiquidationTrial try_liquidation(const Market& market, std::size_t row,
                                 const LiquidationCall& call) {
    const auto fork = market.fork();
    auto outcome = fork->liquidate(row, call);
    LiquidationTrial trial{.pair = name_pair(market, row, call),
                           .outcome = std::move(outcome),
                           .after = fork->health(row),
                           .legs_after = fork->legs(row),
                           .profit = std::nullopt};
    if (trial.outcome) {
        trial.profit = profit_of(market, call, *trial.outcome);
    }
    return trial;
}

std::vector<LiquidationTrial> liquidation_options(const Market& market, std::size_t row,
                                                  bool receive_shares) {
    std::vector<LiquidationTrial> trials;
    for (const LiquidationPair& pair : market.liquidation_pairs(row)) {
        LiquidationCall call;
        call.collateral = pair.collateral;
        call.debt = pair.debt;
        call.receive_shares = receive_shares;
        trials.push_back(try_liquidation(market, row, call));
    }
    std::stable_sort(trials.begin(), trials.end(), is_better);
    return trials;
}

}  // namespace margrave::margin
