#include "risk/smallest_amount.hpp"

#include <catch2/catch.hpp>

namespace margrave::risk {
namespace {

using core::U256;

/// Accepted in [first, last], enough from `enough` on.
std::optional<SizedAmount> search(const U256& max, const std::optional<U256>& guess,
                                  const U256& first, const U256& enough, const U256& last,
                                  unsigned* tries = nullptr) {
    return smallest_enough(max, guess, [=](const U256& amount) {
        if (tries != nullptr) {
            ++*tries;
        }
        if (amount < first || amount > last) {
            return Reach::Refused;
        }
        return amount >= enough ? Reach::Enough : Reach::Below;
    });
}

TEST_CASE("the smallest amount that is enough is found from any guess", "[risk][rescue]") {
    const U256 max = U256(1) << 100;
    const U256 guess = GENERATE(as<std::uint64_t>{}, 1, 999, 1000, 1001, 5'000'000);
    const auto found = search(max, guess, 1, 1000, max);
    REQUIRE(found);
    CHECK(found->is_enough);
    CHECK(found->amount == 1000);
    CHECK(search(max, std::nullopt, 1, 1000, max)->amount == 1000);
    CHECK(search(1000, guess, 1, 1000, max)->amount == 1000);
    CHECK(search(max, max + 1, 1, 1, max)->amount == 1);
    CHECK(search(max, 5, 1, max, max)->amount == max);
}

TEST_CASE("a good guess saves trials", "[risk][rescue]") {
    const U256 enough = core::pow10(24) + 12'345;
    unsigned with = 0;
    unsigned without = 0;
    const U256 max = U256(1) << 110;
    CHECK(search(max, core::pow10(24), 1, enough, max, &with)->amount == enough);
    CHECK(search(max, std::nullopt, 1, enough, max, &without)->amount == enough);
    CHECK(with < 50);
    CHECK(without > 100);
}

TEST_CASE("a crossing before the one that a bisection finds is looked for", "[risk][rescue]") {
    // Enough in [1200, 1300), then again from 2000 on, as where a rounded threshold falls.
    const auto attempt = [](const U256& amount) {
        return (amount >= 1200 && amount < 1300) || amount >= 2000 ? Reach::Enough : Reach::Below;
    };
    CHECK(smallest_enough(U256(3000), U256(1000), attempt)->amount == 1200);
    CHECK(smallest_enough(U256(1) << 60, U256(1000), attempt)->amount == 1200);
}

TEST_CASE("an amount that a cap or dust refuses is not taken", "[risk][rescue]") {
    // Enough at 50, capped at 60, dust below 3.
    CHECK(search(1'000'000, std::nullopt, 3, 50, 60)->amount == 50);
    // Dust is refused where less would be enough.
    CHECK(search(1'000'000, std::nullopt, 3, 2, 60)->amount == 3);
    // The cap comes first: as much as it lets in.
    const auto capped = search(1'000'000, std::nullopt, 3, 61, 60);
    REQUIRE(capped);
    CHECK(!capped->is_enough);
    CHECK(capped->amount == 60);
    // Nothing is accepted at all.
    CHECK(!search(1'000'000, U256(7), 1, 1, 0));
    CHECK(!search(0, std::nullopt, 1, 1, 1));
}

}  // namespace
}  // namespace margrave::risk
