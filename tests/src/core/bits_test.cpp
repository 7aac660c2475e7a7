#include "core/bits.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace margrave::core;

TEST_CASE("fields of a word are what shifting and masking it gives", "[core][bits][property]") {
    std::mt19937_64 random(64);
    for (int round = 0; round < 20'000; ++round) {
        U256 word = 0;
        for (std::size_t limb = random() % 5; limb > 0; --limb) {
            word = (word << 64) + random();
        }
        const auto count = 1 + static_cast<unsigned>(random() % 64);
        const auto from = static_cast<unsigned>(random() % (257 - count));
        const U256 mask = (U256(1) << count) - 1;
        CAPTURE(word, from, count);
        REQUIRE(bits_of(word, from, count) == ((word >> from) & mask));
    }
}
