#include "settings/factors.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "settings/settings.hpp"

namespace margrave::settings {
namespace {

using core::ConfigError;
using core::printable;

/// A row before its underlying is looked up.
struct Row {
    TokenFactors token;
    std::optional<std::string> underlying;
    const Section* section = nullptr;
};

Row read_row(const Section& section) {
    Row row{.token = {.chain = section.optional_text("chain").value_or(""),
                      .address = section.optional_address("address"),
                      .symbol = section.optional_text("symbol").value_or(""),
                      .protocol = section.optional_text("protocol").value_or(""),
                      .factors = section.texts("factors")},
            .underlying = section.optional_text("underlying"),
            .section = &section};
    const bool by_address = row.token.address.has_value() && !row.token.chain.empty();
    const bool names_address = row.token.address.has_value() || !row.token.chain.empty();
    if (names_address == !row.token.symbol.empty() || names_address != by_address) {
        throw ConfigError(section.where() +
                          ": a token is named by either `symbol`, or `chain` and `address`");
    }
    if (row.token.factors.empty() && !row.underlying && row.token.protocol.empty()) {
        throw ConfigError(section.where() + ": neither `factors` nor `underlying` is given");
    }
    section.reject_unknown_keys();
    return row;
}

/// Rows by symbol and protocol.
using Symbols = std::map<std::pair<std::string, std::string>, const Row*>;

const Row& underlying_row(const Row& row, const Symbols& symbols) {
    for (const std::string& protocol : {row.token.protocol, std::string()}) {
        const auto found = symbols.find({*row.underlying, protocol});
        if (found != symbols.end()) {
            return *found->second;
        }
    }
    throw ConfigError(fmt::format("{}: no [[factors]] row has the symbol \"{}\"",
                                  row.section->where("underlying"), printable(*row.underlying)));
}

/// The underlying's factors, then the row's own.
std::vector<std::string> resolved(const Row& row, const Symbols& symbols, std::size_t depth) {
    if (depth > symbols.size()) {
        throw ConfigError(row.section->where("underlying") + ": leads back to its own row");
    }
    std::vector<std::string> out;
    if (row.underlying) {
        out = resolved(underlying_row(row, symbols), symbols, depth + 1);
    }
    out.insert(out.end(), row.token.factors.begin(), row.token.factors.end());
    return out;
}

core::Wad read_number(const Section& section, std::string_view key) {
    const auto text = section.optional_text(key);
    const auto number = text ? parse_wad(*text) : std::optional(core::Wad());
    if (!number) {
        throw ConfigError(
            fmt::format(R"({}: expected a decimal number in quotes, as in "0.65", got "{}")",
                        section.where(key), printable(*text)));
    }
    return *number;
}

}  // namespace

std::vector<TokenFactors> read_token_factors(const std::vector<Section>& sections) {
    std::vector<Row> rows;
    rows.reserve(sections.size());
    for (const Section& section : sections) {
        rows.push_back(read_row(section));
    }
    Symbols symbols;
    for (const Row& row : rows) {
        if (!row.token.symbol.empty()) {
            symbols[{row.token.symbol, row.token.protocol}] = &row;
        }
    }
    std::vector<TokenFactors> out;
    for (const Row& row : rows) {
        out.push_back(row.token);
        out.back().factors = resolved(row, symbols, 0);
    }
    return out;
}

RiskFactor read_risk_factor(const Section& section) {
    RiskFactor risk{.name = section.text("name"),
                    .volatility = read_number(section, "volatility"),
                    .common = read_number(section, "common"),
                    .yearly_growth = read_number(section, "yearly_growth")};
    if (risk.common.value() > core::wad()) {
        throw ConfigError(section.where("common") + ": a loading is at most 1");
    }
    section.reject_unknown_keys();
    return risk;
}

}  // namespace margrave::settings
