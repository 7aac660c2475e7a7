#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>

#include "adapters/morpho_blue/market.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using margin::LiquidationCall;
using margin::LiquidationOutcome;
using margin::Status;

namespace {

const core::Address kWeth = test::address(0xa000);
const core::Address kLoan = test::address(0xa001);

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }

/// One WETH against `debt` base units of USDC at `dollars` a WETH. The LLTV of 80 % gives an
/// incentive of 1 / 0.94 = 1.063829787234042553.
MorphoMarket one_weth_against(const U256& debt, std::uint64_t dollars = 2000) {
    State state = usdc_against_weth();
    state.price->answer = U256(dollars) * core::pow10(24);
    state.accounts.push_back(account(wei(1), debt));
    return MorphoMarket(std::move(state));
}

LiquidationCall call_of(std::optional<U256> repay = std::nullopt,
                        std::optional<U256> repay_shares = std::nullopt,
                        std::optional<U256> seize = std::nullopt) {
    LiquidationCall call;
    call.collateral = kWeth;
    call.debt = kLoan;
    call.repay = std::move(repay);
    call.repay_shares = std::move(repay_shares);
    call.seize = std::move(seize);
    return call;
}

LiquidationCall seizing(const U256& collateral) { return call_of({}, {}, collateral); }
LiquidationCall repaying_shares(const U256& shares) { return call_of({}, shares); }

std::string refusal(MorphoMarket& market, const LiquidationCall& call) {
    const auto before = market.legs(0);
    const auto done = market.liquidate(0, call);
    // What is refused changes nothing.
    const auto after = market.legs(0);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size() && !done; ++i) {
        CHECK(before[i].amount == after[i].amount);
    }
    return done ? "" : done.error().reason;
}

}  // namespace

TEST_CASE("a liquidation by repaid debt seizes what the incentive gives, rounded down",
          "[morpho_blue][liquidation]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc);
    const bool by_assets = GENERATE(true, false);
    const auto done = market.liquidate(
        0, by_assets ? call_of(U256(100) * kUsdc) : repaying_shares(U256(100) * kUsdc * 1'000'000));
    REQUIRE(done);
    CHECK(done->repaid == U256(100) * kUsdc);
    // 100000000 * 1.063829787234042553 = 106382978.7, floored, at 2000 a WETH
    CHECK(done->seized == number("53191489000000000"));
    CHECK(done->fee == 0);
    CHECK(done->bad_debt == 0);
    CHECK(done->deficits.empty());
    CHECK(market.health(0).collateral == number("946808511000000000"));
    CHECK(market.health(0).debt == U256(1501) * kUsdc);
    CHECK(market.state().totals.borrow_assets == U256(499'900) * kUsdc);
    CHECK(market.state().totals.borrow_shares == U256(499'900) * kUsdc * 1'000'000);
    CHECK(market.state().totals.supply_assets == U256(1'000'000) * kUsdc);
}

TEST_CASE("a liquidation by seized collateral repays its worth without the incentive, rounded up",
          "[morpho_blue][liquidation][rounding]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc);
    const auto done = market.liquidate(0, seizing(core::wad() / 10));
    REQUIRE(done);
    CHECK(done->seized == core::wad() / 10);
    // 200 USDC / 1.063829787234042553 = 188.0000000000000002, up
    CHECK(done->repaid == U256(188'000'001));
    CHECK(market.health(0).debt == U256(1'412'999'999));
    CHECK(market.health(0).collateral == core::wad() / 10 * 9);
}

TEST_CASE("there is no close factor: all debt may be repaid at once",
          "[morpho_blue][liquidation]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc);
    const auto done = market.liquidate(0, call_of());
    REQUIRE(done);
    CHECK(done->repaid == U256(1601) * kUsdc);
    // 1601000000 * 1.063829787234042553 = 1703191489.36, floored, at 2000
    CHECK(done->seized == number("851595744500000000"));
    CHECK(market.health(0).status == Status::NoDebt);
    CHECK(market.health(0).collateral == number("148404255500000000"));
}

TEST_CASE("under water all collateral is seized and the rest written off",
          "[morpho_blue][liquidation][bad_debt]") {
    // At 1000 a WETH all of it repays 1000 / 1.063829787234042553 = 940.0000000000000002 USDC, up.
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc, 1000);
    const bool asked_for_it = GENERATE(true, false);
    const auto done = market.liquidate(0, asked_for_it ? seizing(wei(1)) : call_of());
    REQUIRE(done);
    CHECK(done->seized == wei(1));
    CHECK(done->repaid == U256(940'000'001));
    CHECK(done->bad_debt == U256(660'999'999));
    REQUIRE(done->deficits.size() == 1);
    CHECK(done->deficits[0].asset == kLoan);
    CHECK(done->deficits[0].symbol == "USDC");
    CHECK(done->deficits[0].amount == U256(660'999'999));
    CHECK_FALSE(market.is_active(0));
    // The lenders bear it: 1,000,000 - 660.999999
    CHECK(market.state().totals.supply_assets == U256(999'339'000'001));
    CHECK(market.state().totals.borrow_assets == U256(498'399'000'000));
    CHECK(market.state().totals.borrow_shares == U256(498'399'000'000) * 1'000'000);
}

TEST_CASE("one wei of collateral left avoids the write-off",
          "[morpho_blue][liquidation][bad_debt]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc, 1000);
    const auto done = market.liquidate(0, seizing(wei(1) - 1));
    REQUIRE(done);
    CHECK(done->repaid == U256(940'000'001));
    CHECK(done->bad_debt == 0);
    CHECK(market.health(0).collateral == U256(1));
    CHECK(market.health(0).debt == U256(660'999'999));
    CHECK(market.state().totals.supply_assets == U256(1'000'000) * kUsdc);
}

TEST_CASE("bad debt is never more than what the market still lends out",
          "[morpho_blue][liquidation][bad_debt][rounding]") {
    // The only debt of a tiny market: rounding would write off one unit more than there is.
    State state = usdc_against_weth();
    state.price->answer = core::pow10(24);  // a dollar
    state.totals = {
        .supply_assets = 10, .supply_shares = 0, .borrow_assets = 3, .borrow_shares = 3};
    Account debtor = account(1, 0);
    debtor.borrow_shares = 3;
    state.accounts.push_back(debtor);
    MorphoMarket market(state);
    // One wei is worth nothing: q = ceil(1e24 / 1e36) = 1, ceil(1 / 1.06) = 1,
    // ceil(1 * (3 + 1e6) / (3 + 1)) = 250001 shares are more than 3.
    CHECK(refusal(market, seizing(1)) == "debt_exceeded");
    // By shares: 3 * 4 / 1000003 = 0 assets seize nothing, and are paid as one.
    const auto done = market.liquidate(0, repaying_shares(3));
    REQUIRE(done);
    CHECK(done->repaid == 1);
    CHECK(done->seized == 0);
    CHECK(market.health(0).status == Status::NoDebt);
    CHECK(market.state().totals.borrow_assets == 2);
}

TEST_CASE("health decides a liquidation, on both sides of the boundary",
          "[morpho_blue][liquidation][boundary]") {
    MorphoMarket healthy = one_weth_against(U256(1600) * kUsdc);
    CHECK(refusal(healthy, call_of()) == "healthy");
    CHECK(refusal(healthy, seizing(1)) == "healthy");
    MorphoMarket unhealthy = one_weth_against(U256(1600) * kUsdc + 1);
    CHECK(refusal(unhealthy, seizing(1)).empty());
    MorphoMarket without_debt = one_weth_against(0);
    CHECK(refusal(without_debt, seizing(1)) == "healthy");
}

TEST_CASE("interest counts before a liquidation is judged", "[morpho_blue][liquidation]") {
    State state = usdc_against_weth();
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::Quoted;
    state.model.rate = core::wad() / 1'000'000;
    state.accounts.push_back(account(wei(1), U256(1600) * kUsdc));
    MorphoMarket market(state);
    CHECK(refusal(market, seizing(1)) == "healthy");
    const auto later = market.fork();
    later->accrue(core::Timestamp(kBlockTime + 1));
    CHECK(later->health(0).status == Status::Liquidatable);
    CHECK(later->liquidate(0, seizing(1)));
    // The stored totals hold the interest now: 500,000 USDC * 1e-6
    const auto& stored = dynamic_cast<const MorphoMarket&>(*later).state();
    CHECK(stored.last_update == core::Timestamp(kBlockTime + 1));
    CHECK(stored.totals.supply_assets == U256(1'000'000) * kUsdc + 500'000);
}

TEST_CASE("liquidations that the contract would revert are refused by name",
          "[morpho_blue][liquidation][refused]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc, 1000);
    CHECK(refusal(market, seizing(0)) == "inconsistent_input");
    CHECK(refusal(market, repaying_shares(0)) == "inconsistent_input");
    CHECK(refusal(market, call_of(U256(0))) == "inconsistent_input");
    CHECK(refusal(market, call_of({}, U256(1), U256(1))) == "inconsistent_input");
    CHECK(refusal(market, seizing(wei(1) + 1)) == "collateral_exceeded");
    // All shares would seize 1703 USDC worth of collateral that is worth 1000.
    CHECK(refusal(market, call_of(U256(1601) * kUsdc)) == "collateral_exceeded");
    CHECK(refusal(market, repaying_shares(U256(1602) * kUsdc * 1'000'000)) == "debt_exceeded");
    CHECK(refusal(market, seizing(core::max_u256())) == "out_of_range");
    LiquidationCall other = call_of();
    other.collateral = kLoan;
    CHECK(refusal(market, other) == "unknown_asset");
    other = call_of();
    other.debt = kWeth;
    CHECK(refusal(market, other) == "unknown_asset");
}

TEST_CASE("without a price or a rate there is no liquidation",
          "[morpho_blue][liquidation][coverage]") {
    State state = usdc_against_weth();
    state.accounts.push_back(account(wei(1), U256(1601) * kUsdc));
    SECTION("price") {
        state.price.reset();
        state.price_trouble.detail = "reverted";
        MorphoMarket market(state);
        CHECK(refusal(market, call_of()) == "no_price");
    }
    SECTION("rate") {
        state.last_update = core::Timestamp(kBlockTime - 1);
        state.model.kind = RateModel::Kind::Quoted;
        state.model.trouble.detail = "reverted";
        MorphoMarket market(state);
        CHECK(refusal(market, call_of()) == "no_borrow_rate");
    }
    SECTION("position") {
        state.accounts[0].trouble.detail = "timed out";
        MorphoMarket market(state);
        const auto done = market.liquidate(0, call_of());
        REQUIRE_FALSE(done);
        CHECK(done.error().reason == "not_read");
    }
}

TEST_CASE("a price of zero gives the collateral away and writes all debt off",
          "[morpho_blue][liquidation][bad_debt]") {
    MorphoMarket market = one_weth_against(U256(1601) * kUsdc, 0);
    // By shares the contract divides by the price and reverts.
    CHECK(refusal(market, repaying_shares(1)) == "out_of_range");
    const auto done = market.liquidate(0, call_of());
    REQUIRE(done);
    CHECK(done->seized == wei(1));
    CHECK(done->repaid == 0);
    CHECK(done->bad_debt == U256(1601) * kUsdc);
}

TEST_CASE("whatever is liquidated, nothing is made of nothing", "[morpho_blue][liquidation]") {
    std::mt19937_64 random(7);
    const auto up_to = [&](std::uint64_t n) { return random() % n + 1; };
    int done_count = 0;
    for (int i = 0; i < 500; ++i) {
        State state = usdc_against_weth();
        state.params.lltv = core::wad() / 1000 * up_to(980);
        state.price->answer = U256(up_to(3000)) * core::pow10(24) + up_to(1'000'000'000);
        state.totals.borrow_assets += up_to(1'000'000'000'000);
        Account one = account(U256(up_to(1'000'000'000'000'000'000)),
                              U256(up_to(10'000)) * kUsdc + up_to(1'000'000));
        one.borrow_shares += up_to(999'999);
        state.accounts.push_back(one);
        MorphoMarket market(state);
        const U256 shares_before = state.totals.borrow_shares - one.borrow_shares;
        const auto size = [&]() -> LiquidationCall {
            switch (random() % 4) {
                case 0:
                    return call_of();
                case 1:
                    return call_of(U256(up_to(10'000'000'000)));
                case 2:
                    return repaying_shares(U256(one.borrow_shares * (random() % 1000) / 1000));
                default:
                    return seizing(U256(one.collateral * (random() % 1001) / 1000));
            }
        }();
        const bool was_healthy = market.health(0).status == Status::Healthy;
        const auto done = market.liquidate(0, size);
        CAPTURE(i);
        if (was_healthy) {
            REQUIRE_FALSE(done);
            continue;
        }
        if (!done) {
            continue;
        }
        ++done_count;
        const State& after = market.state();
        CHECK(after.accounts[0].collateral + done->seized == one.collateral);
        // Everyone else's shares are untouched.
        CHECK(after.totals.borrow_shares - after.accounts[0].borrow_shares == shares_before);
        CHECK(after.totals.supply_assets + done->bad_debt == state.totals.supply_assets);
        const U256 paid = done->repaid + done->bad_debt;
        CHECK(after.totals.borrow_assets == (paid > state.totals.borrow_assets
                                                 ? U256(0)
                                                 : U256(state.totals.borrow_assets - paid)));
        CHECK((done->bad_debt == 0 || after.accounts[0].collateral == 0));
    }
    CHECK(done_count > 100);
}
