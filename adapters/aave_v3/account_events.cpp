#include "adapters/aave_v3/account_events.hpp"

#include <utility>

#include "adapters/aave_v3/contracts.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using chains::Log;

std::vector<Address> wallets_in(const Log& log) {
    const chains::Topic& event = log.topics[0];
    if (event == Transfer::kTopic) {
        const auto [from, to, amount] = Transfer::decode(log);
        return {from, to};
    }
    if (event == Borrow::kTopic) {
        return {std::get<2>(Borrow::decode(log))};
    }
    if (event == UserEModeSet::kTopic) {
        return {std::get<0>(UserEModeSet::decode(log))};
    }
    if (event == CollateralEnabled::kTopic) {
        return {std::get<1>(CollateralEnabled::decode(log))};
    }
    return {std::get<1>(CollateralDisabled::decode(log))};
}

}  // namespace

AccountEvents account_events(const DeploymentConfig& config, const EntryPoints& entry,
                             const Reserves& reserves) {
    std::vector<Address> contracts{entry.pool};
    for (const auto& [id, reserve] : reserves.by_id) {
        for (const Address& token :
             {reserve.a_token, reserve.variable_debt_token, reserve.stable_debt_token}) {
            if (!token.is_zero()) {
                contracts.push_back(token);
            }
        }
    }
    return {.markets = {config.market},
            .borrows = {.addresses = {entry.pool},
                        .topics = {{Borrow::kTopic}},
                        .from = config.from_block},
            .changes = {.addresses = std::move(contracts),
                        .topics = {{Borrow::kTopic, UserEModeSet::kTopic, CollateralEnabled::kTopic,
                                    CollateralDisabled::kTopic, Transfer::kTopic}},
                        .from = config.from_block},
            .accounts_in =
                [market = config.market](const Log& log) {
                    std::vector<NamedAccount> out;
                    for (const Address& wallet : wallets_in(log)) {
                        out.push_back({.market = market, .wallet = wallet});
                    }
                    return out;
                },
            .liquidations = {.addresses = {entry.pool},
                             .topics = {{LiquidationCall::kTopic}},
                             .from = config.from_block},
            .liquidation_in =
                [market = config.market](const Log& log) {
                    const auto [collateral, debt, user, repaid, seized, liquidator, as_shares] =
                        LiquidationCall::decode(log);
                    return NamedLiquidation{.account = {.market = market, .wallet = user},
                                            .collateral = collateral,
                                            .seized = seized};
                }};
}

}  // namespace margrave::adapters::aave_v3
