#include "app/rescue_calls.hpp"

#include <catch2/catch.hpp>

#include "core/hex.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::app {
namespace {

using test::kUsdc;
using test::kWeth;
using test::numbered;

const core::Address kPool = numbered(0x71);

risk::RescueStep step(const core::Address& token, std::uint64_t amount, const std::string& what) {
    risk::RescueStep out;
    out.action = margin::Action{.kind = margin::ActionKind::Repay,
                                .asset = token,
                                .amount = core::U256(amount),
                                .enable = true,
                                .category = 0};
    out.approvals = {{.token = token, .spender = kPool, .amount = amount}};
    out.call = margin::UnsignedCall{.to = kPool, .value = 0, .data = {1, 2}, .what = what};
    return out;
}

TEST_CASE("an approval is encoded as ERC-20 approve", "[app][rescue]") {
    const auto call = approve_call({.token = kUsdc, .spender = kPool, .amount = 258});
    CHECK(call.to == kUsdc);
    CHECK(call.value == 0);
    // approve(address,uint256) is 0x095ea7b3; 258 is 0x102.
    CHECK(core::to_hex(call.data) == "0x095ea7b3" + std::string(24, '0') +
                                         "7171717171717171717171717171717171717171" +
                                         std::string(61, '0') + "102");
}

TEST_CASE("approvals come first, one for a token and spender", "[app][rescue]") {
    risk::RescuePlan plan;
    plan.steps = {step(kUsdc, 5, "first"), step(kWeth, 3, "second"), step(kUsdc, 2, "third")};
    const auto calls = calls_of(plan);
    REQUIRE(calls.calls.size() == 5);
    CHECK(calls.not_encoded.empty());
    CHECK(calls.calls[0].data ==
          approve_call({.token = kUsdc, .spender = kPool, .amount = 7}).data);
    CHECK(calls.calls[1].to == kWeth);
    CHECK(calls.calls[2].what == "first");
    CHECK(calls.calls[4].what == "third");
}

TEST_CASE("what margrave cannot encode is named, and a flash loan's bundle not cut in pieces",
          "[app][rescue]") {
    risk::RescuePlan plan;
    risk::RescueStep swap;
    swap.tokens = {.token = {.address = kUsdc, .symbol = "USDC", .decimals = 6},
                   .amount = 1'000'000,
                   .value = std::nullopt};
    swap.sold.emplace();
    swap.sold->token.symbol = "ETH";
    swap.sold->token.decimals = 18;
    swap.sold->amount = core::wad();
    plan.steps = {swap, step(kUsdc, 5, "repay")};
    const auto calls = calls_of(plan);
    CHECK(calls.calls.size() == 2);
    CHECK(calls.not_encoded == std::vector<std::string>{"swap 1.0000 ETH for 1.0000 USDC"});

    plan.needs_flash_loan = true;
    CHECK(calls_of(plan).calls.empty());
    CHECK(calls_of(plan).not_encoded.size() == 1);
}

}  // namespace
}  // namespace margrave::app
