#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/account_choice.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/files.hpp"
#include "app/gather.hpp"
#include "app/rescue_calls.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/rescue.hpp"
#include "report/safe_batch.hpp"
#include "risk/rescue.hpp"

namespace margrave::app {
namespace {

using core::InputError;

core::U256 parse_above_zero(const std::string& option, const std::string& text,
                            const char* example) {
    const auto value = settings::parse_wad(text);
    if (!value || value->value() == 0) {
        throw InputError(fmt::format("{}: \"{}\" is no number above 0; write it as in {}", option,
                                     core::printable(text), example));
    }
    return value->value();
}

risk::RescueOptions parse_options(const RescueOptions& options) {
    const auto gas = settings::parse_wad(options.gas_usd);
    if (!gas) {
        throw InputError(fmt::format("--gas-usd: \"{}\" is no amount of dollars; write it as in 5",
                                     core::printable(options.gas_usd)));
    }
    return {.target = core::Wad(parse_above_zero("--target", options.target, "1.25")),
            .valid_for_s = options.valid_for_s,
            .swap_cost = core::Bps(options.swap_cost_bps),
            .slippage = core::Bps(options.slippage_bps),
            .gas = core::Usd(gas->value()),
            .idle_only = options.idle_only};
}

/// Interest to a later moment, in every market of the snapshot.
void accrue_to(snapshot::Snapshot& snapshot, const std::string& text) {
    const core::Timestamp at = parse_moment(text);
    for (const auto& market : snapshot.markets) {
        if (at < market->time()) {
            throw InputError(fmt::format("--at: interest accrues forwards, to {} or later",
                                         core::format_utc(market->time())));
        }
        market->accrue(at);
    }
}

/// The first plan of every account, as one Safe's batch.
report::SafeBatch make_batch(const report::RescueReport& report,
                             const snapshot::Snapshot& snapshot) {
    report::SafeBatch batch;
    std::string chain;
    for (const report::RescuedAccount& account : report.accounts) {
        const risk::AccountRescue& rescue = account.rescue;
        if (rescue.plans.empty()) {
            continue;
        }
        const core::Address wallet = rescue.market->wallet(rescue.row);
        const std::string& here = rescue.market->name().chain;
        if (!chain.empty() && (chain != here || batch.safe != wallet)) {
            throw InputError(
                "--safe-out: plans of several wallets or chains; a batch is of one: choose with "
                "ADDRESS and --chain");
        }
        const auto& missing = account.calls.front().not_encoded;
        if (!missing.empty()) {
            throw InputError(fmt::format(
                "--safe-out: the plan has a step without calldata: {}; --idle-only or another "
                "target may do without",
                missing.front()));
        }
        chain = here;
        batch.safe = wallet;
        const auto& calls = account.calls.front().calls;
        batch.calls.insert(batch.calls.end(), calls.begin(), calls.end());
    }
    for (const snapshot::ChainCut& cut : snapshot.chains) {
        if (cut.chain == chain) {
            batch.chain_id = cut.chain_id;
            batch.block_time = cut.timestamp;
        }
    }
    return batch;
}

std::vector<risk::RescueAccount> accounts_of(const Gathered& gathered,
                                             const AccountOptions& options) {
    std::vector<risk::RescueAccount> out;
    for (const ChosenAccount& account :
         matching_accounts(gathered.snapshot, gathered.wallets, options)) {
        out.push_back({.market = account.market, .row = account.row});
    }
    if (out.empty() && (options.protocol || options.market)) {
        refuse_no_account(gathered, options);  // a slip of the pen must not look like nothing to do
    }
    return out;
}

report::RescueReport make_report(const Gathered& gathered, const AccountOptions& account,
                                 const risk::RescueOptions& options) {
    auto rescue =
        risk::rescue_portfolio(gathered.snapshot, accounts_of(gathered, account), options);
    report::RescueReport out{.options = options,
                             .accounts = {},
                             .gas = rescue.gas,
                             .swap_cost = rescue.swap_cost,
                             .outside = rescue.outside,
                             .gaps = {}};
    for (risk::AccountRescue& one : rescue.accounts) {
        report::RescuedAccount rescued{.rescue = std::move(one), .calls = {}};
        for (const risk::RescuePlan& plan : rescued.rescue.plans) {
            rescued.calls.push_back(calls_of(plan));
        }
        out.accounts.push_back(std::move(rescued));
    }
    std::copy_if(gathered.snapshot.gaps.begin(), gathered.snapshot.gaps.end(),
                 std::back_inserter(out.gaps), [&](const snapshot::CoverageGap& gap) {
                     return !gap.wallet || gathered.wallets.contains(*gap.wallet);
                 });
    return out;
}

bool has_unknown(const report::RescueReport& report) {
    return std::any_of(report.accounts.begin(), report.accounts.end(),
                       [](const report::RescuedAccount& account) {
                           return account.rescue.verdict == risk::RescueVerdict::Unknown;
                       });
}

}  // namespace

ExitCode run_rescue(World& world, const RescueOptions& options) {
    const auto parsed = parse_options(options);
    auto gathered = gather(world, options, load_settings(world, options.config_file),
                           {.verify = false, .venues = true});
    if (gathered.chain_unreadable) {
        return ExitCode::Unreadable;
    }
    if (options.at) {
        accrue_to(gathered.snapshot, *options.at);
    }
    const auto report = make_report(gathered, options.account, parsed);
    if (options.safe_out) {
        write_file(*options.safe_out,
                   report::safe_batch_json(make_batch(report, gathered.snapshot)));
    }
    write_result(world, options.json ? report::to_json(report) : report::to_text(report));
    return exit_code({.gaps = has_unknown(report) || !report.gaps.empty()});
}

}  // namespace margrave::app
