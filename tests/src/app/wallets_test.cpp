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

TEST_CASE("ENS names are told apart, and only plain ones are taken", "[app][wallets][errors]") {
    CHECK(ens_names({{kWallet, ""}, {"b.eth", ""}, {"a-1.b.eth", ""}, {"b.eth", ""}}) ==
          std::vector<std::string>{"a-1.b.eth", "b.eth"});
    const auto* name = GENERATE("Vitalik.eth", "eth:vitalik.eth", "vit\u0430lik.eth", "a..eth",
                                "xn--a.eth", "a b.eth", ".eth", "eth.", "a_b.eth");
    CHECK_THROWS_WITH(ens_names({{name, ""}}), Contains("is no ENS name that is read here"));
    CHECK_THROWS_WITH(ens_names({{name, "w.txt:7"}}), Catch::StartsWith("w.txt:7: "));
}

TEST_CASE("a name stands for the address that it was resolved to", "[app][wallets]") {
    const auto address = core::Address::parse(kWallet);
    const auto wallets = parse_wallets({{"a.eth", ""}, {kWallet, ""}}, {{"a.eth", address}});
    REQUIRE(wallets.size() == 2);
    CHECK(wallets[0].address == address);
    CHECK_THROWS_WITH(parse_wallets({{"a.eth", ""}}, {{"a.eth", core::Address()}}),
                      "the zero address is nobody's wallet");
}

TEST_CASE("configured names stand for wallets and portfolios", "[app][wallets]") {
    settings::Settings settings;
    settings.wallets = {{"treasury", kWallet}, {"ops", "eth:" + std::string(kWallet)}};
    settings.portfolios = {{"fund", {"treasury", "ops", "0x01"}}};
    const auto words = expand({{"fund", ""}, {"treasury", "w.txt:2"}, {"other", ""}}, settings);
    REQUIRE(words.size() == 5);
    CHECK(words[0].text == kWallet);
    CHECK(words[1].text == "eth:" + std::string(kWallet));
    CHECK(words[2].text == "0x01");
    CHECK(words[3].text == kWallet);
    CHECK(words[4].text == "other");
    CHECK_THROWS_WITH(parse_wallets({words[2]}, {}), Catch::StartsWith("portfolio fund: "));
}

TEST_CASE("a name that nothing has is answered with the nearest", "[app][wallets][errors]") {
    settings::Settings settings;
    settings.wallets = {{"treasury", kWallet}};
    settings.portfolios = {{"fund", {"treasury"}}};
    CHECK_THROWS_WITH(expand({{"tresury", ""}}, settings),
                      "no wallet or portfolio is called \"tresury\", did you mean treasury?");
    CHECK_THROWS_WITH(expand({{"funds", "w.txt:2"}}, settings),
                      "w.txt:2: no wallet or portfolio is called \"funds\", did you mean fund?");
    // What may be an address or an ENS name is none of these.
    CHECK_NOTHROW(expand({{"treasury.eth", ""}, {"fund:0x1", ""}, {"0xfund", ""}}, settings));
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
    const auto wallets = parse_wallets(
        split_wallet_list("w.txt", std::string("# treasury\n\n  ") + kWallet +
                                       "  # main\r\neth:" + kWallet + "\n\t\n" + kWallet),
        {});
    REQUIRE(wallets.size() == 3);
    CHECK(wallets[1].chain_prefix == "eth");
    CHECK(wallets[2].address.to_string() == kWallet);
    CHECK(split_wallet_list("w.txt", "").empty());
    CHECK(split_wallet_list("w.txt", "# nobody\n").empty());
}

TEST_CASE("a list may begin with a byte order mark", "[app][wallets]") {
    const auto wallets =
        parse_wallets(split_wallet_list("w.txt", std::string("\xef\xbb\xbf") + kWallet + "\n"), {});
    REQUIRE(wallets.size() == 1);
    CHECK(wallets[0].address.to_string() == kWallet);
    CHECK(split_wallet_list("w.txt", "\xef\xbb\xbf").empty());
}

TEST_CASE("a mistake in a list is told with its line", "[app][wallets][errors]") {
    CHECK_THROWS_WITH(
        parse_wallets(split_wallet_list("w.txt", std::string(kWallet) + "\n\nnonsense\n"), {}),
        Catch::StartsWith("w.txt:3: "));
}

}  // namespace
}  // namespace margrave::app
