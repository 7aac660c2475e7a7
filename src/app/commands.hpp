#pragma once

#include "app/cli.hpp"
#include "app/exit_codes.hpp"
#include "app/world.hpp"

namespace margrave::app {

// Each command throws InputError or ConfigError for the user's mistakes and core::ChainError for an
// endpoint that it cannot do without; run() turns them into exit codes.

/// `margrave audit`
[[nodiscard]] ExitCode run_audit(World& world, const AuditOptions& options);
/// `margrave liquidate`
[[nodiscard]] ExitCode run_liquidate(World& world, const LiquidateOptions& options);
/// `margrave whatif`
[[nodiscard]] ExitCode run_whatif(World& world, const WhatIfOptions& options);
/// `margrave graph`
[[nodiscard]] ExitCode run_graph(World& world, const GraphOptions& options);
/// `margrave cascade`
[[nodiscard]] ExitCode run_cascade(World& world, const CascadeOptions& options);
/// `margrave cascade backtest`
[[nodiscard]] ExitCode run_backtest(World& world, const BacktestOptions& options);
/// `margrave index`
[[nodiscard]] ExitCode run_index(World& world, const IndexOptions& options);
/// `margrave rescue`
[[nodiscard]] ExitCode run_rescue(World& world, const RescueOptions& options);
/// `margrave sign-key`
[[nodiscard]] ExitCode run_sign_key(World& world, const SignKeyOptions& options);
/// `margrave verify`
[[nodiscard]] ExitCode run_verify(World& world, const VerifyOptions& options);
/// `margrave check-config`
[[nodiscard]] ExitCode run_check_config(World& world, const CheckConfigOptions& options);
/// `margrave chains`
[[nodiscard]] ExitCode run_chains(World& world, const ChainsOptions& options);
/// `margrave diff`
[[nodiscard]] ExitCode run_diff(World& world, const DiffOptions& options);
/// `margrave watch`
[[nodiscard]] ExitCode run_watch(World& world, const WatchOptions& options);
/// `margrave alerts list`
[[nodiscard]] ExitCode run_alerts_list(World& world, const AlertsListOptions& options);
/// `margrave alerts ack`
[[nodiscard]] ExitCode run_alerts_ack(World& world, const AlertsAckOptions& options);
/// `margrave alerts silence`
[[nodiscard]] ExitCode run_alerts_silence(World& world, const AlertsSilenceOptions& options);
/// `margrave alerts retry`
[[nodiscard]] ExitCode run_alerts_retry(World& world, const AlertsRetryOptions& options);
/// `margrave alerts test`
[[nodiscard]] ExitCode run_alerts_test(World& world, const AlertsTestOptions& options);
/// `margrave alerts send`
[[nodiscard]] ExitCode run_alerts_send(World& world, const AlertsSendOptions& options);
/// `margrave alerts snapshot`
[[nodiscard]] ExitCode run_alerts_snapshot(World& world, const AlertsSnapshotOptions& options);
/// `margrave history`
[[nodiscard]] ExitCode run_history(World& world, const HistoryOptions& options);
/// `margrave status`
[[nodiscard]] ExitCode run_status(World& world, const StatusOptions& options);
/// `margrave completions`
[[nodiscard]] ExitCode run_completions(World& world, const CompletionsOptions& options);
/// `margrave man`
[[nodiscard]] ExitCode run_man(World& world, const ManOptions& options);
/// `margrave protocols`
[[nodiscard]] ExitCode run_protocols(World& world, const ProtocolsOptions& options);
/// `margrave demo`
[[nodiscard]] ExitCode run_demo(World& world, const DemoOptions& options);

}  // namespace margrave::app
