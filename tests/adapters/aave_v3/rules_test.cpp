#include "adapters/aave_v3/rules.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "adapters/aave_v3/behaviour.hpp"
#include "core/units.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using core::U256;
using margin::Exact;
using margin::Fast;

namespace {

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }

const Behaviour& behaviour(const std::string& name) { return *find_behaviour(name); }

/// One behaviour that rounds half-up with the user, and the first that rounds against.
const Behaviour& old_rounding() { return behaviour("3.4"); }
const Behaviour& new_rounding() { return behaviour("3.5"); }

Sums<Exact> sums(const U256& collateral, const U256& threshold, const U256& debt) {
    return {.collateral = collateral, .debt = debt, .threshold = threshold, .ltv = 0};
}

const U256 kOne = core::pow10(18);
/// At this rate (ray) one second's interest on one is one unit in ray: 1 / year.
const U256 kUnitRate = kSecondsPerYear;

}  // namespace

TEST_CASE("debt grows as the published vectors of the contract's own library say",
          "[aave_v3][interest]") {
    struct Vector {
        const char* rate;
        std::uint64_t seconds;
        const char* binomial;  // v3.0 to 3.3
        const char* taylor;    // v3.4 on
    };
    // Answers of MathUtils.calculateCompoundedInterest at tag v3.3.0 and at 3.7, run in a local
    // EVM.
    const auto want = GENERATE(values<Vector>({
        {"422352367008854591221384311", 1, "1000000013392705701701375926",
         "1000000013392705791383659333"},
        {"266243128000805696088307380", 2, "1000000016885028483300760481",
         "1000000016885028554576807403"},
        {"1685902458000297912863270424", 3, "1000000160378857318112438672",
         "1000000160378861605008827511"},
        {"1625082329002623404762748340", 4, "1000000206124106369337782397",
         "1000000206124111680231276947"},
        {"122762140006830523731439658", 38897311, "1163450571236162633703763594",
         "1163460275617617273561142167"},
        {"2174606899008222848736617686", 8571116, "1800102353382196047905995977",
         "1800102458268782035827265305"},
        {"1465562062002573431924015337", 20513591, "2552131214330775039975806256",
         "2552131882221063425288641896"},
    }));
    CAPTURE(want.rate, want.seconds);
    const U256 rate = number(want.rate);
    CHECK(compound_growth<Exact>(DebtGrowth::Binomial, rate, want.seconds) ==
          number(want.binomial));
    CHECK(compound_growth<Exact>(DebtGrowth::Taylor, rate, want.seconds) == number(want.taylor));
    // An index of one ray grows to the factor itself.
    CHECK(grown_borrow_index<Exact>(DebtGrowth::Binomial, core::ray(), rate, want.seconds) ==
          number(want.binomial));
    CHECK(grown_borrow_index<Exact>(DebtGrowth::Taylor, core::ray(), rate, want.seconds) ==
          number(want.taylor));
}

TEST_CASE("each behaviour compounds as its generation does", "[aave_v3][interest]") {
    for (const Behaviour& row : behaviours()) {
        CAPTURE(std::string(row.name));
        CHECK((row.debt_growth == DebtGrowth::Taylor) == (row.name >= "3.4"));
        CHECK(row.rounds_against_user == (row.name >= "3.5"));
        CHECK(row.has_stable_debt == (row.name <= "3.1"));
        CHECK(row.has_grace_period == (row.name >= "3.1"));
        CHECK(row.has_sentinel == (row.name <= "3.6"));
        CHECK(row.values_non_virtual_debt_by_balance == (row.name == "3.3"));
        CHECK(row.has_isolated_emodes == (row.name == "3.7"));
    }
    CHECK(behaviours().size() == 8);
    CHECK(find_behaviour("3.8") == nullptr);
    CHECK(find_behaviour("") == nullptr);
}

TEST_CASE("without time there is no interest", "[aave_v3][interest]") {
    const U256 index = number("1234567890123456789012345678");
    const U256 rate = core::ray();
    CHECK(grown_liquidity_index<Exact>(index, rate, 0) == index);
    for (const DebtGrowth growth : {DebtGrowth::Binomial, DebtGrowth::Taylor}) {
        CHECK(grown_borrow_index<Exact>(growth, index, rate, 0) == index);
        CHECK(compound_growth<Exact>(growth, rate, 0) == core::ray());
    }
    // Even an index that could not be multiplied any more.
    CHECK(grown_borrow_index<Exact>(DebtGrowth::Taylor, core::max_u256(), rate, 0) ==
          core::max_u256());
}

TEST_CASE("supply grows linearly, its interest rounded down and its index half-up",
          "[aave_v3][interest][rounding]") {
    // One second at 1/year: (1e27 + 1) * 1e27 / 1e27.
    CHECK(grown_liquidity_index<Exact>(core::ray(), kUnitRate, 1) == core::ray() + 1);
    // A unit less is floor(31535999 / 31536000) = 0.
    CHECK(grown_liquidity_index<Exact>(core::ray(), kUnitRate - 1, 1) == core::ray());
    // A year at 100 % doubles.
    CHECK(grown_liquidity_index<Exact>(core::ray(), core::ray(), kSecondsPerYear) ==
          core::ray() * 2);
    // (1e27 + 1) * 5e26 / 1e27 = 5e26 + 0.5, half-up; with 5e26 - 1 it is … - 0.5 + a little less,
    // down.
    const U256 half = core::ray() / 2;
    CHECK(grown_liquidity_index<Exact>(half, kUnitRate, 1) == half + 1);
    CHECK(grown_liquidity_index<Exact>(U256(half - 1), kUnitRate, 1) == half - 1);
}

TEST_CASE("a debt index rounds half-up", "[aave_v3][interest][rounding]") {
    // Both growths are 1e27 + 1 here: every term beyond the first is below one unit.
    const U256 half = core::ray() / 2;
    for (const DebtGrowth growth : {DebtGrowth::Binomial, DebtGrowth::Taylor}) {
        CHECK(compound_growth<Exact>(growth, kUnitRate, 1) == core::ray() + 1);
        CHECK(grown_borrow_index<Exact>(growth, half, kUnitRate, 1) == half + 1);
        CHECK(grown_borrow_index<Exact>(growth, U256(half - 1), kUnitRate, 1) == half - 1);
    }
}

TEST_CASE("the newer growth is three terms of the exponential", "[aave_v3][interest]") {
    // A year at 100 %: 1 + 1 + 1/2 + 1/6, the last floored to …666.
    CHECK(taylor_growth<Exact>(core::ray(), kSecondsPerYear) ==
          number("2666666666666666666666666666"));
    // x = 3: 3/2 = 1, 3/6 = 0, so inner = 1 and 3 * 1 / 1e27 rounds to 0.
    CHECK(taylor_growth<Exact>(U256(kUnitRate * 3), 1) == core::ray() + 3);
}

TEST_CASE("the older growth clamps its third term in the first two seconds",
          "[aave_v3][interest]") {
    // n (n-1) (n-2) is 0 for one second and for two; n - 2 must not wrap.
    // At 1e27 a year: 1e27 / 31536000 = 31709791983764586504.3…, and x^2 a second is 1e27 /
    // 31536000^2 = 1e27 / 994519296000000 = 1005510907653.6…; two seconds: 2e27 / 31536000 =
    // 63419583967529173008.6….
    CHECK(binomial_growth<Exact>(core::ray(), 1) == core::ray() + number("31709791983764586504"));
    CHECK(binomial_growth<Exact>(core::ray(), 2) ==
          core::ray() + number("63419583967529173008") + number("1005510907653"));
}

TEST_CASE("balances round half-up until 3.4 and against the user from 3.5 on",
          "[aave_v3][rounding]") {
    struct Case {
        std::uint64_t scaled;
        const char* index;
        std::uint64_t half_up;
        std::uint64_t down;
        std::uint64_t up;
    };
    const auto want = GENERATE(values<Case>({
        {0, "1000000000000000000000000000", 0, 0, 0},
        {1, "1000000000000000000000000000", 1, 1, 1},  // exact: nothing to round
        {1, "1000000000000000000000000001", 1, 1, 2},  // a hair over 1
        {1, "1499999999999999999999999999", 1, 1, 2},  // a hair under 1.5
        {1, "1500000000000000000000000000", 2, 1, 2},  // 1.5
        {3, "1500000000000000000000000000", 5, 4, 5},  // 4.5
        {2, "1500000000000000000000000000", 3, 3, 3},  // 3
        {1, "1999999999999999999999999999", 2, 1, 2},  // a hair under 2
    }));
    CAPTURE(want.scaled, want.index);
    const U256 scaled = want.scaled;
    const U256 index = number(want.index);
    for (const Behaviour& row : behaviours()) {
        CAPTURE(std::string(row.name));
        const bool is_new = row.name >= "3.5";
        CHECK(supply_balance<Exact>(row, scaled, index) == (is_new ? want.down : want.half_up));
        CHECK(debt_balance<Exact>(row, scaled, index) == (is_new ? want.up : want.half_up));
    }
}

TEST_CASE("collateral is valued down, debt down until 3.4 and up from 3.5 on",
          "[aave_v3][rounding]") {
    struct Case {
        std::uint64_t amount;
        std::uint64_t price;
        std::uint64_t down;
        std::uint64_t up;
    };
    const auto want = GENERATE(values<Case>({
        {0, 7, 0, 0},
        {1, 1, 0, 1},     // a thousandth: a debt too small to be worth a unit of base currency
        {999, 1, 0, 1},   // 0.999
        {1000, 1, 1, 1},  // 1
        {1001, 1, 1, 2},  // 1.001
        {1500, 3, 4, 5},  // 4.5
        {2000, 3, 6, 6},  // 6
    }));
    CAPTURE(want.amount, want.price);
    for (const Behaviour& row : behaviours()) {
        CAPTURE(std::string(row.name));
        Sums<Exact> total;
        add_position<Exact>(row,
                            {.collateral = want.amount,
                             .debt = want.amount,
                             .price = want.price,
                             .unit = 1000,
                             .threshold_bps = 8000,
                             .ltv_bps = 7500},
                            total);
        CHECK(total.collateral == want.down);
        CHECK(total.threshold == want.down * 8000);
        CHECK(total.ltv == want.down * 7500);
        CHECK(total.debt == (row.name >= "3.5" ? want.up : want.down));
    }
}

TEST_CASE("each reserve is rounded on its own before the sum", "[aave_v3][rounding]") {
    // Two debts of 0.6 each: 0 + 0 until 3.4, 1 + 1 from 3.5 on; never the 1 of a rounded 1.2.
    const Position<Exact> small{
        .collateral = 0, .debt = 6, .price = 1, .unit = 10, .threshold_bps = 0, .ltv_bps = 0};
    Sums<Exact> old_sums;
    Sums<Exact> new_sums;
    for (int i = 0; i < 2; ++i) {
        add_position<Exact>(old_rounding(), small, old_sums);
        add_position<Exact>(new_rounding(), small, new_sums);
    }
    CHECK(old_sums.debt == 0);
    CHECK(new_sums.debt == 2);
}

TEST_CASE("an average is weighted by value, rounded down, and 0 without collateral",
          "[aave_v3][rounding]") {
    CHECK(average_bps<Exact>(0, 0) == 0);
    CHECK(average_bps<Exact>(24'002, 3) == 8000);  // (1 * 8000 + 2 * 8001) / 3 = 8000.67
    CHECK(average_bps<Exact>(24'003, 3) == 8001);
}

TEST_CASE("a health factor of exactly one is reached at the threshold, a unit either side is not",
          "[aave_v3][boundary]") {
    // From 3.5 on: threshold sum * 1e18 / debt / 1e4.
    CHECK(health_factor<Exact>(new_rounding(), sums(10'000, 80'000'000, 8000)) == kOne);
    CHECK(health_factor<Exact>(new_rounding(), sums(kOne, kOne * 10'000, kOne)) == kOne);
    CHECK(health_factor<Exact>(new_rounding(), sums(kOne, (kOne - 1) * 10'000, kOne)) == kOne - 1);
    CHECK(health_factor<Exact>(new_rounding(), sums(kOne, (kOne + 1) * 10'000, kOne)) == kOne + 1);
    // Until 3.4: 10000 * 80 % = 8000 against 8000, 8001 and 7999:
    // 8000e18 / 8001 = 0.999875015623047119…; 8000e18 / 7999 = 1.000125015626953369…
    CHECK(health_factor<Exact>(old_rounding(), sums(10'000, 80'000'000, 8000)) == kOne);
    CHECK(health_factor<Exact>(old_rounding(), sums(10'000, 80'000'000, 8001)) < kOne);
    CHECK(health_factor<Exact>(old_rounding(), sums(10'000, 80'000'000, 7999)) > kOne);
    // 1e18 * 100 % over 1e18, and a unit more or less of collateral.
    CHECK(health_factor<Exact>(old_rounding(), sums(kOne, kOne * 10'000, kOne)) == kOne);
    CHECK(health_factor<Exact>(old_rounding(), sums(kOne - 1, (kOne - 1) * 10'000, kOne)) ==
          kOne - 1);
    CHECK(health_factor<Exact>(old_rounding(), sums(kOne + 1, (kOne + 1) * 10'000, kOne)) ==
          kOne + 1);
}

TEST_CASE("until 3.4 the average threshold is cut to a basis point first, from 3.5 on it is not",
          "[aave_v3][rounding]") {
    // Values 1 and 2 at 8000 and 8001 bps: the sum is 24002, the average 8000.67 → 8000.
    // 3.4: floor((3 * 8000 + 5000) / 1e4) = 2, over a debt of 2: 1. 3.5: 24002 / 2 / 1e4 = 1.2001.
    const auto account = sums(3, 24'002, 2);
    CHECK(health_factor<Exact>(behaviour("3.0"), account) == kOne);
    CHECK(health_factor<Exact>(behaviour("3.4"), account) == kOne);
    CHECK(health_factor<Exact>(behaviour("3.5"), account) == number("1200100000000000000"));
    CHECK(health_factor<Exact>(behaviour("3.7"), account) == number("1200100000000000000"));
}

TEST_CASE("rounding half-up can lift an account to health until 3.4", "[aave_v3][rounding]") {
    // Collateral 5 at 90 % is 4.5: 3.4 makes it 5, against a debt of 5 healthy at 1. 3.5: 45000 / 5
    // / 1e4 = 0.9.
    CHECK(health_factor<Exact>(behaviour("3.4"), sums(5, 45'000, 5)) == kOne);
    CHECK(health_factor<Exact>(behaviour("3.5"), sums(5, 45'000, 5)) ==
          number("900000000000000000"));
}

TEST_CASE("a health factor's quotient rounds half-up, then from 3.5 on is cut to its bps",
          "[aave_v3][rounding]") {
    // 3.4: collateral 2 at 100 % over 3: 0.666…67. 3.5: floor(half-up(2e18 / 3) / 1e4) for a sum
    // of 2.
    CHECK(health_factor<Exact>(behaviour("3.4"), sums(2, 20'000, 3)) ==
          number("666666666666666667"));
    CHECK(health_factor<Exact>(behaviour("3.4"), sums(1, 10'000, 3)) ==
          number("333333333333333333"));
    CHECK(health_factor<Exact>(behaviour("3.5"), sums(2, 2, 3)) == number("66666666666666"));
    // The half-up step decides: 19999.5 units before the cut become 20000. A sum of 39999 over 2e18
    // is 19999.5.
    CHECK(health_factor<Exact>(behaviour("3.5"), sums(1, 39'999, U256(kOne * 2))) == 2);
    CHECK(health_factor<Exact>(behaviour("3.5"), sums(1, 39'998, U256(kOne * 2))) == 1);
}

TEST_CASE("debt without collateral has a health factor of zero", "[aave_v3][boundary]") {
    for (const Behaviour& row : behaviours()) {
        CHECK(health_factor<Exact>(row, sums(0, 0, 1)) == 0);
    }
}

TEST_CASE("arithmetic that the contract reverts in throws", "[aave_v3][overflow]") {
    const U256 huge = core::max_u256() / 4;
    for (const Behaviour& row : behaviours()) {
        CHECK_THROWS_AS(health_factor<Exact>(row, sums(huge, huge, 1)), std::overflow_error);
        CHECK_THROWS_AS(supply_balance<Exact>(row, huge, core::ray()), std::overflow_error);
        CHECK_THROWS_AS(debt_balance<Exact>(row, huge, core::ray()), std::overflow_error);
    }
    CHECK_THROWS_AS(taylor_growth<Exact>(huge, 31), std::overflow_error);
    CHECK_THROWS_AS(binomial_growth<Exact>(huge, 31), std::overflow_error);
    CHECK_THROWS_AS(grown_liquidity_index<Exact>(core::ray(), huge, 31), std::overflow_error);
}

TEST_CASE("what may still be borrowed is the limit less the debt, and never negative",
          "[aave_v3][rounding]") {
    struct Case {
        std::uint64_t collateral;
        std::uint64_t ltv;
        std::uint64_t debt;
        std::uint64_t old_answer;
        std::uint64_t new_answer;
    };
    const auto want = GENERATE(values<Case>({
        {0, 0, 0, 0, 0},
        {10'000, 75'000'000, 0, 7500, 7500},
        {10'000, 75'000'000, 7499, 1, 1},
        {10'000, 75'000'000, 7500, 0, 0},
        {10'000, 75'000'000, 7501, 0, 0},
        {5, 45'000, 0, 5, 4},  // 4.5 rounds half-up until 3.4, down from 3.5 on
        {5, 45'000, 2, 3, 2},
        // The average is cut to a basis point in both: 24002 / 3 → 8000, 3 * 8000 = 2.4.
        {3, 24'002, 0, 2, 2},
        {10'000, 0, 0, 0, 0},
    }));
    CAPTURE(want.collateral, want.ltv, want.debt);
    for (const Behaviour& row : behaviours()) {
        const Sums<Exact> total{
            .collateral = want.collateral, .debt = want.debt, .threshold = 0, .ltv = want.ltv};
        CHECK(available_borrows<Exact>(row, total) ==
              (row.name >= "3.5" ? want.new_answer : want.old_answer));
    }
}

namespace {

/// Random numbers that are the same on every machine, unlike the standard distributions.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + engine_() % (high - low + 1);
    }

  private:
    std::mt19937_64 engine_;
};

struct RandomReserve {
    U256 scaled_supply;
    U256 scaled_debt;
    U256 index;
    U256 rate;
    std::uint64_t seconds = 0;
    U256 price;
    U256 unit;
    U256 threshold_bps;
    U256 ltv_bps;
};

/// Balances from 10,000 to 10 million dollars of tokens with 12 decimals or more: a unit of the
/// token, or of base currency, is then at most 1e-12 of a balance, and rounding to units cannot be
/// seen.
std::vector<RandomReserve> random_account(Dice& dice) {
    std::vector<RandomReserve> out(dice.between(1, 6));
    for (RandomReserve& reserve : out) {
        const auto decimals = static_cast<unsigned>(dice.between(12, 18));
        reserve.unit = core::pow10(decimals);
        reserve.price = U256(dice.between(100'000'000, 1'000'000'000'000));  // 1 to 10,000 dollars
        const auto amount = [&](std::uint64_t dollars) {
            return U256(reserve.unit * dollars * 100'000'000 / reserve.price + 1);
        };
        reserve.scaled_supply = amount(dice.between(10'000, 10'000'000));
        reserve.scaled_debt = amount(dice.between(10'000, 10'000'000));
        reserve.index = core::ray() + U256(dice.between(0, 1'000'000'000)) * core::pow10(18);
        reserve.rate = U256(dice.between(0, 2'000)) * core::pow10(24);
        reserve.seconds = dice.between(0, 2 * kSecondsPerYear);
        reserve.threshold_bps = dice.between(5000, 9500);
        reserve.ltv_bps = dice.between(0, 5000);
    }
    return out;
}

template <class A>
Sums<A> sums_of(const Behaviour& behaviour, const std::vector<RandomReserve>& account) {
    Sums<A> out;
    // The older growth cuts x^3 to a whole ray, which n^3 / 6 multiplies: up to 4e-11 of the factor
    // after a week, but 4e-5 after two years. The newer cuts nothing that grows.
    constexpr std::uint64_t kWeek = 7 * 86'400;
    for (const RandomReserve& reserve : account) {
        const std::uint64_t seconds = behaviour.debt_growth == DebtGrowth::Binomial
                                          ? reserve.seconds % kWeek
                                          : reserve.seconds;
        const auto supply_index =
            grown_liquidity_index<A>(A::of(reserve.index), A::of(reserve.rate), seconds);
        const auto debt_index = grown_borrow_index<A>(behaviour.debt_growth, A::of(reserve.index),
                                                      A::of(reserve.rate), seconds);
        add_position<A>(
            behaviour,
            {.collateral = supply_balance<A>(behaviour, A::of(reserve.scaled_supply), supply_index),
             .debt = debt_balance<A>(behaviour, A::of(reserve.scaled_debt), debt_index),
             .price = A::of(reserve.price),
             .unit = A::of(reserve.unit),
             .threshold_bps = A::of(reserve.threshold_bps),
             .ltv_bps = A::of(reserve.ltv_bps)},
            out);
    }
    return out;
}

double in_doubles(const U256& value) { return value.convert_to<double>(); }

}  // namespace

TEST_CASE("the fast arithmetic agrees with the exact one", "[aave_v3][fast][property]") {
    Dice dice(20'240'601);
    for (int i = 0; i < 400; ++i) {
        const std::vector<RandomReserve> account = random_account(dice);
        for (const Behaviour& row : behaviours()) {
            CAPTURE(i, std::string(row.name));
            const Sums<Exact> exact = sums_of<Exact>(row, account);
            const Sums<Fast> fast = sums_of<Fast>(row, account);
            REQUIRE(fast.collateral == Approx(in_doubles(exact.collateral)).epsilon(1e-9));
            REQUIRE(fast.debt == Approx(in_doubles(exact.debt)).epsilon(1e-9));
            const double precise = in_doubles(health_factor<Exact>(row, exact));
            const double quick = health_factor<Fast>(row, fast);
            if (row.rounds_against_user) {
                REQUIRE(quick == Approx(precise).epsilon(1e-9));
            } else {
                // The contract cuts the average threshold to a whole basis point, so it is up to
                // one lower.
                const double average = fast.threshold / fast.collateral;
                REQUIRE(precise <= quick * (1 + 1e-9));
                REQUIRE(precise >= quick * (1 - 1 / average - 1e-9));
            }
        }
    }
}

TEST_CASE("more debt or less collateral never raises the health factor", "[aave_v3][property]") {
    Dice dice(7);
    for (int i = 0; i < 200; ++i) {
        std::vector<RandomReserve> account = random_account(dice);
        for (RandomReserve& reserve : account) {
            reserve.threshold_bps =
                8000;  // with several thresholds less of the worse one raises the average
        }
        for (const Behaviour& row : behaviours()) {
            const U256 before = health_factor<Exact>(row, sums_of<Exact>(row, account));
            auto worse = account;
            worse[0].scaled_debt += dice.between(1, 1'000'000'000);
            REQUIRE(health_factor<Exact>(row, sums_of<Exact>(row, worse)) <= before);
            worse = account;
            worse[0].scaled_supply -= 1;
            REQUIRE(health_factor<Exact>(row, sums_of<Exact>(row, worse)) <= before);
        }
    }
}
