#include <catch2/catch.hpp>

#include "adapters/uniswap_v3/swap_math.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"
#include "core/errors.hpp"

using namespace margrave;
using namespace margrave::adapters::uniswap_v3;
using core::Rounding;
using core::U256;

namespace {

struct TickVector {
    std::int32_t tick;
    const char* price_at;
    const char* price;
};

/// What the contract's own library answered.
struct StepVector {
    std::int32_t from;
    std::int32_t to;
    const char* liquidity;
    const char* remaining;
    bool exact_out;
    std::uint32_t fee_pips;
    const char* price;
    const char* in;
    const char* out;
    const char* fee;
};

}  // namespace

TEST_CASE("prices at ticks are the contract's", "[uniswap_v3][rounding]") {
    const auto vector = GENERATE(
        TickVector{-875135, "7879789486", "7880160316"},
        TickVector{62489, "1801951657784085501351888175956", "1801951657784088498381192396378"},
        TickVector{-30888, "16911756615071350706673104872", "16911756615075976398874210592"},
        TickVector{258746, "32900058736455830882580774615577346",
                   "32900058736455830885136201569026801"});
    CHECK(sqrt_price_at(vector.tick) == U256(vector.price_at));
    CHECK(tick_at(U256(vector.price)) == vector.tick);
}

TEST_CASE("a price belongs to the tick at or below it", "[uniswap_v3][rounding]") {
    const std::int32_t tick = GENERATE(-887271, -443636, -1, 0, 1, 99, 887271);
    const U256 there = sqrt_price_at(tick);
    CHECK(tick_at(there) == tick);
    CHECK(tick_at(U256(there - 1)) == tick - 1);
    CHECK(tick_at(U256(there + 1)) == tick);
}

TEST_CASE("prices end at the first and the last tick", "[uniswap_v3]") {
    CHECK(sqrt_price_at(kTickMin) == sqrt_price_min());
    CHECK(sqrt_price_at(kTickMax) == sqrt_price_max());
    CHECK(tick_at(sqrt_price_min()) == kTickMin);
    CHECK(tick_at(U256(sqrt_price_max() - 1)) == kTickMax - 1);
    CHECK(sqrt_price_at(0) == U256(1) << 96U);
    CHECK_THROWS_AS(sqrt_price_at(kTickMax + 1), core::InvariantError);
    CHECK_THROWS_AS(tick_at(sqrt_price_max()), core::InvariantError);
    CHECK_THROWS_AS(tick_at(U256(sqrt_price_min() - 1)), core::InvariantError);
}

TEST_CASE("a swap's step moves what the contract's moves", "[uniswap_v3][rounding]") {
    const auto vector =
        GENERATE(StepVector{49610, 48515, "342482894932798000001", "694871495263568", false, 100,
                            "946417280680590158618633355901", "694802008114041",
                            "99146581649751952", "69487149527"},
                 StepVector{74139, 74927, "432296423096170000001", "2657346083443010", false, 500,
                            "3226317389371164400678374236761", "2656017410401288", "1601680811614",
                            "1328673041722"},
                 StepVector{-6759, -8689, "640763314109890000001", "8179302631047400", true, 3000,
                            "56507920947802662048698017651", "16078628993242550",
                            "8179302631047400", "48381030069938"},
                 StepVector{-9964, -9075, "660657386757638000001", "621616818401105000", true,
                            10000, "48169624523474377958662694605", "229647509633827794",
                            "621616818401105000", "2319671814483110"},
                 StepVector{-78633, -80163, "665980602984692000001", "5489676039214430000", false,
                            100, "1553820495462174677337925887", "5489127071610508557",
                            "2111621211154132", "548967603921443"},
                 StepVector{-35836, -35310, "254510580491527000001", "42966779237228700000", false,
                            500, "13557231459738084868767500289", "1130402557650474216",
                            "39634341888478686160", "565484020835655"});
    const Step step = swap_step({.price = sqrt_price_at(vector.from),
                                 .target = sqrt_price_at(vector.to),
                                 .liquidity = U256(vector.liquidity),
                                 .remaining = U256(vector.remaining),
                                 .exact_out = vector.exact_out,
                                 .fee_pips = vector.fee_pips});
    CHECK(step.price == U256(vector.price));
    CHECK(step.in == U256(vector.in));
    CHECK(step.out == U256(vector.out));
    CHECK(step.fee == U256(vector.fee));
}

TEST_CASE("amounts between two prices round against the swapper", "[uniswap_v3][rounding]") {
    // Prices 1 and 4: between them are L * (1 - 1/2) of token 0 and L * (2 - 1) of token 1.
    const U256 one = U256(1) << 96U;
    const U256 two = U256(1) << 97U;
    CHECK(amount0_between(one, two, 10, Rounding::Down) == 5);
    CHECK(amount0_between(two, one, 10, Rounding::Up) == 5);
    CHECK(amount0_between(one, two, 11, Rounding::Down) == 5);
    CHECK(amount0_between(one, two, 11, Rounding::Up) == 6);
    CHECK(amount1_between(one, two, 10, Rounding::Down) == 10);
    CHECK(amount1_between(one, U256(two - 1), 10, Rounding::Down) == 9);
    CHECK(amount1_between(U256(two - 1), one, 10, Rounding::Up) == 10);
}

TEST_CASE("a step over a range without liquidity moves the price for nothing", "[uniswap_v3]") {
    const bool exact_out = GENERATE(false, true);
    const Step step = swap_step({.price = sqrt_price_at(60),
                                 .target = sqrt_price_at(0),
                                 .liquidity = 0,
                                 .remaining = 1000,
                                 .exact_out = exact_out,
                                 .fee_pips = 3000});
    CHECK(step.price == sqrt_price_at(0));
    CHECK(step.in == 0);
    CHECK(step.out == 0);
    CHECK(step.fee == 0);
}
