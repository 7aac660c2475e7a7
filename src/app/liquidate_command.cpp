#include <fmt/format.h>

#include <memory>
#include <utility>

#include "app/account_choice.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/gather.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "margin/liquidation_options.hpp"
#include "report/liquidation.hpp"

namespace margrave::app {
namespace {

using core::InputError;

void refuse_conflicts(const LiquidateOptions& options) {
    const int sizes = static_cast<int>(options.repay.has_value()) +
                      static_cast<int>(options.repay_shares.has_value()) +
                      static_cast<int>(options.seize.has_value());
    if (sizes > 1) {
        throw InputError(
            "--repay, --repay-shares and --seize exclude each other: each is the size "
            "of the call");
    }
    const bool has_pair = options.collateral && options.debt;
    if ((options.collateral || options.debt) && !has_pair) {
        throw InputError(
            "--collateral and --debt belong together; without both, every possible "
            "pair is listed");
    }
}

/// "WETH=180000000000"
void set_answer(margin::Market& market, const std::string& text) {
    const auto at = text.find('=');
    if (at == std::string::npos) {
        throw InputError(fmt::format("--oracle: \"{}\" is not ASSET=RAW", core::printable(text)));
    }
    market.set_answer(resolve_asset(market, text.substr(0, at)),
                      parse_raw("--oracle", text.substr(at + 1)));
}

std::unique_ptr<margin::Market> prepare(const margin::Market& market,
                                        const LiquidateOptions& options) {
    auto fork = market.fork();
    if (options.at) {
        const core::Timestamp at = parse_moment(*options.at);
        if (at < fork->time()) {
            throw InputError(fmt::format("--at: interest accrues forwards, to {} or later",
                                         core::format_utc(fork->time())));
        }
        fork->accrue(at);
    }
    for (const std::string& oracle : options.oracles) {
        set_answer(*fork, oracle);
    }
    return fork;
}

/// A market with one pair, as Morpho's, needs neither asset named.
std::optional<margin::LiquidationCall> make_call(const margin::Market& market, std::size_t row,
                                                 const LiquidateOptions& options) {
    const bool has_size = options.repay || options.repay_shares || options.seize;
    margin::LiquidationCall call;
    call.receive_shares = options.receive_shares;
    if (options.collateral) {
        call.collateral = resolve_asset(market, *options.collateral);
        call.debt = resolve_asset(market, *options.debt);
    } else if (const auto pairs = market.liquidation_pairs(row); has_size && pairs.size() == 1) {
        call.collateral = pairs.front().collateral;
        call.debt = pairs.front().debt;
    } else if (has_size) {
        throw InputError("the size of a call needs --collateral and --debt");
    } else {
        return std::nullopt;
    }
    if (options.repay && *options.repay != "max") {
        call.repay = parse_raw("--repay", *options.repay);
    }
    if (options.repay_shares) {
        call.repay_shares = parse_raw("--repay-shares", *options.repay_shares);
    }
    if (options.seize) {
        call.seize = parse_raw("--seize", *options.seize);
    }
    return call;
}

/// Only the account's protocol need be read, and no holdings.
settings::Settings narrowed(settings::Settings settings, const AccountOptions& account) {
    settings.assets.clear();
    if (account.protocol) {
        const std::string protocol = protocol_name(*account.protocol);
        std::erase_if(settings.markets, [&](const settings::MarketEntry& entry) {
            return entry.protocol != protocol;
        });
        if (settings.markets.empty()) {
            throw InputError(fmt::format("--protocol: no market of \"{}\" is configured",
                                         core::printable(*account.protocol)));
        }
    }
    return settings;
}

}  // namespace

ExitCode run_liquidate(World& world, const LiquidateOptions& options) {
    refuse_conflicts(options);
    const auto settings = narrowed(load_settings(world, options.config_file), options.account);
    const auto gathered = gather(world, options, settings);
    if (gathered.chain_unreadable) {
        return ExitCode::Unreadable;
    }
    const auto account = choose_account(gathered, options.account);
    const auto market = prepare(*account.market, options);
    report::LiquidationReport report{.market = market->name(),
                                     .wallet = market->wallet(account.row),
                                     .quote = market->quote(),
                                     .trials = {},
                                     .is_one_call = false,
                                     .gaps = gaps_of(gathered.snapshot, account)};
    if (const auto call = make_call(*market, account.row, options)) {
        report.is_one_call = true;
        report.trials.push_back(margin::try_liquidation(*market, account.row, *call));
    } else {
        report.trials = margin::liquidation_options(*market, account.row, options.receive_shares);
    }
    write_result(world, options.json ? report::to_json(report) : report::to_text(report));
    const bool is_unknown = market->health(account.row).status == margin::Status::Unknown;
    return is_unknown ? ExitCode::Gaps : ExitCode::Fine;
}

}  // namespace margrave::app
