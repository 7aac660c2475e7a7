#include "settings/settings.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"

namespace margrave::settings {
namespace {

using Catch::Contains;
using Catch::Equals;
using core::ConfigError;

constexpr const char* kShippedChain = R"([chains.ethereum]
chain_id = 1
rpc = ["https://public.example/rpc"]
native = "ETH"
short_name = "eth"
multicall3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
)";

constexpr const char* kShippedMarket = R"([[markets]]
protocol = "aave_v3"
chain = "ethereum"
name = "core"
pool_addresses_provider = "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e"
from_block = 16291127

[[revisions]]
protocol = "aave_v3"
revision = 7
behaviour = "3.4"
)";

const std::vector<Source> kShipped{{.name = "ethereum.toml", .text = kShippedChain},
                                   {.name = "aave_v3.toml", .text = kShippedMarket}};

Environment environment(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

Settings load_user(const std::string& text, const Environment& variables = environment({})) {
    return load(kShipped, Source{.name = "my.toml", .text = text}, variables);
}

std::string error_of(const std::string& text, const Environment& variables = environment({})) {
    try {
        load_user(text, variables);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

TEST_CASE("the shipped configuration alone makes no chain the user's", "[settings]") {
    const auto settings = load(kShipped, std::nullopt, environment({}));
    const auto& ethereum = settings.chain("ethereum");
    CHECK(ethereum.chain_id == core::ChainId(1));
    CHECK(ethereum.short_name == "eth");
    CHECK_FALSE(ethereum.rpc_is_users);
    CHECK_FALSE(ethereum.allow_plain_http);
    CHECK(ethereum.timeout_ms == 60'000);
    CHECK(ethereum.quorum == 1);
    REQUIRE(settings.markets.size() == 1);
    CHECK(settings.markets[0].from_block == 16291127);
    REQUIRE(settings.revisions.size() == 1);
    CHECK(settings.revisions[0].behaviour == "3.4");
    CHECK(settings.user_chains.empty());
    CHECK(settings.at_risk_below == core::Wad(core::wad() + core::wad() / 10));
}

TEST_CASE("a private chain and its market are added to the shipped ones", "[settings]") {
    const auto settings = load_user(R"([chains.devnet]
chain_id = 31337
rpc = ["http://127.0.0.1:8545", "https://second.example"]
native = "TEST"
quorum = 2

[[markets]]
protocol = "aave_v3"
chain = "devnet"
name = "core"
pool_addresses_provider = "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e"
)");
    CHECK(settings.chains.size() == 2);
    CHECK(settings.chain("devnet").rpc.size() == 2);
    CHECK(settings.chain("devnet").quorum == 2);
    CHECK(settings.chain("devnet").rpc_is_users);
    CHECK(settings.chain("devnet").native_symbol == "TEST");
    CHECK(settings.chain("devnet").multicall3 == std::nullopt);
    REQUIRE(settings.markets.size() == 2);
    CHECK(settings.markets[0].chain == "ethereum");
    CHECK(settings.markets[1].chain == "devnet");
    CHECK(settings.user_chains == std::vector<std::string>{"devnet"});
}

TEST_CASE("a user's chain table replaces single keys and keeps the shipped rest", "[settings]") {
    const auto settings = load_user("[chains.ethereum]\nrpc = [\"https://mine.example\"]\n");
    const auto& ethereum = settings.chain("ethereum");
    CHECK(ethereum.rpc == std::vector<std::string>{"https://mine.example"});
    CHECK(ethereum.rpc_is_users);
    CHECK(ethereum.chain_id == core::ChainId(1));
    CHECK(ethereum.multicall3.has_value());
    CHECK(settings.user_chains == std::vector<std::string>{"ethereum"});
}

TEST_CASE("a market with the same protocol, chain and name replaces the shipped one",
          "[settings]") {
    const auto settings = load_user(R"([[markets]]
protocol = "aave_v3"
chain = "ethereum"
name = "core"
pool_addresses_provider = "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84"
)");
    REQUIRE(settings.markets.size() == 1);
    CHECK(settings.markets[0].from_block == 0);
    CHECK(settings.markets[0].section.address("pool_addresses_provider").to_string() ==
          "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84");
    CHECK(settings.user_chains == std::vector<std::string>{"ethereum"});
}

TEST_CASE("the chains of the user's file come in the order of their names", "[settings]") {
    const auto settings = load_user("[chains.zeta]\nchain_id = 5\n[chains.alpha]\nchain_id = 6\n");
    CHECK(settings.user_chains == std::vector<std::string>{"alpha", "zeta"});
}

TEST_CASE("a chain may be configured without an endpoint", "[settings]") {
    CHECK(load_user("[chains.devnet]\nchain_id = 5\n").chain("devnet").rpc.empty());
    CHECK(load_user("[chains.devnet]\nchain_id = 5\nrpc = []\n").chain("devnet").rpc.empty());
}

TEST_CASE("an asset is the chain's coin or a token, and a later file's replaces it", "[settings]") {
    const std::string token =
        "[[assets]]\nchain = \"ethereum\"\naddress = "
        "\"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\"\nsymbol = ";
    const auto settings =
        load({{.name = "ethereum.toml", .text = kShippedChain},
              {.name = "assets.toml",
               .text = "[[assets]]\nchain = \"ethereum\"\nnative = true\n" + token + "\"WETH\"\n"}},
             Source{.name = "my.toml", .text = token + "\"wrapped\"\nheartbeat_s = 60\n"},
             environment({}));
    REQUIRE(settings.assets.size() == 2);
    CHECK(settings.assets[0].native);
    CHECK(settings.assets[0].symbol == "ETH");
    CHECK(settings.assets[1].symbol == "wrapped");
    CHECK(settings.assets[1].heartbeat_s == 60);
}

TEST_CASE("wallets and portfolios have names that nothing else could be", "[settings]") {
    const std::string wallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    const auto settings =
        load_user("[wallets]\na = \"" + wallet + "\"\nb = \"x.eth\"\n[portfolios]\n" +
                  "fund = [\"a\", \"b\", \"" + wallet + "\"]\n");
    CHECK(settings.wallets.at("a") == wallet);
    CHECK(settings.portfolios.at("fund").size() == 3);
    CHECK_THAT(error_of("[wallets]\nx.eth = \"" + wallet + "\"\n"), Contains("my.toml:2"));
    CHECK_THAT(error_of("[wallets]\n0xa = \"" + wallet + "\"\n"), Contains("could be taken for"));
    CHECK_THAT(error_of("[wallets]\na = \"0x12\"\n"), Contains("my.toml:2: key `a`: "));
    CHECK_THAT(error_of("[portfolios]\na = []\n"), Contains("one wallet at least"));
    CHECK_THAT(error_of("[portfolios]\na = [\"nobody\"]\n"), Contains("my.toml:2: key `a`: "));
    CHECK_THAT(
        error_of("[wallets]\ntreasury = \"" + wallet + "\"\n[portfolios]\nfund = [\"tresury\"]\n"),
        Contains("my.toml:4: key `fund`: no wallet is called \"tresury\", did you mean "
                 "treasury?"));
    CHECK_THAT(error_of("[wallets]\na = \"" + wallet + "\"\n[portfolios]\na = [\"a\"]\n"),
               Contains("names a wallet and a portfolio"));
}

TEST_CASE("the limit of being at risk is read exactly", "[settings]") {
    CHECK(load_user("[report]\nat_risk_below = \"1.25\"\n").at_risk_below ==
          core::Wad(core::U256("1250000000000000000")));
}

TEST_CASE("a variable of the environment stands in for a key in an endpoint's URL",
          "[settings][secrets]") {
    const auto settings = load_user(
        "[chains.ethereum]\nrpc = [\"https://${HOST}/v2/${KEY}\", \"${WHOLE}\"]\n",
        environment(
            {{"HOST", "node.example"}, {"KEY", "s3cret"}, {"WHOLE", "https://other.example/x"}}));
    CHECK(settings.chain("ethereum").rpc ==
          std::vector<std::string>{"https://node.example/v2/s3cret", "https://other.example/x"});
}

TEST_CASE("a dollar sign without a brace stays as it is", "[settings]") {
    CHECK(load_user("[chains.ethereum]\nrpc = [\"https://node.example/$KEY\"]\n")
              .chain("ethereum")
              .rpc == std::vector<std::string>{"https://node.example/$KEY"});
}

TEST_CASE("an endpoint's variable that is unset or empty is named", "[settings][secrets]") {
    const std::string text = "[chains.ethereum]\nrpc = [\n  \"https://node.example/${KEY}\"]\n";
    const auto* expected = "my.toml:2: key `rpc`, entry 1: the environment variable KEY is not set";
    CHECK_THAT(error_of(text), Equals(expected));
    CHECK_THAT(error_of(text, environment({{"KEY", ""}})), Equals(expected));
}

TEST_CASE("no message shows an endpoint's URL", "[settings][secrets]") {
    const auto* text =
        GENERATE("rpc = \"https://node.example/s3cret\"", "rpc = [\"wss://node.example/s3cret\"]",
                 "rpc = [\"https://node example/s3cret\"]", "rpc = [\"s3cret\"]",
                 "rpc = [https://node.example/s3cret]", "rpc = [\"https://s3cret", "rpc = [\"\"]",
                 "rpc = [\"https://node.example/s3cret\", 1]", "rpc = [\"https://s3cret/${\"]",
                 "rpc = [\"https://s3cret/${a b}\"]", "rpc = [\"https://\"]");
    const auto error = error_of(std::string("[chains.ethereum]\n") + text + "\n");
    CAPTURE(error);
    CHECK_THAT(error, Catch::StartsWith("my.toml:2"));
    CHECK_THAT(error, !Contains("s3cret"));
}

struct Mistake {
    const char* text;
    const char* message;
};

TEST_CASE("a mistake is told with file, line and key", "[settings][errors]") {
    const auto mistake = GENERATE(
        // Keys that nobody knows.
        Mistake{"[chain.devnet]\nchain_id = 5\n",
                "my.toml:1: key `chain`: unknown key, did you mean `chains`?"},
        Mistake{"[chains.devnet]\nchain_id = 5\nmulticall = \"\"\n",
                "my.toml:3: key `multicall`: unknown key, did you mean `multicall3`?"},
        Mistake{"[report]\n\nat_risk_bellow = \"1\"\n",
                "my.toml:3: key `at_risk_bellow`: unknown key, did you mean `at_risk_below`?"},
        Mistake{"[[revisions]]\nprotocol = \"a\"\nrevision = 1\nbehaviour = \"b\"\nzzzzzzzz = 1\n",
                "my.toml:5: key `zzzzzzzz`: unknown key; the keys here are behaviour, protocol, "
                "revision"},
        // Missing keys.
        Mistake{"[chains.devnet]\nnative = \"ETH\"\n",
                "my.toml:1: [chains.devnet]: key `chain_id` is missing; it takes an integer"},
        Mistake{"\n[[markets]]\nprotocol = \"aave_v3\"\nchain = \"ethereum\"\n",
                "my.toml:2: [[markets]]: key `name` is missing; it takes a text in quotes"},
        // Wrong types.
        Mistake{"[chains.devnet]\nchain_id = \"5\"\n",
                "my.toml:2: key `chain_id`: expected an integer without quotes, got string"},
        Mistake{"[chains.devnet]\nchain_id = 5\nmulticall3 = 12\n",
                "my.toml:3: key `multicall3`: expected an address in quotes, got integer"},
        Mistake{"[chains.devnet]\nchain_id = 5\nrpc = \"http://127.0.0.1\"\n",
                "my.toml:3: key `rpc`: expected a list of texts, as in [\"…\", \"…\"], got string"},
        Mistake{"[chains.devnet]\nchain_id = 5\nnative = 2020-01-01\n",
                "my.toml:3: key `native`: expected a text in quotes, got date or time"},
        Mistake{"[report]\nat_risk_below = 1.1\n",
                "my.toml:2: key `at_risk_below`: expected a text in quotes, got number"},
        Mistake{"[markets]\nprotocol = \"aave_v3\"\n",
                "my.toml:1: key `markets`: expected [[markets]] tables, got table"},
        Mistake{"chains = 5\n",
                "my.toml:1: key `chains`: expected tables [chains.NAME], got integer"},
        Mistake{"[chains]\ndevnet = 5\n",
                "my.toml:2: key `devnet` in [chains]: expected tables [chains.NAME], got integer"},
        Mistake{"[[report]]\nat_risk_below = \"1\"\n",
                "my.toml:1: key `report`: expected a table [report], got list"},
        // Values that cannot be.
        Mistake{"[chains.devnet]\nchain_id = 0\n",
                "my.toml:2: key `chain_id`: expected an integer of 1 or more, got 0"},
        Mistake{"[chains.devnet]\nchain_id = -1\n",
                "my.toml:2: key `chain_id`: expected an integer of 0 or more, got -1"},
        Mistake{"[chains.devnet]\nchain_id = 5\nquorum = 0\n",
                "my.toml:3: key `quorum`: expected 1 to 16 endpoints, got 0"},
        Mistake{"[chains.devnet]\nchain_id = 5\nquorum = 17\n",
                "my.toml:3: key `quorum`: expected 1 to 16 endpoints, got 17"},
        Mistake{"[chains.devnet]\nchain_id = 5\ntimeout_ms = 0\n",
                "my.toml:3: key `timeout_ms`: expected milliseconds from 1 to 86400000, got 0"},
        Mistake{"[chains.all]\nchain_id = 5\n",
                "my.toml:1: [chains.all]: a chain cannot be called \"all\": --chain all means "
                "every chain"},
        Mistake{
            "[chains.\"a,b\"]\nchain_id = 5\n",
            "my.toml:1: [chains.a,b]: \"a,b\" is no name: use letters, digits, '-', '_' and '.'"},
        Mistake{"[report]\nat_risk_below = \"-1\"\n",
                "my.toml:2: key `at_risk_below`: expected a decimal number in quotes, as in "
                "\"1.1\", got \"-1\""},
        Mistake{
            "[[markets]]\nprotocol = \"aave_v3\"\nchain = \"etherum\"\nname = \"core\"\n",
            "my.toml:3: key `chain`: no chain is called \"etherum\", did you mean \"ethereum\"?"},
        Mistake{"[[markets]]\nprotocol = \"aave_v3\"\nchain = \"mars\"\nname = \"core\"\n",
                "my.toml:3: key `chain`: no chain is called \"mars\"; the chains are ethereum"},
        Mistake{"[[markets]]\nprotocol = \"\"\nchain = \"ethereum\"\nname = \"core\"\n",
                "my.toml:2: key `protocol`: is empty"},
        Mistake{"[[assets]]\nchain = \"ethereum\"\nsymbol = \"X\"\n",
                "my.toml:1: [[assets]]: an asset has either an `address` or `native = true`"},
        // What stands twice.
        Mistake{"[chains.devnet]\nchain_id = 5\n[chains.devnet]\n",
                "my.toml:3:1: Error while parsing table header: cannot redefine existing table "
                "'chains.devnet'"},
        Mistake{"[[revisions]]\nprotocol = \"a\"\nrevision = 1\nbehaviour = \"b\"\n"
                "[[revisions]]\nprotocol = \"a\"\nrevision = 1\nbehaviour = \"c\"\n",
                "my.toml:5: [[revisions]]: the same entry as at my.toml:1 (a 1)"},
        // Not TOML.
        Mistake{"[chains.devnet]\nchain_id = \n",
                "my.toml:2:12: Error while parsing key-value pair: expected value, saw '\\n'"},
        Mistake{"[chains.devnet]\nchain_id = 99999999999999999999\n",
                "my.toml:2:32: Error while parsing decimal integer: '99999999999999999999' is not "
                "representable in 64 bits"});
    CHECK_THAT(error_of(mistake.text), Equals(mistake.message));
}

TEST_CASE("an address with a wrong checksum is answered with the right one", "[settings][errors]") {
    // EIP-55 example 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed with its last letter in the other
    // case.
    const auto error = error_of(
        "[chains.devnet]\nchain_id = 5\n"
        "multicall3 = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD\"\n");
    CHECK_THAT(error, Catch::StartsWith("my.toml:3: key `multicall3`: "));
    CHECK_THAT(error, Contains("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
}

TEST_CASE("a message about a merged table names the file that the key came from",
          "[settings][errors]") {
    const std::vector<Source> shipped{
        {.name = "shipped.toml", .text = "[chains.devnet]\nchain_id = 5\nwhat = 1\n"}};
    const Source user{.name = "my.toml", .text = "[chains.devnet]\n\n\nnative = 5\n"};
    CHECK_THROWS_WITH(load(shipped, user, environment({})),
                      Catch::StartsWith("my.toml:4: key `native`"));
    CHECK_THROWS_WITH(load(shipped, std::nullopt, environment({})),
                      Catch::StartsWith("shipped.toml:3: key `what`"));
}

TEST_CASE("keys that only an adapter knows are its to refuse", "[settings]") {
    const auto settings = load_user(
        "[[markets]]\nprotocol = \"aave_v3\"\nchain = \"ethereum\"\nname = "
        "\"x\"\npool_addresses_provder = \"0x\"\n");
    const auto& section = settings.markets.back().section;
    CHECK_FALSE(section.has("pool_addresses_provider"));
    CHECK_THROWS_WITH(section.reject_unknown_keys(),
                      "my.toml:5: key `pool_addresses_provder`: unknown key, did you mean "
                      "`pool_addresses_provider`?");
}

TEST_CASE("a key of a great many parts is refused, not followed", "[settings][hostile]") {
    // 100 dots are 101 tables in each other; without a bound a megabyte of them overflows the
    // stack.
    const auto dotted = [](std::size_t dots) {
        std::string key = "\na";
        for (std::size_t i = 0; i < dots; ++i) {
            key += ".a";
        }
        return key;
    };
    CHECK_THAT(error_of(dotted(100) + " = 1\n"), Contains("unknown key"));
    CHECK(error_of(dotted(101) + " = 1\n") == "my.toml:2: more than 100 dots in one line");
    CHECK_THAT(error_of(dotted(500'000) + " = 1\n"), Contains("my.toml:2: more than 100 dots"));
}

TEST_CASE("a decimal becomes 18-decimal fixed point without rounding", "[settings]") {
    CHECK(parse_wad("1") == core::Wad(core::wad()));
    CHECK(parse_wad("0.000000000000000001") == core::Wad(core::U256(1)));
    CHECK(parse_wad("1.05") == core::Wad(core::U256("1050000000000000000")));
    const auto* malformed =
        GENERATE("", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1.0000000000000000001",
                 "1.2.3", "0x1", "100000000000000000000000000000000000000000");
    CHECK(parse_wad(malformed) == std::nullopt);
}

TEST_CASE("feeds have a heartbeat and a deviation, and a chain its sequencer", "[settings]") {
    const auto settings = load_user(R"(
[chains.ethereum]
sequencer_uptime_feed = "0x0000000000000000000000000000000000000005"
[[feeds]]
chain = "ethereum"
address = "0x0000000000000000000000000000000000000007"
heartbeat_s = 3600
deviation_bps = 50
)");
    REQUIRE(settings.feeds.size() == 1);
    CHECK(settings.feeds[0].heartbeat_s == std::uint64_t{3600});
    CHECK(settings.feeds[0].deviation == core::Bps(50));
    CHECK(settings.chain("ethereum").sequencer_uptime_feed.has_value());
    CHECK(settings.chain("ethereum").sequencer_grace_s == 3600);
}

TEST_CASE("a chain has confirmations, no more than are followed", "[settings]") {
    const auto settings = load_user("[chains.ethereum]\nconfirmations = 256\n");
    CHECK(settings.confirmations("ethereum") == 256);
    CHECK(settings.confirmations("nowhere") == 0);
    CHECK_THROWS_WITH(load_user("[chains.ethereum]\nconfirmations = 257\n"),
                      Contains("`confirmations`") && Contains("0 to 256, got 257"));
}

TEST_CASE("a chain says what makes its blocks final, and whose number contracts are told",
          "[settings]") {
    const auto with = [](const std::string& keys) { return "[chains.ethereum]\n" + keys; };
    const Chain unsaid = load_user(with("")).chain("ethereum");
    CHECK(unsaid.finality == Finality::Unsaid);
    CHECK_FALSE(finality_word(unsaid.finality).has_value());
    CHECK_FALSE(unsaid.tells_parent_block);
    const std::string word = GENERATE("instant", "votes", "epochs", "parent", "proof");
    const Chain said = load_user(with("finality = \"" + word + "\"\nblock_number = \"parent\"\n"))
                           .chain("ethereum");
    CHECK(finality_word(said.finality) == word);
    CHECK(said.tells_parent_block);
    CHECK_FALSE(load_user(with("block_number = \"own\"\n")).chain("ethereum").tells_parent_block);
    CHECK_THAT(
        error_of(with("finality = \"soon\"\n")),
        Equals("my.toml:2: key `finality`: expected instant, votes, epochs, parent or proof, "
               "got \"soon\""));
    CHECK_THAT(error_of(with("block_number = \"l1\"\n")),
               Equals("my.toml:2: key `block_number`: expected own or parent, got \"l1\""));
}

TEST_CASE("a heartbeat of nothing and a deviation beyond the price are refused", "[settings]") {
    const auto with = [](const std::string& keys) {
        return error_of(
            "[[feeds]]\nchain = \"ethereum\"\n"
            "address = \"0x0000000000000000000000000000000000000007\"\n" +
            keys);
    };
    CHECK(with("heartbeat_s = 1\ndeviation_bps = 10000\n") == "no error");
    CHECK_THAT(with("heartbeat_s = 0\n"), Contains("at least a second"));
    CHECK_THAT(with("deviation_bps = 0\n"), Contains("from 1 to 10000"));
    CHECK_THAT(with("deviation_bps = 10001\n"), Contains("from 1 to 10000"));
}

}  // namespace
}  // namespace margrave::settings
