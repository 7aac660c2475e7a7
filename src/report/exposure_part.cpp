#include "report/exposure_part.hpp"

#include <map>
#include <memory>
#include <set>
#include <utility>

namespace margrave::report {
namespace {

/// The snapshot's markets at the report's time.
class MarketsThen {
  public:
    MarketsThen(const snapshot::Snapshot& snapshot, const std::optional<core::Timestamp>& at) {
        for (const auto& market : snapshot.markets) {
            if (at) {
                later_.push_back(market->fork());
                later_.back()->accrue(*at);
            }
            all_.push_back(at ? later_.back().get() : market.get());
        }
    }

    [[nodiscard]] const std::vector<const margin::Market*>& all() const { return all_; }

  private:
    std::vector<std::unique_ptr<margin::Market>> later_;
    std::vector<const margin::Market*> all_;
};

using Outlooks = std::vector<std::vector<exposure::Outlook>>;

void attach(const exposure::Portfolio& portfolio, const Outlooks& outlooks, Report& report) {
    std::map<std::pair<margin::MarketName, core::Address>, const exposure::Outlook*> by_account;
    for (std::size_t i = 0; i < portfolio.markets.size(); ++i) {
        const margin::Market& market = *portfolio.markets[i];
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            by_account.emplace(std::pair(market.name(), market.wallet(row)), &outlooks[i][row]);
        }
    }
    for (Account& account : report.accounts) {
        const auto found = by_account.find({account.market, account.wallet});
        if (found != by_account.end()) {
            account.outlook = *found->second;
        }
    }
}

/// The factors that any figure rests on.
std::vector<exposure::RiskFactor> assumed_risks(const Report& report,
                                                const exposure::FactorMap& factors) {
    std::set<std::string> names;
    for (const Account& account : report.accounts) {
        if (account.outlook.joint) {
            for (const auto& part : account.outlook.joint->parts) {
                names.insert(part.factor);
            }
        }
        for (const exposure::FactorLimit& limit : account.outlook.factors) {
            names.insert(limit.factor);
        }
    }
    for (const exposure::FactorExposure& factor : report.exposure.factors) {
        names.insert(factor.factor);
    }
    std::vector<exposure::RiskFactor> out;
    out.reserve(names.size());
    for (const std::string& name : names) {
        out.push_back(factors.risk_of(name));
    }
    return out;
}

}  // namespace

void add_exposure(const snapshot::Snapshot& snapshot, const Options& options, Report& report) {
    const MarketsThen markets(snapshot, options.at);
    const exposure::FactorMap factors = options.factors.with_snapshot(snapshot);
    const exposure::Portfolio portfolio = exposure::make_portfolio(
        markets.all(), snapshot.holdings, options.wallets, snapshot.smart_accounts);
    const exposure::PriceBook prices(portfolio, factors);
    Outlooks outlooks;
    for (const margin::Market* market : portfolio.markets) {
        outlooks.push_back(
            exposure::outlooks(*market, portfolio, prices, factors, options.suppositions));
    }
    attach(portfolio, outlooks, report);
    const auto items = exposure::items_of(portfolio, prices, factors);
    report.exposure = exposure::aggregate(portfolio, items, factors);
    report.own_triggers = exposure::own_triggers(portfolio, outlooks, prices, items, factors);
    report.loss_profiles = exposure::loss_profiles(portfolio, prices, factors);
    report.assumed_risks = assumed_risks(report, factors);
    report.suppositions = options.suppositions;
}

}  // namespace margrave::report
