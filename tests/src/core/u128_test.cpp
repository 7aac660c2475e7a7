#include "core/u128.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <stdexcept>

#include "core/fixed_point.hpp"

using namespace margrave::core;

namespace {

/// Numbers of up to 128 bits and a little more, many at the ends of limbs.
U256 any_number(std::mt19937_64& random) {
    const std::uint64_t edges[] = {0, 1, 2, std::uint64_t{1} << 63U, ~std::uint64_t{0}};
    const auto limb = [&] { return random() % 3 == 0 ? edges[random() % 5] : random(); };
    const U256 number = (U256(limb()) << 64) + limb();
    return U256(number >> static_cast<unsigned>(random() % 128)) + (random() % 16 == 0 ? 1 : 0);
}

const U256& limit() {
    static const U256 value = U256(1) << 128;
    return value;
}

/// What U256 gives, where it is a number below 2^128; else nothing.
template <class F>
std::optional<U256> narrow(const F& compute) {
    try {
        const U256 out(compute());
        return out < limit() ? std::optional(out) : std::nullopt;
    } catch (const std::overflow_error&) {
        return std::nullopt;
    } catch (const std::range_error&) {
        return std::nullopt;
    }
}

}  // namespace

TEST_CASE("128 bits give what 256 give, or refuse", "[core][u128][property]") {
    std::mt19937_64 random(128);
    for (int round = 0; round < 100'000; ++round) {
        const U256 a = any_number(random) % limit();
        const U256 b = any_number(random) % limit();
        const U256 c = any_number(random) % limit();
        CAPTURE(a, b, c);
        const U128 x(a);
        const U128 y(b);
        const U128 z(c);
        REQUIRE(narrow([&] { return x + y; }) == narrow([&] { return a + b; }));
        REQUIRE(narrow([&] { return x - y; }) == narrow([&] { return a - b; }));
        REQUIRE(narrow([&] { return x * y; }) == narrow([&] { return a * b; }));
        REQUIRE(narrow([&] { return x / y; }) == narrow([&] { return a / b; }));
        REQUIRE(narrow([&] { return U128::mul_div<Rounding::Down>(x, y, z); }) ==
                narrow([&] { return mul_div<Rounding::Down>(a, b, c); }));
        REQUIRE(narrow([&] { return U128::mul_div<Rounding::Up>(x, y, z); }) ==
                narrow([&] { return mul_div<Rounding::Up>(a, b, c); }));
        REQUIRE(narrow([&] { return U128::mul_div<Rounding::HalfUp>(x, y, z); }) ==
                narrow([&] { return mul_div<Rounding::HalfUp>(a, b, c); }));
        REQUIRE((x == y) == (a == b));
        REQUIRE((x < y) == (a < b));
        REQUIRE((x > y) == (a > b));
        REQUIRE(U256(x) == a);
    }
}

TEST_CASE("a number of more than 128 bits is not cut", "[core][u128]") {
    CHECK(U256(U128(U256(limit() - 1))) == limit() - 1);
    CHECK_THROWS_AS(U128(limit()), std::overflow_error);
    CHECK_THROWS_AS(U128(max_u256()), std::overflow_error);
}
