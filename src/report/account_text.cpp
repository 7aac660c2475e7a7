#include "report/account_text.hpp"

#include "core/text.hpp"
#include "report/exposure_text.hpp"
#include "report/names.hpp"
#include "report/number_text.hpp"
#include "report/price_age.hpp"

namespace margrave::report {

namespace {

using margin::Status;

constexpr std::size_t kFiguresIndent = 2;
constexpr std::size_t kLegsIndent = 4;
constexpr std::size_t kSymbolBytesMax = 24;
constexpr std::size_t kWarningBytesMax = 400;
constexpr std::string_view kBetweenFigures = "   ";

Cell status_cell(Status status) {
    switch (status) {
        case Status::Liquidatable:
            return {.text = "LIQUIDATABLE", .ink = Ink::Red};
        case Status::AtRisk:
            return {.text = "AT RISK", .ink = Ink::Yellow};
        case Status::Healthy:
            return {.text = "HEALTHY", .ink = Ink::Green};
        case Status::NoDebt:
            return {.text = "NO DEBT", .ink = Ink::Dim};
        case Status::Unknown:
            break;
    }
    return {.text = "UNKNOWN", .ink = Ink::Magenta};
}

std::string heading(const Account& account, const TextStyle& style) {
    constexpr std::size_t kStatusWidth = 14;
    const Cell status = status_cell(account.health.status);
    return painted(status.text, status.ink, style.colour) +
           std::string(kStatusWidth - status.text.size(), ' ') +
           painted(account.wallet.to_string(), Ink::Bold, style.colour) + "  " +
           market_text(account.market) + '\n';
}

/// In dollars, or else in the market's own unit, whose scale only the protocol knows.
std::string quoted_text(const std::optional<core::Usd>& dollars,
                        const std::optional<core::U256>& raw, const std::string& quote) {
    if (dollars) {
        return usd_text(*dollars);
    }
    return raw ? grouped(*raw, 0, 0) + " (raw, in " + core::printable(quote) + ")" : "unknown";
}

/// Without liquidity a liquidator can still be paid in shares of the pool.
constexpr const char* kNoLiquidity = "no_liquidity";

std::string room_text(const Account& account) {
    if (account.health.status == Status::Liquidatable) {
        return account.blocked_by.empty() ? "can be liquidated now" : "past its limit";
    }
    return account.collateral_fall ? "collateral may fall " + fall_text(*account.collateral_fall)
                                   : "";
}

std::string ltv_text(const Account& account) {
    const margin::Health& health = account.health;
    std::vector<std::string> parts;
    if (account.current_ltv_bps) {
        parts.push_back(bps_text(*account.current_ltv_bps) + " now");
    }
    if (health.max_ltv) {
        parts.push_back(bps_text(health.max_ltv->value()) + " max");
    }
    if (health.liquidation_threshold) {
        parts.push_back("liquidation at " + bps_text(health.liquidation_threshold->value()));
    }
    std::string out;
    for (const std::string& part : parts) {
        out += (out.empty() ? "LTV " : ", ") + part;
    }
    return out;
}

std::string figures(const Account& account, const Layout& layout) {
    const margin::Health& health = account.health;
    std::vector<std::string> main;
    if (health.health_factor) {
        main.push_back("health " + health_factor_text(*health.health_factor));
    }
    main.push_back(room_text(account));
    main.push_back("collateral " +
                   quoted_text(health.collateral_usd, health.collateral_value, account.quote));
    main.push_back("debt " + quoted_text(health.debt_usd, health.debt, account.quote));
    std::erase(main, "");
    std::vector<std::string> limits{ltv_text(account)};
    if (account.emode_category) {
        limits.push_back("e-mode " + std::to_string(*account.emode_category));
    }
    std::erase(limits, "");
    return wrapped(main, kBetweenFigures, layout) + wrapped(limits, kBetweenFigures, layout);
}

/// "liquidation if WETH falls 21.3 % to $1,975.12", nearest first; each price alone.
std::string prices_text(const Account& account, const Layout& layout) {
    if (account.health.status == Status::Liquidatable) {
        return "";
    }
    std::vector<std::string> parts;
    for (const LiquidationPrice& price : account.liquidation_prices) {
        const std::string to = price.price_usd ? price_text(*price.price_usd)
                                               : "raw " + core::to_decimal(price.answer);
        parts.push_back(core::printable(price.symbol, kSymbolBytesMax) +
                        (price.is_fall ? " falls " : " rises ") + fall_text(price.distance) +
                        " to " + to);
    }
    if (parts.empty()) {
        return "";
    }
    parts.front() = "liquidation if alone " + parts.front();
    return wrapped(parts, ", or ", layout);
}

std::string warnings(const Account& account, const Layout& layout) {
    std::string out;
    if (account.health.status == Status::Unknown) {
        out += wrapped_words(
            "health is unknown: " + core::printable(account.health.unknown_because), layout);
    }
    std::string blocks;
    for (const std::string& block : account.blocked_by) {
        blocks += (blocks.empty() ? "" : ", ") + core::printable(block);
        blocks += block == kNoLiquidity ? " (but for shares of the pool)" : "";
    }
    if (!blocks.empty()) {
        out += wrapped_words("(!) liquidation is blocked now by: " + blocks, layout);
    }
    for (const std::string& warning : account.warnings) {
        out += wrapped_words("(!) " + core::printable(warning, kWarningBytesMax), layout);
    }
    return out;
}

/// The market's own answer goes before the price that others give.
std::string price_cell(const Leg& leg) {
    if (leg.price_usd && (leg.priced_by.empty() || !leg.leg.price)) {
        return price_text(*leg.price_usd);
    }
    return leg.leg.price ? "raw " + grouped(leg.leg.price->answer, 0, 0) : "no price";
}

/// For --verbose: what the symbol stands for, and who gave the price.
std::vector<std::string> leg_sources(const Leg& reported) {
    const margin::Leg& leg = reported.leg;
    std::vector<std::string> out{"asset " + leg.asset.to_string()};
    if (leg.amount) {
        out.push_back("raw " + core::to_decimal(*leg.amount));
    }
    if (leg.price && !leg.price->source.is_zero()) {
        out.push_back("price from " + leg.price->source.to_string());
    }
    if (!reported.priced_by.empty()) {
        out.push_back("value by " + core::printable(reported.priced_by));
    }
    return out;
}

std::string legs(const Account& account, core::Timestamp block_time, const TextStyle& style,
                 const Layout& layout) {
    Table table({{.align = Align::Left, .width_min = 10},
                 {.align = Align::Left, .width_min = 8},
                 {.align = Align::Right, .width_min = 16},
                 {.align = Align::Right, .width_min = 12},
                 {.align = Align::Right, .width_min = 11},
                 {.align = Align::Right, .width_min = 16}});
    if (!account.legs.empty()) {
        table.add({{"side", Ink::Dim},
                   {"asset", Ink::Dim},
                   {"amount", Ink::Dim},
                   {"price", Ink::Dim},
                   {"price age", Ink::Dim},
                   {"value", Ink::Dim}});
    }
    for (const Leg& reported : account.legs) {
        const margin::Leg& leg = reported.leg;
        table.add({{std::string(to_string(leg.side))},
                   {core::printable(leg.symbol, kSymbolBytesMax)},
                   {leg.amount ? amount_text(*leg.amount, leg.decimals) : "NOT READ"},
                   {price_cell(reported)},
                   leg.price ? age_cell(*leg.price, block_time) : Cell{"-"},
                   {leg.value ? usd_text(*leg.value) : "unknown"}},
                  style.verbose ? leg_sources(reported) : std::vector<std::string>{});
    }
    return table.print(layout);
}

}  // namespace

std::string market_text(const margin::MarketName& market) {
    return core::printable(market.protocol) + ' ' + core::printable(market.name) + " on " +
           core::printable(market.chain);
}

std::string account_text(const Account& account, const exposure::Suppositions& suppositions,
                         core::Timestamp block_time, const TextStyle& style) {
    const Layout of_figures{
        .indent = kFiguresIndent, .columns = style.columns, .colour = style.colour};
    const Layout of_legs{.indent = kLegsIndent, .columns = style.columns, .colour = style.colour};
    return heading(account, style) + figures(account, of_figures) +
           prices_text(account, of_figures) +
           outlook_text(account, suppositions, block_time, of_figures) +
           warnings(account, of_figures) + legs(account, block_time, style, of_legs);
}

}  // namespace margrave::report
