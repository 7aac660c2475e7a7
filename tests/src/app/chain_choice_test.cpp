#include "app/chain_choice.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using Names = std::vector<std::string>;

const std::vector<settings::Source> kShipped{{.name = "shipped.toml", .text = R"(
[chains.arbitrum]
chain_id = 42161
short_name = "arb1"
[chains.ethereum]
chain_id = 1
rpc = ["https://public.example"]
short_name = "eth"
)"}};

const core::Address kAlice = core::Address::parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
const core::Address kBob = core::Address::parse("0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359");

core::ChainAddress anywhere(const core::Address& address) {
    return {.address = address, .chain_prefix = std::nullopt, .chain_id = std::nullopt};
}
core::ChainAddress on(const std::string& prefix, const core::Address& address) {
    return {.address = address, .chain_prefix = prefix, .chain_id = std::nullopt};
}
core::ChainAddress on(std::uint64_t chain_id, const core::Address& address) {
    return {.address = address, .chain_prefix = std::nullopt, .chain_id = core::ChainId(chain_id)};
}

/// One question, its answer and how often an endpoint had to be asked.
struct Situation {
    std::string user_config = {};
    ChainQuestion question = {};
    std::vector<core::ChainAddress> wallets{anywhere(kAlice)};
    std::uint64_t served_chain_id = 0;  ///< what an endpoint says when asked
    int asked = 0;

    std::vector<ChosenChain> choose() {
        std::optional<settings::Source> user;
        if (!user_config.empty()) {
            user = settings::Source{.name = "my.toml", .text = user_config};
        }
        const auto settings =
            settings::load(kShipped, user, [](const std::string&) { return std::nullopt; });
        return choose_chains(settings, wallets, question, [&](const OtherEndpoint&) {
            ++asked;
            return core::ChainId(served_chain_id);
        });
    }

    Names names() {
        Names names;
        for (const auto& chosen : choose()) {
            names.push_back(chosen.chain.name);
        }
        return names;
    }
};

const OtherEndpoint kRpc{.url = "https://given.example/key", .origin = "--rpc"};
const OtherEndpoint kAmbient{.url = "https://ambient.example/key", .origin = "ETH_RPC_URL"};
constexpr const char* kDevnet =
    "[chains.devnet]\nchain_id = 31337\nrpc = [\"http://127.0.0.1:8545\"]\n";

TEST_CASE("without any word about chains it is ethereum", "[app][chains]") {
    Situation situation;
    CHECK(situation.names() == Names{"ethereum"});
    CHECK(situation.asked == 0);
}

TEST_CASE("flag --chain decides before everything else", "[app][chains]") {
    Situation situation{.user_config = kDevnet,
                        .question = {.chains = {"arbitrum"}, .given = kRpc, .ambient = kAmbient}};
    const auto chosen = situation.choose();
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0].chain.name == "arbitrum");
    CHECK(chosen[0].chain.rpc == Names{kRpc.url});
    CHECK(situation.asked == 0);  // whether it is the right chain, the reading tells
}

TEST_CASE("flag --chain names each chain once, and all means every chain", "[app][chains]") {
    CHECK(Situation{.question = {.chains = {"ethereum", "arbitrum", "ethereum"}}}.names() ==
          Names{"ethereum", "arbitrum"});
    CHECK(Situation{.user_config = kDevnet, .question = {.chains = {"all"}}}.names() ==
          Names{"arbitrum", "devnet", "ethereum"});
}

TEST_CASE("an unknown --chain is answered with the nearest", "[app][chains][errors]") {
    Situation situation{.question = {.chains = {"etherem"}}};
    CHECK_THROWS_WITH(situation.choose(),
                      "--chain: no chain is called \"etherem\", did you mean \"ethereum\"?");
}

TEST_CASE("the chains of the user's file come next", "[app][chains]") {
    CHECK(Situation{.user_config = kDevnet}.names() == Names{"devnet"});
}

TEST_CASE("then the chain that --rpc serves", "[app][chains]") {
    Situation situation{.question = {.given = kRpc, .ambient = kAmbient}, .served_chain_id = 42161};
    const auto chosen = situation.choose();
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0].chain.name == "arbitrum");
    CHECK(chosen[0].chain.rpc == Names{kRpc.url});
    CHECK(situation.asked == 1);
}

TEST_CASE("then the chain that ETH_RPC_URL serves", "[app][chains]") {
    Situation situation{.question = {.ambient = kAmbient}, .served_chain_id = 42161};
    const auto chosen = situation.choose();
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0].chain.name == "arbitrum");
    CHECK(chosen[0].chain.rpc == Names{kAmbient.url});
    CHECK(situation.asked == 1);
}

TEST_CASE("an endpoint that serves an unknown chain is told what to add", "[app][chains][errors]") {
    Situation situation{.question = {.given = kRpc}, .served_chain_id = 999};
    CHECK_THROWS_WITH(situation.choose(),
                      "the endpoint of --rpc serves chain id 999, which no known chain has: add "
                      "[chains.NAME] with chain_id = 999 to a file and name it with --config");
}

TEST_CASE("a wallet with a chain in front is read on that chain alone", "[app][chains]") {
    Situation situation{.wallets = {on("arb1", kAlice)}};
    CHECK(situation.names() == Names{"arbitrum"});
    situation.wallets = {on(42161, kAlice)};
    CHECK(situation.names() == Names{"arbitrum"});
    situation.wallets = {on("arb1", kAlice), anywhere(kBob)};
    const auto chosen = situation.choose();
    REQUIRE(chosen.size() == 2);
    CHECK(chosen[0].chain.name == "ethereum");
    CHECK(chosen[0].wallets == std::vector{kBob});
    CHECK(chosen[1].chain.name == "arbitrum");
    CHECK(chosen[1].wallets == std::vector{kAlice});
}

TEST_CASE("a chain without a short name may stand in front by its own name", "[app][chains]") {
    CHECK(Situation{.user_config = kDevnet, .wallets = {on("devnet", kAlice)}}.names() ==
          Names{"devnet"});
}

TEST_CASE("an unknown chain in front of an address names the known ones", "[app][chains][errors]") {
    Situation situation{.wallets = {on("oeth", kAlice)}};
    CHECK_THROWS_WITH(situation.choose(),
                      "oeth:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed: no known chain is called "
                      "so; the chains are arb1 (arbitrum), eth (ethereum)");
    situation.wallets = {on(10, kAlice)};
    CHECK_THROWS_WITH(situation.choose(), Catch::StartsWith("eip155:10:0x5aAe"));
}

TEST_CASE("a chain in front that --chain leaves out is a contradiction", "[app][chains][errors]") {
    Situation situation{.question = {.chains = {"ethereum"}}, .wallets = {on("arb1", kAlice)}};
    CHECK_THROWS_WITH(situation.choose(), Contains("--chain leaves out arbitrum"));
}

TEST_CASE("of a fork and its original, an address means the one that was asked for",
          "[app][chains]") {
    const std::string fork =
        "[chains.fork]\nchain_id = 1\nshort_name = \"eth\"\nrpc = [\"http://127.0.0.1:1\"]\n";
    CHECK(Situation{.user_config = fork, .wallets = {on("eth", kAlice)}}.names() == Names{"fork"});
    CHECK(Situation{
              .user_config = fork, .question = {.chains = {"ethereum"}}, .wallets = {on(1, kAlice)}}
              .names() == Names{"ethereum"});
}

TEST_CASE("a wallet given twice is read once on each chain", "[app][chains]") {
    Situation situation{
        .question = {.chains = {"ethereum", "arbitrum"}},
        .wallets = {anywhere(kAlice), anywhere(kBob), anywhere(kAlice), on("eth", kAlice)}};
    for (const auto& chosen : situation.choose()) {
        CHECK(chosen.wallets == std::vector{kAlice, kBob});
    }
}

TEST_CASE("with several chains --rpc goes to the one it serves", "[app][chains]") {
    Situation situation{.question = {.chains = {"ethereum", "arbitrum"}, .given = kRpc},
                        .served_chain_id = 42161};
    const auto chosen = situation.choose();
    CHECK(chosen[0].chain.rpc == Names{"https://public.example"});
    CHECK(chosen[1].chain.rpc == Names{kRpc.url});
    situation.served_chain_id = 5;
    CHECK_THROWS_WITH(
        situation.choose(),
        "the endpoint of --rpc serves chain id 5, which is none of the chains to read");
}

TEST_CASE("ETH_RPC_URL goes before shipped endpoints and after the user's own", "[app][chains]") {
    Situation shipped{.question = {.chains = {"ethereum"}, .ambient = kAmbient},
                      .served_chain_id = 1};
    CHECK(shipped.choose()[0].chain.rpc == Names{kAmbient.url});
    Situation users{
        .user_config = kDevnet, .question = {.ambient = kAmbient}, .served_chain_id = 31337};
    CHECK(users.choose()[0].chain.rpc == Names{"http://127.0.0.1:8545"});
    CHECK(users.asked == 0);
}

TEST_CASE("ETH_RPC_URL for another chain changes nothing", "[app][chains]") {
    Situation situation{.question = {.chains = {"ethereum"}, .ambient = kAmbient},
                        .served_chain_id = 42161};
    CHECK(situation.choose()[0].chain.rpc == Names{"https://public.example"});
}

TEST_CASE("a chain without an endpoint is told how to get one", "[app][chains][errors]") {
    const auto chosen = Situation{.question = {.chains = {"arbitrum"}}}.choose();
    CHECK_THROWS_WITH(require_endpoints(chosen),
                      "chain arbitrum has no endpoint: give --rpc URL, set ETH_RPC_URL, or put rpc "
                      "= [\"https://…\"] "
                      "under [chains.arbitrum] in a --config file");
    CHECK_NOTHROW(require_endpoints(Situation{}.choose()));
}

}  // namespace
}  // namespace margrave::app
