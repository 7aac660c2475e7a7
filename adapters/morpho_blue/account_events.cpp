#include "adapters/morpho_blue/account_events.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/hex.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Log;

/// The owner stands as the argument of this place, behind the id.
template <class E, std::size_t Owner>
std::vector<NamedAccount> owner_in(const Log& log) {
    const auto values = E::decode(log);
    return {{.market = core::to_hex(std::get<0>(values)), .wallet = std::get<Owner>(values)}};
}

std::vector<NamedAccount> accounts_in(const Log& log) {
    const chains::Topic& event = log.topics[0];
    if (event == Borrow::kTopic) {
        return owner_in<Borrow, 2>(log);
    }
    if (event == Repay::kTopic) {
        return owner_in<Repay, 2>(log);
    }
    if (event == SupplyCollateral::kTopic) {
        return owner_in<SupplyCollateral, 2>(log);
    }
    if (event == WithdrawCollateral::kTopic) {
        return owner_in<WithdrawCollateral, 2>(log);
    }
    if (event == Liquidate::kTopic) {
        return owner_in<Liquidate, 2>(log);
    }
    if (event == Withdraw::kTopic) {
        return owner_in<Withdraw, 2>(log);
    }
    return owner_in<Supply, 2>(log);
}

/// A position of a market has one collateral and one debt.
NamedLiquidation liquidation_in(const Log& log) {
    const auto [id, caller, borrower, repaid, repaid_shares, seized, bad_debt, bad_shares] =
        Liquidate::decode(log);
    return {.account = {.market = core::to_hex(id), .wallet = borrower},
            .collateral = std::nullopt,
            .seized = seized};
}

}  // namespace

AccountEvents account_events(const DeploymentConfig& config) {
    const std::vector<chains::Topic> ids(config.market_ids.begin(), config.market_ids.end());
    const std::vector<chains::Topic> changes{Borrow::kTopic,
                                             Repay::kTopic,
                                             SupplyCollateral::kTopic,
                                             WithdrawCollateral::kTopic,
                                             Liquidate::kTopic,
                                             Withdraw::kTopic,
                                             Supply::kTopic};
    std::vector<std::string> markets;
    for (const Bytes32& id : config.market_ids) {
        markets.push_back(core::to_hex(id));
    }
    return {.markets = std::move(markets),
            .borrows = {.addresses = {config.morpho},
                        .topics = {{Borrow::kTopic}, ids},
                        .from = config.from_block},
            .changes = {.addresses = {config.morpho},
                        .topics = {changes, ids},
                        .from = config.from_block},
            .accounts_in = accounts_in,
            .liquidations = {.addresses = {config.morpho},
                             .topics = {{Liquidate::kTopic}, ids},
                             .from = config.from_block},
            .liquidation_in = liquidation_in};
}

}  // namespace margrave::adapters::morpho_blue
