#include "adapters/uniswap_v3/pool.hpp"

#include <catch2/catch.hpp>

#include "core/fixed_point.hpp"
#include "tests/adapters/uniswap_v3/builders.hpp"

using namespace margrave;
using namespace margrave::test::uniswap_v3;

namespace {

const U256 kLiquidity = core::wad() * 1000;

PoolSwap sell(bool zero_for_one, const U256& amount) {
    return {.zero_for_one = zero_for_one,
            .exact_out = false,
            .amount = amount,
            .price_limit = zero_for_one ? U256(sqrt_price_min() + 1) : U256(sqrt_price_max() - 1)};
}

PoolSwap buy(bool zero_for_one, const U256& amount) {
    PoolSwap call = sell(zero_for_one, amount);
    call.exact_out = true;
    return call;
}

}  // namespace

TEST_CASE("the next tick is looked for within one word of the bit map", "[uniswap_v3]") {
    // Spacing 10: word 0 is ticks 0 to 2550, word -1 is -2560 to -10.
    TickTable table;
    table.spacing = 10;
    table.word_low = -1;
    table.word_high = 0;
    table.ticks = {-2000, 100, 2000};
    const auto at = [&](std::int32_t tick, bool down) { return table.next(tick, down); };
    CHECK(at(100, true)->tick == 100);  // at or below
    CHECK(at(100, true)->row == 1U);
    CHECK(at(109, true)->tick == 100);
    CHECK(at(99, true)->tick == 0);  // the word's end, where nothing changes
    CHECK_FALSE(at(99, true)->row);
    CHECK(at(100, false)->tick == 2000);  // strictly above
    CHECK(at(99, false)->tick == 100);
    CHECK(at(2000, false)->tick == 2550);
    CHECK_FALSE(at(2000, false)->row);
    CHECK(at(-1, true)->tick == -2000);
    CHECK(at(-11, false)->tick == -10);  // -11 is in the place of -20, the next is the word's last
    CHECK_FALSE(at(-11, false)->row);
    CHECK(at(-10, false)->tick == 100);  // in the next word
    CHECK(at(-2001, true)->tick == -2560);
    CHECK_FALSE(at(-2561, true));  // not read
    CHECK_FALSE(at(2550, false));
}

TEST_CASE("a sale of the whole depth halves the price's root", "[uniswap_v3][rounding]") {
    // One position over all: the root of the price is 1. After L of token 0 without fee it is
    // L * 1 / (L + L) = 1/2, and L * (1 - 1/2) of token 1 came out. log(1/4) / log(1.0001) is
    // -13863.6, so the tick is -13864.
    Pool pool =
        PoolBuilder{.positions = {{-887220, 887220, kLiquidity}}, .fee_pips = 0, .words = {-60, 60}}
            .build();
    const auto moved = swap(pool, sell(true, kLiquidity));
    REQUIRE(moved);
    CHECK(moved->in == kLiquidity);
    CHECK(moved->out == kLiquidity / 2);
    CHECK(moved->remaining == 0);
    CHECK(pool.now.sqrt_price_x96 == U256(1) << 95U);
    CHECK(pool.now.tick == -13864);
    CHECK(pool.now.liquidity == kLiquidity);
}

TEST_CASE("the fee is part of what is paid in", "[uniswap_v3][rounding]") {
    // 1e6 of token 0 less 0.3 % are 997000; at a price of 1 and with so much liquidity they fetch
    // one unit less, for rounding.
    Pool pool = PoolBuilder{.positions = {{-60, 60, core::wad() * 1'000'000'000}}}.build();
    const auto moved = swap(pool, sell(true, 1'000'000));
    REQUIRE(moved);
    CHECK(moved->in == 1'000'000);
    CHECK(moved->out == 996'999);
}

TEST_CASE("an exact purchase pays what a sale of that much fetches", "[uniswap_v3]") {
    const PoolBuilder builder{.positions = {{-600, 600, kLiquidity}, {-120, 60, kLiquidity}}};
    const bool zero_for_one = GENERATE(true, false);
    Pool bought = builder.build();
    const auto purchase = swap(bought, buy(zero_for_one, core::wad()));
    REQUIRE(purchase);
    CHECK(purchase->out == core::wad());
    Pool sold = builder.build();
    const auto sale = swap(sold, sell(zero_for_one, purchase->in));
    REQUIRE(sale);
    CHECK(sale->out >= core::wad());
    CHECK(sale->out <= core::wad() + 2);
    Pool less = builder.build();
    CHECK(swap(less, sell(zero_for_one, purchase->in - 2))->out < core::wad());
}

TEST_CASE("liquidity changes where the price crosses a tick", "[uniswap_v3]") {
    const PoolBuilder builder{.positions = {{-600, 600, kLiquidity}, {-120, 60, kLiquidity}}};
    Pool pool = builder.build();
    CHECK(pool.now.liquidity == 2 * kLiquidity);
    PoolSwap down = sell(true, core::wad() * 1'000'000);
    down.price_limit = sqrt_price_at(-300);
    REQUIRE(swap(pool, down));
    CHECK(pool.now.liquidity == kLiquidity);
    CHECK(pool.now.sqrt_price_x96 == sqrt_price_at(-300));
    CHECK(pool.now.tick == -300);
    PoolSwap up = sell(false, core::wad() * 1'000'000);
    up.price_limit = sqrt_price_at(59);
    REQUIRE(swap(pool, up));
    CHECK(pool.now.liquidity == 2 * kLiquidity);
    up.price_limit = sqrt_price_at(61);
    REQUIRE(swap(pool, up));
    CHECK(pool.now.liquidity == kLiquidity);
}

TEST_CASE("a fall that ends on an initialised tick leaves the pool one tick below",
          "[uniswap_v3]") {
    Pool pool = PoolBuilder{.positions = {{-600, 600, kLiquidity}, {-120, 60, kLiquidity}}}.build();
    PoolSwap call = sell(true, core::wad() * 1'000'000);
    call.price_limit = sqrt_price_at(-120);
    const auto moved = swap(pool, call);
    REQUIRE(moved);
    CHECK(moved->remaining == call.amount - moved->in);
    CHECK(moved->remaining > 0);
    CHECK(pool.now.tick == -121);
    CHECK(pool.now.liquidity == kLiquidity);
    CHECK_FALSE(contradiction_in(pool));
    // Up again from there: the same tick is crossed once more.
    call = sell(false, core::wad() * 1'000'000);
    call.price_limit = sqrt_price_at(-119);
    REQUIRE(swap(pool, call));
    CHECK(pool.now.liquidity == 2 * kLiquidity);
}

TEST_CASE("where liquidity ends, the rest is unfilled", "[uniswap_v3]") {
    Pool pool = PoolBuilder{.positions = {{-600, 600, kLiquidity}}, .words = {-60, 60}}.build();
    const auto moved = swap(pool, sell(true, core::wad() * 1'000'000));
    REQUIRE(moved);
    CHECK(moved->remaining > 0);
    CHECK(moved->in + moved->remaining == core::wad() * 1'000'000);
    CHECK(pool.now.sqrt_price_x96 == sqrt_price_min() + 1);
    CHECK(pool.now.liquidity == 0);
}

TEST_CASE("a swap that leaves what was read is refused and changes nothing",
          "[uniswap_v3][coverage]") {
    Pool pool = PoolBuilder{.positions = {{-600, 600, kLiquidity}}, .words = {-1, 0}}.build();
    const auto before = pool.now;
    const bool zero_for_one = GENERATE(true, false);
    const auto moved = swap(pool, sell(zero_for_one, core::wad() * 1'000'000));
    REQUIRE_FALSE(moved);
    CHECK(moved.error().reason == "beyond_band");
    CHECK(pool.now == before);
    CHECK(swap(pool, sell(zero_for_one, core::wad())));  // within it is fine
}

TEST_CASE("a swap is refused as the contract refuses it", "[uniswap_v3][refused]") {
    Pool pool = PoolBuilder{.positions = {{-600, 600, kLiquidity}}}.build();
    CHECK(swap(pool, sell(true, 0)).error().reason == "zero_amount");
    CHECK(swap(pool, sell(true, U256(1) << 255U)).error().reason == "amount_too_large");
    const U256 before = pool.now.sqrt_price_x96;
    PoolSwap call = sell(true, 1);
    call.price_limit = GENERATE_COPY(U256(before), U256(before + 1), U256(sqrt_price_min()));
    CHECK(swap(pool, call).error().reason == "price_limit");
    call = sell(false, 1);
    call.price_limit = GENERATE_COPY(U256(before), U256(sqrt_price_max()));
    CHECK(swap(pool, call).error().reason == "price_limit");
}

TEST_CASE("numbers that cannot be a pool's are noticed", "[uniswap_v3][coverage]") {
    const PoolBuilder builder{.positions = {{-600, 600, kLiquidity}, {-120, 60, kLiquidity}}};
    CHECK_FALSE(contradiction_in(builder.build()));
    Pool pool = builder.build();
    pool.now.liquidity = kLiquidity - 1;  // less than leaves at tick 600
    CHECK(contradiction_in(pool));
    pool = builder.build();
    pool.now.tick = 1;
    CHECK(contradiction_in(pool));
    pool = builder.build();
    pool.now.sqrt_price_x96 = 0;
    CHECK(contradiction_in(pool) == "the price is out of range: the pool has not begun");
    pool = builder.build();
    auto table = *pool.ticks;
    std::swap(table.ticks[0], table.ticks[1]);
    pool.ticks = std::make_shared<const TickTable>(table);
    CHECK(contradiction_in(pool) == "the ticks are not ascending");
}
