#include "app/index_target.hpp"

#include <catch2/catch.hpp>

using namespace margrave;
using namespace margrave::app;

namespace {

settings::Settings three_deployments() {
    return settings::load({{.name = "shipped.toml", .text = R"(
[chains.base]
chain_id = 8453
[chains.ethereum]
chain_id = 1
[[markets]]
protocol = "morpho_blue"
chain = "base"
name = "blue"
[[markets]]
protocol = "aave_v3"
chain = "ethereum"
name = "core"
[[markets]]
protocol = "morpho_blue"
chain = "ethereum"
name = "blue"
)"}},
                          std::nullopt, [](const std::string&) { return std::nullopt; });
}

}  // namespace

TEST_CASE("a deployment is found by its name, a market by its id", "[app][book]") {
    const settings::Settings settings = three_deployments();
    const auto core = find_target(settings, "ethereum", "aave_v3", "core");
    REQUIRE(core);
    CHECK(core->entry == &settings.markets[1]);
    CHECK(core->only_market.empty());
    const auto inside = find_target(settings, "ethereum", "morpho_blue", "0xb323");
    REQUIRE(inside);
    CHECK(inside->entry == &settings.markets[2]);
    CHECK(inside->only_market == "0xb323");
    CHECK_FALSE(find_target(settings, "ethereum", "aave_v3", "cor"));
    CHECK_FALSE(find_target(settings, "ethereum", "spark", "0xb323"));
    CHECK_FALSE(find_target(settings, "polygon", "aave_v3", "core"));
}

TEST_CASE("nothing is looked at twice", "[app][book]") {
    const settings::Settings settings = three_deployments();
    const settings::MarketEntry* const blue = &settings.markets[2];
    std::vector<IndexTarget> targets;
    add_target({blue, "0xb323"}, targets);
    add_target({blue, "0xb323"}, targets);
    CHECK(targets.size() == 1);
    add_target({blue, "0xc54d"}, targets);
    add_target({&settings.markets[0], "0xb323"}, targets);
    CHECK(targets.size() == 3);
    add_target({blue, ""}, targets);
    REQUIRE(targets.size() == 2);
    CHECK(targets[0].entry == &settings.markets[0]);
    CHECK(targets[1].only_market.empty());
    add_target({blue, "0xb323"}, targets);
    CHECK(targets.size() == 2);
}
