// The only file that sees CLI11: its header takes seconds to compile.
#include "app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "app/cli_footers.hpp"
#include "app/command_words.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

/// CLI11's layout without its decorations: no "..." after a list, no blank line doubled.
class HelpFormat : public CLI::Formatter {
  public:
    HelpFormat() {
        constexpr std::size_t kColumn = 28;
        column_width(kColumn);
        label("Positionals", "Arguments");
    }

    std::string make_option_opts(const CLI::Option* option) const override {
        const auto type = option->get_type_name();
        return type.empty() ? "" : ' ' + type;
    }

    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override {
        auto text = CLI::Formatter::make_help(app, std::move(name), mode);
        constexpr std::string_view kTwoBlankLines = "\n\n\n";
        for (auto at = text.find(kTwoBlankLines); at != std::string::npos;
             at = text.find(kTwoBlankLines)) {
            text.erase(at, 1);
        }
        return text;
    }
};

constexpr const char* kWhere = "Where to read";

void define_endpoint(CLI::App& command, SourceOptions& options) {
    command
        .add_option("--config", options.config_file, "Configuration merged over the shipped one")
        ->type_name("FILE")
        ->group(kWhere);
    command.add_option("--chain", options.chains, "Chains to read, by name, or all")
        ->type_name("NAME[,NAME]")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group(kWhere);
    command
        .add_option("--rpc", options.rpc,
                    "Endpoint instead of the configured ones (also: ETH_RPC_URL)")
        ->type_name("URL")
        ->group(kWhere);
    command.add_option("--timeout", options.timeout, "Give up a round of reads after this long")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 86400).description(""))
        ->group(kWhere);
    command
        .add_option("--quorum", options.quorum,
                    "How many of a chain's endpoints must say the same (default 1)")
        ->type_name("K")
        ->check(CLI::Range(1, 16).description(""))
        ->group(kWhere);
    command.add_flag("--quiet", options.quiet, "No progress on stderr")->group(kWhere);
    command
        .add_flag("--allow-plain-http", options.allow_plain_http,
                  "Let endpoints beyond this machine be plain http")
        ->group(kWhere);
}

void define_where(CLI::App& command, SourceOptions& options) {
    define_endpoint(command, options);
    command
        .add_option("--block", options.block,
                    "latest (default), safe, finalized, a number or a block hash")
        ->type_name("BLOCK")
        ->group(kWhere);
}

void define_wallets(CLI::App& command, SourceOptions& options) {
    command
        .add_option(
            "ADDRESS", options.wallets,
            "Wallets: 0x…, eth:0x…, eip155:1:0x…, an ENS name, or a wallet or portfolio of the "
            "configuration; \"-\" reads one a line from stdin")
        ->type_name("");
    command
        .add_option("--addresses", options.wallets_file,
                    "More wallets, one a line; # begins a comment")
        ->type_name("FILE");
}

/// The options of every command that reads wallets, filled in while CLI11 parses.
void define_source(CLI::App& command, SourceOptions& options) {
    define_wallets(command, options);
    command
        .add_option("--token-list", options.token_lists,
                    "Also read the balances of this list's tokens (Uniswap's format); may be "
                    "repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);

    define_where(command, options);
    command
        .add_flag("--discover", options.discover,
                  "Also look for markets and contracts that no list names, by scanning events")
        ->group(kWhere);

    command
        .add_option("--cache", options.cache,
                    "Folder that scanned events and readings are kept in (default: "
                    "~/.cache/margrave)")
        ->type_name("DIR")
        ->group("Files");
    command.add_option("--snapshot-out", options.snapshot_out, "Save what was read")
        ->type_name("FILE")
        ->group("Files");
    command
        .add_option("--snapshot", options.snapshot, "Work on a saved snapshot, without a network")
        ->type_name("FILE")
        ->group("Files");
    command.add_option("--record", options.record, "Save the exchange with the endpoint")
        ->type_name("FILE")
        ->group("Files");
    command.add_option("--replay", options.replay, "Read a saved exchange instead of an endpoint")
        ->type_name("FILE")
        ->group("Files");
}

void define_at(CLI::App& command, std::optional<std::string>& at) {
    command
        .add_option("--at", at,
                    "Accrue interest to a later moment: chain seconds, a date (UTC) or "
                    "2026-01-31T12:00:00Z")
        ->type_name("TIME")
        ->group("What to ask");
}

void define_output(CLI::App& command, bool& json, bool& verbose, bool& no_color) {
    command.add_flag("--json", json, "Answer as JSON")->group("Output");
    command.add_flag("--verbose", verbose, "More detail; what reading cost on stderr")
        ->group("Output");
    command.add_flag("--no-color", no_color, "No colours (also: NO_COLOR)")->group("Output");
}

void define_audit(CLI::App& command, AuditOptions& options) {
    define_source(command, options);
    define_at(command, options.at);
    command
        .add_option("--fail-below", options.fail_below,
                    "Exit with 1 when a health factor is below this")
        ->type_name("HF")
        ->group("What to ask");
    command
        .add_flag(
            "--verify", options.verify,
            "Compare with the protocols' own view of every account; exit with 1 when they differ")
        ->group("What to ask");
    define_output(command, options.json, options.verbose, options.no_color);
    command.add_flag("--csv", options.csv, "Answer as a table for spreadsheets")->group("Output");
    command.add_option("--sign", options.sign, "Sign the report with a key of `margrave sign-key`")
        ->type_name("KEYFILE")
        ->group("Output");
    command.footer(kAuditFooter);
}

void define_account(CLI::App& command, AccountOptions& options) {
    command.add_option("--protocol", options.protocol, "The account's protocol, such as aave_v3")
        ->type_name("NAME")
        ->group("Which account");
    command
        .add_option("--market", options.market,
                    "Its market: a configured name, or a Morpho market id")
        ->type_name("NAME")
        ->group("Which account");
}

void define_liquidate(CLI::App& command, LiquidateOptions& options) {
    define_source(command, options);
    define_account(command, options.account);
    const auto* what = "The call";
    command
        .add_option("--collateral", options.collateral, "Asset to seize, a symbol or an address")
        ->type_name("ASSET")
        ->group(what);
    command.add_option("--debt", options.debt, "Asset to repay, a symbol or an address")
        ->type_name("ASSET")
        ->group(what);
    command
        .add_option("--repay", options.repay,
                    "Base units of the debt to repay, or max (the default)")
        ->type_name("RAW|max")
        ->group(what);
    command
        .add_option("--repay-shares", options.repay_shares,
                    "Instead: debt shares to repay (Morpho)")
        ->type_name("RAW")
        ->group(what);
    command
        .add_option("--seize", options.seize, "Instead: base units of collateral to seize (Morpho)")
        ->type_name("RAW")
        ->group(what);
    command
        .add_flag("--receive-shares", options.receive_shares,
                  "Take the collateral as shares of the pool")
        ->group(what);
    command
        .add_option("--oracle", options.oracles,
                    "Pretend that the feed of ASSET answers RAW; may be repeated")
        ->type_name("ASSET=RAW")
        ->allow_extra_args(false)
        ->group(what);
    define_at(command, options.at);
    define_output(command, options.json, options.verbose, options.no_color);
    command.footer(kLiquidateFooter);
}

void define_whatif(CLI::App& command, WhatIfOptions& options) {
    define_source(command, options);
    command.get_option("ADDRESS")->description(
        "Wallets, and steps such as ETH=-20%, in the order in which they happen");
    command
        .add_option("--shock,--action,--step", options.steps,
                    "A step as above; may be repeated, after those without an option")
        ->type_name("STEP")
        ->allow_extra_args(false)
        ->group("What happens");
    define_output(command, options.json, options.verbose, options.no_color);
    command.footer(kWhatIfFooter);
}

/// "ETH=-20%", "pause:LINK" or "repay:USDC:1@aave-v3", but not "eth:0x…".
bool is_step(const std::string& word) {
    return word.find('=') != std::string::npos || word.find('@') != std::string::npos ||
           word.starts_with("pause:");
}

/// Positional steps come first, then those of --step.
WhatIfOptions sorted_words(WhatIfOptions options) {
    std::vector<std::string> steps;
    std::copy_if(options.wallets.begin(), options.wallets.end(), std::back_inserter(steps),
                 is_step);
    std::erase_if(options.wallets, is_step);
    options.steps.insert(options.steps.begin(), steps.begin(), steps.end());
    return options;
}

void define_graph(CLI::App& command, GraphOptions& options) {
    define_source(command, options);
    command
        .add_option("--fails", options.fails,
                    "Which accounts fall, in which order, when this fails or moves")
        ->type_name("NODE[=MOVE%]")
        ->group("What to ask");
    command.add_flag("--dot", options.dot, "Answer as Graphviz DOT")->group("Output");
    command.add_flag("--json", options.json, "Answer as JSON")->group("Output");
    command.add_flag("--verbose", options.verbose, "What reading cost on stderr")->group("Output");
    command.footer(kGraphFooter);
}

void define_cascade(CLI::App& command, CascadeOptions& options) {
    define_source(command, options);
    command.get_option("ADDRESS")->description("More accounts beside the playbook's");
    // Asked for by chosen_command(): its subcommand has one of its own.
    command.add_option("--playbook", options.playbook, "What is supposed to happen (required)")
        ->type_name("FILE")
        ->group("What to ask");
    command.add_flag("--dot", options.dot, "Answer as Graphviz DOT")->group("Output");
    command.add_flag("--json", options.json, "Answer as JSON")->group("Output");
    command.add_flag("--verbose", options.verbose, "What reading cost on stderr")->group("Output");
    command.footer(kCascadeFooter);
}

void define_backtest(CLI::App& command, BacktestOptions& options) {
    const auto* what = "What to ask";
    command
        .add_option("--playbook", options.playbook, "Markets, accounts, and how liquidators choose")
        ->type_name("FILE")
        ->required()
        ->group(what);
    command.add_option("--from", options.from, "The block before: accounts are as they are there")
        ->type_name("BLOCK")
        ->required()
        ->group(what);
    command.add_option("--to", options.to, "The last block that is compared")
        ->type_name("BLOCK")
        ->required()
        ->group(what);
    command
        .add_option("--every", options.every,
                    "Blocks between two at which oracles are looked at (default: a thousandth)")
        ->type_name("BLOCKS")
        ->check(CLI::Range(1, 1'000'000'000).description(""))
        ->group(what);
    define_endpoint(command, options);
    command.add_flag("--json", options.json, "Answer as JSON")->group("Output");
    command.footer(kBacktestFooter);
}

void define_index(CLI::App& command, IndexOptions& options) {
    command.add_option("--book", options.book, "The book: made anew, or brought up to date")
        ->type_name("FILE")
        ->required()
        ->group("Files");
    command.add_option("--export", options.export_file, "Save what the book holds, to hand it on")
        ->type_name("FILE")
        ->group("Files");
    command
        .add_option("--import", options.import_file,
                    "Make the book of a saved one, without a network")
        ->type_name("FILE")
        ->group("Files");
    command
        .add_option("--market", options.markets,
                    "Which deployments; may be repeated (default: those of the book, else all of "
                    "the chain)")
        ->type_name("PROTOCOL/NAME")
        ->allow_extra_args(false)
        ->group("What to read");
    command.add_flag("--offline", options.offline, "Check and export the book as it is")
        ->group("What to read");
    define_where(command, options);
    command.add_flag("--json", options.json, "Answer as JSON")->group("Output");
    command.footer(kIndexFooter);
}

void define_rescue(CLI::App& command, RescueOptions& options) {
    define_source(command, options);
    define_account(command, options.account);
    const auto* what = "The plan";
    command.add_option("--target", options.target, "Health factor to reach (default 1.25)")
        ->type_name("HF")
        ->group(what);
    command
        .add_option("--valid-for", options.valid_for_s,
                    "Whenever it is carried out within (default 3600)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 31536000).description(""))
        ->group(what);
    command
        .add_option("--swap-cost", options.swap_cost_bps,
                    "Assumed cost of a swap that no configured pool serves, in basis points of "
                    "what it buys (default 30)")
        ->type_name("BPS")
        ->check(CLI::Range(0, 10000).description(""))
        ->group(what);
    command
        .add_option("--slippage", options.slippage_bps,
                    "How much more than quoted a pool may take, in basis points (default 50)")
        ->type_name("BPS")
        ->check(CLI::Range(0, 10000).description(""))
        ->group(what);
    command
        .add_option("--gas-usd", options.gas_usd,
                    "Assumed cost of a transaction, in dollars (default 5)")
        ->type_name("USD")
        ->group(what);
    command.add_flag("--idle-only", options.idle_only, "Without funds from outside")->group(what);
    command
        .add_option("--safe-out", options.safe_out,
                    "Save the calls as a batch for Safe's Transaction Builder")
        ->type_name("FILE")
        ->group("Files");
    define_at(command, options.at);
    define_output(command, options.json, options.verbose, options.no_color);
    command.footer(kRescueFooter);
}

void define_sign_key(CLI::App& command, SignKeyOptions& options) {
    command.add_option("FILE", options.file, "Where the new key is kept")
        ->type_name("")
        ->required();
    command.footer(kSignKeyFooter);
}

void define_verify(CLI::App& command, VerifyOptions& options) {
    command.add_option("FILE", options.file, "A signed report; \"-\" reads stdin")
        ->type_name("")
        ->required();
    command.add_option("--signer", options.signer, "Only a signature by this address is good")
        ->type_name("ADDRESS");
    command.add_flag("--json", options.json, "Answer as JSON");
    command.footer(kVerifyFooter);
}

void define_config(CLI::App& command, std::optional<std::string>& config_file) {
    command.add_option("--config", config_file, "Configuration merged over the shipped one")
        ->type_name("FILE");
}

void define_store(CLI::App& command, std::string& store) {
    command.add_option("--store", store, "The watch's file: blocks, alerts, undelivered messages")
        ->type_name("FILE")
        ->required();
}

void define_watch(CLI::App& command, WatchOptions& options) {
    define_wallets(command, options);
    define_store(command, options.store);
    command
        .add_option("--poll-ms", options.poll_ms,
                    "How often the chains' heads are asked for (default 2000)")
        ->type_name("MS")
        ->check(CLI::Range(50, 600000).description(""));
    command.add_flag("--once", options.once, "Evaluate what is new, deliver, and end");
    command
        .add_option("--listen", options.listen,
                    "Answer over HTTP here: metrics, health, the read API (docs/http.md)")
        ->type_name("ADDRESS:PORT");
    define_endpoint(command, options);
    command.footer(kWatchFooter);
}

void define_alerts_list(CLI::App& command, AlertsListOptions& options) {
    define_store(command, options.store);
    command.add_flag("--json", options.json, "Answer as JSON");
}

void define_author(CLI::App& command, std::string& author, std::string& reason) {
    command.add_option("--by", author, "Who says so (default: the user's name)")->type_name("NAME");
    command.add_option("--reason", reason, "Why, for those who look later")->type_name("TEXT");
}

void define_alerts_ack(CLI::App& command, AlertsAckOptions& options) {
    auto* const alerts =
        command.add_option("ALERT", options.alerts, "As `margrave alerts list` names it")
            ->type_name("");
    command.add_flag("--all", options.all, "Every alert that fires now")->excludes(alerts);
    define_store(command, options.store);
    define_author(command, options.author, options.reason);
}

void define_alerts_silence(CLI::App& command, AlertsSilenceOptions& options) {
    define_store(command, options.store);
    command.add_option("--for", options.lasts, "How long: 90s, 30m, 2h, 7d")->type_name("TIME");
    command.add_option("--rule", options.rule, "Only of this rule")->type_name("NAME");
    command.add_option("--chain", options.chain, "Only of this chain")->type_name("NAME");
    command.add_option("--market", options.market, "Only of this market, aave_v3/core")
        ->type_name("PROTOCOL/NAME");
    command.add_option("--wallet", options.wallet, "Only of this wallet")->type_name("ADDRESS");
    command
        .add_option("--severity", options.severity,
                    "The highest that is silenced: info, warning (default), critical")
        ->type_name("WORD")
        ->check(CLI::IsMember({"info", "warning", "critical"}).description(""));
    define_author(command, options.author, options.reason);
    command.add_option("--end", options.end, "End the silence of this number")->type_name("ID");
    command.footer(kSilenceFooter);
}

void define_alerts_retry(CLI::App& command, AlertsRetryOptions& options) {
    define_store(command, options.store);
    command.add_option("--channel", options.channel, "Only those of this channel")
        ->type_name("NAME");
}

void define_since(CLI::App& command, std::string& since, const char* what) {
    command.add_option("--since", since, what)->type_name("TIME");
}

void define_alerts_test(CLI::App& command, AlertsTestOptions& options) {
    define_store(command, options.store);
    define_config(command, options.config_file);
    define_since(command, options.since, "How far back: 12h, 30d (default)");
    command.add_flag("--json", options.json, "Answer as JSON");
}

void define_alerts_send(CLI::App& command, AlertsSendOptions& options) {
    command.add_option("CHANNEL", options.channels, "Names of [[channels]] (default: all)")
        ->type_name("");
    define_config(command, options.config_file);
}

void define_alerts_snapshot(CLI::App& command, AlertsSnapshotOptions& options) {
    command.add_option("HASH", options.block_hash, "Of a block that an alert names")
        ->type_name("")
        ->required();
    define_store(command, options.store);
}

void define_history(CLI::App& command, HistoryOptions& options) {
    command.add_option("WALLET", options.wallet, "An address, or a name of the configuration")
        ->type_name("")
        ->required();
    define_store(command, options.store);
    define_config(command, options.config_file);
    command
        .add_option("--watch", options.quantity,
                    "The quantity: health_factor (default), collateral_fall … as in docs/watch.md")
        ->type_name("WORD");
    define_since(command, options.since, "How far back: 90s, 30m, 1d (default), 30d");
    auto* const chart = command.add_flag("--chart", options.chart, "Draw it");
    command.add_flag("--json", options.json, "Answer as JSON")->excludes(chart);
}

void define_status(CLI::App& command, StatusOptions& options) {
    define_store(command, options.store);
    command.add_flag("--json", options.json, "Answer as JSON");
}

void define_diff(CLI::App& command, DiffOptions& options) {
    command.add_option("BEFORE", options.before, "The earlier report (JSON) or snapshot")
        ->type_name("")
        ->required();
    command.add_option("AFTER", options.after, "The later one")->type_name("")->required();
    define_config(command, options.config_file);
    command.add_flag("--json", options.json, "Answer as JSON");
    command.footer(kDiffFooter);
}

void define_chains(CLI::App& command, ChainsOptions& options) {
    define_config(command, options.config_file);
    command.add_flag("--json", options.json, "Answer as JSON");
}

void define_demo(CLI::App& command, DemoOptions& options) {
    command.add_flag("--json", options.json, "Report as JSON");
    command.add_flag("--verbose", options.verbose, "More detail");
    command.add_flag("--no-color", options.no_color, "No colours (also: NO_COLOR)");
}

/// The whole command line; the structs are filled by parsing.
struct Parser {
    CLI::App program{
        "Reads what wallets hold and owe in DeFi lending, straight from the chain, and says "
        "how far they are\nfrom liquidation. Read-only: it never signs or sends a transaction.",
        "margrave"};
    AuditOptions audit;
    ChainsOptions chains;
    CheckConfigOptions check_config;
    ProtocolsOptions protocols;
    DiffOptions diff;
    CompletionsOptions completions;
    DemoOptions demo;
    LiquidateOptions liquidate;
    RescueOptions rescue;
    WhatIfOptions whatif;
    GraphOptions graph;
    CascadeOptions cascade;
    BacktestOptions backtest;
    IndexOptions index;
    SignKeyOptions sign_key;
    VerifyOptions verify;
    WatchOptions watch;
    AlertsListOptions alerts_list;
    AlertsAckOptions alerts_ack;
    AlertsSilenceOptions alerts_silence;
    AlertsRetryOptions alerts_retry;
    AlertsTestOptions alerts_test;
    AlertsSendOptions alerts_send;
    AlertsSnapshotOptions alerts_snapshot;
    HistoryOptions history;
    StatusOptions status;
    CLI::App* audit_command = nullptr;
    CLI::App* liquidate_command = nullptr;
    CLI::App* rescue_command = nullptr;
    CLI::App* whatif_command = nullptr;
    CLI::App* graph_command = nullptr;
    CLI::App* cascade_command = nullptr;
    CLI::App* backtest_command = nullptr;
    CLI::App* index_command = nullptr;
    CLI::App* sign_key_command = nullptr;
    CLI::App* verify_command = nullptr;
    CLI::App* check_config_command = nullptr;
    CLI::App* chains_command = nullptr;
    CLI::App* protocols_command = nullptr;
    CLI::App* diff_command = nullptr;
    CLI::App* watch_command = nullptr;
    CLI::App* alerts_command = nullptr;
    CLI::App* alerts_list_command = nullptr;
    CLI::App* alerts_ack_command = nullptr;
    CLI::App* alerts_silence_command = nullptr;
    CLI::App* alerts_retry_command = nullptr;
    CLI::App* alerts_test_command = nullptr;
    CLI::App* alerts_send_command = nullptr;
    CLI::App* alerts_snapshot_command = nullptr;
    CLI::App* history_command = nullptr;
    CLI::App* status_command = nullptr;
    CLI::App* completions_command = nullptr;
    CLI::App* man_command = nullptr;
    CLI::App* demo_command = nullptr;

    Parser() {
        program.formatter(std::make_shared<HelpFormat>());  // commands inherit it
        audit_command = add("audit", "Report the accounts of wallets and their health");
        define_audit(*audit_command, audit);
        liquidate_command = add("liquidate", "Simulate the liquidation of an account");
        define_liquidate(*liquidate_command, liquidate);
        rescue_command = add("rescue", "Plan the cheapest way back to a target health");
        define_rescue(*rescue_command, rescue);
        whatif_command = add("whatif", "Health before and after shocks and actions");
        define_whatif(*whatif_command, whatif);
        graph_command = add("graph", "What the accounts depend on, and what falls together");
        define_graph(*graph_command, graph);
        cascade_command =
            add("cascade", "What everybody's liquidations do to the price, and where we then fall");
        define_cascade(*cascade_command, cascade);
        backtest_command = add(*cascade_command, "backtest",
                               "Predicted liquidations beside those that really happened");
        define_backtest(*backtest_command, backtest);
        index_command = add("index", "Every borrower of whole markets, into a book");
        define_index(*index_command, index);
        watch_command =
            add("watch", "Follow wallets block by block, and tell of what threatens them");
        define_watch(*watch_command, watch);
        alerts_command = add("alerts", "What a watch has found");
        alerts_list_command = alerts_command->add_subcommand(
            "list", "Alerts that are not quiet, and messages that are not delivered");
        define_alerts_list(*alerts_list_command, alerts_list);
        alerts_ack_command = alerts_command->add_subcommand(
            "ack", "Say that somebody is at it: nobody else is called");
        define_alerts_ack(*alerts_ack_command, alerts_ack);
        alerts_silence_command =
            alerts_command->add_subcommand("silence", "Be quiet about some alerts for a while");
        define_alerts_silence(*alerts_silence_command, alerts_silence);
        alerts_retry_command = alerts_command->add_subcommand(
            "retry", "Deliver again what was given up, after its channel was mended");
        define_alerts_retry(*alerts_retry_command, alerts_retry);
        alerts_test_command = alerts_command->add_subcommand(
            "test", "What the configured rules would have told of the stored history");
        define_alerts_test(*alerts_test_command, alerts_test);
        alerts_send_command =
            alerts_command->add_subcommand("send", "Send a test alert through the channels");
        define_alerts_send(*alerts_send_command, alerts_send);
        alerts_snapshot_command = alerts_command->add_subcommand(
            "snapshot", "The reading that an alert was made of, as a snapshot");
        define_alerts_snapshot(*alerts_snapshot_command, alerts_snapshot);
        alerts_command->require_subcommand(1);
        history_command = add("history", "What a watched quantity was, block by block");
        define_history(*history_command, history);
        status_command = add("status", "How a watch stands, by its file");
        define_status(*status_command, status);
        sign_key_command = add("sign-key", "Make a key that signs reports and controls no funds");
        define_sign_key(*sign_key_command, sign_key);
        verify_command = add("verify", "Say who signed a report, and whether it is unchanged");
        define_verify(*verify_command, verify);
        demo_command = add("demo", "Audit recorded wallets, without a network");
        define_demo(*demo_command, demo);
        chains_command = add("chains", "The chains known, and what is read on each");
        define_chains(*chains_command, chains);
        protocols_command = add("protocols", "The protocols known, how each is proven, and where");
        define_config(*protocols_command, protocols.config_file);
        diff_command = add("diff", "What a later report or snapshot says otherwise");
        define_diff(*diff_command, diff);
        completions_command = add("completions", "A script that completes this command line");
        completions_command->add_option("SHELL", completions.shell, "bash, zsh or fish")
            ->type_name("")
            ->required();
        man_command = add("man", "The manual page, for man -l -");
        check_config_command = add("check-config", "Load the configuration and say what it means");
        define_config(*check_config_command, check_config.config_file);

        program.set_version_flag("--version", "margrave " MARGRAVE_VERSION, "Print the version");
        program.set_help_flag("-h,--help", "Print this help");
        program.require_subcommand(0, 1);
        program.allow_extras();
        program.footer(kTopFooter);
    }

    CLI::App* add(const std::string& name, const std::string& description) {
        return add(program, name, description);
    }

    static CLI::App* add(CLI::App& above, const std::string& name, const std::string& description) {
        auto* command = above.add_subcommand(name, description);
        // Unknown words are kept and explained by explain_leftover(), which knows the nearest.
        command->allow_extras();
        command->set_help_flag("-h,--help", "Print this help");
        return command;
    }
};

std::vector<std::string> known_flags(const CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* option : command.get_options()) {
        for (const auto& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    return names;
}

std::vector<std::string> known_commands(const CLI::App& program) {
    std::vector<std::string> names;
    for (const auto* command : program.get_subcommands({})) {
        names.push_back(command->get_name());
    }
    return names;
}

/// Says of the first word that nothing took what it should probably be.
[[noreturn]] void explain_leftover(const CLI::App& program, const CLI::App* command,
                                   const std::string& word) {
    const bool is_flag = word.starts_with("-");
    const auto& app = command != nullptr ? *command : program;
    const auto known = is_flag ? known_flags(app) : known_commands(program);
    const auto bare = word.substr(0, word.find('='));
    const auto near = core::nearest(bare, known);
    const auto help = command != nullptr ? fmt::format("margrave {} --help", command->get_name())
                                         : std::string("margrave --help");
    const auto* what = is_flag ? "option" : (command != nullptr ? "argument" : "command");
    throw core::InputError(
        near.empty() || (!is_flag && command != nullptr)
            ? fmt::format("unknown {} \"{}\"; see `{}`", what, core::printable(bare), help)
            : fmt::format("unknown {} \"{}\", did you mean {}?", what, core::printable(bare),
                          near));
}

void explain_leftovers(const CLI::App& program, const CLI::App& command) {
    for (const auto& word : command.remaining()) {
        if (word != "--") {  // what stands after it was taken as arguments
            explain_leftover(program, &command, word);
        }
    }
}

void reject_leftovers(const CLI::App& program) {
    for (const auto* command : program.get_subcommands()) {
        for (const auto* inner : command->get_subcommands()) {
            explain_leftovers(program, *inner);
        }
        explain_leftovers(program, *command);
    }
    for (const auto& word : program.remaining()) {
        explain_leftover(program, nullptr, word);
    }
}

/// A command of a command has options of its own: those of the outer one would be lost.
void refuse_options_before(const CLI::App& outer, const CLI::App& inner) {
    for (const CLI::Option* option : outer.get_options()) {
        if (option->count() > 0) {
            throw core::InputError(fmt::format("{} stands before `{}`: write it behind",
                                               option->get_name(), inner.get_name()));
        }
    }
}

Command chosen_command(const Parser& parser) {
    if (parser.audit_command->parsed()) {
        return parser.audit;
    }
    if (parser.liquidate_command->parsed()) {
        return parser.liquidate;
    }
    if (parser.whatif_command->parsed()) {
        return sorted_words(parser.whatif);
    }
    if (parser.graph_command->parsed()) {
        return parser.graph;
    }
    if (parser.backtest_command->parsed()) {
        refuse_options_before(*parser.cascade_command, *parser.backtest_command);
        return parser.backtest;
    }
    if (parser.cascade_command->parsed()) {
        if (parser.cascade.playbook.empty()) {
            throw core::InputError(
                "--playbook is required: the file of what is supposed to happen");
        }
        return parser.cascade;
    }
    if (parser.index_command->parsed()) {
        return parser.index;
    }
    if (parser.rescue_command->parsed()) {
        return parser.rescue;
    }
    if (parser.sign_key_command->parsed()) {
        return parser.sign_key;
    }
    if (parser.verify_command->parsed()) {
        return parser.verify;
    }
    if (parser.check_config_command->parsed()) {
        return parser.check_config;
    }
    if (parser.chains_command->parsed()) {
        return parser.chains;
    }
    if (parser.diff_command->parsed()) {
        return parser.diff;
    }
    if (parser.watch_command->parsed()) {
        return parser.watch;
    }
    if (parser.alerts_list_command->parsed()) {
        return parser.alerts_list;
    }
    if (parser.alerts_ack_command->parsed()) {
        return parser.alerts_ack;
    }
    if (parser.alerts_silence_command->parsed()) {
        return parser.alerts_silence;
    }
    if (parser.alerts_retry_command->parsed()) {
        return parser.alerts_retry;
    }
    if (parser.alerts_test_command->parsed()) {
        return parser.alerts_test;
    }
    if (parser.alerts_send_command->parsed()) {
        return parser.alerts_send;
    }
    if (parser.alerts_snapshot_command->parsed()) {
        return parser.alerts_snapshot;
    }
    if (parser.history_command->parsed()) {
        return parser.history;
    }
    if (parser.status_command->parsed()) {
        return parser.status;
    }
    if (parser.completions_command->parsed()) {
        return parser.completions;
    }
    if (parser.man_command->parsed()) {
        return ManOptions{};
    }
    if (parser.protocols_command->parsed()) {
        return parser.protocols;
    }
    if (parser.demo_command->parsed()) {
        return parser.demo;
    }
    throw core::InputError(
        "a command is missing, such as `margrave audit ADDRESS`; see `margrave --help`");
}

CommandWords words_of(const CLI::App& command) {
    CommandWords out{.name = command.get_name(),
                     .description = command.get_description(),
                     .footer = command.get_footer(),
                     .options = {}};
    for (const CLI::Option* option : command.get_options()) {
        OptionWords words{.names = {}, .value = "", .description = option->get_description()};
        for (const std::string& name : option->get_snames()) {
            words.names.push_back("-" + name);
        }
        for (const std::string& name : option->get_lnames()) {
            words.names.push_back("--" + name);
        }
        if (words.names.empty()) {
            words.names.push_back(option->get_name(true));
        }
        const bool is_flag = option->get_expected_max() == 0;
        words.value = is_flag || words.is_positional() ? "" : option->get_type_name();
        out.options.push_back(std::move(words));
    }
    return out;
}

}  // namespace

std::vector<CommandWords> command_words() {
    Parser parser;
    std::vector<CommandWords> out{words_of(parser.program)};
    const auto any = [](const CLI::App* /*command*/) { return true; };
    for (const CLI::App* command : parser.program.get_subcommands(any)) {
        out.push_back(words_of(*command));
        for (const CLI::App* inner : command->get_subcommands(any)) {
            out.push_back(words_of(*inner));
            out.back().name = command->get_name() + ' ' + inner->get_name();
        }
    }
    return out;
}

Command parse_command_line(const std::vector<std::string>& arguments) {
    Parser parser;
    // CLI11 takes a vector from its end.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        parser.program.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
        return ShowText{parser.program.help()};
    } catch (const CLI::CallForVersion& version) {
        return ShowText{std::string(version.what()) + '\n'};
    } catch (const CLI::ParseError& error) {
        throw core::InputError(core::printable(error.what()));
    }
    reject_leftovers(parser.program);
    return chosen_command(parser);
}

}  // namespace margrave::app
