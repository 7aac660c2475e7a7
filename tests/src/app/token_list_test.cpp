#include "app/token_list.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;

settings::Settings two_chains() {
    settings::Settings out;
    out.chains["ethereum"].chain_id = core::ChainId(1);
    out.chains["arbitrum"].chain_id = core::ChainId(42161);
    settings::Asset known;
    known.chain = "ethereum";
    known.address = core::Address::parse("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    known.symbol = "WETH";
    out.assets.push_back(known);
    return out;
}

std::string list_of(const std::string& tokens) {
    return R"({"name":"mine","version":{"major":1},"tokens":[)" + tokens + "]}";
}

TEST_CASE("a list's tokens are read on the chains that are configured", "[app][token_list]") {
    auto settings = two_chains();
    const auto count = add_token_list("l.json", list_of(R"(
        {"chainId":1,"address":"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2","symbol":"FAKE","decimals":18},
        {"chainId":1,"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"DAI","decimals":18},
        {"chainId":42161,"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"\u001b[2JX"},
        {"chainId":1,"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"DAI"},
        {"chainId":999,"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"Y"},
        {"chainId":101,"address":"So11111111111111111111111111111111111111112","symbol":"SOL"})"),
                                      settings);
    CHECK(count.added == 2);
    CHECK(count.foreign == 2);  // of a chain that has other addresses, too
    REQUIRE(settings.assets.size() == 3);
    CHECK(settings.assets[0].symbol == "WETH");  // what is configured stays
    CHECK(settings.assets[1].symbol == "DAI");
    CHECK_FALSE(settings.assets[1].chainlink_feed);
    CHECK(settings.assets[2].chain == "arbitrum");
    CHECK_THAT(settings.assets[2].symbol, !Contains("\x1b"));
}

TEST_CASE("what is wrong in a list is told with its place", "[app][token_list][errors]") {
    const auto* token = GENERATE(
        R"({"chainId":1,"address":"0x12","symbol":"A"})",
        R"({"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"A"})",
        R"({"chainId":"1","address":"0x6B175474E89094C44Da98b954EedeAC495271d0F","symbol":"A"})",
        R"({"chainId":1,"address":"0x6B175474E89094C44Da98b954EedeAC495271d0F"})", "7");
    auto settings = two_chains();
    CHECK_THROWS_WITH(add_token_list("l.json", list_of(token), settings),
                      Catch::StartsWith("l.json: tokens[0]: "));
}

TEST_CASE("what is no list is refused, however deep or long", "[app][token_list][hostile]") {
    auto settings = two_chains();
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    std::string many = "7";
    for (int i = 0; i < 10'000; ++i) {
        many += ",7";
    }
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"tokens":7})"),
          R"({"tokens":)" + deep + "}", list_of(many)}) {
        CHECK_THROWS_AS(add_token_list("l.json", text, settings), core::InputError);
    }
}

}  // namespace
}  // namespace margrave::app
