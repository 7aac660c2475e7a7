#include <fmt/format.h>

#include <algorithm>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/number_text.hpp"
#include "report/oracles_part.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using margin::OracleBound;
using margin::OracleKind;

/// |limit / value - 1| of what is compared with the limit, in 1e18, rounded down; nullopt at 0.
std::optional<core::Wad> room_of(const OracleBound& bound) {
    if (bound.value == 0) {
        return std::nullopt;
    }
    const core::U256 apart = bound.limit < bound.value ? core::U256(bound.value - bound.limit)
                                                       : core::U256(bound.limit - bound.value);
    return core::Wad(core::mul_div_wide<core::Rounding::Down>(apart, core::wad(), bound.value));
}

/// How far the value may still move towards the limit: negative where it is beyond.
Json room_json(const OracleBound& bound) {
    const auto room = room_of(bound);
    if (!room) {
        return {};
    }
    const bool is_beyond = bound.is_upper ? bound.value > bound.limit : bound.value < bound.limit;
    return (is_beyond && room->value() != 0 ? "-" : "") +
           core::format_fixed(room->value(), kWadDecimals, kWadDecimals);
}

Json bound_json(const OracleBound& bound) {
    return {{"what", bound.what},
            {"source", bound.source.to_string()},
            {"limit_raw", raw(bound.limit)},
            {"value_raw", raw(bound.value)},
            {"room", room_json(bound)},
            {"binds", bound.binds},
            {"growth_per_second_e6_raw", raw(bound.per_second)},
            {"released_at", raw(bound.released_at)}};
}

Json part_json(const margin::OraclePart& part) {
    return {{"role", part.role},
            {"source", part.source.to_string()},
            {"is_source", part.made_of != nullptr},
            {"answer_raw", raw(part.answer)},
            {"updated_at", raw(part.updated_at)}};
}

Json use_json(const OracleUse& use) {
    return {{"protocol", use.market.protocol},
            {"market", use.market.name},
            {"asset", use.asset.to_string()},
            {"symbol", use.symbol}};
}

Json next_json(const std::optional<margin::NextAnswer>& next) {
    if (!next) {
        return {};
    }
    return {{"at_or_below_raw", raw(next->at_or_below)},
            {"at_or_above_raw", raw(next->at_or_above)},
            {"by", raw(next->by)}};
}

Json parameters_json(const margin::OracleSource& source) {
    Json out = Json::object();
    for (const auto& [name, value] : source.parameters) {
        out[name] = raw(value);
    }
    return out;
}

Json age_json(const OracleRow& row, core::Timestamp now) {
    const bool is_known = row.updated_at && *row.updated_at <= now;
    return is_known ? Json((now - *row.updated_at).value()) : Json();
}

Json row_json(const OracleRow& row, core::Timestamp now) {
    const margin::OracleSource& source = row.model->source();
    return {{"source", source.address.to_string()},
            {"kind", to_string(source.kind)},
            {"description", source.description},
            {"decimals", source.decimals ? Json(*source.decimals) : Json()},
            {"answer_raw", raw(source.answer)},
            {"confirmed", row.model->is_confirmed()},
            {"used_for", list(row.used_for, use_json)},
            {"updated_at", raw(row.updated_at)},
            {"age_s", age_json(row, now)},
            {"heartbeat_s", row.rule.heartbeat_s ? Json(*row.rule.heartbeat_s) : Json()},
            {"deviation_bps", bps(row.rule.deviation)},
            {"stale", row.is_stale ? Json(*row.is_stale) : Json()},
            {"next_answer", next_json(row.next)},
            {"parameters", parameters_json(source)},
            {"parts", list(source.parts, part_json)},
            {"bounds", list(row.bounds, bound_json)},
            {"warnings", row.warnings}};
}

Json sequencer_json(const OracleChain& chain) {
    if (!chain.sequencer) {
        return {};
    }
    return {{"feed", chain.sequencer->feed.to_string()},
            {"state", to_string(*chain.sequencer_state)},
            {"answer_raw", raw(chain.sequencer->answer)},
            {"started_at", std::to_string(chain.sequencer->started_at.value())},
            {"grace_s", chain.sequencer->grace_s}};
}

std::string_view words(OracleKind kind) {
    switch (kind) {
        case OracleKind::Feed:
            return "feed";
        case OracleKind::Rate:
            return "rate of a contract";
        case OracleKind::Fixed:
            return "fixed answer";
        case OracleKind::CappedRatio:
            return "own rate, capped; not the market";
        case OracleKind::CappedPrice:
        case OracleKind::CappedByPrice:
            return "feed, capped";
        case OracleKind::Product:
            return "product of two feeds";
        case OracleKind::Quotient:
            return "quotient of two feeds";
        case OracleKind::Discount:
            return "feed less a discount";
        case OracleKind::MorphoChain:
            return "feeds and vaults";
        case OracleKind::Opaque:
            break;
    }
    return "not known";
}

/// The nearest cap or clamp: "cap in 3.2 %", "AT CAP".
Cell bound_cell(const OracleRow& row) {
    std::optional<core::Wad> nearest;
    for (const OracleBound& bound : row.bounds) {
        if (bound.binds) {
            return {.text = "AT LIMIT", .ink = Ink::Yellow};
        }
        const auto room = bound.is_upper ? room_of(bound) : std::nullopt;
        if (room && (!nearest || *room < *nearest)) {
            nearest = room;
        }
    }
    constexpr std::uint64_t kWorthSaying = 1'000'000'000'000'000'000;  // double the answer
    return {.text = nearest && nearest->value() < kWorthSaying
                        ? "cap " + fall_text(*nearest) + " off"
                        : "-"};
}

Cell heartbeat_cell(const OracleRow& row) {
    if (row.is_stale.value_or(false)) {
        return {.text = "STALE", .ink = Ink::Yellow};
    }
    if (row.is_stale) {
        return {.text = "in time"};
    }
    return {.text = "no heartbeat", .ink = Ink::Dim};
}

Cell age_of(const OracleRow& row, core::Timestamp now) {
    if (!row.updated_at || now < *row.updated_at) {
        return {.text = "-"};
    }
    return {.text = core::format_duration((now - *row.updated_at).value())};
}

bool is_shown(const Report& report, const OracleRow& row) {
    return std::any_of(row.used_for.begin(), row.used_for.end(), [&](const OracleUse& use) {
        return std::any_of(report.accounts.begin(), report.accounts.end(), [&](const Account& who) {
            return who.market == use.market &&
                   std::any_of(who.legs.begin(), who.legs.end(),
                               [&](const Leg& leg) { return leg.leg.asset == use.asset; });
        });
    });
}

std::string symbols_of(const OracleRow& row) {
    constexpr std::size_t kSymbolBytesMax = 24;
    std::vector<std::string> names;
    for (const OracleUse& use : row.used_for) {
        const std::string name = core::printable(use.symbol, kSymbolBytesMax);
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string chain_text(const Report& report, const OracleChain& chain, const TextStyle& style) {
    Table table({{.align = Align::Left, .width_min = 10},
                 {.align = Align::Left, .width_min = 20},
                 {.align = Align::Right, .width_min = 10},
                 {.align = Align::Left, .width_min = 8},
                 {.align = Align::Left, .width_min = 8}});
    bool is_any = false;
    for (const OracleRow& row : chain.rows) {
        if (!is_shown(report, row)) {
            continue;
        }
        is_any = true;
        std::vector<std::string> notes;
        if (style.verbose) {
            notes.push_back("source " + row.model->source().address.to_string());
        }
        for (const std::string& warning : row.warnings) {
            notes.push_back("(!) " + core::printable(warning, 400));
        }
        table.add({{symbols_of(row)},
                   {std::string(words(row.model->source().kind))},
                   age_of(row, chain.block_time),
                   heartbeat_cell(row),
                   bound_cell(row)},
                  std::move(notes));
    }
    constexpr std::size_t kIndent = 2;
    const Layout layout{.indent = kIndent, .columns = style.columns, .colour = style.colour};
    std::string out;
    for (const std::string& warning : chain.warnings) {
        out += wrapped_words("(!) " + core::printable(warning, 400), layout);
    }
    return out + (is_any ? table.print(layout) : "");
}

}  // namespace

Json oracle_chain_json(const OracleChain& chain) {
    return {
        {"chain", chain.chain},
        {"sequencer", sequencer_json(chain)},
        {"sources",
         list(chain.rows, [&](const OracleRow& row) { return row_json(row, chain.block_time); })},
        {"warnings", chain.warnings}};
}

std::string oracles_text(const Report& report, const TextStyle& style) {
    std::string out;
    for (const OracleChain& chain : report.oracles) {
        out += chain_text(report, chain, style);
    }
    return out.empty() ? out : painted("Price sources", Ink::Bold, style.colour) + '\n' + out;
}

}  // namespace margrave::report
