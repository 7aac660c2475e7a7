#include "cascade/ladder.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

/// Triggers at 1,600,000 / (1000 * 0.83) = 1927.71 (-3.61 %) and 1,500,000 / 830 = 1807.23 (-9.64
/// %).
State two_rungs(std::uint64_t ethers_in_pool) {
    return state_of(lending({{1000, 1'600'000}, {1000, 1'500'000}}),
                    pair_at(kPair, whole(ethers_in_pool), whole(2'000 * ethers_in_pool), 0));
}

TEST_CASE("a ladder counts each account on the rung of its own trigger", "[cascade]") {
    const State begin_state = two_rungs(10'000);
    const ExactEngine engine(begin_state, playbook(), begin());
    const auto found = ladder(engine, "ETH/USD", 1000, 5);
    REQUIRE(found);
    CHECK(found->asset == kEther);
    REQUIRE(found->rungs.size() == 5);
    std::vector<std::size_t> accounts;
    for (const Rung& rung : found->rungs) {
        accounts.push_back(rung.accounts);
    }
    CHECK(accounts == std::vector<std::size_t>{0, 1, 0, 0, 1});
    // From -2 % to -4 % a product of 2e11 takes 10000 (0.96^-0.5 - 0.98^-0.5) = 104.68 ether, and
    // the account's whole debt is 1.6e6 * 1.05 / 1920 = 875 of it.
    const Rung& second = found->rungs[1];
    CHECK(second.depth.convert_to<double>() / 1e18 == Approx(104.68).epsilon(1e-3));
    CHECK(second.seized == whole(875));
    REQUIRE(second.gain);
    CHECK(*second.gain == Approx(875 / 104.68).epsilon(1e-3));
    REQUIRE(found->next_cliff());
    CHECK(found->next_cliff()->move_bps == 400);
}

TEST_CASE("a deep market has no cliff", "[cascade]") {
    const State begin_state = two_rungs(1'000'000);
    const ExactEngine engine(begin_state, playbook(), begin());
    const auto found = ladder(engine, "ETH/USD", 1000, 5);
    REQUIRE(found);
    CHECK(found->next_cliff() == nullptr);
}

TEST_CASE("half the depth doubles the gain", "[cascade]") {
    const State begin_state = two_rungs(10'000);
    Playbook half = playbook();
    half.depth_divisor = 2;
    const ExactEngine engine(begin_state, half, begin());
    const auto found = ladder(engine, "ETH/USD", 1000, 5);
    REQUIRE(found);
    CHECK(*found->rungs[1].gain == Approx(2 * 875 / 104.68).epsilon(1e-3));
}

TEST_CASE("a factor that nothing sold follows has no ladder", "[cascade]") {
    const State begin_state = two_rungs(10'000);
    const ExactEngine engine(begin_state, playbook(), begin());
    CHECK_FALSE(ladder(engine, "BTC/USD", 1000, 5));
    CHECK_FALSE(ladder(engine, "ETH/USD", 0, 5));
}

}  // namespace
}  // namespace margrave::cascade
