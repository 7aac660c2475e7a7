#include "core/units.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

using namespace margrave::core;

namespace {

template <class A, class B>
concept Addable = requires(const A& a, const B& b) {
    a + b;
};
template <class A, class B>
concept Comparable = requires(const A& a, const B& b) {
    a < b;
};
template <class A>
concept Multipliable = requires(const A& a) {
    a* a;
};

}  // namespace

TEST_CASE("quantities of one unit add, subtract and compare", "[core][units]") {
    const TokenUnits three(U256(3));
    const TokenUnits five(U256(5));
    CHECK((three + five).value() == 8);
    CHECK((five - three).value() == 2);
    CHECK(three < five);
    CHECK(five > three);
    CHECK(three <= three);
    CHECK(five >= three);
    CHECK(three != five);
    CHECK(TokenUnits().value() == 0);
}

TEST_CASE("quantities of two units do not mix, nor does money multiply", "[core][units]") {
    STATIC_REQUIRE(Addable<Wad, Wad>);
    STATIC_REQUIRE_FALSE(Addable<Wad, Ray>);
    STATIC_REQUIRE_FALSE(Addable<Usd, TokenUnits>);
    STATIC_REQUIRE_FALSE(Comparable<BlockNumber, Timestamp>);
    STATIC_REQUIRE_FALSE(Multipliable<Usd>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<U256, Usd>);
}

TEST_CASE("no quantity wraps around", "[core][units][overflow]") {
    CHECK_THROWS_AS(Usd(max_u256()) + Usd(U256(1)), std::overflow_error);
    CHECK_THROWS_AS(Usd(U256(1)) - Usd(U256(2)), std::range_error);
    CHECK_THROWS_AS(Timestamp(99) - Timestamp(100), std::range_error);
    CHECK((Timestamp(100) - Timestamp(100)).value() == 0);
    CHECK_THROWS_AS(BlockNumber(~std::uint64_t{0}) + BlockNumber(1), std::overflow_error);
    CHECK((BlockNumber(~std::uint64_t{0} - 1) + BlockNumber(1)).value() == ~std::uint64_t{0});
    CHECK_THROWS_AS(Bps(4'294'967'295) + Bps(1), std::overflow_error);
}
