#include "risk/rescue_lever.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::risk {
namespace {

using core::Rounding;
using core::U256;
using margin::Action;
using margin::ActionKind;
using margin::Leg;
using margin::Side;

Token token_of(const Leg& leg) {
    return {.address = leg.asset, .symbol = leg.symbol, .decimals = leg.decimals};
}

/// The tokens of one side, each once, that hold something.
std::vector<Token> tokens_of(const std::vector<Leg>& legs, Side side) {
    std::vector<Token> out;
    for (const Leg& leg : legs) {
        const bool is_new = std::none_of(
            out.begin(), out.end(), [&](const Token& token) { return token.address == leg.asset; });
        if (leg.side == side && leg.amount.value_or(0) > 0 && is_new) {
            out.push_back(token_of(leg));
        }
    }
    return out;
}

/// A debt that is gone is the best health there is.
bool is_better(const margin::Health& after, const margin::Health& before) {
    if (after.status == margin::Status::NoDebt) {
        return before.status != margin::Status::NoDebt;
    }
    return after.health_factor && before.health_factor &&
           *after.health_factor > *before.health_factor;
}

/// The health after the action alone, or why it is refused.
core::Result<margin::Health, margin::Refusal> health_after(const margin::Market& market,
                                                           std::size_t row, const Action& action) {
    const auto fork = market.fork();
    if (const auto done = fork->apply(row, action); !done) {
        return core::Unexpected(done.error());
    }
    return fork->health(row);
}

/// True when a supply of the token stays disabled until it is enabled.
bool needs_enabling(const RescueScene& scene, const Lever& lever) {
    const auto fork = scene.market.fork();
    const core::Address& asset = *lever.token.address;
    static_cast<void>(fork->apply(scene.row, {.kind = lever.supply,
                                              .asset = asset,
                                              .amount = core::pow10(lever.token.decimals),
                                              .enable = true,
                                              .category = 0}));
    // Refused or not, a leg tells; without one the first supply decides, later.
    const auto legs = fork->legs(scene.row);
    return balance_of(legs, asset, Side::Supply) > 0;
}

Action enter_emode(std::uint64_t category) {
    return {.kind = ActionKind::SetEmode,
            .asset = {},
            .amount = std::nullopt,
            .enable = true,
            .category = category};
}

/// The e-mode that gives the best health on this market, if any raises it.
std::optional<std::uint64_t> best_emode(const margin::Market& market, std::size_t row) {
    constexpr std::uint64_t kCategoryMax = 255;
    const auto current = market.emode_category(row).value_or(0);
    margin::Health best = market.health(row);
    std::optional<std::uint64_t> found;
    for (std::uint64_t category = 0; category <= kCategoryMax; ++category) {
        if (category == current) {
            continue;
        }
        const auto health = health_after(market, row, enter_emode(category));
        if (!health && health.error().reason == "not_modelled") {
            break;  // the protocol has no e-modes
        }
        if (health && is_better(*health, best)) {
            best = *health;
            found = category;
        }
    }
    return found;
}

/// The market when the debt is repaid: all of it where others stay, else most of it.
std::unique_ptr<margin::Market> after_repayment(const RescueScene& scene, const Token& debt,
                                                bool is_only) {
    constexpr std::uint64_t kTenths = 9;
    const auto owed = balance_of(scene.market.legs(scene.row), *debt.address, Side::Debt);
    auto fork = scene.market.fork();
    const auto done = fork->apply(
        scene.row, {.kind = ActionKind::Repay,
                    .asset = *debt.address,
                    .amount = is_only ? std::optional(U256(owed * kTenths / 10)) : std::nullopt,
                    .enable = true,
                    .category = 0});
    return done ? std::move(fork) : nullptr;
}

/// An e-mode that raises the health now, and those that the protocol would take after a repayment:
/// the debt was not to be borrowed there, or it kept the health too low to leave another.
void add_emodes(const RescueScene& scene, const std::vector<Token>& debts,
                std::vector<Lever>& out) {
    std::set<std::uint64_t> added;
    const auto add = [&](std::optional<std::uint64_t> category, bool is_late) {
        if (category && added.insert(*category).second) {
            out.emplace_back();
            out.back().kind = Lever::Kind::Emode;
            out.back().category = *category;
            out.back().is_late = is_late;
        }
    };
    add(best_emode(scene.market, scene.row), false);
    for (const Token& debt : debts) {
        if (const auto repaid = after_repayment(scene, debt, debts.size() == 1)) {
            add(best_emode(*repaid, scene.row), true);
        }
    }
}

void add_enabling(const RescueScene& scene, const Token& token, std::vector<Lever>& out) {
    const Action action{.kind = ActionKind::SetCollateral,
                        .asset = *token.address,
                        .amount = std::nullopt,
                        .enable = true,
                        .category = 0};
    const auto health = health_after(scene.market, scene.row, action);
    if (health && is_better(*health, scene.market.health(scene.row))) {
        Lever lever;
        lever.kind = Lever::Kind::EnableCollateral;
        lever.token = token;
        lever.source = token;
        out.push_back(lever);
    }
}

Lever repay_lever(const Token& debt, const Token& source, Funds from) {
    Lever lever;
    lever.kind = Lever::Kind::Repay;
    lever.from = from;
    lever.token = debt;
    lever.source = source;
    return lever;
}

Lever supply_lever(const RescueScene& scene, const Token& token, const Token& source, Funds from) {
    Lever lever;
    lever.kind = Lever::Kind::Supply;
    lever.from = from;
    lever.token = token;
    lever.source = source;
    const Posting posting = posting_of({.market = &scene.market, .row = scene.row}, token);
    lever.supply = posting.supply;
    lever.withdraw = posting.withdraw;
    lever.enables = needs_enabling(scene, lever);
    return lever;
}

/// Assets that the market could take: those it prices or holds.
std::set<core::Address> known_assets(const margin::Market& market) {
    std::set<core::Address> out;
    for (const margin::OracleAnswer& answer : market.answers()) {
        out.insert(answer.asset);
    }
    for (const margin::AssetPrice& price : market.prices()) {
        out.insert(price.asset);
    }
    for (const margin::AssetCapacity& capacity : market.capacities()) {
        out.insert(capacity.asset);
    }
    return out;
}

/// Everything that a balance can do; one of a donor is withdrawn first.
void add_funds(const RescueScene& scene, const Token& funds, const Donor* donor,
               std::vector<Lever>& out) {
    const auto legs = scene.market.legs(scene.row);
    const Funds direct = donor == nullptr ? Funds::Idle : Funds::Account;
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (const Token& debt : tokens_of(legs, Side::Debt)) {
        out.push_back(repay_lever(debt, funds, is_same(funds, debt) ? direct : Funds::Swap));
    }
    if (funds.address && known_assets(scene.market).contains(*funds.address)) {
        out.push_back(supply_lever(scene, funds, funds, direct));
    }
    for (const Token& collateral : tokens_of(legs, Side::Collateral)) {
        if (!is_same(funds, collateral)) {
            out.push_back(supply_lever(scene, collateral, funds, Funds::Swap));
            out.back().only_alone = true;
        }
    }
    std::for_each(out.begin() + first, out.end(), [&](Lever& lever) { lever.donor = donor; });
}

/// Selling from the account itself: withdraw first where health allows, else in one bundle.
void add_sales(const RescueScene& scene, const std::vector<Token>& debts,
               const std::vector<Token>& collaterals, std::vector<Lever>& out) {
    for (const Token& collateral : collaterals) {
        const Posting posting = posting_of({.market = &scene.market, .row = scene.row}, collateral);
        for (const Token& debt : debts) {
            for (const Funds from : {Funds::Sale, Funds::Flash}) {
                out.push_back(repay_lever(debt, collateral, from));
                out.back().withdraw = posting.withdraw;
            }
        }
    }
}

std::string place_of(const Donor& donor) {
    const margin::MarketName& name = donor.shown.market->name();
    return name.protocol + '/' + name.name;
}

/// Of what a pool asks.
U256 with_slippage(const U256& sold, const RescueOptions& options) {
    return core::mul_div_wide<Rounding::Up>(
        sold, core::percentage_factor() + options.slippage.value(), core::percentage_factor());
}

U256 without_slippage(const U256& funds, const RescueOptions& options) {
    return core::mul_div_wide<Rounding::Down>(funds, core::percentage_factor(),
                                              core::percentage_factor() + options.slippage.value());
}

U256 with_swap_cost(const U256& amount, const RescueOptions& options, Rounding rounding) {
    const U256 bps = core::percentage_factor() + options.swap_cost.value();
    return rounding == Rounding::Up
               ? core::mul_div_wide<Rounding::Up>(amount, bps, core::percentage_factor())
               : core::mul_div_wide<Rounding::Down>(amount, core::percentage_factor(), bps);
}

}  // namespace

Posting posting_of(const RescueAccount& account, const Token& token) {
    const auto fork = account.market->fork();
    const auto posted = fork->apply(account.row, {.kind = ActionKind::SupplyCollateral,
                                                  .asset = *token.address,
                                                  .amount = core::pow10(token.decimals),
                                                  .enable = true,
                                                  .category = 0});
    const bool is_known = posted || posted.error().reason != "not_modelled";
    return is_known ? Posting{.supply = ActionKind::SupplyCollateral,
                              .withdraw = ActionKind::WithdrawCollateral}
                    : Posting{};
}

bool holds(const margin::Health& health, const core::Wad& target) {
    return health.status == margin::Status::NoDebt ||
           (health.health_factor && *health.health_factor >= target);
}

std::string describe(const Lever& lever) {
    auto act = [&]() -> std::string {
        switch (lever.kind) {
            case Lever::Kind::Emode:
                return fmt::format("e-mode {}", lever.category);
            case Lever::Kind::EnableCollateral:
                return fmt::format("enable {} as collateral", lever.token.symbol);
            case Lever::Kind::Repay:
                return "repay " + lever.token.symbol;
            case Lever::Kind::Supply:
                break;
        }
        return "add " + lever.token.symbol;
    }();
    if (lever.is_switch()) {
        return act;
    }
    switch (lever.from) {
        case Funds::Idle:
            return act + " from the wallet";
        case Funds::Account:
            return act + ", withdrawn from " + place_of(*lever.donor);
        case Funds::Swap:
            return act + ", swapped from " + lever.source.symbol +
                   (lever.donor == nullptr ? "" : " withdrawn from " + place_of(*lever.donor));
        case Funds::Outside:
            return act + " from outside";
        case Funds::Sale:
            return act + ", from " + lever.source.symbol + " withdrawn";
        case Funds::Flash:
            break;
    }
    return act + ", from " + lever.source.symbol + " by a flash loan";
}

std::vector<Lever> find_levers(const RescueScene& scene) {
    const auto legs = scene.market.legs(scene.row);
    const auto debts = tokens_of(legs, Side::Debt);
    const auto collaterals = tokens_of(legs, Side::Collateral);
    std::vector<Lever> out;
    for (const Token& supply : tokens_of(legs, Side::Supply)) {
        add_enabling(scene, supply, out);
    }
    add_emodes(scene, debts, out);
    for (const IdleBalance& idle : scene.idle) {
        add_funds(scene, idle.token, nullptr, out);
    }
    for (const Donor& donor : scene.donors) {
        add_funds(scene, donor.token, &donor, out);
    }
    add_sales(scene, debts, collaterals, out);
    if (!scene.options.idle_only) {
        for (const Token& debt : debts) {
            out.push_back(repay_lever(debt, debt, Funds::Outside));
        }
        for (const Token& collateral : collaterals) {
            out.push_back(supply_lever(scene, collateral, collateral, Funds::Outside));
        }
    }
    return out;
}

std::optional<U256> price_of(const RescueScene& scene, const Lever& lever, const U256& amount) {
    if (!lever.swaps()) {
        return amount;
    }
    if (scene.quotes.serves(lever.source, lever.token)) {
        const auto quote = scene.quotes.buy(lever.source, lever.token, amount);
        return quote ? std::optional(with_slippage(quote->sold, scene.options)) : std::nullopt;
    }
    const auto bought = margin::value_or_nothing(
        [&] { return with_swap_cost(amount, scene.options, Rounding::Up); });
    return bought ? scene.prices.convert(lever.token, *bought, lever.source, Rounding::Up)
                  : std::nullopt;
}

std::optional<U256> bought_with(const RescueScene& scene, const Lever& lever, const U256& funds) {
    if (!lever.swaps()) {
        return funds;
    }
    if (scene.quotes.serves(lever.source, lever.token)) {
        return scene.quotes.bought_with(lever.source, without_slippage(funds, scene.options),
                                        lever.token);
    }
    const auto worth = scene.prices.convert(lever.source, funds, lever.token, Rounding::Down);
    return worth ? margin::value_or_nothing(
                       [&] { return with_swap_cost(*worth, scene.options, Rounding::Down); })
                 : std::nullopt;
}

U256 balance_of(const std::vector<Leg>& legs, const core::Address& asset, Side side) {
    U256 sum = 0;
    for (const Leg& leg : legs) {
        if (leg.asset == asset && leg.side == side) {
            sum += leg.amount.value_or(0);
        }
    }
    return sum;
}

}  // namespace margrave::risk
