#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "exposure/aggregate.hpp"
#include "exposure/factor_map.hpp"
#include "exposure/fragmented_loss.hpp"
#include "exposure/loss_profile.hpp"
#include "exposure/outlook.hpp"
#include "margin/account.hpp"
#include "report/oracles.hpp"
#include "report/price_checks.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

struct Options {
    std::optional<core::Timestamp>
        at;                   ///< accrue interest to this moment; nullopt: the block's own
    core::Wad at_risk_below;  ///< below it a healthy account is AtRisk
    exposure::FactorMap factors = {};
    std::vector<core::Address> wallets = {};  ///< whose exposure is summed; empty: everyone's
    exposure::Suppositions suppositions = {};
    FeedRules feeds = {};  ///< heartbeats and deviations
    /// Risk factors that should be worth one of what they are counted in: "USDC/USD".
    std::set<std::string> pegs = {};
};

/// One balance of an account with the price of a whole token: the market's own where its oracle
/// counts in dollars; where it does not, the one that another market's oracle or a feed gives.
struct Leg {
    margin::Leg leg;
    std::optional<core::Usd> price_usd;  ///< rounded down
    std::string priced_by = {};  ///< "aave_v3/core", a feed's address; "": the market itself
};

/// The first answer of one asset's oracle, everything else fixed, at which the account can be
/// liquidated.
struct LiquidationPrice {
    core::Address asset;
    std::string symbol;
    core::U256 answer;
    std::optional<core::Usd> price_usd;  ///< of a whole token, rounded down
    bool is_fall = true;                 ///< below today's answer
    core::Wad distance;                  ///< |answer / today's - 1|, rounded down
};

/// One account as reported.
struct Account {
    margin::MarketName market;
    core::ChainId chain_id;
    core::Address wallet;
    std::optional<std::uint64_t> emode_category;
    margin::Health health;
    std::string quote;
    std::vector<std::string> blocked_by;
    std::vector<std::string> warnings;  ///< sentences
    std::vector<Leg> legs;
    /// Debt / collateral in the market's quote, rounded down; nullopt without collateral, or past
    /// 2^53 - 1.
    std::optional<std::uint64_t> current_ltv_bps;
    /// How far all collateral together may fall, debt unchanged, until health is 1, as a negative
    /// fraction in 1e18, rounded towards zero; nullopt without health. 0 when already liquidatable.
    std::optional<core::Wad> collateral_fall;
    std::vector<LiquidationPrice> liquidation_prices;  ///< nearest first
    bool verified = false;                             ///< the protocol's own view was read too
    std::vector<margin::Difference> differences;       ///< where it disagrees
    exposure::Outlook outlook = {};                    ///< what would liquidate it
};

struct Holding {
    snapshot::Holding holding;
    std::optional<core::Usd> price_usd;  ///< of a whole token, rounded down
    std::optional<core::Usd> value;      ///< rounded down
    /// The market whose account holds this balance already: in no total.
    std::optional<margin::MarketName> counted_in = std::nullopt;
};

/// What a wallet is worth over its accounts and holdings; totals carry what they leave out.
struct WalletTotal {
    core::Address wallet;
    core::Usd collateral_and_supply;
    core::Usd debt;
    core::Usd idle;  ///< priced holdings
    bool assets_complete =
        true;  ///< false when collateral, supply or a holding is unpriced or unread
    bool debt_complete = true;  ///< false when a debt is

    [[nodiscard]] bool complete() const { return assets_complete && debt_complete; }
};

/// Where an account really falls, everyone else's liquidations included: of `margrave watch`, which
/// has its playbook carried out beside reports.
struct CascadeFall {
    margin::MarketName market;
    core::Address wallet;
    /// The smallest move of one risk factor, 1e18 is all of today's price; nullopt where no move
    /// does it. Of what is not known: at most that.
    std::optional<core::Wad> distance;
    std::string unknown_because = {};  ///< "" when it is known
};

/// Everything a report says, as pure data; the writers below only lay it out.
struct Report {
    std::vector<snapshot::ChainCut> chains;
    std::optional<core::Timestamp> at;
    std::vector<Account>
        accounts;  ///< worst first: unknown, then by rising health, accounts without debt last
    std::vector<Holding> holdings;
    std::vector<WalletTotal> totals;
    std::vector<snapshot::CoverageGap> gaps;
    exposure::Exposure exposure = {};
    std::vector<exposure::OwnTrigger> own_triggers = {};
    /// nullopt for more than kProfiledAccountsMax accounts.
    std::optional<std::vector<exposure::LossProfile>> loss_profiles = std::nullopt;
    exposure::Suppositions suppositions = {};
    std::vector<snapshot::SmartAccount> smart_accounts = {};
    std::vector<PriceCheck> price_checks = {};             ///< in no output: for who watches them
    std::vector<exposure::RiskFactor> assumed_risks = {};  ///< of every factor that occurs above
    std::vector<OracleChain> oracles = {};                 ///< what prices are made of
    std::vector<CascadeFall> cascade_falls = {};           ///< in no report that is written
};

/// A pure function of the snapshot and the options. Throws InputError when `options.at` lies before
/// a chain's block.
[[nodiscard]] Report make_report(const snapshot::Snapshot& snapshot, const Options& options);

/// JSON "margrave.report/1" (docs/report.md), with a final newline.
[[nodiscard]] std::string to_json(const Report& report);

struct TextStyle {
    bool colour = false;
    bool verbose = false;
    unsigned columns = 100;
};
/// For a person in a terminal.
[[nodiscard]] std::string to_text(const Report& report, const TextStyle& style);

}  // namespace margrave::report
