#include <catch2/catch.hpp>
#include <string>

#include "core/hex.hpp"
#include "tests/adapters/aave_v3/lending.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using core::U256;
using margin::ActionKind;
using margrave::test::address;

namespace {

/// A word of the ABI: 64 hex digits, the last ones given.
std::string word(const std::string& digits) {
    return std::string(64 - digits.size(), '0') + digits;
}

// Arguments of address(n) have n in their last digits.
const std::string kDaiWord = word("a002");
const std::string kUsdcWord = word("a001");
const std::string kWalletWord = word("aa");
const std::string kAll(64, 'f');

AaveMarket indebted() {
    State state = lending_pool("3.6");
    state.market = "core";
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    state.reserves[kUsdc].borrow_index = core::ray() * 5 / 4;
    return market_with(state, weth_against_usdc());
}

std::string data_of(const margin::ActionCalls& calls) { return core::to_hex(calls.call.data); }

}  // namespace

// Selectors: the first four bytes of keccak256 of each signature, as in IPool's published ABI.
TEST_CASE("a supply is approved and called for the wallet itself", "[aave_v3][calls]") {
    const auto calls = indebted().calls(0, act(ActionKind::Supply, kDai, U256(0x1234)));
    REQUIRE(calls);
    CHECK(data_of(*calls) == "0x617ba037" + kDaiWord + word("1234") + kWalletWord + word(""));
    CHECK(calls->call.to == address(1));
    CHECK(calls->call.value == 0);
    REQUIRE(calls->approvals.size() == 1);
    CHECK(calls->approvals.front().token == asset(kDai));
    CHECK(calls->approvals.front().spender == address(1));
    CHECK(calls->approvals.front().amount == 0x1234);
}

TEST_CASE("a full repayment is called for as everything and approved for the debt",
          "[aave_v3][calls]") {
    const auto calls = indebted().calls(0, act(ActionKind::Repay, kUsdc));
    REQUIRE(calls);
    CHECK(data_of(*calls) == "0x573ade81" + kUsdcWord + kAll + word("2") + kWalletWord);
    REQUIRE(calls->approvals.size() == 1);
    CHECK(calls->approvals.front().amount == usdc(10'000));  // 8000 * 1.25
    CHECK(calls->call.what == "repay all USDC at aave_v3/core");
}

TEST_CASE("a repayment is approved for no more than is owed", "[aave_v3][calls]") {
    const auto part = indebted().calls(0, act(ActionKind::Repay, kUsdc, usdc(2'500)));
    REQUIRE(part);
    CHECK(part->approvals.front().amount == usdc(2'500));
    CHECK(part->call.what == "repay 2500 USDC at aave_v3/core");
    const auto more = indebted().calls(0, act(ActionKind::Repay, kUsdc, usdc(20'000)));
    CHECK(more->approvals.front().amount == usdc(10'000));
}

TEST_CASE("what takes from the pool needs no approval", "[aave_v3][calls]") {
    const auto withdraw = indebted().calls(0, act(ActionKind::Withdraw, kDai));
    CHECK(data_of(*withdraw) == "0x69328dec" + kDaiWord + kAll + kWalletWord);
    CHECK(withdraw->approvals.empty());
    const auto borrow = indebted().calls(0, act(ActionKind::Borrow, kDai, U256(0xbeef)));
    CHECK(data_of(*borrow) ==
          "0xa415bcad" + kDaiWord + word("beef") + word("2") + word("") + kWalletWord);
    CHECK(borrow->approvals.empty());
    CHECK(data_of(*indebted().calls(0, flag(kDai, true))) == "0x5a3b74b9" + kDaiWord + word("1"));
    CHECK(data_of(*indebted().calls(0, flag(kDai, false))) == "0x5a3b74b9" + kDaiWord + word(""));
    CHECK(data_of(*indebted().calls(0, enter_emode(3))) == "0x28530a47" + word("3"));
}

TEST_CASE("what cannot be encoded is refused", "[aave_v3][calls]") {
    CHECK(indebted().calls(0, act(ActionKind::Borrow, kDai)).error().reason == "invalid_amount");
    CHECK(indebted().calls(0, act(ActionKind::Supply, 99, U256(1))).error().reason ==
          "unknown_asset");
    CHECK(indebted().calls(0, enter_emode(256)).error().reason == "out_of_range");
    CHECK(indebted().calls(0, act(ActionKind::SupplyCollateral, kDai, U256(1))).error().reason ==
          "not_modelled");
}
