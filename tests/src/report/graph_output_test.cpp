#include "report/graph_output.hpp"

#include <catch2/catch.hpp>

#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;

GraphView view_of(const std::string& label) {
    GraphView view;
    view.graph.nodes = {{.id = "asset:x/1", .kind = exposure::NodeKind::Asset, .label = label},
                        {.id = "account:x/2", .kind = exposure::NodeKind::Account, .label = "A"}};
    view.graph.edges = {{.from = "asset:x/1",
                         .to = "account:x/2",
                         .relation = exposure::Relation::CollateralOf,
                         .market = "market:x",
                         .value = test::dollars(5)}};
    return view;
}

TEST_CASE("a hostile symbol cannot leave its DOT string", "[report][graph]") {
    const std::string dot = to_dot(view_of("a\"]; evil [x=\"\\\n\x1b[2J"));
    CHECK_THAT(dot, Contains(R"(label="a\"]; evil [x=\"\\??[2J")"));
    CHECK_THAT(dot, Contains(R"("asset:x/1" -> "account:x/2" [label="collateral of"])"));
}

TEST_CASE("accounts with long ids stay apart in DOT", "[report][graph]") {
    const std::string place = "account:ethereum/morpho_blue/0x" + std::string(64, 'a') + "/0x";
    GraphView view;
    view.graph.nodes = {{.id = place + std::string(39, '0') + '1', .label = "one"},
                        {.id = place + std::string(39, '0') + '2', .label = "two"}};
    CHECK_THAT(to_dot(view), Contains("01\" [label=\"one\""));
    CHECK_THAT(to_dot(view), Contains("02\" [label=\"two\""));
}

TEST_CASE("accounts that fall are marked in DOT", "[report][graph]") {
    GraphView view = view_of("WETH");
    CHECK_THAT(to_dot(view), !Contains("tomato"));
    view.failure = GraphFailure{.node = view.graph.nodes[0],
                                .move = std::nullopt,
                                .falls = {{.account = "account:x/2",
                                           .multiplier = core::U256(core::wad() / 2),
                                           .by = "collateral WETH"}}};
    const std::string dot = to_dot(view);
    CHECK_THAT(dot, Contains(R"(label="A", shape=box, style=filled)"));
    CHECK_THAT(to_text(view, {}), Contains("If WETH fails"));
    CHECK_THAT(to_text(view, {}), Contains("A: -0.5 of its price, by collateral WETH"));
    CHECK_THAT(to_json(view), Contains(R"("distance": "-0.5")"));
}

TEST_CASE("a graph without a question says nothing of falls", "[report][graph]") {
    const std::string json = to_json(view_of("WETH"));
    CHECK_THAT(json, Contains(R"("schema": "margrave.graph/1")"));
    CHECK_THAT(json, Contains(R"("failure": null)"));
    CHECK_THAT(json, Contains(R"("value_usd": "5")"));
}

TEST_CASE("a graph that lacks something says so", "[report][graph][coverage]") {
    GraphView view = view_of("WETH");
    view.gaps = {{.chain = "ethereum",
                  .protocol = "aave_v3",
                  .market = "core",
                  .wallet = std::nullopt,
                  .kind = core::ErrorKind::Timeout,
                  .detail = "no answer"}};
    CHECK_THAT(to_text(view, {}), Contains("NOT READ"));
}

}  // namespace
}  // namespace margrave::report
