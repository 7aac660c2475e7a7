#include "exposure/aggregate.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace margrave::exposure {
namespace {

using core::Rounding;
using core::U256;
using margin::Side;

std::optional<core::Usd> value_of(const std::optional<U256>& amount, unsigned decimals, Side side,
                                  const std::optional<DollarPrice>& price) {
    if (!amount || !price) {
        return std::nullopt;
    }
    return side == Side::Debt ? usd_value<Rounding::Up>(*amount, decimals, *price)
                              : usd_value<Rounding::Down>(*amount, decimals, *price);
}

/// A balance worth more than 2^200 / 1e18 dollars is a mistake or a joke, and leaves no room for a
/// sum: it counts as unpriced.
std::optional<core::Usd> believable(const std::optional<core::Usd>& value) {
    constexpr unsigned kBits = 200;
    return value && value->value() < (U256(1) << kBits) ? value : std::nullopt;
}

/// By the first of the token's claims whose underlying somebody prices.
std::optional<core::Usd> value_by_claim(const Item& item, const PriceBook& prices,
                                        const FactorMap& factors) {
    if (!item.amount) {
        return std::nullopt;
    }
    for (const LookStep& step :
         factors.look_through().steps(item.chain, item.token.address, *item.amount)) {
        const snapshot::TokenClaim& claim = step.claim;
        const auto below = factors.factors_of(
            {.chain = item.chain, .address = claim.underlying, .symbol = claim.underlying_symbol},
            "");
        const std::string only = below.factors.size() == 1 ? below.factors.front() : "";
        const auto price = prices.price_on(item.chain, claim.underlying, only);
        if (price) {
            return value_of(step.worth, claim.underlying_decimals, item.side, price);
        }
    }
    return std::nullopt;
}

Item item_of(const margin::Market& market, std::size_t row, const margin::Leg& leg,
             const PriceBook& prices, const FactorMap& factors) {
    const margin::MarketName& name = market.name();
    Item item{.market = name,
              .chain = name.chain,
              .wallet = market.wallet(row),
              .token = {.chain = name.chain, .address = leg.asset, .symbol = leg.symbol},
              .side = leg.side,
              .amount = leg.amount,
              .value = value_of(leg.amount, leg.decimals, leg.side, prices.price(name, leg.asset)),
              .found = {}};
    item.value = item.value ? item.value : leg.value;
    item.value = believable(item.value ? item.value : value_by_claim(item, prices, factors));
    item.found = factors.factors_of(item.token, "");
    return item;
}

Item item_of(const snapshot::Holding& holding, const PriceBook& prices, const FactorMap& factors) {
    Item item{
        .market = std::nullopt,
        .chain = holding.chain,
        .wallet = holding.wallet,
        .token = {.chain = holding.chain, .address = holding.asset, .symbol = holding.symbol},
        .side = Side::Supply,
        .amount = holding.amount,
        .value = value_of(holding.amount, holding.decimals, Side::Supply, prices.price(holding)),
        .found = {}};
    item.value = believable(item.value ? item.value : value_by_claim(item, prices, factors));
    item.found = factors.factors_of(item.token, "");
    // Which balances are read is configured by address, and so is what they are called.
    item.found.by_symbol = false;
    return item;
}

/// Accounts before holdings, then by name.
auto place_of(const Item& item) {
    return std::tuple(!item.market.has_value(), item.market.value_or(margin::MarketName{}),
                      item.chain, item.wallet);
}

using Place = decltype(place_of(std::declval<Item>()));

auto order_of(const Item& item) {
    return std::tuple(place_of(item), item.token.address.value_or(core::Address{}),
                      item.token.symbol, static_cast<int>(item.side),
                      item.amount.value_or(U256(0)));
}

void add(core::Usd& sum, const core::Usd& value) { sum = sum + value; }

/// One factor while items are added to it.
struct Gathering {
    FactorExposure exposure;
    std::map<Place, Contribution> by_place;

    void take(const Item& item, bool is_root) {
        exposure.is_root |= is_root;
        Contribution& part = by_place
                                 .emplace(place_of(item), Contribution{.market = item.market,
                                                                       .chain = item.chain,
                                                                       .wallet = item.wallet,
                                                                       .long_usd = {},
                                                                       .short_usd = {}})
                                 .first->second;
        add(item.is_debt() ? exposure.short_usd : exposure.long_usd, *item.value);
        add(item.is_debt() ? part.short_usd : part.long_usd, *item.value);
    }
};

std::vector<FactorExposure> gather(const std::vector<Item>& items) {
    std::map<std::string, Gathering> by_factor;
    for (const Item& item : items) {
        if (!item.value) {
            continue;
        }
        for (const std::string& factor : item.found.factors) {
            by_factor[factor].take(item, factor == item.found.factors.front());
        }
    }
    std::vector<FactorExposure> out;
    for (auto& [factor, gathering] : by_factor) {
        gathering.exposure.factor = factor;
        for (const auto& [place, part] : gathering.by_place) {
            gathering.exposure.contributions.push_back(part);
        }
        out.push_back(std::move(gathering.exposure));
    }
    return out;
}

std::vector<Token> assumed_tokens(const std::vector<Item>& items) {
    std::map<std::pair<std::string, core::Address>, Token> tokens;
    for (const Item& item : items) {
        if (item.found.by_symbol && item.token.address) {
            tokens.emplace(std::pair(item.token.chain, *item.token.address), item.token);
        }
    }
    std::vector<Token> out;
    out.reserve(tokens.size());
    for (const auto& [key, token] : tokens) {
        out.push_back(token);
    }
    return out;
}

std::vector<PlaceTotal> place_totals(const std::vector<Item>& items) {
    std::vector<PlaceTotal> out;
    for (const Item& item : items) {  // in the order of places
        const bool is_new = out.empty() || out.back().market != item.market ||
                            out.back().chain != item.chain || out.back().wallet != item.wallet;
        if (is_new) {
            out.push_back({.market = item.market,
                           .chain = item.chain,
                           .wallet = item.wallet,
                           .assets = {},
                           .debt = {}});
        }
        if (item.value) {
            add(item.is_debt() ? out.back().debt : out.back().assets, *item.value);
        }
    }
    return out;
}

U256 sum_or_most(const U256& a, const U256& b) {
    return margin::value_or_nothing([&] { return U256(a + b); }).value_or(core::max_u256());
}

std::vector<LookedThrough> looked_through(const std::vector<Item>& items,
                                          const FactorMap& factors) {
    std::map<std::tuple<std::string, core::Address, std::string>, LookedThrough> by_token;
    const LookThrough& claims = factors.look_through();
    for (const Item& item : items) {
        const Token& token = item.token;
        const bool is_native = !token.address;
        const auto key = std::tuple(token.chain, token.address.value_or(core::Address()),
                                    is_native ? token.symbol : "");
        LookedThrough& entry = by_token
                                   .emplace(key, LookedThrough{.token = token,
                                                               .found = item.found,
                                                               .held = 0,
                                                               .steps = {},
                                                               .worth = 0,
                                                               .warning = {}})
                                   .first->second;
        if (item.is_debt() || !item.amount) {
            continue;
        }
        entry.held = sum_or_most(entry.held, *item.amount);
        const auto steps = claims.steps(token.chain, token.address, *item.amount);
        if (!steps.empty()) {
            entry.worth = sum_or_most(entry.worth, steps.back().worth);
            entry.is_answered &= std::all_of(steps.begin(), steps.end(),
                                             [](const LookStep& step) { return step.is_answered; });
        }
    }
    std::vector<LookedThrough> out;
    for (auto& [key, entry] : by_token) {
        entry.steps = claims.steps(entry.token.chain, entry.token.address, entry.held);
        entry.warning = factors.contradiction(entry.token);
        out.push_back(std::move(entry));
    }
    return out;
}

/// nullopt when the amounts together exceed 256 bits.
std::optional<PoolShare> share_of(const margin::MarketName& market,
                                  const margin::AssetCapacity& capacity,
                                  const std::vector<Item>& items) {
    return margin::value_or_nothing([&] {
        PoolShare share{.market = market, .capacity = capacity, .supplied = 0, .borrowed = 0};
        for (const Item& item : items) {
            if (item.market == market && item.token.address == capacity.asset && item.amount) {
                U256& sum = item.is_debt() ? share.borrowed : share.supplied;
                sum = sum + *item.amount;
            }
        }
        return share;
    });
}

std::vector<PoolShare> pool_shares(const Portfolio& portfolio, const std::vector<Item>& items) {
    std::vector<PoolShare> out;
    for (const margin::Market* market : portfolio.markets) {
        for (const margin::AssetCapacity& capacity : market->capacities()) {
            auto share = share_of(market->name(), capacity, items);
            if (share && (share->supplied != 0 || share->borrowed != 0)) {
                out.push_back(*std::move(share));
            }
        }
    }
    return out;
}

/// Our shares' part of everything that a vault lends.
std::vector<LentByVault> lent_by_vaults(const std::vector<LookedThrough>& tokens) {
    std::vector<LentByVault> out;
    for (const LookedThrough& token : tokens) {
        for (const LookStep& step : token.steps) {
            for (VaultPart& part : vault_parts(step)) {
                out.push_back({.held = token.token,
                               .vault = {.chain = step.claim.chain,
                                         .address = step.claim.token,
                                         .symbol = step.claim.symbol},
                               .underlying_symbol = step.claim.underlying_symbol,
                               .underlying_decimals = step.claim.underlying_decimals,
                               .part = std::move(part)});
            }
        }
    }
    return out;
}

}  // namespace

std::vector<Item> items_of_row(const margin::Market& market, std::size_t row,
                               const PriceBook& prices, const FactorMap& factors) {
    std::vector<Item> out;
    for (const margin::Leg& leg : market.legs(row)) {
        out.push_back(item_of(market, row, leg, prices, factors));
    }
    return out;
}

std::vector<Item> items_of(const Portfolio& portfolio, const PriceBook& prices,
                           const FactorMap& factors) {
    std::vector<Item> items;
    for (const margin::Market* market : portfolio.markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            if (!portfolio.counts(market->wallet(row))) {
                continue;
            }
            for (Item& item : items_of_row(*market, row, prices, factors)) {
                items.push_back(std::move(item));
            }
        }
    }
    for (const snapshot::Holding& holding : portfolio.holdings) {
        if (portfolio.counts(holding.wallet) &&
            !counted_in(holding, portfolio.markets, factors.look_through())) {
            items.push_back(item_of(holding, prices, factors));
        }
    }
    std::erase_if(items, [](const Item& item) { return item.amount == U256(0); });
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return order_of(a) < order_of(b); });
    return items;
}

Exposure aggregate(const Portfolio& portfolio, const std::vector<Item>& items,
                   const FactorMap& factors) {
    Exposure out{.factors = gather(items),
                 .places = place_totals(items),
                 .tokens = looked_through(items, factors),
                 .unpriced = {},
                 .assumed = assumed_tokens(items),
                 .pools = pool_shares(portfolio, items),
                 .lent_by_vaults = {},
                 .assets = {},
                 .debt = {}};
    out.lent_by_vaults = lent_by_vaults(out.tokens);
    for (const Item& item : items) {
        if (item.value) {
            add(item.is_debt() ? out.debt : out.assets, *item.value);
        } else {
            out.unpriced.push_back({.market = item.market,
                                    .chain = item.chain,
                                    .wallet = item.wallet,
                                    .token = item.token,
                                    .side = item.side,
                                    .amount = item.amount});
        }
    }
    return out;
}

std::optional<core::Wad> leverage(const Exposure& exposure) {
    const SignedUsd net = exposure.net();
    if (net.negative || net.magnitude.value() == 0) {
        return std::nullopt;
    }
    return margin::value_or_nothing([&] {
        return core::Wad(core::mul_div_wide<Rounding::Up>(exposure.assets.value(), core::wad(),
                                                          net.magnitude.value()));
    });
}

std::optional<Concentration> concentration(const Exposure& exposure) {
    U256 total = 0;
    Concentration out;
    U256 largest = 0;
    for (const FactorExposure& factor : exposure.factors) {
        const U256 size = factor.net().magnitude.value();
        if (!factor.is_root || size == 0) {
            continue;
        }
        total = total + size;
        if (size > largest) {
            largest = size;
            out.largest = factor.factor;
        }
    }
    if (total == 0) {
        return std::nullopt;
    }
    const auto share = [&](const U256& size) {
        return core::mul_div_wide<Rounding::Down>(size, core::wad(), total);
    };
    out.largest_share = core::Wad(share(largest));
    U256 herfindahl = 0;
    for (const FactorExposure& factor : exposure.factors) {
        if (factor.is_root) {
            const U256 part = share(factor.net().magnitude.value());
            herfindahl = herfindahl + core::wad_mul<Rounding::Down>(part, part);
        }
    }
    out.herfindahl = core::Wad(herfindahl);
    return out;
}

}  // namespace margrave::exposure
