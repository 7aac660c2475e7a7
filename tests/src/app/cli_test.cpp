#include "app/cli.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using Catch::Equals;
using Words = std::vector<std::string>;

AuditOptions audit(Words words) {
    words.insert(words.begin(), "audit");
    return std::get<AuditOptions>(parse_command_line(words));
}

std::string error_of(const Words& words) {
    try {
        static_cast<void>(parse_command_line(words));
    } catch (const core::InputError& error) {
        return error.what();
    }
    return "no error";
}

std::string text_of(const Words& words) {
    return std::get<ShowText>(parse_command_line(words)).text;
}

TEST_CASE("audit takes addresses and nothing else is set", "[app][cli]") {
    const auto options = audit({"0xA", "eth:0xB", "-"});
    CHECK(options.wallets == Words{"0xA", "eth:0xB", "-"});
    CHECK(options.chains.empty());
    CHECK_FALSE(options.config_file);
    CHECK_FALSE(options.block);
    CHECK_FALSE(options.timeout);
    CHECK_FALSE(options.quorum);
    CHECK_FALSE(options.json);
    CHECK_FALSE(options.verify);
    CHECK_FALSE(options.allow_plain_http);
}

TEST_CASE("every option of audit reaches its field", "[app][cli]") {
    const auto options = audit({"0xA",
                                "--config",
                                "c.toml",
                                "--rpc=http://x",
                                "--block",
                                "12",
                                "--at",
                                "2026-01-31",
                                "--json",
                                "--snapshot-out",
                                "o.json",
                                "--snapshot",
                                "s.json",
                                "--record",
                                "r.json",
                                "--replay",
                                "p.json",
                                "--verify",
                                "--fail-below",
                                "1.05",
                                "--sign",
                                "k",
                                "--verbose",
                                "--no-color",
                                "--timeout",
                                "7",
                                "--addresses",
                                "w.txt",
                                "--quorum",
                                "2",
                                "--allow-plain-http"});
    CHECK(options.config_file == "c.toml");
    CHECK(options.rpc == "http://x");
    CHECK(options.block == "12");
    CHECK(options.at == "2026-01-31");
    CHECK(options.json);
    CHECK(options.snapshot_out == "o.json");
    CHECK(options.snapshot == "s.json");
    CHECK(options.record == "r.json");
    CHECK(options.replay == "p.json");
    CHECK(options.sign == "k");
    CHECK(options.verify);
    CHECK(options.fail_below == "1.05");
    CHECK(options.verbose);
    CHECK(options.no_color);
    CHECK(options.timeout == std::chrono::seconds(7));
    CHECK(options.wallets_file == "w.txt");
    CHECK(options.quorum == 2U);
    CHECK(options.allow_plain_http);
}

TEST_CASE("flag --chain takes names with commas or several times, and leaves addresses alone",
          "[app][cli]") {
    CHECK(audit({"--chain", "a,b", "0xA"}).chains == Words{"a", "b"});
    CHECK(audit({"--chain", "a,b", "0xA"}).wallets == Words{"0xA"});
    CHECK(audit({"0xA", "--chain", "a", "--chain", "b"}).chains == Words{"a", "b"});
}

TEST_CASE("a command's name after audit is an argument of audit", "[app][cli]") {
    CHECK(audit({"0xA", "demo"}).wallets == Words{"0xA", "demo"});
}

TEST_CASE("words after -- are arguments", "[app][cli]") {
    CHECK(audit({"--json", "--", "0xA"}).wallets == Words{"0xA"});
}

TEST_CASE("the other commands have their options", "[app][cli]") {
    CHECK(std::get<CheckConfigOptions>(parse_command_line({"check-config", "--config", "c.toml"}))
              .config_file == "c.toml");
    CHECK(std::get<DemoOptions>(parse_command_line({"demo", "--json"})).json);
    CHECK(std::holds_alternative<ProtocolsOptions>(parse_command_line({"protocols"})));
    CHECK(std::holds_alternative<ChainsOptions>(parse_command_line({"chains"})));
    const auto diff = std::get<DiffOptions>(parse_command_line({"diff", "a", "b", "--json"}));
    CHECK(diff.before == "a");
    CHECK(diff.after == "b");
    CHECK_THAT(error_of({"diff", "a"}), Contains("AFTER is required"));
    CHECK_THAT(error_of({"cascade", "--rpc", "https://x.example", "backtest", "--playbook", "p",
                         "--from", "1", "--to", "2"}),
               Contains("--rpc stands before `backtest`"));
    CHECK(std::get<CompletionsOptions>(parse_command_line({"completions", "fish"})).shell ==
          "fish");
    CHECK(std::get<AuditOptions>(parse_command_line({"audit", "0x1", "--csv"})).csv);
    CHECK(std::get<SignKeyOptions>(parse_command_line({"sign-key", "k"})).file == "k");
    const auto verify =
        std::get<VerifyOptions>(parse_command_line({"verify", "-", "--signer", "0xA", "--json"}));
    CHECK(verify.file == "-");
    CHECK(verify.signer == "0xA");
    CHECK(verify.json);
    CHECK_THAT(error_of({"verify"}), Contains("FILE is required"));
    CHECK_THAT(error_of({"sign-key"}), Contains("FILE is required"));
}

TEST_CASE("index has a book, markets, and where to read", "[app][cli][book]") {
    const auto options = std::get<IndexOptions>(parse_command_line(
        {"index", "--book", "a.book", "--market", "aave_v3/core", "--market", "morpho_blue/blue",
         "--chain", "ethereum", "--block", "12", "--export", "a.txt", "--json", "--quiet"}));
    CHECK(options.book == "a.book");
    CHECK(options.markets == Words{"aave_v3/core", "morpho_blue/blue"});
    CHECK(options.chains == Words{"ethereum"});
    CHECK(options.block == "12");
    CHECK(options.export_file == "a.txt");
    CHECK_FALSE(options.import_file);
    CHECK(options.json);
    CHECK(options.quiet);
    CHECK_THAT(error_of({"index"}), Contains("--book is required"));
}

TEST_CASE("a backtest is a command inside cascade, with a playbook of its own",
          "[app][cli][backtest]") {
    const auto options = std::get<BacktestOptions>(
        parse_command_line({"cascade", "backtest", "--playbook", "a.toml", "--from", "12", "--to",
                            "latest", "--every", "5", "--rpc", "http://127.0.0.1:1", "--json"}));
    CHECK(options.playbook == "a.toml");
    CHECK(options.from == "12");
    CHECK(options.to == "latest");
    CHECK(options.every == 5);
    CHECK(options.rpc == "http://127.0.0.1:1");
    CHECK(options.json);
    CHECK(std::get<CascadeOptions>(parse_command_line({"cascade", "--playbook", "a.toml"}))
              .playbook == "a.toml");
    CHECK_THAT(error_of({"cascade"}), Contains("--playbook is required"));
    CHECK_THAT(error_of({"cascade", "backtest", "--playbook", "a.toml", "--to", "9"}),
               Contains("--from is required"));
    CHECK_THAT(error_of({"cascade", "backtest", "--playbook", "a.toml", "--from", "1", "--to", "9",
                         "--evry", "2"}),
               Equals("unknown option \"--evry\", did you mean --every?"));
    CHECK_THAT(text_of({"cascade", "backtest", "--help"}), Contains("--every BLOCKS"));
}

struct Mistake {
    Words words;
    const char* message;
};

TEST_CASE("a mistake on the command line is told with the nearest known word",
          "[app][cli][errors]") {
    const auto mistake = GENERATE(
        Mistake{{},
                "a command is missing, such as `margrave audit ADDRESS`; see `margrave --help`"},
        Mistake{{"adit", "0xA"}, "unknown command \"adit\", did you mean audit?"},
        Mistake{{"frobnicate"}, "unknown command \"frobnicate\"; see `margrave --help`"},
        Mistake{{"--versoin"}, "unknown option \"--versoin\", did you mean --version?"},
        Mistake{{"audit", "0xA", "--jsn"}, "unknown option \"--jsn\", did you mean --json?"},
        Mistake{{"audit", "--fail-bellow=1.2", "0xA"},
                "unknown option \"--fail-bellow\", did you mean --fail-below?"},
        Mistake{{"audit", "--zzzzzz"}, "unknown option \"--zzzzzz\"; see `margrave audit --help`"},
        Mistake{{"protocols", "aave"},
                "unknown argument \"aave\"; see `margrave protocols --help`"},
        Mistake{{"audit", "--rpc"}, "--rpc: 1 required URL missing"},
        Mistake{{"audit", "0xA", "--timeout", "0"}, "--timeout: Value 0 not in range 1 to 86400"},
        Mistake{{"audit", "0xA", "--timeout", "soon"},
                "--timeout: Value soon not in range 1 to 86400"});
    CHECK_THAT(error_of(mistake.words), Equals(mistake.message));
}

TEST_CASE("control characters of a word do not reach the terminal", "[app][cli][errors]") {
    CHECK_THAT(error_of({"\x1b[31m"}), !Contains("\x1b"));
}

TEST_CASE("the version is one line", "[app][cli]") {
    CHECK_THAT(text_of({"--version"}), Catch::Matches("margrave [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_CASE("the help of the program names its commands, examples and exit codes", "[app][cli]") {
    const auto help = text_of({"--help"});
    for (const auto* part : {"  audit ", "  sign-key ", "  verify ", "  check-config ",
                             "  protocols ", "  demo ", "Examples:", "Exit codes:"}) {
        CHECK_THAT(help, Contains(part));
    }
    CHECK(text_of({"-h"}) == help);
}

TEST_CASE("the help of audit is laid out for a person", "[app][cli]") {
    const auto help = text_of({"audit", "--help"});
    for (const auto* part : {"Where to read:", "What to ask:", "Files:", "Output:", "Which chains:",
                             "Examples:", "--chain NAME[,NAME]", "--timeout SECONDS",
                             "--fail-below HF", "ETH_RPC_URL", "NO_COLOR"}) {
        CHECK_THAT(help, Contains(part));
    }
    CHECK_THAT(help, !Contains("\n\n\n"));
    CHECK_THAT(help, !Contains("[1 - 86400]"));
}

}  // namespace
}  // namespace margrave::app
