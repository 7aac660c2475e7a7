#include "app/app.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/files.hpp"
#include "report/text_layout.hpp"
#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::Equals;
using Catch::StartsWith;
using Words = std::vector<std::string>;
using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using test::FakeWorld;

namespace fs = std::filesystem;

const std::string kWallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const std::string kUrl = "https://node.example/s3cret";

/// A chain without a market: what is read of it is its head and, with assets, balances.
constexpr const char* kDevnet =
    "[chains.devnet]\nchain_id = 31337\nrpc = [\"https://node.example/s3cret\"]\n";

/// A node of chain 31337 whose head is block 7 and where every wallet holds 5 wei.
RpcOutcome devnet(const RpcCall& call) {
    if (call.method == "eth_chainId") {
        return std::string("\"0x7a69\"");
    }
    if (call.method == "eth_getBlockByNumber" || call.method == "eth_getBlockByHash") {
        return R"({"number":"0x7","hash":"0x)" + std::string(64, 'a') +
               R"(","timestamp":"0x69000000"})";
    }
    if (call.method == "eth_getBalance") {
        return std::string("\"0x5\"");
    }
    if (call.method == "eth_call") {  // only ever the reader's own question: block number and time
        return "\"0x" + std::string(63, '0') + "7" + std::string(56, '0') + "69000000\"";
    }
    return test::failed(core::ErrorKind::Unsupported);
}

/// The files of one test, gone with it.
class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "margrave-app-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { fs::remove_all(path_); }

    /// The file's path; written when there is a text.
    [[nodiscard]] std::string file(const std::string& name, const std::string& text = {}) const {
        auto path = (path_ / name).string();
        if (!text.empty()) {
            write_file(path, text);
        }
        return path;
    }

  private:
    fs::path path_;
};

TEST_CASE("help and version go to stdout and are fine", "[app]") {
    FakeWorld help;
    CHECK(run(help.world, {"--help"}) == 0);
    CHECK_THAT(help.out.str(), Contains("margrave audit") && Contains("--chain arbitrum"));
    CHECK(help.err.str().empty());
    FakeWorld version;
    CHECK(run(version.world, {"--version"}) == 0);
    CHECK(version.out.str() == "margrave " MARGRAVE_VERSION "\n");
}

TEST_CASE("a mistake of the user is one line on stderr and exit code 2", "[app][errors]") {
    const Folder folder;
    struct Mistake {
        Words words;
        std::string message;
    };
    const std::vector<Mistake> mistakes{
        {{}, "a command is missing, such as `margrave audit ADDRESS`; see `margrave --help`"},
        {{"audit"}, "no address; write it behind the command, as in `margrave audit 0x…`"},
        {{"audit", "eth:vitalik.eth"},
         "\"eth:vitalik.eth\" is no ENS name that is read here: labels of a-z, 0-9 and '-', in "
         "lower "
         "case and without a chain in front; give the 0x… address"},
        {{"audit", "vitalik.eth", "--snapshot", "s.json"},
         "vitalik.eth is an ENS name, which only a chain can resolve: give its 0x… address with "
         "--snapshot, --replay and --record"},
        {{"audit", kWallet, "--config", folder.file("none.toml")},
         "cannot read " + folder.file("none.toml") + ": No such file or directory"},
        {{"audit", kWallet, "--config", folder.file("bad.toml", "[report]\nat_risk = \"1\"\n")},
         folder.file("bad.toml") +
             ":2: key `at_risk`: unknown key; the keys here are at_risk_below, "
             "basis_fall, rate_horizon_days, rate_shocks"},
        {{"audit", kWallet, "--chain", "mars"},
         "--chain: no chain is called \"mars\"; the chains are arbitrum, avalanche, base, bnb, "
         "ethereum, gnosis, hyperevm, katana, linea, monad, optimism, plasma, polygon, scroll, "
         "sonic, unichain, world"},
        {{"audit", kWallet, "--fail-below", "low"},
         "--fail-below: \"low\" is no health factor; write it as in 1.25"},
        {{"audit", kWallet, "--csv", "--json"},
         "--csv and --json exclude each other: both are the whole answer"},
        {{"audit", kWallet, "--csv", "--sign", "key"},
         "--csv and --sign exclude each other: a table has no place for a signature"},
        {{"audit", kWallet, "--block", "newest"},
         "block \"newest\" is none: give latest, safe, finalized, a decimal number or a 32-byte "
         "hash (0x and 64 hex digits)"},
        {{"audit", kWallet, "--at", "soon"},
         "--at: \"soon\" is no time; write chain seconds, 2026-01-31 or 2026-01-31T12:00:00Z"},
        {{"rescue", kWallet, "--target", "0"},
         "--target: \"0\" is no number above 0; write it as in 1.25"},
        {{"rescue", kWallet, "--gas-usd", "cheap"},
         "--gas-usd: \"cheap\" is no amount of dollars; write it as in 5"},
        {{"audit", "--snapshot", "s.json", "-"}, "stdin: no address in it"},
        {{"audit", "--snapshot", "s.json", "--addresses", folder.file("nobody", "# none\n")},
         folder.file("nobody") + ": no address in it"},
        {{"audit", "--snapshot", "s.json", "--rpc", kUrl},
         "--snapshot and --rpc exclude each other: a saved snapshot is not read from a chain "
         "again"},
        {{"audit", kWallet, "--replay", "r.json", "--record", "q.json"},
         "--replay and --record exclude each other: the recording would be copied"},
    };
    for (const auto& mistake : mistakes) {
        FakeWorld fake;
        CHECK(run(fake.world, mistake.words) == 2);
        CHECK_THAT(fake.err.str(), Equals("margrave: " + mistake.message + "\n"));
        CHECK(fake.out.str().empty());
        CHECK(fake.asked.empty());
    }
}

TEST_CASE("a URL that was typed where none belongs is not quoted", "[app][errors][secrets]") {
    const std::string url = "https://user:pa55word@node.example/v2/s3cret?key=t0psecret";
    const std::vector<Words> lines{{"audit", kWallet, url},
                                   {"audit", kWallet, "--chain", url},
                                   {"audit", kWallet, "--block", url},
                                   {"audit", kWallet, "--config", url},
                                   {"audit", kWallet, "--rcp=" + url},
                                   {"audit", kWallet, "wss://pa55word:s3cret@t0psecret"},
                                   {"chains", url},
                                   {url}};
    for (const Words& words : lines) {
        FakeWorld fake;
        CHECK(run(fake.world, words) == 2);
        CAPTURE(fake.err.str());
        for (const char* secret : {"pa55word", "s3cret", "t0psecret"}) {
            CHECK_THAT(fake.err.str(), !Contains(secret));
        }
        CHECK_THAT(fake.err.str(), StartsWith("margrave: ") && EndsWith("\n"));
    }
    FakeWorld quoted;
    CHECK(run(quoted.world, {"chains", url}) == 2);
    CHECK(quoted.err.str() ==
          "margrave: unknown argument \"https://***\"; see `margrave chains --help`\n");
}

TEST_CASE("a chain is audited at the endpoint of the user's configuration", "[app]") {
    const Folder folder;
    FakeWorld fake{.endpoints = {{kUrl, devnet}}};
    CHECK(run(fake.world,
              {"audit", kWallet, "--config", folder.file("c.toml", kDevnet), "--json"}) == 0);
    CHECK_THAT(fake.out.str(),
               Contains("\"chain\": \"devnet\"") || Contains("\"chain\":\"devnet\""));
    CHECK(fake.err.str().empty());
}

TEST_CASE("flag --verbose tells on stderr what reading cost", "[app]") {
    const Folder folder;
    FakeWorld fake{.endpoints = {{kUrl, devnet}}};
    CHECK(run(fake.world,
              {"audit", kWallet, "--config", folder.file("c.toml", kDevnet), "--verbose"}) == 0);
    CHECK_THAT(fake.err.str(),
               Contains("margrave: devnet: ") && Contains(" rounds, ") && Contains("read in 0 ms"));
    CHECK_THAT(fake.err.str(), !Contains("s3cret"));
}

TEST_CASE("a chain that cannot be read is reported and exit code 3", "[app][coverage]") {
    const Folder folder;
    FakeWorld fake;
    CHECK(run(fake.world,
              {"audit", kWallet, "--config", folder.file("c.toml", kDevnet), "--json"}) == 3);
    CHECK_THAT(fake.out.str(), Contains("unreachable"));
    CHECK_THAT(fake.out.str() + fake.err.str(), !Contains("s3cret"));
}

TEST_CASE("an endpoint of another chain than configured is exit code 3", "[app][coverage]") {
    const Folder folder;
    FakeWorld fake{.endpoints = {{kUrl, devnet}}};
    CHECK(run(fake.world, {"audit", kWallet, "--chain", "ethereum", "--rpc", kUrl, "--json"}) == 3);
    CHECK_THAT(fake.out.str(), Contains("wrong_chain"));
}

TEST_CASE("an --rpc of a chain that nobody configured is exit code 2", "[app][errors]") {
    FakeWorld fake{.endpoints = {{kUrl, devnet}}};
    CHECK(run(fake.world, {"audit", kWallet, "--rpc", kUrl}) == 2);
    CHECK_THAT(fake.err.str(), Contains("serves chain id 31337"));
}

TEST_CASE("an --rpc that cannot be reached when it decides the chain is exit code 3",
          "[app][errors]") {
    FakeWorld fake;
    CHECK(run(fake.world, {"audit", kWallet, "--rpc", kUrl}) == 3);
    CHECK_THAT(fake.err.str(), Catch::StartsWith("margrave: ") && !Contains("s3cret"));
}

TEST_CASE("who answers what is no answer is named, and who serves another chain", "[app][errors]") {
    const Folder folder;
    const auto config = folder.file("c.toml", kDevnet);
    const auto audit = [&](const std::string& method, const std::string& result) {
        FakeWorld fake{.endpoints = {{kUrl, [&](const RpcCall& call) {
                                          return call.method == method ? RpcOutcome(result)
                                                                       : devnet(call);
                                      }}}};
        CHECK(run(fake.world, {"audit", kWallet, "--config", config}) == 3);
        return fake.err.str();
    };
    CHECK_THAT(audit("eth_chainId", "7"),
               Contains("node.example eth_chainId: bad_reply: ") && !Contains("s3cret"));
    CHECK_THAT(audit("eth_getBlockByNumber", "[]"),
               Contains("node.example eth_getBlockByNumber: bad_reply: "));
    CHECK_THAT(audit("eth_chainId", "\"0x1\""), Contains("node.example devnet: wrong_chain: "));
}

TEST_CASE("a saved snapshot gives the same report without a network", "[app][snapshot]") {
    const Folder folder;
    const auto config = folder.file(
        "c.toml", std::string(kDevnet) + "[[assets]]\nchain = \"devnet\"\nnative = true\n");
    const auto saved = folder.file("saved.json");
    FakeWorld online{.endpoints = {{kUrl, devnet}}};
    REQUIRE(run(online.world,
                {"audit", kWallet, "--config", config, "--json", "--snapshot-out", saved}) == 0);
    FakeWorld offline;
    CHECK(run(offline.world, {"audit", "--snapshot", saved, "--json"}) == 0);
    CHECK(offline.out.str() == online.out.str());
    CHECK(offline.asked.empty());
    FakeWorld named;
    CHECK(run(named.world, {"audit", kWallet, "--snapshot", saved, "--json"}) == 0);
    CHECK(named.out.str() == online.out.str());
}

TEST_CASE("a rescue of an account that there is not is no plan of nothing", "[app][errors]") {
    const Folder folder;
    FakeWorld online{.endpoints = {{kUrl, devnet}}};
    const auto config = folder.file("c.toml", kDevnet);
    CHECK(run(online.world, {"rescue", kWallet, "--config", config}) == 0);
    FakeWorld mistaken{.endpoints = {{kUrl, devnet}}};
    CHECK(run(mistaken.world, {"rescue", kWallet, "--config", config, "--protocol", "aave"}) == 2);
    CHECK_THAT(mistaken.err.str(), Contains("the wallet holds nothing in aave"));
}

/// The devnet with a market.
std::string with_market() {
    return std::string(kDevnet) +
           "[[markets]]\nprotocol = \"aave_v3\"\nchain = \"devnet\"\nname = \"core\"\n"
           "pool_addresses_provider = \"" +
           kWallet + "\"\n";
}

/// The chain of devnet(), where no call of a contract is answered in time.
RpcOutcome silent_contracts(const RpcCall& call) {
    const bool is_of_contract =
        call.method == "eth_call" && call.params.find("\"to\"") != std::string::npos;
    return is_of_contract ? test::failed(core::ErrorKind::Timeout) : devnet(call);
}

TEST_CASE("an account that could not be read is a gap and no mistake of who asks",
          "[app][coverage]") {
    const Folder folder;
    const auto config = folder.file("c.toml", with_market());
    const auto words = GENERATE_COPY(Words{"liquidate", kWallet},
                                     Words{"liquidate", kWallet, "--protocol", "aave_v3"},
                                     Words{"rescue", kWallet, "--protocol", "aave_v3"},
                                     Words{"whatif", kWallet, "--step", "ETH=-20%"},
                                     Words{"whatif", kWallet, "--step", "rate:WETH=+1%"},
                                     Words{"whatif", kWallet, "--step", "repay:USDC:max@aave_v3"});
    INFO(words.front());
    FakeWorld fake{.endpoints = {{kUrl, silent_contracts}}};
    Words all = words;
    all.insert(all.end(), {"--config", config});
    CHECK(run(fake.world, all) == 4);
    CHECK_THAT(fake.err.str(), Contains("not all could be read") &&
                                   Contains("aave_v3 core on devnet") && Contains("timeout"));
    CHECK(fake.out.str().empty());
}

TEST_CASE("what a whatif names may be on a chain that could not be read", "[app][coverage]") {
    const Folder folder;
    FakeWorld fake;
    CHECK(run(fake.world, {"whatif", kWallet, "--step", "ETH=-20%", "--config",
                           folder.file("c.toml", kDevnet)}) == 3);
    CHECK_THAT(fake.err.str(), Contains("devnet: unreachable: "));
}

TEST_CASE("a rescue does not say of wallets that were not read that they hold nothing",
          "[app][coverage]") {
    const Folder folder;
    const auto config = folder.file("c.toml", with_market());
    FakeWorld fake{.endpoints = {{kUrl, silent_contracts}}};
    CHECK(run(fake.world, {"rescue", kWallet, "--config", config}) == 4);
    CHECK_THAT(fake.out.str(), !Contains("hold nothing") && Contains("gap: "));
}

TEST_CASE("a wallet that a snapshot does not hold is exit code 2", "[app][snapshot][errors]") {
    const Folder folder;
    const auto saved = folder.file("saved.json");
    FakeWorld online{.endpoints = {{kUrl, devnet}}};
    REQUIRE(run(online.world, {"audit", kWallet, "--config", folder.file("c.toml", kDevnet),
                               "--snapshot-out", saved}) == 0);
    FakeWorld offline;
    CHECK(run(offline.world,
              {"audit", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359", "--snapshot", saved}) == 2);
    CHECK(offline.err.str() ==
          "margrave: 0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359 is not among the wallets of " +
              saved + "\n");
    FakeWorld prefixed;
    CHECK(run(prefixed.world, {"audit", "eth:" + kWallet, "--snapshot", saved}) == 2);
    CHECK_THAT(prefixed.err.str(), Contains("without a chain in front"));
    FakeWorld early;
    CHECK(run(early.world, {"audit", "--snapshot", saved, "--at", "2001-01-01"}) == 2);
}

TEST_CASE("a broken snapshot file is named", "[app][snapshot][errors]") {
    const Folder folder;
    FakeWorld fake;
    const auto broken = folder.file("broken.json", "{");
    CHECK(run(fake.world, {"audit", "--snapshot", broken}) == 2);
    CHECK_THAT(fake.err.str(), Catch::StartsWith("margrave: " + broken + ": "));
}

TEST_CASE("a recorded exchange replays to the same report", "[app][replay]") {
    const Folder folder;
    const auto config = folder.file(
        "c.toml", std::string(kDevnet) + "[[assets]]\nchain = \"devnet\"\nnative = true\n");
    const auto recording = folder.file("recording.json");
    FakeWorld online{.endpoints = {{kUrl, devnet}}};
    REQUIRE(run(online.world,
                {"audit", kWallet, "--config", config, "--json", "--record", recording}) == 0);
    CHECK_THAT(read_file(recording, 1'000'000), !Contains("s3cret") && !Contains("node.example"));
    FakeWorld offline;
    CHECK(run(offline.world,
              {"audit", kWallet, "--config", config, "--json", "--replay", recording}) == 0);
    CHECK(offline.out.str() == online.out.str());
    CHECK(offline.asked.empty());
}

TEST_CASE("a recording holds one chain", "[app][replay][errors]") {
    const Folder folder;
    FakeWorld fake;
    CHECK(run(fake.world, {"audit", kWallet, "--config", folder.file("c.toml", kDevnet), "--chain",
                           "devnet,ethereum", "--record", folder.file("r.json")}) == 2);
    CHECK_THAT(fake.err.str(), Contains("--record holds one chain, but 2 would be read"));
}

TEST_CASE("addresses come from stdin and from a file too", "[app]") {
    const Folder folder;
    const auto config = folder.file(
        "c.toml", std::string(kDevnet) + "[[assets]]\nchain = \"devnet\"\nnative = true\n");
    FakeWorld fake{.endpoints = {{kUrl, devnet}}};
    fake.in.str("# treasury\n" + kWallet + "\n");
    CHECK(run(fake.world, {"audit", "-", "--addresses",
                           folder.file("w.txt", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359\n"),
                           "--config", config, "--json"}) == 0);
    CHECK_THAT(fake.out.str(),
               Contains(kWallet) && Contains("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"));
}

TEST_CASE("check-config shows what it understood and of an endpoint its host alone",
          "[app][secrets]") {
    const Folder folder;
    FakeWorld fake;
    CHECK(run(fake.world, {"check-config", "--config", folder.file("c.toml", kDevnet)}) == 0);
    CHECK_THAT(fake.out.str(),
               Contains("  devnet: chain id 31337, coin ETH, 1 endpoint: node.example\n") &&
                   Contains("Heartbeat\n  none\n") &&
                   Contains("At risk below a health factor of 1.1\n"));
    CHECK_THAT(fake.out.str(), !Contains("s3cret"));
    const auto beating = folder.file(
        "b.toml", std::string(kDevnet) + "[heartbeat]\nurl = \"https://hc.example/s3cret\"\n");
    CHECK(run(fake.world, {"check-config", "--config", beating}) == 0);
    CHECK_THAT(fake.out.str(), Contains("Heartbeat\n  every 60 s\n") && !Contains("s3cret"));
}

TEST_CASE("check-config refuses what an audit would refuse", "[app][errors]") {
    const Folder folder;
    const auto* text =
        GENERATE("[[markets]]\nprotocol = \"avae\"\nchain = \"ethereum\"\nname = \"x\"\n",
                 "[[markets]]\nprotocol = \"aave_v3\"\nchain = \"ethereum\"\nname = \"x\"\n",
                 "[chains.a]\nchain_id = 1\nrpc = [\"http://far.example\"]\n",
                 "[heartbeat]\nurl = \"nonsense\"\n",
                 "[heartbeat]\nurl = \"https://hc.example\"\nevery_s = 0\n");
    FakeWorld fake;
    CHECK(run(fake.world, {"check-config", "--config", folder.file("c.toml", text)}) == 2);
}

TEST_CASE("a URL that cannot be used is told with its file, line and key", "[app][errors]") {
    const Folder folder;
    const auto config = folder.file(
        "c.toml",
        "[chains.a]\nchain_id = 1\nrpc = [\"https://a.example\", \"http://far.example\"]\n");
    const auto malformed =
        folder.file("m.toml", "[chains.a]\nchain_id = 1\nrpc = [\"https://a.example:k3y\"]\n");
    for (const Words& words : {Words{"check-config"}, Words{"audit", kWallet}}) {
        INFO(words.front());
        Words all = words;
        all.insert(all.end(), {"--config", config});
        FakeWorld plain;
        CHECK(run(plain.world, all) == 2);
        CHECK_THAT(plain.err.str(), Contains(config + ":3: key `rpc`, entry 2: plain http to "
                                                      "far.example"));
        all.back() = malformed;
        FakeWorld broken;
        CHECK(run(broken.world, all) == 2);
        CHECK_THAT(broken.err.str(), Contains(malformed + ":3: key `rpc`: the endpoint's "
                                                          "URL is malformed") &&
                                         !Contains("k3y"));
    }
}

TEST_CASE("a URL of --rpc that cannot be used is told with what allows it", "[app][errors]") {
    FakeWorld given;
    CHECK(run(given.world, {"audit", kWallet, "--rpc", "http://far.example/k3y"}) == 2);
    CHECK_THAT(given.err.str(), Catch::StartsWith("margrave: --rpc: plain http to far.example") &&
                                    Contains("--allow-plain-http"));
    FakeWorld named;
    CHECK(run(named.world,
              {"audit", kWallet, "--chain", "ethereum", "--rpc", "http://far.example/k3y"}) == 2);
    CHECK_THAT(named.err.str(), Catch::StartsWith("margrave: --rpc: plain http to far.example") &&
                                    Contains("--allow-plain-http"));
}

TEST_CASE("check-config finds a quorum that the endpoints cannot make", "[app][errors]") {
    const Folder folder;
    const auto config = folder.file("c.toml", std::string(kDevnet) + "quorum = 3\n");
    for (const Words& words : {Words{"check-config"}, Words{"audit", kWallet}}) {
        INFO(words.front());
        Words all = words;
        all.insert(all.end(), {"--config", config});
        FakeWorld fake;
        CHECK(run(fake.world, all) == 2);
        CHECK_THAT(fake.err.str(),
                   Contains(config + ":4: key `quorum`: ") && Contains("3 endpoints must agree"));
    }
    FakeWorld flag{.endpoints = {{kUrl, devnet}}};
    CHECK(run(flag.world, {"audit", kWallet, "--config", folder.file("d.toml", kDevnet), "--quorum",
                           "2"}) == 2);
    CHECK_THAT(flag.err.str(), Contains("--quorum: ") && Contains("2 endpoints must agree"));
    // Of several chains the one for which that is too much is a gap, as one that is gone.
    FakeWorld several;
    CHECK(run(several.world, {"audit", kWallet, "--chain", "monad,world", "--quorum", "2"}) == 3);
    CHECK_THAT(several.err.str(), Contains("chain monad could not be read: ") &&
                                      Contains("chain world could not be read: ") &&
                                      Contains("2 endpoints must agree"));
}

TEST_CASE("chains shows what is read on each, and of an endpoint only the host", "[app]") {
    const Folder folder;
    FakeWorld fake;
    const std::string config = folder.file(
        "mine.toml", "[chains.arbitrum]\nrpc = [\"https://node.example/v1/topsecret\"]\n");
    REQUIRE(run(fake.world, {"chains", "--json", "--config", config}) == 0);
    CHECK_THAT(fake.out.str(), !Contains("topsecret"));
    const auto chains = nlohmann::json::parse(fake.out.str()).at("chains");
    const auto one = std::find_if(chains.begin(), chains.end(), [](const auto& chain) {
        return chain.at("chain") == "arbitrum";
    });
    REQUIRE(one != chains.end());
    CHECK(one->at("chain_id") == 42161);
    CHECK(one->at("endpoints") == nlohmann::json{"node.example"});
    CHECK(one->at("markets")[0].at("protocol") == "aave_v3");
    CHECK(one->at("assets") == 21);
    CHECK(one->at("sequencer_uptime_feed") == "0xFdB631F5EE196F0ed6FAa767959853A9F217697D");
    CHECK(one->at("finality") == "parent");
    CHECK(one->at("block_number") == "parent");
    // Every chain of the issue has a market of Aave v3, an endpoint and a prefix.
    for (const char* name : {"ethereum", "arbitrum", "optimism", "base", "polygon", "avalanche",
                             "bnb", "gnosis", "linea", "scroll", "plasma"}) {
        const auto found = std::find_if(chains.begin(), chains.end(), [&](const auto& chain) {
            return chain.at("chain") == name;
        });
        CAPTURE(name);
        REQUIRE(found != chains.end());
        CHECK(found->at("markets")[0].at("protocol") == "aave_v3");
        CHECK_FALSE(found->at("endpoints").empty());
        CHECK(found->at("short_name").is_string());
        CHECK(found->at("multicall3") == "0xcA11bde05977b3631167028862bE2a173976CA11");
        CHECK(found->at("finality").is_string());
        CHECK(found->at("block_number") == (name == std::string("arbitrum") ? "parent" : "own"));
    }

    FakeWorld text;
    const std::string bare = folder.file("bare.toml", "[chains.bare]\nchain_id = 31337\n");
    REQUIRE(run(text.world, {"chains", "--config", bare}) == 0);
    CHECK_THAT(text.out.str(),
               Contains("yes         watched    minutes, by parent  the parent's\n") &&
                   Contains("aave_v3 core"));
    CHECK_THAT(text.out.str(),
               Contains("\nbare        31337  ETH                   0\n    no markets\n"));
    std::istringstream lines(text.out.str());
    for (std::string line; std::getline(lines, line);) {
        CHECK(report::display_width(line) <= text.world.columns);
    }
}

TEST_CASE("protocols names every protocol with what its arithmetic is proven by", "[app]") {
    FakeWorld fake;
    CHECK(run(fake.world, {"protocols"}) == 0);
    CHECK_THAT(fake.out.str(), Contains("PROTOCOL") && Contains("aave_v3"));
}

TEST_CASE("the demonstration needs no network and leaves no gap", "[app][replay]") {
    FakeWorld text;
    CHECK(run(text.world, {"demo"}) == 0);
    CHECK_THAT(text.out.str(),
               Catch::StartsWith("Recorded wallets; nothing is read from a network.\n"));
    CHECK(text.asked.empty());
    // The account of health 1.0299 falls alone at 1 - 1/1.0299; the sale of its nearest neighbour,
    // which falls at 0.6 %, takes it along.
    CHECK_THAT(text.out.str(),
               Contains("in the cascade") && Contains("-2.91 %") && Contains("-0.60 %"));
    FakeWorld json;
    CHECK(run(json.world, {"demo", "--json"}) == 0);
    CHECK_THAT(json.out.str(), Catch::StartsWith("{"));
    // Morpho's accounts, whose market counts in its loan token, are valued by Aave's oracle.
    CHECK_THAT(json.out.str(), Contains(R"("value_source": "aave_v3/)"));
}

TEST_CASE("a result that cannot be written is told", "[app][errors]") {
    FakeWorld fake;
    fake.out.setstate(std::ios::badbit);
    CHECK(run(fake.world, {"protocols"}) == 2);
    CHECK_THAT(fake.err.str(), Contains("cannot write the result"));
}

}  // namespace
}  // namespace margrave::app
