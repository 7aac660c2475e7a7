#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/gather.hpp"

namespace margrave::app {

/// `margrave audit`, as typed: nothing is understood yet beyond which option is which.
struct AuditOptions : SourceOptions {
    std::optional<std::string> at;
    std::optional<std::string> fail_below;
    std::optional<std::string> sign;  ///< the file of a reporting key
    bool json = false;
    bool csv = false;
    bool verify = false;
    bool no_color = false;
};

/// Which account of a wallet: needed where it has several.
struct AccountOptions {
    std::optional<std::string> protocol;
    std::optional<std::string> market;
};

/// `margrave liquidate`, as typed.
struct LiquidateOptions : SourceOptions {
    AccountOptions account;
    std::optional<std::string> collateral;
    std::optional<std::string> debt;
    std::optional<std::string> repay;
    std::optional<std::string> repay_shares;
    std::optional<std::string> seize;
    bool receive_shares = false;
    std::vector<std::string> oracles;  ///< ASSET=RAW
    std::optional<std::string> at;
    bool json = false;
    bool no_color = false;
};

/// `margrave whatif`, as typed; its positional words are told apart into wallets and steps.
struct WhatIfOptions : SourceOptions {
    std::vector<std::string> steps;  ///< in the order in which they happen
    bool json = false;
    bool no_color = false;
};

/// `margrave graph`, as typed.
struct GraphOptions : SourceOptions {
    std::optional<std::string> fails;  ///< NODE or NODE=-20%
    bool dot = false;
    bool json = false;
};

/// `margrave cascade`, as typed.
struct CascadeOptions : SourceOptions {
    std::string playbook;
    bool dot = false;
    bool json = false;
};

/// `margrave cascade backtest`, as typed. Of the source it takes where to read, and no wallets.
struct BacktestOptions : SourceOptions {
    std::string playbook;
    std::string from;
    std::string to;
    std::optional<std::uint64_t> every;  ///< blocks; nullopt: as many as make a thousand steps
    bool json = false;
};

/// `margrave index`, as typed. Of the source it takes where to read, and no wallets.
struct IndexOptions : SourceOptions {
    std::string book;
    std::vector<std::string> markets;  ///< PROTOCOL/NAME
    std::optional<std::string> import_file;
    std::optional<std::string> export_file;
    bool offline = false;
    bool json = false;
};

/// `margrave rescue`, as typed.
struct RescueOptions : SourceOptions {
    AccountOptions account;
    std::string target = "1.25";
    std::uint64_t valid_for_s = 3600;
    std::uint32_t swap_cost_bps = 30;
    std::uint32_t slippage_bps = 50;
    std::string gas_usd = "5";
    bool idle_only = false;
    std::optional<std::string> safe_out;
    std::optional<std::string> at;
    bool json = false;
    bool no_color = false;
};

/// `margrave sign-key`, as typed.
struct SignKeyOptions {
    std::string file;
};

/// `margrave verify`, as typed.
struct VerifyOptions {
    std::string file;  ///< "-": stdin
    std::optional<std::string> signer;
    bool json = false;
};

struct CheckConfigOptions {
    std::optional<std::string> config_file;
};

/// `margrave chains`, as typed.
struct ChainsOptions {
    std::optional<std::string> config_file;
    bool json = false;
};

/// `margrave diff`, as typed: reports or snapshots.
struct DiffOptions {
    std::string before;
    std::string after;
    std::optional<std::string> config_file;
    bool json = false;
};

/// `margrave watch`, as typed. Of the source it takes whom to watch, and where.
struct WatchOptions : SourceOptions {
    std::string store;
    std::uint64_t poll_ms = 2000;
    bool once = false;
    std::optional<std::string> listen;  ///< goes before [http] listen
};

/// `margrave alerts list`, as typed.
struct AlertsListOptions {
    std::string store;
    bool json = false;
};

/// `margrave alerts ack`, as typed.
struct AlertsAckOptions {
    std::string store;
    std::vector<std::string> alerts;
    bool all = false;
    std::string author;
    std::string reason;
};

/// `margrave alerts silence`, as typed; an empty word is any.
struct AlertsSilenceOptions {
    std::string store;
    std::string lasts;  ///< "2h"
    std::string rule;
    std::string chain;
    std::string market;
    std::string wallet;
    std::string severity = "warning";
    std::string author;
    std::string reason;
    std::optional<std::int64_t> end;  ///< the id of one that is not needed any more
};

/// `margrave alerts retry`, as typed.
struct AlertsRetryOptions {
    std::string store;
    std::optional<std::string> channel;  ///< nullopt: all of them
};

/// `margrave alerts test`, as typed.
struct AlertsTestOptions {
    std::string store;
    std::optional<std::string> config_file;
    std::string since = "30d";
    bool json = false;
};

/// `margrave alerts send`, as typed.
struct AlertsSendOptions {
    std::optional<std::string> config_file;
    std::vector<std::string> channels;
};

/// `margrave alerts snapshot`, as typed.
struct AlertsSnapshotOptions {
    std::string store;
    std::string block_hash;
};

/// `margrave history`, as typed.
struct HistoryOptions {
    std::string store;
    std::string wallet;
    std::optional<std::string> config_file;
    std::string quantity = "health_factor";
    std::string since = "1d";
    bool chart = false;
    bool json = false;
};

/// `margrave status`, as typed.
struct StatusOptions {
    std::string store;
    bool json = false;
};

struct CompletionsOptions {
    std::string shell;
};

struct ManOptions {};

struct ProtocolsOptions {
    std::optional<std::string> config_file;
};

struct DemoOptions {
    bool json = false;
    bool verbose = false;
    bool no_color = false;
};

/// --help or --version: the text to print.
struct ShowText {
    std::string text;
};

using Command =
    std::variant<AuditOptions, LiquidateOptions, WhatIfOptions, GraphOptions, CascadeOptions,
                 BacktestOptions, IndexOptions, RescueOptions, SignKeyOptions, VerifyOptions,
                 CheckConfigOptions, ChainsOptions, DiffOptions, WatchOptions, AlertsListOptions,
                 AlertsAckOptions, AlertsSilenceOptions, AlertsRetryOptions, AlertsTestOptions,
                 AlertsSendOptions, AlertsSnapshotOptions, HistoryOptions, StatusOptions,
                 CompletionsOptions, ManOptions, ProtocolsOptions, DemoOptions, ShowText>;

/// The command that the arguments (without the program's name) ask for. Throws InputError with the
/// nearest known word for an unknown one.
[[nodiscard]] Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace margrave::app
