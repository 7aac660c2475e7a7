#include "core/limbs.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/mul_add_div.hpp"
#include "core/u256.hpp"

using namespace margrave;
using boost::multiprecision::cpp_int;
using core::U256;
using core::limbs::Limb;
using core::limbs::Number;

namespace {

/// Limbs at which long division stumbles: its estimates are wrong next to these.
Limb edge(std::mt19937_64& random) {
    const Limb top = Limb{1} << 63U;
    const Limb edges[] = {0, 1, 2, top - 1, top, top + 1, ~Limb{0} - 1, ~Limb{0}};
    return random() % 4 == 0 ? random() : edges[random() % std::size(edges)];
}

Number any_number(std::mt19937_64& random, std::size_t limbs_max) {
    Number out;
    out.size = random() % (limbs_max + 1);
    for (std::size_t i = 0; i < out.size; ++i) {
        out.limb[i] = edge(random);
    }
    out.trim();
    return out;
}

cpp_int unbounded(const Number& number) {
    cpp_int out = 0;
    for (std::size_t i = number.size; i-- > 0;) {
        out = (out << 64) + number.limb[i];
    }
    return out;
}

U256 any_u256(std::mt19937_64& random) {
    U256 out = 0;
    for (std::size_t i = random() % 5; i > 0; --i) {
        out = (out << 64) + edge(random);
    }
    return out;
}

}  // namespace

TEST_CASE("products, sums and quotients of limbs are those of unbounded integers",
          "[core][limbs][property]") {
    std::mt19937_64 random(4311);
    for (int round = 0; round < 200'000; ++round) {
        const Number a = any_number(random, 4);
        const Number b = any_number(random, 4);
        const Number product = core::limbs::product(a, b);
        REQUIRE(unbounded(product) == unbounded(a) * unbounded(b));

        Number sum = any_number(random, 8);
        const cpp_int expected = unbounded(sum) + unbounded(product);
        const bool fits = core::limbs::add(sum, product);
        REQUIRE(fits == ((expected >> 512) == 0));
        if (fits) {
            REQUIRE(unbounded(sum) == expected);
        }

        const Number dividend = any_number(random, 8);
        const Number divisor = any_number(random, 4);
        if (divisor.size != 0) {
            bool is_exact = false;
            const Number quotient = core::limbs::quotient(dividend, divisor, is_exact);
            CAPTURE(unbounded(dividend), unbounded(divisor));
            REQUIRE(unbounded(quotient) == unbounded(dividend) / unbounded(divisor));
            REQUIRE(is_exact == (unbounded(dividend) % unbounded(divisor) == 0));
        }
    }
}

TEST_CASE("a product with an addend is divided as checked integers would",
          "[core][limbs][property]") {
    std::mt19937_64 random(4312);
    const cpp_int limit = cpp_int(1) << 256;
    int thrown = 0;
    for (int round = 0; round < 50'000; ++round) {
        const U256 a = any_u256(random);
        const U256 b = any_u256(random) >> (random() % 2 == 0 ? 0 : 128);
        const U256 addend = any_u256(random);
        const U256 c = any_u256(random);
        const cpp_int sum = cpp_int(a) * cpp_int(b) + cpp_int(addend);
        if (c == 0 || sum >= limit) {
            ++thrown;
            REQUIRE_THROWS_AS(core::mul_add_div(a, b, addend, c), std::overflow_error);
        } else {
            REQUIRE(cpp_int(core::mul_add_div(a, b, addend, c)) == sum / cpp_int(c));
        }
    }
    CHECK(thrown > 1000);
    CHECK(thrown < 49'000);
    CHECK(core::mul_add_div(core::max_u256(), 1, 0, 1) == core::max_u256());
    CHECK_THROWS_AS(core::mul_add_div(core::max_u256(), 1, 1, 1), std::overflow_error);
}
