#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "adapters/aave_v3/market.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using core::U256;
using test::address;

namespace {

using Texts = std::map<std::string, std::string>;

/// By group and name: "WETH LTV".
Texts texts_of(const State& state) {
    Texts out;
    for (const auto& group : AaveMarket(state).parameters()) {
        for (const auto& [name, value] : group.values) {
            out.emplace(group.label.empty() ? name : group.label + " " + name, value);
        }
    }
    return out;
}

/// What differs between the two, with its new text.
Texts changes(const State& before, const State& after) {
    Texts out = texts_of(after);
    for (const auto& [name, value] : texts_of(before)) {
        if (out.at(name) == value) {
            out.erase(name);
        }
    }
    return out;
}

State lived_in(const std::string& behaviour) {
    State out = pool(behaviour);
    out.emodes_asked = 255;
    out.accounts = {weth_against_usdc().emode(1).build()};
    for (const std::uint64_t id : {1U, 2U}) {
        EmodeCategory& emode = out.emodes[id];
        emode.id = id;
        emode.ltv_bps = 9000;
        emode.liquidation_threshold_bps = 9300;
        emode.liquidation_bonus_bps = 10'100;
    }
    out.emodes[1].collateral.set(kWeth);
    return out;
}

/// The configuration's field that begins at this bit.
void set(Reserve& reserve, unsigned from, unsigned bits, std::uint64_t value) {
    const U256& word = reserve.configuration.word();
    const U256 mask = ((U256(1) << bits) - 1) << from;
    reserve.configuration = ReserveConfiguration(word - (word & mask) + (U256(value) << from));
}

}  // namespace

TEST_CASE("what administrators of Aave set is told of what accounts hold, owe or are in",
          "[aave_v3][parameters]") {
    const State state = lived_in("3.6");
    const Texts texts = texts_of(state);
    CHECK(texts.at("pool revision") == "9");
    CHECK(texts.at("oracle") == address(2).to_string());
    CHECK(texts.at("WETH LTV") == "7500 bps");
    CHECK(texts.at("WETH liquidation threshold") == "8000 bps");
    CHECK(texts.at("WETH liquidation bonus") == "500 bps");
    CHECK(texts.at("WETH oracle") == address(0xfeed).to_string());
    CHECK(texts.at("WETH frozen") == "yes");
    CHECK(texts.at("WETH paused") == "no");
    CHECK(texts.at("WETH e-modes as collateral") == "1");
    CHECK(texts.at("USDC e-modes as collateral") == "none");
    CHECK(texts.at("USDC LTV") == "8000 bps");
    CHECK(texts.at("e-mode 1 liquidation threshold") == "9300 bps");
    CHECK(texts.at("e-mode 1 liquidation bonus") == "100 bps");
    CHECK_FALSE(texts.contains("DAI LTV"));       // nobody's here
    CHECK_FALSE(texts.contains("e-mode 2 LTV"));  // nobody is in it
}

TEST_CASE("each parameter of Aave is one text, and what moves by itself is none",
          "[aave_v3][parameters]") {
    const State before = lived_in("3.6");
    const auto after = [&](const auto& change) {
        State out = before;
        change(out, out.reserves.at(kWeth));
        return changes(before, out);
    };
    CHECK(after([](State&, Reserve& weth) { set(weth, 0, 16, 7000); }) ==
          Texts{{"WETH LTV", "7000 bps"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 16, 16, 8100); }) ==
          Texts{{"WETH liquidation threshold", "8100 bps"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 32, 16, 0); }) ==
          Texts{{"WETH liquidation bonus", "0 bps"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 60, 1, 1); }) ==
          Texts{{"WETH paused", "yes"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 64, 16, 1500); }) ==
          Texts{{"WETH reserve factor", "1500 bps"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 80, 36, 1200); }) ==
          Texts{{"WETH borrow cap", "1200"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 116, 36, 3000); }) ==
          Texts{{"WETH supply cap", "3000"}});
    CHECK(after([](State&, Reserve& weth) { set(weth, 212, 40, 900'000'050); }) ==
          Texts{{"WETH debt ceiling", "9000000.5"}});
    CHECK(after([](State&, Reserve& weth) { weth.price->source = address(0xbad); }) ==
          Texts{{"WETH oracle", address(0xbad).to_string()}});
    CHECK(after([](State&, Reserve& weth) { weth.interest_rate_strategy = address(7); }) ==
          Texts{{"WETH rate strategy", address(7).to_string()}});
    CHECK(after([](State& state, Reserve&) { state.emodes.at(1).ltv_bps = 8900; }) ==
          Texts{{"e-mode 1 LTV", "8900 bps"}});
    CHECK(after([](State& state, Reserve&) { state.emodes.at(2).borrowable.set(kWeth); }) ==
          Texts{{"WETH e-modes as debt", "2"}});
    CHECK(after([](State& state, Reserve&) { state.pool_revision = 10; }) ==
          Texts{{"pool revision", "10"}});
    CHECK(after([](State& state, Reserve& weth) {
              weth.price->answer += 1;
              weth.price->updated_at = core::Timestamp(kBlockTime + 12);
              weth.liquidity_index += 1;
              weth.borrow_index += 1;
              weth.borrow_rate += 1;
              weth.liquidity_rate += 1;
              weth.accrued_to_treasury += 1;
              weth.isolation_mode_total_debt += 1;
              weth.last_update = core::Timestamp(kBlockTime + 12);
              state.block_time = core::Timestamp(kBlockTime + 12);
              state.liquidation_allowed = false;
              state.accounts[0].balances[0].scaled_supply += 1;
          }).empty());
}

TEST_CASE("the rates of a strategy are parameters of Aave", "[aave_v3][parameters][rates]") {
    State state = lived_in("3.6");
    state.reserves.at(kWeth).totals.emplace();
    state.reserves.at(kWeth).totals->rates = RateParameters{.optimal_usage = core::ray() / 100 * 80,
                                                            .base_variable_rate = 0,
                                                            .variable_slope1 = core::ray() / 1000,
                                                            .variable_slope2 = core::ray(),
                                                            .stable = {}};
    const Texts texts = texts_of(state);
    CHECK(texts.at("WETH optimal usage") == "80 %");
    CHECK(texts.at("WETH base rate") == "0 %");
    CHECK(texts.at("WETH rate slope 1") == "0.1 %");
    CHECK(texts.at("WETH rate slope 2") == "100 %");
}

TEST_CASE("of what could not be read of Aave there is no text", "[aave_v3][parameters][coverage]") {
    State state = lived_in("3.6");
    state.reserves.at(kWeth).price.reset();
    state.reserves.at(kUsdc).price->source = core::Address();  // not told, or the fallback oracle
    state.unread_emodes[7] = "HTTP 500";
    const Texts texts = texts_of(state);
    CHECK_FALSE(texts.contains("WETH oracle"));
    CHECK_FALSE(texts.contains("USDC oracle"));
    CHECK_FALSE(texts.contains("WETH e-modes as collateral"));
    CHECK_FALSE(texts.contains("WETH optimal usage"));
    CHECK(texts.contains("e-mode 1 LTV"));
}

TEST_CASE("until 3.1 an asset is in one e-mode, which may have an oracle of its own",
          "[aave_v3][parameters]") {
    State state = lived_in("3.0");
    state.emodes.at(1).price = quote(U256(2100) * kDollar);
    const auto groups = AaveMarket(state).parameters();
    const Texts texts = texts_of(state);
    CHECK(texts.at("WETH e-mode") == "0");
    CHECK_FALSE(texts.contains("WETH e-modes as collateral"));
    CHECK(texts.at("e-mode 1 oracle") == address(0xfeed).to_string());
    CHECK(groups.back().price_sources == std::vector{address(0xfeed)});
}
