#include "adapters/morpho_blue/rules.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "adapters/morpho_blue/interest.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;

namespace {

using Shares = ShareTotals<Exact>;

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }

const U256 kLargest128 = (U256(1) << 128U) - 1;

}  // namespace

TEST_CASE("a lone borrow share owes a whole base unit", "[morpho_blue][rounding]") {
    const Shares empty{0, 0};
    CHECK(to_assets_up<Exact>(1, empty) == 1);    // ceil(1 * 1 / 1e6)
    CHECK(to_assets_down<Exact>(1, empty) == 0);  // floor of the same
    CHECK(to_assets_up<Exact>(0, empty) == 0);
    CHECK(to_shares_down<Exact>(3, empty) == 3'000'000);  // 3 * 1e6 / 1
}

TEST_CASE("shares and assets convert with the virtual ones, both ways of rounding",
          "[morpho_blue][rounding]") {
    // 200 assets for 1,000,000 shares: (200 + 1) to (1e6 + 1e6).
    const Shares side{200, 1'000'000};
    CHECK(to_shares_down<Exact>(7, side) == 69'651);  // 7 * 2e6 / 201 = 69651.74
    CHECK(to_shares_up<Exact>(7, side) == 69'652);
    CHECK(to_assets_down<Exact>(69'652, side) == 7);  // 69652 * 201 / 2e6 = 7.000026
    CHECK(to_assets_up<Exact>(69'652, side) == 8);
    CHECK(to_assets_up<Exact>(2'000'000, side) == 201);  // exact: no unit is added
}

TEST_CASE("the incentive is 1 / (1 - 0.3 (1 - LLTV)), at most 1.15", "[morpho_blue][vectors]") {
    // At 0.86: 1 / (1 - 0.042) = 1 / 0.958 = 1.043841336116910229…
    CHECK(liquidation_incentive(number("860000000000000000")) == number("1043841336116910229"));
    // At 0.98: 1 / 0.994 = 1.006036217303822937…
    CHECK(liquidation_incentive(number("980000000000000000")) == number("1006036217303822937"));
    // At 0.385: 1 / 0.8155 = 1.226… and at 0: 1 / 0.7 = 1.428…
    CHECK(liquidation_incentive(number("385000000000000000")) == number("1150000000000000000"));
    CHECK(liquidation_incentive(0) == number("1150000000000000000"));
    CHECK(liquidation_incentive(core::wad()) == core::wad());
    CHECK_THROWS_AS(liquidation_incentive(core::wad() + 1), std::range_error);
}

TEST_CASE("interest grows by three terms of the exponential, each rounded down",
          "[morpho_blue][interest]") {
    // x = 1e17 * 2 = 0.2: 0.2 + 0.02 + 0.02 * 0.2 / 3 = 0.221333333333333333
    CHECK(taylor_growth(core::wad() / 10, 2) == number("221333333333333333"));
    CHECK(taylor_growth(0, 1000) == 0);
    CHECK(taylor_growth(core::wad(), 0) == 0);
    // x = 3: 3*3 / 2e18 and the third term floor to nothing.
    CHECK(taylor_growth(3, 1) == 3);
}

TEST_CASE("accrual adds the same interest to both sides", "[morpho_blue][interest]") {
    const Totals before{
        .supply_assets = 1000, .supply_shares = 5, .borrow_assets = 500, .borrow_shares = 7};
    const Accrual after = accrue(before, core::wad() / 10, 0, 2);
    CHECK(after.interest == 110);  // 500 * 0.2213 = 110.67
    CHECK(after.totals.supply_assets == 1110);
    CHECK(after.totals.borrow_assets == 610);
    CHECK(after.totals.supply_shares == 5);
    CHECK(after.totals.borrow_shares == 7);
    CHECK(after.fee_shares == 0);
}

TEST_CASE("the fee becomes supply shares at the price of those who keep the rest",
          "[morpho_blue][interest][rounding]") {
    const Totals before{.supply_assets = 1000,
                        .supply_shares = 1'000'000'000,
                        .borrow_assets = 500,
                        .borrow_shares = 7};
    const Accrual after = accrue(before, core::wad() / 10, core::wad() / 4, 2);
    // A quarter of 110 is 27; 27 * (1e9 + 1e6) / (1110 - 27 + 1) = 24932656.8
    CHECK(after.fee_shares == 24'932'656);
    CHECK(after.totals.supply_shares == 1'024'932'656);
    CHECK(after.totals.supply_assets == 1110);
}

TEST_CASE("no time is no interest, whatever the rate", "[morpho_blue][interest]") {
    const Totals before{
        .supply_assets = 1000, .supply_shares = 5, .borrow_assets = 500, .borrow_shares = 7};
    CHECK(accrue(before, core::max_u256(), core::wad(), 0).totals.borrow_assets == 500);
}

TEST_CASE("accrual beyond the contract's 128 bits reverts", "[morpho_blue][interest][boundary]") {
    Totals totals{.supply_assets = kLargest128 - 105,
                  .supply_shares = 0,
                  .borrow_assets = 1000,
                  .borrow_shares = 0};
    // 1000 * (0.1 + 0.005 + 0.000166…) = 105
    CHECK(accrue(totals, core::wad() / 10, 0, 1).totals.supply_assets == kLargest128);
    totals.supply_assets = kLargest128 - 104;
    CHECK_THROWS_AS(accrue(totals, core::wad() / 10, 0, 1), std::overflow_error);
}

TEST_CASE("wExp agrees with the published vectors", "[morpho_blue][vectors]") {
    const auto agrees = [](const char* x, const char* want) {
        CAPTURE(x);
        CHECK(w_exp(I256(x)) == I256(want));
    };
    agrees("76674427353373626883", "1999498696899850497065468604574893325367634191974400");
    agrees("24267929838569052209", "34628045718857678385838030848");
    agrees("29498441530073917323", "6510891392775188231169341652992");
    agrees("75255608411269386065", "484700459138565075567906312844526723813216429801472");
    agrees("0", "1000000000000000000");
    // q = 0, r = 0.1: 1 + 0.1 + 0.005; and with -0.1.
    agrees("100000000000000000", "1105000000000000000");
    agrees("-100000000000000000", "905000000000000000");
    // ln 2 itself: q = 1, r = 0.
    agrees("693147180559945309", "2000000000000000000");
    agrees("-693147180559945309", "500000000000000000");
}

TEST_CASE("wExp is clipped at both ends", "[morpho_blue][boundary]") {
    const I256 low("-41446531673892822312");
    CHECK(w_exp(I256(low - 1)) == 0);
    // q = -60, r = 0.142299159703896228: 1152423685130113710 >> 60 = 0, as 2^60 is 1.1529e18.
    CHECK(w_exp(low) == 0);
    const I256 high("93859467695000404319");
    const I256 top("57716089161558943949701069502944508345128422502756744429568");
    CHECK(w_exp(high) == top);
    CHECK(w_exp(I256(high * 1000)) == top);
    CHECK(w_exp(I256(high - 1)) < top);
}

TEST_CASE("the adaptive curve agrees with the published vectors", "[morpho_blue][vectors]") {
    const auto agrees = [](const char* start, const char* borrowed, const char* supplied,
                           std::uint64_t seconds, const char* average, const char* end) {
        CAPTURE(start);
        const Totals totals{.supply_assets = number(supplied),
                            .supply_shares = 0,
                            .borrow_assets = number(borrowed),
                            .borrow_shares = 0};
        const AdaptiveRate rate = adaptive_rate(number(start), totals, seconds);
        CHECK(rate.average == number(average));
        CHECK(rate.end_rate_at_target == number(end));
    };
    agrees("3291927689", "15208776679588714035000", "262795719585795000000000", 37'834, "954771554",
           "3112343267");
    agrees("22589409174", "183465842461341750912000", "319013330565153000000000", 1'486'982,
           "11245905823", "9651749896");
    agrees("10617316229", "170376981124736921382000", "261451931191926000000000", 32'348,
           "8360771779", "10468122355");
    agrees("30943254939", "792043024032906655845000", "812089452159463000000000", 912'674,
           "163908589991", "63419583967");
}

TEST_CASE("the adaptive curve at its corners, worked by hand", "[morpho_blue][boundary]") {
    const auto of = [](const U256& borrowed, const U256& supplied) {
        return Totals{.supply_assets = supplied,
                      .supply_shares = 0,
                      .borrow_assets = borrowed,
                      .borrow_shares = 0};
    };
    SECTION("a first interaction starts at 4 % a year") {
        // 0.04e18 / 31536000 = 1268391679; full utilisation takes four times that.
        const AdaptiveRate rate = adaptive_rate(0, of(100, 100), 1'000'000);
        CHECK(rate.end_rate_at_target == 1'268'391'679);
        CHECK(rate.average == U256(4) * 1'268'391'679);
    }
    SECTION("at 90 % the rate at target stays and is the rate") {
        const AdaptiveRate rate = adaptive_rate(5'000'000'000U, of(90, 100), 1'000'000);
        CHECK(rate.average == 5'000'000'000U);
        CHECK(rate.end_rate_at_target == 5'000'000'000U);
    }
    SECTION("without a supply the utilisation is none, and a quarter is paid") {
        const AdaptiveRate rate = adaptive_rate(4'000'000'000U, of(0, 0), 0);
        CHECK(rate.average == 1'000'000'000);
        CHECK(rate.end_rate_at_target == 4'000'000'000U);
    }
    SECTION("it ends at 0.1 % and 200 % a year") {
        // 0.001e18 / 31536000 = 31709791.98, 2e18 / 31536000 = 63419583967.5
        CHECK(adaptive_rate(4'000'000'000U, of(0, 100), 31'536'000).end_rate_at_target ==
              31'709'791);
        CHECK(adaptive_rate(4'000'000'000U, of(100, 100), 31'536'000).end_rate_at_target ==
              63'419'583'967U);
    }
}
