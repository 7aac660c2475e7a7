#include "app/wallets.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;

constexpr const char* kWallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

TEST_CASE("a wallet may carry its chain in front", "[app][wallets]") {
    CHECK(parse_wallet(kWallet).address.to_string() == kWallet);
    CHECK(parse_wallet(std::string("eth:") + kWallet).chain_prefix == "eth");
    CHECK(parse_wallet(std::string("eip155:10:") + kWallet).chain_id == core::ChainId(10));
}

TEST_CASE("an ENS name is refused with a word about what to give", "[app][wallets][errors]") {
    const auto* name = GENERATE("vitalik.eth", "eth:vitalik.eth", "a.b.c");
    CHECK_THROWS_WITH(parse_wallet(name), Contains("not supported yet"));
}

TEST_CASE("addresses that can be no wallet are refused", "[app][wallets][errors]") {
    CHECK_THROWS_WITH(parse_wallet("0x0000000000000000000000000000000000000000"),
                      "the zero address is nobody's wallet");
    const auto* precompile = GENERATE("0x0000000000000000000000000000000000000001",
                                      "0x0000000000000000000000000000000000000100",
                                      "0x000000000000000000000000000000000000ffff");
    CHECK_THROWS_WITH(parse_wallet(precompile),
                      Contains("is a precompiled contract, not a wallet"));
    CHECK_NOTHROW(parse_wallet("0x0000000000000000000000000000000000010000"));
}

TEST_CASE("a list has one wallet a line, with comments and empty lines", "[app][wallets]") {
    const auto wallets =
        parse_wallet_list("w.txt", std::string("# treasury\n\n  ") + kWallet +
                                       "  # main\r\neth:" + kWallet + "\n\t\n" + kWallet);
    REQUIRE(wallets.size() == 3);
    CHECK(wallets[1].chain_prefix == "eth");
    CHECK(wallets[2].address.to_string() == kWallet);
    CHECK(parse_wallet_list("w.txt", "").empty());
    CHECK(parse_wallet_list("w.txt", "# nobody\n").empty());
}

TEST_CASE("a mistake in a list is told with its line", "[app][wallets][errors]") {
    CHECK_THROWS_WITH(parse_wallet_list("w.txt", std::string(kWallet) + "\n\nnonsense\n"),
                      Catch::StartsWith("w.txt:3: "));
}

}  // namespace
}  // namespace margrave::app
