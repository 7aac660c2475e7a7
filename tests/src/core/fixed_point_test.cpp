#include "core/fixed_point.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace margrave::core;

namespace {

constexpr Rounding kDown = Rounding::Down;
constexpr Rounding kUp = Rounding::Up;
constexpr Rounding kHalfUp = Rounding::HalfUp;

}  // namespace

TEST_CASE("the units are 1e18, 1e27 and 1e4", "[core][fixed_point]") {
    CHECK(to_decimal(wad()) == "1000000000000000000");
    CHECK(to_decimal(ray()) == "1000000000000000000000000000");
    CHECK(percentage_factor() == 10'000);
}

TEST_CASE("multiplying by one changes nothing", "[core][fixed_point]") {
    const U256 value = U256(123'456'789) * pow10(20) + 1;
    CHECK(ray_mul<kDown>(value, ray()) == value);
    CHECK(ray_mul<kHalfUp>(value, ray()) == value);
    CHECK(wad_mul<kUp>(value, wad()) == value);
    CHECK(percent_mul<kHalfUp>(value, percentage_factor()) == value);
    CHECK(ray_div<kUp>(value, ray()) == value);
    CHECK(wad_div<kDown>(value, wad()) == value);
    CHECK(percent_div<kUp>(value, percentage_factor()) == value);
}

TEST_CASE("a ray product rounds up from exactly one half", "[core][fixed_point][rounding]") {
    const U256 half = ray() / 2;
    CHECK(ray_mul<kHalfUp>(half, 1) == 1);      // 0.5
    CHECK(ray_mul<kHalfUp>(half - 1, 1) == 0);  // 0.5 - 1e-27
    CHECK(ray_mul<kDown>(ray() - 1, 1) == 0);
    CHECK(ray_mul<kUp>(1, 1) == 1);
    CHECK(ray_mul<kUp>(0, ray()) == 0);
}

TEST_CASE("a wad product rounds up from exactly one half", "[core][fixed_point][rounding]") {
    const U256 half = wad() / 2;
    CHECK(wad_mul<kHalfUp>(half, 1) == 1);
    CHECK(wad_mul<kHalfUp>(half - 1, 1) == 0);
    CHECK(wad_mul<kDown>(wad() - 1, 1) == 0);
    CHECK(wad_mul<kUp>(1, 1) == 1);
}

TEST_CASE("a percentage rounds up from exactly one half", "[core][fixed_point][rounding]") {
    CHECK(percent_mul<kHalfUp>(1, 5'000) == 1);  // 0.5
    CHECK(percent_mul<kHalfUp>(1, 4'999) == 0);  // 0.4999
    CHECK(percent_mul<kDown>(1, 9'999) == 0);
    CHECK(percent_mul<kUp>(1, 1) == 1);
    CHECK(percent_mul<kDown>(200, 10'500) == 210);  // a bonus of 5 %
}

TEST_CASE("division scales up first and then rounds", "[core][fixed_point][rounding]") {
    // 1e27 / 3 = 333333333333333333333333333.33
    CHECK(to_decimal(ray_div<kDown>(1, 3)) == "333333333333333333333333333");
    CHECK(to_decimal(ray_div<kHalfUp>(1, 3)) == "333333333333333333333333333");
    CHECK(to_decimal(ray_div<kUp>(1, 3)) == "333333333333333333333333334");
    // 2e18 / 3 = 666666666666666666.67
    CHECK(to_decimal(wad_div<kDown>(2, 3)) == "666666666666666666");
    CHECK(to_decimal(wad_div<kHalfUp>(2, 3)) == "666666666666666667");
    CHECK(to_decimal(wad_div<kUp>(2, 3)) == "666666666666666667");
    // 1e4 / 8000 = 1.25
    CHECK(percent_div<kDown>(1, 8'000) == 1);
    CHECK(percent_div<kHalfUp>(1, 8'000) == 1);
    CHECK(percent_div<kUp>(1, 8'000) == 2);
}

TEST_CASE("a ray product overflows where Aave's rayMul reverts", "[core][fixed_point][overflow]") {
    // rayMul reverts when a > (2^256 - 1 - 0.5e27) / b.
    const U256 largest = (max_u256() - ray() / 2) / ray();
    CHECK(ray_mul<kHalfUp>(largest, ray()) == largest);
    CHECK_THROWS_AS(ray_mul<kHalfUp>(largest + 1, ray()), std::overflow_error);
    CHECK(ray_mul<kDown>(max_u256() / ray(), ray()) == max_u256() / ray());
    CHECK_THROWS_AS(ray_mul<kDown>(max_u256() / ray() + 1, ray()), std::overflow_error);
}

TEST_CASE("a division by zero and a dividend that cannot be scaled overflow",
          "[core][fixed_point][overflow]") {
    CHECK_THROWS_AS(ray_div<kDown>(1, 0), std::overflow_error);
    CHECK_THROWS_AS(wad_div<kHalfUp>(1, 0), std::overflow_error);
    CHECK_THROWS_AS(percent_div<kUp>(1, 0), std::overflow_error);
    CHECK_THROWS_AS(ray_div<kDown>(max_u256(), max_u256()), std::overflow_error);
    CHECK(wad_div<kDown>(max_u256() / wad(), 1) == max_u256() / wad() * wad());
    CHECK_THROWS_AS(wad_div<kDown>(max_u256() / wad() + 1, 1), std::overflow_error);
}
