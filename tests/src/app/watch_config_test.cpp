#include "app/watch_config.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/errors.hpp"
#include "core/u256.hpp"

namespace margrave::app {
namespace {

using Catch::Matchers::Contains;

settings::Settings load(const std::string& text) {
    return settings::load(settings::shipped_sources(), settings::Source{"my.toml", text},
                          [](const std::string&) { return std::nullopt; });
}

const std::string kRule =
    "[[rules]]\nname = \"mine\"\nwatch = \"health_factor\"\nseverity = \"info\"\n";
const std::string kChannel =
    "[[channels]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"https://ops.example/\"\n";

}  // namespace

TEST_CASE("a rule on a cascade names its playbook, and only such a rule", "[watch_config]") {
    const std::string cascade =
        "[[rules]]\nname = \"really\"\nwatch = \"cascade_distance\"\n"
        "severity = \"critical\"\nfire_below = \"0.1\"\n";
    const auto rules = make_rules(load(cascade + "playbook = \"market.toml\"\n"));
    CHECK(rules.back().playbook == "market.toml");
    CHECK(rules.back().every_s == 900);
    CHECK(make_rules(load(cascade + "playbook = \"m.toml\"\nevery_s = 60\n")).back().every_s == 60);
    CHECK_THROWS_WITH(make_rules(load(cascade)), Contains("`playbook`"));
    CHECK_THROWS_WITH(make_rules(load(cascade + "playbook = \"m.toml\"\nevery_s = 0\n")),
                      Contains("`every_s`") && Contains("at least a second"));
    CHECK_THROWS_WITH(make_rules(load(kRule + "fire_below = \"1\"\nplaybook = \"m.toml\"\n")),
                      Contains("playbook"));
}

TEST_CASE("the shipped rules are rules, and one of the same name replaces one", "[watch_config]") {
    const auto shipped = make_rules(load(""));
    REQUIRE(shipped.size() == 7);
    CHECK(shipped[0].name == "liquidatable");
    CHECK(shipped[0].fires == core::Wad(core::U256(1'000'000'000'000'000'000)));
    CHECK(shipped[1].inhibited_by == std::vector<std::string>{"liquidatable"});
    CHECK(shipped[1].name == "health");
    CHECK(shipped[1].quantity == alert::Quantity::HealthFactor);
    CHECK(shipped[1].fires == core::Wad(core::U256(1'100'000'000'000'000'000)));
    CHECK(shipped[1].clears == core::Wad(core::U256(1'150'000'000'000'000'000)));
    CHECK(shipped[1].clear_blocks == 12);
    CHECK(shipped[4].quantity == alert::Quantity::ParameterChanges);
    CHECK(shipped[4].severity == alert::Severity::Warning);
    CHECK(shipped[4].within_s == 86'400);
    CHECK(shipped[4].flap_count == 0);
    CHECK(shipped[5].quantity == alert::Quantity::AccountChanges);
    CHECK(shipped[5].severity == alert::Severity::Info);

    const auto mine = make_rules(load(
        "[[rules]]\nname = \"health\"\nwatch = \"collateral_fall\"\nseverity = \"warning\"\n"
        "fire_below = \"0.2\"\nfor_blocks = 2\nfor_s = 3\nclear_s = 4\nunknown_after_s = 5\n"));
    REQUIRE(mine.size() == 7);
    CHECK(mine[1].quantity == alert::Quantity::CollateralFall);
    CHECK(mine[1].severity == alert::Severity::Warning);
    CHECK(mine[1].clears == mine[1].fires);
    CHECK(mine[1].for_blocks == 2);
    CHECK(mine[1].for_s == 3);
    CHECK(mine[1].clear_s == 4);
    CHECK(mine[1].clear_blocks == 12);
    CHECK(mine[1].unknown_after_s == 5);
}

TEST_CASE("a rule that counts changes says of how long, and none else does", "[watch_config]") {
    const auto rule = [](const std::string& rest) {
        return make_rules(load("[[rules]]\nname = \"mine\"\nseverity = \"info\"\n" + rest)).back();
    };
    const std::string changes = "watch = \"account_changes\"\nfire_above = \"2\"\n";
    CHECK(rule(changes).within_s == 86'400);
    CHECK(rule(changes + "within_s = 2592000\n").within_s == 2'592'000);
    CHECK_THROWS_WITH(rule(changes + "within_s = 2592001\n"),
                      Contains("my.toml:6") && Contains("kept for 30 days"));
    CHECK_THROWS_WITH(rule(changes + "within_s = 0\n"), Contains("within_s"));
    CHECK_THROWS_WITH(rule("watch = \"parameter_changes\"\nfire_below = \"2\"\n"),
                      Contains("write fire_above"));
    CHECK_THROWS_WITH(rule("watch = \"health_factor\"\nfire_below = \"2\"\nwithin_s = 60\n"),
                      Contains("within_s"));
}

TEST_CASE("a rule of pegs names what should keep to one", "[watch_config]") {
    const std::string depeg =
        "[[rules]]\nname = \"depeg\"\nseverity = \"info\"\nwatch = \"peg_distance\"\n"
        "fire_above = \"0.01\"\n";
    CHECK(make_rules(load(depeg + "pegs = [\"USDC/USD\", \"DAI/USD\"]\n")).back().pegs ==
          std::vector<std::string>{"USDC/USD", "DAI/USD"});
    CHECK_THROWS_WITH(make_rules(load(depeg)), Contains("my.toml:1") && Contains("USDC/USD"));
    CHECK_THROWS_WITH(make_rules(load(depeg + "pegs = [\"USDC/USB\"]\n")),
                      Contains("my.toml:6") && Contains("USDC/USB"));
    CHECK_THROWS_WITH(make_rules(load(kRule + "fire_below = \"1\"\npegs = [\"USDC/USD\"]\n")),
                      Contains("pegs"));
}

TEST_CASE("a rule of exposure may name factors that there are", "[watch_config]") {
    const std::string rule =
        "[[rules]]\nname = \"mine\"\nseverity = \"info\"\nwatch = \"factor_exposure\"\n";
    const std::string above = rule + "fire_above = \"1000000\"\n";
    CHECK(make_rules(load(above)).back().factors.empty());
    CHECK(make_rules(load(above + "factors = [\"ETH/USD\", \"stETH/ETH\"]\n")).back().factors ==
          std::vector<std::string>{"ETH/USD", "stETH/ETH"});
    CHECK_THROWS_WITH(make_rules(load(above + "factors = [\"ETH/USB\"]\n")),
                      Contains("my.toml:6: key `factors`") &&
                          Contains("\"ETH/USB\" is in no row") &&
                          Contains("did you mean \"ETH/USD\"?"));
    CHECK_THROWS_WITH(make_rules(load(above + "factors = \"ETH/USD\"\n")), Contains("factors"));
    CHECK(make_rules(load(above + "factors = [\"MINE/USD\"]\n[[factors]]\nsymbol = \"MINE\"\n"
                                  "factors = [\"MINE/USD\"]\n"))
              .back()
              .factors.size() == 1);
    CHECK_THROWS_WITH(make_rules(load(rule + "fire_below = \"1\"\n")),
                      Contains("key `fire_below`") && Contains("write fire_above"));
    CHECK_THROWS_WITH(make_rules(load(kRule + "fire_below = \"1\"\nfactors = [\"ETH/USD\"]\n")),
                      Contains("factors"));
}

TEST_CASE("a rule that cannot be is refused with its place", "[watch_config]") {
    const auto refusal = [](const std::string& rest) -> std::string {
        try {
            static_cast<void>(make_rules(load(kRule + rest)));
        } catch (const core::ConfigError& error) {
            return error.what();
        }
        return "taken";
    };
    CHECK(refusal("fire_below = \"1.1\"\n") == "taken");
    CHECK_THAT(refusal(""), Contains("my.toml:1") && Contains("one of fire_below and fire_above"));
    CHECK_THAT(refusal("fire_below = \"1\"\nfire_above = \"2\"\n"),
               Contains("one of fire_below and fire_above"));
    CHECK_THAT(refusal("fire_below = \"1.1\"\nclear_above = \"1.09\"\n"),
               Contains("my.toml:6") && Contains("would clear where it still fires"));
    CHECK_THAT(refusal("fire_above = \"1.1\"\nclear_below = \"1.2\"\n"),
               Contains("would clear where it still fires"));
    CHECK_THAT(refusal("fire_below = \"1.1\"\nclear_below = \"1\"\n"),
               Contains("write clear_above"));
    CHECK_THAT(refusal("fire_below = \"-1\"\n"), Contains("\"-1\" is no number"));
    CHECK_THAT(refusal("fire_below = \"1.1\"\nfor_block = 1\n"),
               Contains("did you mean `for_blocks`"));
    CHECK_THAT(refusal("fire_below = \"1.1\"\nchannels = [\"chat\"]\n"),
               Contains("there is no channel \"chat\""));

    const auto of_kind = [](const std::string& watch, const std::string& severity,
                            const std::string& rest) {
        return "[[rules]]\nname = \"mine\"\nwatch = \"" + watch + "\"\nseverity = \"" + severity +
               "\"\nfire_above = \"1\"\n" + rest;
    };
    CHECK_THROWS_WITH(make_rules(load(of_kind("healthy", "info", ""))),
                      Contains("\"healthy\" is none of health_factor, "));
    CHECK_THROWS_WITH(make_rules(load(of_kind("health_factor", "loud", ""))),
                      Contains("\"loud\" is none of info, warning, critical"));
    CHECK_THROWS_WITH(make_rules(load(of_kind("block_age", "info", "for_s = 1\n"))),
                      Contains("block_age is a time itself"));
}

TEST_CASE("escalation and inhibition name what there is", "[watch_config]") {
    const std::string rule = kRule + "fire_below = \"1\"\n";
    const auto mine =
        make_rules(load(rule +
                        "escalate_after_s = 60\nescalate_to = [\"ops\"]\nflap_count = 7\n"
                        "flap_window_s = 8\ninhibited_by = [\"silence\"]\n" +
                        kChannel));
    CHECK(mine.back().escalate_after_s == 60);
    CHECK(mine.back().escalate_to == std::vector<std::string>{"ops"});
    CHECK(mine.back().flap_count == 7);
    CHECK(mine.back().flap_window_s == 8);
    CHECK(mine.back().inhibited_by == std::vector<std::string>{"silence"});
    CHECK(mine.front().flap_count == 4);

    CHECK_THROWS_WITH(make_rules(load(rule + "escalate_after_s = 60\n")),
                      Contains("my.toml:6: key `escalate_after_s`") && Contains("go together"));
    CHECK_THROWS_WITH(make_rules(load(rule + "escalate_to = [\"ops\"]\n" + kChannel)),
                      Contains("go together"));
    CHECK_THROWS_WITH(
        make_rules(load(rule + "escalate_after_s = 60\nescalate_to = [\"nobody\"]\n")),
        Contains("key `escalate_to`") && Contains("no channel \"nobody\""));
    CHECK_THROWS_WITH(make_rules(load(rule + "inhibited_by = [\"nothing\"]\n")),
                      Contains("key `inhibited_by`") && Contains("no rule \"nothing\""));
    CHECK_THROWS_WITH(make_rules(load(rule + "inhibited_by = [\"mine\"]\n")),
                      Contains("key `inhibited_by`") && Contains("hold itself back"));
}

TEST_CASE("rules that hold each other back would tell nobody", "[watch_config]") {
    const auto rule = [](const std::string& name, const std::string& by) {
        return "[[rules]]\nname = \"" + name +
               "\"\nwatch = \"health_factor\"\nseverity = \"warning\"\nfire_below = \"1\"\n"
               "inhibited_by = [" +
               by + "]\n";
    };
    CHECK(make_rules(load(rule("a", "\"b\"") + rule("b", "\"c\"") + rule("c", ""))).size() > 2);
    CHECK_THROWS_WITH(
        make_rules(load(rule("a", "\"b\"") + rule("b", "\"c\"") + rule("c", "\"a\""))),
        Contains("\"a\" would hold itself back"));
}

TEST_CASE("what can never fire is refused", "[watch_config]") {
    CHECK_THROWS_WITH(make_rules(load(kRule + "fire_below = \"0\"\n")),
                      Contains("key `fire_below`") && Contains("never fire"));
}

}  // namespace margrave::app
