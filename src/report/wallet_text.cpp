#include "report/wallet_text.hpp"

#include <map>

#include "core/text.hpp"
#include "report/figures.hpp"
#include "report/number_text.hpp"
#include "report/price_age.hpp"

namespace margrave::report {

namespace {

constexpr std::size_t kWalletIndent = 2;
constexpr std::size_t kDetailIndent = 4;
constexpr std::size_t kSymbolBytesMax = 24;

/// "0x1234…abcd": enough to recognise, not enough to trust; --verbose prints all of it.
std::string shortened(const std::string& address) {
    constexpr std::size_t kAddressChars = 42;
    return address.size() == kAddressChars ? address.substr(0, 6) + "…" + address.substr(38)
                                           : address;
}

std::string source_text(const std::optional<snapshot::HoldingPrice>& price) {
    const std::string name = price ? core::printable(price->name) : "";
    switch (price ? price->source : snapshot::PriceSource::None) {
        case snapshot::PriceSource::ProtocolOracle:
            return "oracle of " + name;
        case snapshot::PriceSource::ChainlinkFeed:
            return "Chainlink " + shortened(name);
        case snapshot::PriceSource::None:
            break;
    }
    return "no price";
}

/// For --verbose: what the symbol stands for, and who gave the price.
std::vector<std::string> holding_sources(const snapshot::Holding& holding) {
    std::vector<std::string> out{holding.asset ? "asset " + holding.asset->to_string()
                                               : "native coin"};
    out.push_back("raw " + core::to_decimal(holding.amount));
    if (holding.price && !holding.price->quote.source.is_zero()) {
        out.push_back("price from " + holding.price->quote.source.to_string());
    }
    return out;
}

void add_row(const Holding& reported, core::Timestamp time, bool verbose, Table& table) {
    const snapshot::Holding& holding = reported.holding;
    const auto& price = holding.price;
    table.add({{core::printable(holding.chain)},
               {core::printable(holding.symbol, kSymbolBytesMax)},
               {amount_text(holding.amount, holding.decimals)},
               {reported.price_usd ? price_text(*reported.price_usd) : "-"},
               price ? age_cell(price->quote, time) : Cell{"-"},
               {source_text(price)},
               {reported.value ? usd_text(*reported.value) : "unknown"}},
              verbose ? holding_sources(holding) : std::vector<std::string>{});
}

Table holdings_table() {
    Table table({{.align = Align::Left, .width_min = 8},
                 {.align = Align::Left, .width_min = 8},
                 {.align = Align::Right, .width_min = 10},
                 {.align = Align::Right, .width_min = 10},
                 {.align = Align::Right, .width_min = 9},
                 {.align = Align::Left, .width_min = 22},
                 {.align = Align::Right, .width_min = 11}});
    table.add({{"chain", Ink::Dim},
               {"asset", Ink::Dim},
               {"amount", Ink::Dim},
               {"price", Ink::Dim},
               {"price age", Ink::Dim},
               {"price from", Ink::Dim},
               {"value", Ink::Dim}});
    return table;
}

std::string worth_text(const WalletTotal& total) {
    const auto worth = net_worth(total);
    if (!worth) {
        return "too large to say";
    }
    std::string figure = (worth->negative ? "-" : "") + usd_text(worth->magnitude);
    if (total.complete()) {
        return figure;
    }
    if (total.debt_complete) {
        return "at least " + figure;
    }
    return total.assets_complete ? "at most " + figure : figure + " (INCOMPLETE)";
}

std::string part_text(const std::string& what, const core::Usd& value, bool complete) {
    return what + (complete ? " " : " at least ") + usd_text(value);
}

}  // namespace

std::string holdings_text(const Report& report, const TextStyle& style) {
    if (report.holdings.empty()) {
        return "";
    }
    std::map<core::Address, Table> tables;
    for (const Holding& holding : report.holdings) {
        Table& table = tables.try_emplace(holding.holding.wallet, holdings_table()).first->second;
        add_row(holding, block_time(report, holding.holding.chain), style.verbose, table);
    }
    const Layout layout{.indent = kDetailIndent, .columns = style.columns, .colour = style.colour};
    std::string out = painted("Balances outside protocols", Ink::Bold, style.colour) + '\n';
    for (const WalletTotal& total : report.totals) {
        const auto table = tables.find(total.wallet);
        if (table != tables.end()) {
            out += std::string(kWalletIndent, ' ') + total.wallet.to_string() + '\n';
            out += table->second.print(layout);
        }
    }
    return out;
}

std::string totals_text(const Report& report, const TextStyle& style) {
    if (report.totals.empty()) {
        return "";
    }
    const Layout layout{.indent = kDetailIndent, .columns = style.columns, .colour = style.colour};
    std::string out = painted("Net worth", Ink::Bold, style.colour) + '\n';
    for (const WalletTotal& total : report.totals) {
        const bool priced = total.assets_complete;
        out += std::string(kWalletIndent, ' ') + total.wallet.to_string() + "  " +
               painted(worth_text(total), Ink::Bold, style.colour) + '\n';
        out += wrapped({part_text("in protocols", total.collateral_and_supply, priced),
                        part_text("outside", total.idle, priced),
                        part_text("debt", total.debt, total.debt_complete)},
                       "   ", layout);
    }
    return out;
}

}  // namespace margrave::report
