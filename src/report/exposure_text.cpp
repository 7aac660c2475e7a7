#include "report/exposure_text.hpp"

#include <fmt/format.h>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/account_text.hpp"
#include "report/number_text.hpp"

namespace margrave::report {
namespace {

constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kIndent = 2;

/// "falls 20.0 %", "rises 5.0 %".
std::string move_text(const core::U256& multiplier) {
    const exposure::SignedUsd change =
        exposure::difference(core::Usd(multiplier), core::Usd(core::wad()));
    return (change.negative ? "falls " : "rises ") + fall_text(core::Wad(change.magnitude.value()));
}

std::string signed_text(const exposure::SignedUsd& value) {
    return (value.negative ? "-" : "") + usd_text(value.magnitude);
}

std::string limits_text(const exposure::Outlook& outlook, const Layout& layout) {
    std::vector<std::string> parts;
    parts.reserve(outlook.factors.size());
    for (const exposure::FactorLimit& limit : outlook.factors) {
        parts.push_back(core::printable(limit.factor, kNameBytesMax) + ' ' +
                        move_text(limit.multiplier) +
                        (limit.price ? " to " + price_text(*limit.price) : ""));
    }
    if (parts.empty()) {
        return outlook.unreachable_by_price
                   ? wrapped_words("no price alone can liquidate it", layout)
                   : "";
    }
    parts.front() = "liquidation by factor if " + parts.front();
    return wrapped(parts, ", or ", layout);
}

std::string span_text(const char* what, const std::optional<core::Timestamp>& at,
                      core::Timestamp now) {
    return at && now < *at ? what + (" in " + core::format_duration((*at - now).value())) : "";
}

std::string others_text(const exposure::Outlook& outlook, core::Timestamp now,
                        const Layout& layout) {
    std::vector<std::string> parts;
    if (outlook.joint) {
        parts.push_back(
            fmt::format("nearest joint move {:.1f} daily deviations", outlook.joint->sigmas));
    }
    parts.push_back(span_text("by interest", outlook.falls_at, now));
    if (outlook.falls_at_less_yield != outlook.falls_at) {
        parts.push_back(outlook.falls_at_less_yield
                            ? span_text("less staking yield", outlook.falls_at_less_yield, now)
                            : "less staking yield not in ten years");
    }
    std::erase(parts, "");
    return parts.empty() ? "" : wrapped(parts, "   ", layout);
}

/// "6.25 %" a year.
std::string rate_text(const core::Ray& rate) {
    return bps_text(static_cast<std::uint64_t>(rate.value() / (core::ray() / 10'000)));
}

/// "" for a debt whose rate cannot do it.
std::string rate_limit_text(const exposure::RateLimit& limit) {
    if (!limit.falls_at && !limit.falls_at_less_yield) {
        return "";
    }
    std::string out = core::printable(limit.symbol, kNameBytesMax) + " borrow rate";
    out += limit.today ? " (now " + rate_text(*limit.today) + ")" : "";
    out += limit.falls_at ? " from " + rate_text(*limit.falls_at) : "";
    if (limit.falls_at_less_yield != limit.falls_at) {
        out += ", less staking yield ";
        out +=
            limit.falls_at_less_yield ? "from " + rate_text(*limit.falls_at_less_yield) : "never";
    }
    return out;
}

std::string rates_text(const exposure::Outlook& outlook, const exposure::Suppositions& suppositions,
                       core::Timestamp now, const Layout& layout) {
    if (!outlook.rates) {
        return "";
    }
    std::vector<std::string> parts;
    for (const exposure::RateLimit& limit : outlook.rates->limits) {
        parts.push_back(rate_limit_text(limit));
    }
    std::erase(parts, "");
    std::string out;
    if (!parts.empty()) {
        parts.front() = "liquidation by interest within " +
                        core::format_duration(suppositions.rate_horizon_s) + " at " + parts.front();
        out = wrapped(parts, ", or ", layout);
    }
    std::vector<std::string> shocks;
    for (const exposure::RateShockTime& shock : outlook.rates->shocks) {
        if (const std::string when = span_text("", shock.falls_at_less_yield, now); !when.empty()) {
            shocks.push_back("rates +" + rate_text(shock.added) + when);
        }
    }
    return shocks.empty() ? out : out + wrapped(shocks, "   ", layout);
}

std::string basis_text(const exposure::MarketBasis& basis, const core::Wad& fall) {
    std::string out = core::printable(basis.factor, kNameBytesMax) +
                      ": its oracle does not follow it, so a lost peg liquidates nobody here; at "
                      "market prices ";
    out += basis.equity_zero_at
               ? "the equity is nothing if it " + move_text(basis.equity_zero_at->value())
               : std::string("no basis takes the equity");
    return out + ", and leaving " + fall_text(fall) + " lower costs " + usd_text(basis.exit_cost) +
           " of " + signed_text(basis.equity);
}

std::string ignored_text(const exposure::Outlook& outlook, const core::Wad& fall,
                         const Layout& layout) {
    std::string names;
    for (const std::string& factor : outlook.ignored) {
        names += (names.empty() ? "" : ", ") + core::printable(factor, kNameBytesMax);
    }
    if (outlook.bases.empty()) {
        return names.empty() ? "" : wrapped_words("its oracle does not follow: " + names, layout);
    }
    std::string out;
    for (const exposure::MarketBasis& basis : outlook.bases) {
        out += wrapped_words(basis_text(basis, fall), layout);
    }
    return out;
}

std::string factors_table(const exposure::Exposure& exposure, const Layout& layout) {
    Table table({{.align = Align::Left, .width_min = 12},
                 {.align = Align::Right, .width_min = 16},
                 {.align = Align::Right, .width_min = 16},
                 {.align = Align::Right, .width_min = 16}});
    table.add({{"factor", Ink::Dim}, {"long", Ink::Dim}, {"short", Ink::Dim}, {"net", Ink::Dim}});
    for (const exposure::FactorExposure& factor : exposure.factors) {
        table.add({{core::printable(factor.factor, kNameBytesMax)},
                   {usd_text(factor.long_usd)},
                   {usd_text(factor.short_usd)},
                   {signed_text(factor.net())}});
    }
    return table.print(layout);
}

std::string figures(const exposure::Exposure& exposure, const Layout& layout) {
    std::vector<std::string> parts{"assets " + usd_text(exposure.assets),
                                   "debt " + usd_text(exposure.debt)};
    if (const auto times = exposure::leverage(exposure)) {
        parts.push_back("leverage " + grouped(times->value(), 18, 2));
    }
    if (const auto stands = exposure::concentration(exposure)) {
        parts.push_back("largest " + core::printable(stands->largest, kNameBytesMax) + ' ' +
                        fall_text(stands->largest_share) + " of net");
    }
    return wrapped(parts, "   ", layout);
}

std::string left_out(const exposure::Exposure& exposure, const Layout& layout) {
    std::string out;
    if (!exposure.unpriced.empty()) {
        std::string names;
        for (const exposure::Unpriced& unpriced : exposure.unpriced) {
            names += (names.empty() ? "" : ", ") + core::printable(unpriced.token.symbol, 24);
        }
        out += wrapped_words("left out, without a dollar value: " + names, layout);
    }
    if (!exposure.assumed.empty()) {
        std::string names;
        for (const exposure::Token& token : exposure.assumed) {
            names += (names.empty() ? "" : ", ") + core::printable(token.symbol, 24);
        }
        out += wrapped_words("taken at the word of their own symbols: " + names, layout);
    }
    return out;
}

std::string trigger_text(const exposure::OwnTrigger& trigger) {
    const std::string cost = trigger.pair
                                 ? "a liquidation costs " + usd_text(trigger.loss)
                                 : "no liquidation (" + core::printable(trigger.reason) + ")";
    const std::string where = trigger.wallet.to_string() + " in " + market_text(trigger.market);
    if (trigger.multiplier == core::wad()) {
        return where + ": as prices are: " + cost;
    }
    return fmt::format("{}: if {} {}: {}, the move alone {}", where,
                       core::printable(trigger.factor, kNameBytesMax),
                       move_text(trigger.multiplier), cost, signed_text(trigger.netted));
}

std::string worst_text(const exposure::LossProfile& profile) {
    std::string name = core::printable(profile.factor, kNameBytesMax);
    if (!profile.moves_with.empty()) {
        name += " with";
        for (const std::string& other : profile.moves_with) {
            name += ' ' + core::printable(other, kNameBytesMax);
        }
    }
    if (!profile.worst) {
        return name + ": no move of the grid loses anything";
    }
    const exposure::LossPoint& worst = profile.points.at(*profile.worst);
    return fmt::format("{} {}: {} in all, of it {} by {} liquidation calls; the move alone {}",
                       name, move_text(worst.multiplier), signed_text(worst.with_liquidations),
                       usd_text(worst.liquidation_loss), worst.calls, signed_text(worst.netted));
}

std::string profiles(const Report& report, const Layout& layout, const TextStyle& style) {
    std::string out;
    for (const exposure::LossProfile& profile :
         report.loss_profiles.value_or(std::vector<exposure::LossProfile>{})) {
        const bool falls_anywhere = !profile.accounts.empty();
        out += falls_anywhere || style.verbose ? wrapped_words(worst_text(profile), layout) : "";
    }
    return out.empty() ? out
                       : painted("Worst on the way, every account liquidated at its own trigger",
                                 Ink::Bold, style.colour) +
                             '\n' + out;
}

/// What the chain said of claims, and where it contradicts the configuration.
std::string claims_text(const Report& report, const Layout& layout, const TextStyle& style) {
    std::string out;
    for (const exposure::LookedThrough& token : report.exposure.tokens) {
        if (!token.steps.empty()) {
            const snapshot::TokenClaim& last = token.steps.back().claim;
            const std::string symbol = core::printable(token.token.symbol, kNameBytesMax);
            out += wrapped_words(
                fmt::format("{} {} is a claim on {} {}",
                            amount_text(token.held, token.steps.front().claim.decimals), symbol,
                            amount_text(token.worth, last.underlying_decimals),
                            core::printable(last.underlying_symbol, kNameBytesMax)),
                layout);
        }
        if (!token.warning.empty()) {
            out += wrapped_words("WARNING: " + core::printable(token.token.symbol, kNameBytesMax) +
                                     ": " + core::printable(token.warning, 300),
                                 layout);
        }
    }
    for (const exposure::LentByVault& lent : report.exposure.lent_by_vaults) {
        out += wrapped_words(
            fmt::format("{} lends {} {} of ours against {} in {} {}",
                        core::printable(lent.vault.symbol, kNameBytesMax),
                        amount_text(lent.part.ours, lent.underlying_decimals),
                        core::printable(lent.underlying_symbol, kNameBytesMax),
                        core::printable(lent.part.allocation.collateral_symbol, kNameBytesMax),
                        lent.part.allocation.protocol, lent.part.allocation.market),
            layout);
    }
    return out.empty() ? out : painted("Looked through", Ink::Bold, style.colour) + '\n' + out;
}

std::string smart_accounts(const Report& report, const Layout& layout, const TextStyle& style) {
    std::string out;
    for (const snapshot::SmartAccount& account : report.smart_accounts) {
        std::string owners;
        for (const core::Address& owner : account.owners) {
            owners += (owners.empty() ? "" : ", ") + owner.to_string();
        }
        out += wrapped_words(
            fmt::format("{} on {}: {}, via {} ({} of {})", account.address.to_string(),
                        core::printable(account.chain),
                        account.kind == snapshot::SmartAccountKind::Safe ? "Safe" : "DSProxy",
                        owners, account.threshold, account.owners.size()),
            layout);
    }
    return out.empty() ? out
                       : painted("Accounts behind an owner", Ink::Bold, style.colour) + '\n' + out;
}

std::string triggers(const Report& report, const Layout& layout, const TextStyle& style) {
    std::string out;
    for (const exposure::OwnTrigger& trigger : report.own_triggers) {
        out += wrapped_words(trigger_text(trigger), layout);
    }
    return out.empty()
               ? out
               : painted("Each account at its own trigger", Ink::Bold, style.colour) + '\n' + out;
}

}  // namespace

std::string outlook_text(const Account& account, const exposure::Suppositions& suppositions,
                         core::Timestamp block_time, const Layout& layout) {
    if (account.health.status == margin::Status::Liquidatable) {
        return "";
    }
    return limits_text(account.outlook, layout) + others_text(account.outlook, block_time, layout) +
           rates_text(account.outlook, suppositions, block_time, layout) +
           ignored_text(account.outlook, suppositions.basis_fall, layout);
}

std::string exposure_text(const Report& report, const TextStyle& style) {
    const exposure::Exposure& exposure = report.exposure;
    if (exposure.factors.empty() && exposure.unpriced.empty()) {
        return "";
    }
    const Layout layout{.indent = kIndent, .columns = style.columns, .colour = style.colour};
    return painted("Exposure by factor", Ink::Bold, style.colour) + '\n' +
           factors_table(exposure, layout) + figures(exposure, layout) +
           left_out(exposure, layout) + claims_text(report, layout, style) +
           smart_accounts(report, layout, style) + triggers(report, layout, style) +
           profiles(report, layout, style);
}

}  // namespace margrave::report
