#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/contracts.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "settings/settings.hpp"
#include "tests/adapters/aave_v3/builders.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::test::aave_v3 {

namespace contracts = adapters::aave_v3;

/// One reserve of a FakePool: where its contracts are.
struct FakeReserve {
    unsigned id = 0;
    std::string symbol;
    Terms terms;
    U256 price;

    [[nodiscard]] core::Address asset() const { return address(0xa000 + id); }
    [[nodiscard]] core::Address a_token() const { return address(0xb000 + id); }
    [[nodiscard]] core::Address debt_token() const { return address(0xc000 + id); }
    [[nodiscard]] core::Address stable_token() const { return address(0xd000 + id); }
    [[nodiscard]] core::Address source() const { return address(0xe000 + id); }
};

/// A small pool on a FakeNode: WETH (id 0), USDC (1) and DAI (3; id 2 is a hole), as in pool(),
/// indexes of one and no interest. Every wallet that is added holds nothing until it is told what.
class FakePool {
  public:
    explicit FakePool(FakeNode& on, const U256& revision = 10) : node(on) {
        reserves = {
            {0, "WETH", {.ltv = 7500, .threshold = 8000}, U256(2000 * kDollar)},
            {1, "USDC", {.ltv = 8000, .threshold = 8500, .decimals = 6}, kDollar},
            {3, "DAI", {.ltv = 7000, .threshold = 7500}, kDollar},
        };
        node.answer(provider, contracts::GetPool{}, pool);
        node.answer(provider, contracts::GetPriceOracle{}, oracle);
        node.answer(pool, contracts::PoolRevision{}, revision);
        node.answer(oracle, contracts::BaseCurrency{}, core::Address());
        node.answer(oracle, contracts::BaseCurrencyUnit{}, kDollar);
        install_list();
        for (const FakeReserve& reserve : reserves) {
            install(reserve);
        }
        for (std::uint64_t id = 1; id <= 255; ++id) {
            EmodeCategory none;
            none.id = id;
            install_emode(none);
        }
    }

    static inline const core::Address provider = address(0x100);
    static inline const core::Address pool = address(0x101);
    static inline const core::Address oracle = address(0x102);
    static inline const core::Address sentinel = address(0x103);

    void install_list() {
        std::vector<core::Address> assets;
        for (const FakeReserve& reserve : reserves) {
            assets.push_back(reserve.asset());
        }
        node.answer(pool, contracts::GetReservesList{}, assets);
    }

    /// Without a threshold it does not exist.
    void install_emode(const EmodeCategory& category) {
        const auto id = static_cast<std::uint8_t>(category.id);
        const auto terms = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>(
            category.ltv_bps, category.liquidation_threshold_bps,
            category.liquidation_bonus_bps.value_or(0));
        const auto word = [](const contracts::ReserveBitmap& bitmap) {
            U256 out = 0;
            for (unsigned bit = 0; bit < bitmap.size(); ++bit) {
                out |= U256(bitmap.test(bit) ? 1 : 0) << bit;
            }
            return chains::abi::Uint<128>{out};
        };
        node.answer(pool, contracts::GetEModeCategoryCollateralConfig{}, terms, id);
        node.answer(pool, contracts::GetEModeCategoryCollateralBitmap{}, word(category.collateral),
                    id);
        node.answer(pool, contracts::GetEModeCategoryBorrowableBitmap{}, word(category.borrowable),
                    id);
        node.answer(pool, contracts::GetEModeCategoryLtvzeroBitmap{}, word(category.zero_ltv), id);
        node.answer(pool, contracts::GetIsEModeCategoryIsolated{}, category.is_isolated, id);
        node.answer(
            pool, contracts::GetEModeCategoryData{},
            contracts::OldEmode{std::get<0>(terms), std::get<1>(terms), std::get<2>(terms),
                                category.price ? category.price->source : core::Address(), ""},
            id);
        if (category.price) {
            node.answer(oracle, contracts::GetAssetPrice{}, category.price->answer,
                        category.price->source);
        }
    }

    [[nodiscard]] static contracts::ReserveData data(const FakeReserve& reserve, std::uint16_t id) {
        using chains::abi::Uint;
        const Uint<128> one{core::ray()};
        return {configuration(reserve.terms).word(),
                one,
                Uint<128>{0},
                one,
                Uint<128>{0},
                Uint<128>{0},
                Uint<40>{kBlockTime},
                id,
                reserve.a_token(),
                reserve.stable_token(),
                reserve.debt_token(),
                core::Address(),
                Uint<128>{0},
                Uint<128>{0},
                Uint<128>{0}};
    }

    void install(const FakeReserve& reserve) {
        node.answer(pool, contracts::GetReserveData{},
                    data(reserve, static_cast<std::uint16_t>(reserve.id)), reserve.asset());
        node.answer(pool, contracts::GetLiquidationGracePeriod{}, chains::abi::Uint<40>{0},
                    reserve.asset());
        // Enough for every liquidation to be paid out.
        const U256 liquidity = 1'000'000 * core::wad();
        node.answer(pool, contracts::GetVirtualUnderlyingBalance{},
                    chains::abi::Uint<128>{liquidity}, reserve.asset());
        node.answer(pool, contracts::GetReserveDeficit{}, U256(0), reserve.asset());
        node.answer(reserve.a_token(), contracts::ScaledTotalSupply{}, U256(0));
        node.answer(reserve.debt_token(), contracts::ScaledTotalSupply{}, U256(0));
        node.answer(reserve.stable_token(), contracts::GetSupplyData{},
                    {U256(0), U256(0), U256(0), chains::abi::Uint<40>{0}});
        node.answer(reserve.asset(), chains::erc20::BalanceOf{}, liquidity, reserve.a_token());
        node.answer(oracle, contracts::GetAssetPrice{}, reserve.price, reserve.asset());
        node.answer(oracle, contracts::GetSourceOfAsset{}, reserve.source(), reserve.asset());
        node.answer(reserve.source(), chains::evm::oracles::LatestRoundData{},
                    round(kBlockTime - 60));
        chains::abi::Encoder symbol;
        chains::abi::Codec<std::tuple<std::string>>::encode({reserve.symbol}, symbol);
        node.answer_raw(reserve.asset(), chains::erc20::Symbol{}, symbol.out());
    }

    [[nodiscard]] static chains::evm::oracles::RoundData round(const U256& updated_at,
                                                               std::int64_t answer = 100'000'000) {
        using chains::abi::Uint;
        const bool negative = answer < 0;
        return {Uint<80>{1},
                {.negative = negative,
                 .magnitude = static_cast<std::uint64_t>(negative ? -answer : answer)},
                updated_at,
                updated_at,
                Uint<80>{1}};
    }

    /// What the account holds and owes; WETH 0, USDC 1, DAI 3.
    void add(const Account& account) {
        node.answer(pool, contracts::GetUserConfiguration{}, account.configuration.word(),
                    account.wallet);
        node.answer(pool, contracts::GetUserEMode{}, U256(account.emode_category), account.wallet);
        for (const FakeReserve& reserve : reserves) {
            Balance held;
            for (const Balance& balance : account.balances) {
                held = balance.reserve_id == reserve.id ? balance : held;
            }
            const core::Address& wallet = account.wallet;
            node.answer(reserve.a_token(), contracts::ScaledBalanceOf{}, held.scaled_supply,
                        wallet);
            node.answer(reserve.debt_token(), contracts::ScaledBalanceOf{}, held.scaled_debt,
                        wallet);
            node.answer(reserve.a_token(), chains::erc20::BalanceOf{}, held.scaled_supply, wallet);
            node.answer(reserve.debt_token(), chains::erc20::BalanceOf{},
                        held.debt_by_balance.value_or(held.scaled_debt), wallet);
            const auto stable = held.stable_debt.value_or(contracts::StableDebt{});
            node.answer(reserve.stable_token(), contracts::PrincipalBalanceOf{}, stable.principal,
                        wallet);
            node.answer(reserve.stable_token(), contracts::GetUserStableRate{}, stable.rate,
                        wallet);
            node.answer(reserve.stable_token(), contracts::GetUserLastUpdated{},
                        chains::abi::Uint<40>{stable.last_update.value()}, wallet);
            node.answer(reserve.stable_token(), chains::erc20::BalanceOf{}, stable.principal,
                        wallet);
        }
    }

    FakeNode& node;
    std::vector<FakeReserve> reserves;
};

/// The settings of chain "ethereum" with the pool as its only market and revisions 1, 4 and 7 to 11
/// known; `more` is TOML that is appended.
inline settings::Settings pool_settings(const std::string& more = "",
                                        const std::string& market_keys = "") {
    std::string text = R"(
[chains.ethereum]
chain_id = 1
multicall3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
[[markets]]
protocol = "aave_v3"
chain = "ethereum"
name = "core"
pool_addresses_provider = "0x0000000000000000000000000000000000000100"
)" + market_keys + "\n";
    const std::vector<std::pair<std::string, std::string>> revisions{
        {"1", "3.0"}, {"4", "3.1"}, {"7", "3.3"}, {"8", "3.4"}, {"10", "3.6"}, {"11", "3.7"}};
    for (const auto& [revision, behaviour] : revisions) {
        text += "[[revisions]]\nprotocol = \"aave_v3\"\nrevision = " + revision +
                "\nbehaviour = \"" + behaviour + "\"\n";
    }
    return settings::load({{"test.toml", text + more}}, std::nullopt,
                          [](const std::string&) { return std::nullopt; });
}

}  // namespace margrave::test::aave_v3
