#pragma once

/// What stands under the options in `--help`, a text for each command. Only for cli.cpp.
namespace margrave::app {

inline constexpr const char* kTopFooter = R"(Examples:
  margrave audit 0xYourWallet                     on Ethereum, at the latest block
  margrave audit 0xYourWallet --chain arbitrum    on another, or on all; `margrave chains` lists them
  margrave audit 0xYourWallet --config my.toml    on the chains that my.toml names
  margrave demo                                   recorded wallets, without a network

`margrave COMMAND --help` tells more of a command.

Exit codes:
  0 fine                               4 the answer has gaps: something could not be read
  1 --fail-below or --verify struck    5 internal error
  2 command line or configuration      6 a signature does not verify
  3 a chain could not be read at all)";

inline constexpr const char* kWatchFooter =
    R"(Whom: the wallets that are typed, else all that the configuration names. What: its [[rules]], over the
shipped ones. To whom: its [[channels]].

Examples:
  margrave watch --config fund.toml --store watch.db
  margrave watch 0xWallet --config channel.toml --store watch.db --once)";

inline constexpr const char* kSilenceFooter =
    R"(What was told before is ended in its channels also during a silence, and what still fires when it ends is
told then. It hides no blindness: what cannot be evaluated is told.

Examples:
  margrave alerts silence --store watch.db --for 2h --rule interest --reason "rates are being changed"
  margrave alerts silence --store watch.db --end 3)";

inline constexpr const char* kAuditFooter =
    R"(Which chains: those of --chain; else those that the --config file names; else the one that --rpc or
ETH_RPC_URL serves; else ethereum. An address with a chain in front is read on that chain alone.

Examples:
  margrave audit 0xWallet1 0xWallet2
  margrave audit eth:0xWallet --rpc https://my-node.example/v1/key --block finalized
  margrave audit 0xWallet --json --fail-below 1.25 || echo "look at it"
  margrave audit 0xWallet --snapshot-out now.json
  margrave audit --snapshot now.json --at 2026-01-31
  margrave audit - < wallets.txt)";

inline constexpr const char* kLiquidateFooter =
    R"(Simulates the protocol's own liquidation call, to the wei; nothing is signed or sent. Without --collateral
and --debt it lists every pair that the account allows, the most profitable first.

Examples:
  margrave liquidate 0xWallet --protocol aave_v3 --market core --collateral WETH --debt USDC --repay max
  margrave liquidate 0xWallet --protocol aave_v3 --market core --oracle WETH=180000000000
  margrave liquidate 0xWallet --protocol morpho_blue --market 0xb323… --seize 1000000000000000000)";

inline constexpr const char* kWhatIfFooter =
    R"(Steps happen in the order given, on a copy of what was read; nothing is signed or sent.
  ETH=-20%, USDC=0.97           a price: everything that follows the factor; a symbol alone otherwise
  rate:USDC=+5%, LT:WETH=78%    a borrow rate a year, a liquidation threshold
  pause:LINK, days=30           a paused asset, interest of so many days
  repay:USDC:10000@aave-v3      an action: supply, withdraw, add, remove, borrow, repay, in whole tokens or max
  collateral:WETH:off@aave-v3, emode:1@aave-v3/core

Examples:
  margrave whatif 0xWallet ETH=-20%
  margrave whatif 0xWallet ETH=-20% stETH/ETH=-3% days=30 --json
  margrave whatif 0xWallet ETH=-20% repay:USDC:10000@aave-v3 --snapshot now.json)";

inline constexpr const char* kGraphFooter =
    R"(A node is a factor (ETH/USD), a token's symbol, an address, or an id as --json lists them. NODE=-20% asks
what falls on the way there, NODE alone what falls when it fails.

Examples:
  margrave graph 0xWallet1 0xWallet2
  margrave graph 0xWallet --fails ETH/USD=-20%
  margrave graph 0xWallet --dot | dot -Tsvg > graph.svg)";

inline constexpr const char* kCascadeFooter =
    R"(A playbook (TOML) names markets, accounts, the shock, who liquidates in which order, the pools that seized
collateral is sold into and how oracles follow them; docs/cascade.md has every key and a worked example.

Examples:
  margrave cascade --playbook eth-20.toml --config fund.toml
  margrave cascade --playbook eth-20.toml --snapshot now.json --json
  margrave cascade --playbook eth-20.toml --dot | dot -Tsvg > cascade.svg)";

inline constexpr const char* kBacktestFooter =
    R"(Reads accounts at one block and the oracles' real answers from there on, liquidates in the replica whom they
bring below health 1, and compares with the protocols' own events. Exit code 1 when it is red: below 90 % recall,
below 70 % precision, or more than 20 % off in the value seized. BLOCK is a number, a hash, latest, safe or
finalized. Needs a node that still has the states between (an archive node on a live chain).

Examples:
  margrave cascade backtest --playbook core.toml --from 21000000 --to 21050000
  margrave cascade backtest --playbook core.toml --from 21000000 --to finalized --every 25 --json)";

inline constexpr const char* kIndexFooter =
    R"(Finds every borrower of a market by its events and reads each at one block. It may be stopped at any time and
goes on where it was; run again, it reads only what has changed. What debts add up to is compared with what the
market says: a difference is a gap. docs/book.md tells more.

Examples:
  margrave index --book core.book --market aave_v3/core --chain ethereum
  margrave index --book core.book --export core.txt --offline
  margrave index --book core.book --import core.txt)";

inline constexpr const char* kDiffFooter =
    R"(Compares two reports (margrave audit --json) or snapshots (--snapshot-out), account by account: opened, closed,
and what changed, with holdings, exposure and gaps. A snapshot is reported first, with --config if it is given.

Examples:
  margrave diff monday.json tuesday.json
  margrave diff before.snapshot after.snapshot --json)";

inline constexpr const char* kRescueFooter =
    R"(Plans the cheapest way back to a target health: from the wallet's own balances first, then by swaps, by
selling collateral, with funds from outside last. Every amount is the smallest that still holds at the end
of the validity. Calls are unsigned; margrave never signs or sends one.

Examples:
  margrave rescue 0xWallet --target 1.5
  margrave rescue 0xWallet --protocol aave_v3 --valid-for 86400 --json
  margrave rescue 0xSafe --idle-only --safe-out batch.json)";

inline constexpr const char* kSignKeyFooter =
    R"(Prints the new key's address: give it to those who are to verify your reports. The key is its own; no key of a
wallet is ever taken. Send nothing to its address.

Examples:
  margrave sign-key reporting.key
  margrave audit 0xWallet --json --sign reporting.key > report.json)";

inline constexpr const char* kVerifyFooter =
    R"(A signature proves that a key signed this very content. Whose key it is only you can know: give the address that
you expect as --signer. Exit code 6 when it does not verify. docs/signed-reports.md does the same with a wallet library.

Examples:
  margrave verify report.json --signer 0xReportingAddress
  margrave verify - --json < report.json)";

}  // namespace margrave::app
