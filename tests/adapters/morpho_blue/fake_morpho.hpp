#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/morpho_blue/contracts.hpp"
#include "chains/erc20.hpp"
#include "settings/settings.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::test::morpho_blue {

namespace contracts = adapters::morpho_blue;
using chains::abi::Bytes32;
using chains::abi::Uint;

/// One market of a FakeMorpho, as usdc_against_weth() but for what a test changes before install().
struct FakeMarketOf {
    State state = usdc_against_weth();

    [[nodiscard]] contracts::ParamsTuple params() const {
        const auto& p = state.params;
        return {p.loan_token, p.collateral_token, p.oracle, p.irm, p.lltv};
    }
    [[nodiscard]] contracts::MarketTuple market() const {
        return {Uint<128>{state.totals.supply_assets}, Uint<128>{state.totals.supply_shares},
                Uint<128>{state.totals.borrow_assets}, Uint<128>{state.totals.borrow_shares},
                Uint<128>{state.last_update.value()},  Uint<128>{state.fee}};
    }
    [[nodiscard]] Bytes32 id() const { return core::keccak256(abi_result(params())); }
    [[nodiscard]] std::string id_text() const { return core::to_hex(id()); }
};

/// Morpho on a FakeNode with the markets it is given.
class FakeMorpho {
  public:
    explicit FakeMorpho(FakeNode& on) : node(on) {
        node.answer(morpho, contracts::FeeRecipient{}, address(0xfee));
    }

    static inline const core::Address morpho = address(0x100);

    void install(const FakeMarketOf& market) {
        node.answer(morpho, contracts::IdToMarketParams{}, market.params(), market.id());
        node.answer(morpho, contracts::MarketOf{}, market.market(), market.id());
        const State& state = market.state;
        if (state.price) {
            node.answer(state.params.oracle, contracts::Price{}, state.price->answer);
        }
        token(state.params.loan_token, state.loan);
        token(state.params.collateral_token, state.collateral);
    }
    void token(const core::Address& at, const contracts::Token& said) {
        chains::abi::Encoder symbol;
        chains::abi::Codec<std::tuple<std::string>>::encode({said.symbol}, symbol);
        node.answer_raw(at, chains::erc20::Symbol{}, symbol.out());
        node.answer(at, chains::erc20::Decimals{}, U256(said.decimals));
    }
    void add(const FakeMarketOf& market, const Account& account) {
        node.answer(morpho, contracts::PositionOf{},
                    {account.supply_shares, Uint<128>{account.borrow_shares},
                     Uint<128>{account.collateral}},
                    market.id(), account.wallet);
    }
    /// What the contract says to a simulated liquidation.
    void verdict(const FakeMarketOf& market, const core::Address& wallet,
                 const std::string& reason) {
        core::Bytes data{0x08, 0xc3, 0x79, 0xa0};  // Error(string)
        const core::Bytes text = abi_result(std::tuple<std::string>(reason));
        data.insert(data.end(), text.begin(), text.end());
        node.revert_with(data, morpho, contracts::LiquidateCall{}, market.params(), wallet, U256(1),
                         U256(0), core::Bytes{});
    }

    FakeNode& node;
};

/// The settings of chain "ethereum" with Morpho as its only deployment.
inline settings::Settings morpho_settings(const std::vector<FakeMarketOf>& markets,
                                          const std::string& more_keys = "") {
    std::string ids;
    for (const FakeMarketOf& market : markets) {
        ids += '"' + market.id_text() + "\", ";
    }
    return settings::load({{"test.toml", R"(
[chains.ethereum]
chain_id = 1
multicall3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
[[markets]]
protocol = "morpho_blue"
chain = "ethereum"
name = "blue"
morpho = "0x0000000000000000000000000000000000000100"
market_ids = [)" + ids + "]\n" + more_keys + "\n"}},
                          std::nullopt, [](const std::string&) { return std::nullopt; });
}

}  // namespace margrave::test::morpho_blue
