#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fixed_point.hpp"
#include "exposure/factor_map.hpp"
#include "margin/guard.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::exposure {

/// An amount of dollars with a sign.
struct SignedUsd {
    bool negative = false;
    core::Usd magnitude;

    friend bool operator==(const SignedUsd&, const SignedUsd&) = default;
};

/// a - b.
[[nodiscard]] SignedUsd difference(const core::Usd& a, const core::Usd& b);

/// An oracle's answer for a whole token; `unit` of it are a dollar.
struct DollarPrice {
    core::U256 answer;
    core::U256 unit;
    std::string from = {};  ///< "aave_v3/core" for a market's oracle, else the feed's address
};

/// amount * answer * 1e18 / (unit * 10^decimals), rounded once; nullopt above 256 bits and for a
/// unit of 0.
template <core::Rounding R>
[[nodiscard]] std::optional<core::Usd> usd_value(const core::U256& amount, unsigned decimals,
                                                 const DollarPrice& price) {
    return margin::value_or_nothing([&] {
        return core::Usd(core::mul_div_wide<R>(amount, price.answer * core::wad(),
                                               price.unit * core::pow10(decimals)));
    });
}

/// What is looked at: markets at one time and balances outside of them, in the order of their
/// names, so that the order of reading changes nothing.
struct Portfolio {
    std::vector<const margin::Market*> markets;
    std::vector<snapshot::Holding> holdings;
    std::vector<core::Address> wallets;  ///< whose accounts count; empty: all
    std::vector<snapshot::SmartAccount> smart_accounts = {};

    [[nodiscard]] bool counts(const core::Address& wallet) const;
    /// True when both are the same wallet, or one acts for the other on the chain, or a common
    /// owner acts through both.
    [[nodiscard]] bool same_owner(const std::string& chain, const core::Address& a,
                                  const core::Address& b) const;
};

/// `markets` and `holdings` in order.
[[nodiscard]] Portfolio make_portfolio(std::vector<const margin::Market*> markets,
                                       std::vector<snapshot::Holding> holdings,
                                       std::vector<core::Address> wallets,
                                       std::vector<snapshot::SmartAccount> smart_accounts = {});

/// The market in which the holding is counted already: its token stands in the books of that
/// market, where the same wallet has the same asset as an account.
[[nodiscard]] std::optional<margin::MarketName> counted_in(
    const snapshot::Holding& holding, const std::vector<const margin::Market*>& markets,
    const LookThrough& claims);

/// The dollar prices that the markets' oracles and the holdings' feeds give, by token and by
/// factor: one market's price serves another that has none.
class PriceBook {
  public:
    PriceBook(const Portfolio& portfolio, const FactorMap& factors);

    /// The market's own price of the asset, else the first one that another market of the chain or
    /// a holding has; nullopt when nobody prices it in dollars.
    [[nodiscard]] std::optional<DollarPrice> price(const margin::MarketName& market,
                                                   const core::Address& asset) const;
    [[nodiscard]] std::optional<DollarPrice> price(const snapshot::Holding& holding) const;
    /// Of a market of the chain or of a holding; the native coin's also from a token that is
    /// nothing but its factor.
    [[nodiscard]] std::optional<DollarPrice> price_on(const std::string& chain,
                                                      const std::optional<core::Address>& asset,
                                                      const std::string& only_factor) const;
    /// Dollars of the factor today, rounded down: the price of a token that is nothing but it; of
    /// the market where it has one.
    [[nodiscard]] std::optional<core::Usd> factor_price(const margin::MarketName& market,
                                                        const std::string& factor) const;

  private:
    /// Chain and address, "" for the native coin.
    using Key = std::pair<std::string, std::string>;

    void add_market(const margin::Market& market, const FactorMap& factors);
    void add_holding(const snapshot::Holding& holding, const FactorMap& factors);

    std::map<std::pair<margin::MarketName, core::Address>, DollarPrice> of_market_;
    std::map<Key, DollarPrice> of_chain_;
    std::map<std::pair<margin::MarketName, std::string>, core::Usd> factor_of_market_;
    std::map<std::string, core::Usd> factor_;
};

}  // namespace margrave::exposure
