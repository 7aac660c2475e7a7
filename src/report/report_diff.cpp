#include "report/report_diff.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"
#include "report/foreign_json.hpp"
#include "report/json_fields.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using Fields = std::vector<const char*>;

constexpr std::size_t kNameBytesMax = 40;

/// A list whose entries are told apart by `keys`; of one that stands in both reports `compared` are
/// compared, and `shown` are told besides.
struct ListRule {
    const char* name;
    Fields keys;
    Fields compared;
    Fields shown;
};

const ListRule& accounts_rule() {
    static const ListRule rule{
        "accounts",
        {"chain", "protocol", "market", "wallet"},
        {"status", "health_factor", "health_factor_raw", "collateral_raw", "debt_raw",
         "liquidation_threshold_bps", "emode_category", "collateral_usd", "debt_usd"},
        {}};
    return rule;
}
const ListRule& legs_rule() {
    static const ListRule rule{
        "legs", {"asset", "side"}, {"amount_raw", "oracle_price_raw"}, {"symbol", "decimals"}};
    return rule;
}
const ListRule& holdings_rule() {
    static const ListRule rule{"holdings",
                               {"chain", "wallet", "asset"},
                               {"amount_raw", "value_usd"},
                               {"symbol", "decimals"}};
    return rule;
}
const ListRule& exposure_rule() {
    static const ListRule rule{"exposure", {"factor"}, {"long_usd", "short_usd", "net_usd"}, {}};
    return rule;
}
const ListRule& gaps_rule() {
    static const ListRule rule{
        "gaps", {"chain", "protocol", "market", "wallet", "kind", "detail"}, {}, {}};
    return rule;
}
const ListRule& chains_rule() {
    static const ListRule rule{"chains", {"chain"}, {"block"}, {"chain_id"}};
    return rule;
}

Json field(const Json& entry, const char* name) {
    const auto found = entry.find(name);
    return found == entry.end() ? Json() : *found;
}

Json picked(const Json& entry, const Fields& names) {
    Json out = Json::object();
    for (const char* name : names) {
        out[name] = field(entry, name);
    }
    return out;
}

/// By key, in the order of the list. Two with one key are told apart by their number.
std::vector<std::pair<std::string, const Json*>> keyed(const Json& list, const ListRule& rule) {
    std::vector<std::pair<std::string, const Json*>> out;
    std::map<std::string, int> seen;
    for (const Json& entry : list) {
        const std::string key = picked(entry, rule.keys).dump();
        out.emplace_back(key + std::to_string(seen[key]++), &entry);
    }
    return out;
}

Json list_of(const Json& report, const ListRule& rule) {
    const Json list = field(report, rule.name);
    return list.is_array() ? list : Json::array();
}

/// {"field": {"before": …, "after": …}} for those that differ.
Json changes_between(const Json& before, const Json& after, const Fields& compared) {
    Json out = Json::object();
    for (const char* name : compared) {
        const Json was = field(before, name);
        const Json is = field(after, name);
        if (was != is) {
            out[name] = {{"before", was}, {"after", is}};
        }
    }
    return out;
}

Json list_diff(const Json& before, const Json& after, const ListRule& rule);

Json changed_entry(const Json& was, const Json& is, const ListRule& rule) {
    Json changes = changes_between(was, is, rule.compared);
    Json legs = Json();
    if (&rule == &accounts_rule()) {
        legs = list_diff(list_of(was, legs_rule()), list_of(is, legs_rule()), legs_rule());
    }
    const bool is_same = changes.empty() && (legs.is_null() || legs.empty());
    if (is_same) {
        return {};
    }
    Json out = picked(is, rule.keys);
    out.update(picked(is, rule.shown));
    out["changes"] = std::move(changes);
    if (!legs.is_null()) {
        out["legs"] = std::move(legs);
    }
    return out;
}

/// {"new": […], "gone": […], "changed": […]}, without those that are empty.
Json list_diff(const Json& before, const Json& after, const ListRule& rule) {
    const auto old_entries = keyed(before, rule);
    const auto new_entries = keyed(after, rule);
    const std::map<std::string, const Json*> was(old_entries.begin(), old_entries.end());
    const std::map<std::string, const Json*> is(new_entries.begin(), new_entries.end());
    const auto told = [&](const Json& entry) {
        Json out = picked(entry, rule.keys);
        out.update(picked(entry, rule.shown));
        out.update(picked(entry, rule.compared));
        return out;
    };
    Json out = Json::object();
    for (const auto& [key, entry] : new_entries) {
        const auto old = was.find(key);
        if (old == was.end()) {
            out["new"].push_back(told(*entry));
        } else if (Json changed = changed_entry(*old->second, *entry, rule); !changed.is_null()) {
            out["changed"].push_back(std::move(changed));
        }
    }
    for (const auto& [key, entry] : old_entries) {
        if (!is.contains(key)) {
            out["gone"].push_back(told(*entry));
        }
    }
    return out;
}

Json parse_report(const NamedReport& report) {
    const auto fail = [&](std::string_view why) {
        throw core::InputError(fmt::format("{}: {}", core::printable(report.name), why));
    };
    const Json out = parse_foreign_json(report.name, report.json);
    if (!out.is_object() || field(out, "schema") != "margrave.report/1") {
        fail("is no report of margrave (margrave.report/1)");
    }
    for (const ListRule* rule :
         {&chains_rule(), &accounts_rule(), &holdings_rule(), &exposure_rule(), &gaps_rule()}) {
        const Json list = field(out, rule->name);
        const bool is_list_of_objects =
            list.is_array() && std::all_of(list.begin(), list.end(),
                                           [](const Json& entry) { return entry.is_object(); });
        if (!is_list_of_objects) {
            fail(fmt::format("`{}` is no list of objects", rule->name));
        }
    }
    return out;
}

Json diff_of(const NamedReport& before, const NamedReport& after) {
    const Json was = parse_report(before);
    const Json is = parse_report(after);
    Json out{{"schema", "margrave.diff/1"}};
    for (const ListRule* rule :
         {&chains_rule(), &accounts_rule(), &holdings_rule(), &exposure_rule(), &gaps_rule()}) {
        out[rule->name] = list_diff(list_of(was, *rule), list_of(is, *rule), *rule);
    }
    return out;
}

// ------------------------------------------------------------------------------------------- text

std::string word_of(const Json& value) {
    if (value.is_null()) {
        return "none";
    }
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    return core::printable(text, kNameBytesMax * 2);
}

/// A raw amount in whole tokens, rounded down to so many digits.
std::string amount_of(const Json& raw, unsigned decimals, unsigned digits) {
    const auto number =
        raw.is_string() ? core::parse_decimal(raw.get<std::string>()) : std::nullopt;
    return number ? core::format_fixed(*number, decimals, digits) : word_of(raw);
}

/// In whole tokens where the decimals are told, with digits enough to tell the two apart.
std::string amount_change(const Json& entry, const Json& change) {
    const Json told = field(entry, "decimals");
    if (!told.is_number_unsigned() || told.get<std::uint64_t>() > 77) {
        return fmt::format("amount_raw {} -> {}", word_of(change["before"]),
                           word_of(change["after"]));
    }
    const auto decimals = told.get<unsigned>();
    constexpr unsigned kDigits = 8;
    std::string was = amount_of(change["before"], decimals, kDigits);
    std::string is = amount_of(change["after"], decimals, kDigits);
    if (was == is) {
        was = amount_of(change["before"], decimals, decimals);
        is = amount_of(change["after"], decimals, decimals);
    }
    return fmt::format("amount {} -> {}", was, is);
}

std::string value_of(const std::string& name, const Json& value) {
    if (name == "block") {
        return value.is_object() ? word_of(field(value, "number")) : word_of(value);
    }
    return word_of(value);
}

/// Of a factor and its scaled integer only one is shown.
bool is_shown(const std::string& name) {
    return name != "health_factor_raw" && name != "collateral_raw" && name != "debt_raw";
}

std::string name_of(const Json& entry, const ListRule& rule) {
    std::vector<std::string> words;
    if (const Json symbol = field(entry, "symbol"); symbol.is_string()) {
        words.push_back(core::printable(symbol.get<std::string>(), kNameBytesMax));
    }
    for (const char* key : rule.keys) {
        const Json value = field(entry, key);
        const bool is_told =
            !value.is_null() && !(words.size() == 1 && key == std::string("asset"));
        if (is_told) {
            words.push_back(word_of(value));
        }
    }
    return fmt::format("{}", fmt::join(words, " "));
}

void add_changes(const Json& entry, std::vector<std::string>& into) {
    for (const auto& [name, change] : entry["changes"].items()) {
        if (name == "amount_raw") {
            into.push_back(amount_change(entry, change));
        } else if (is_shown(name)) {
            into.push_back(fmt::format("{} {} -> {}", name, value_of(name, change["before"]),
                                       value_of(name, change["after"])));
        }
    }
}

void add_list(const Json& diff, const ListRule& rule, std::size_t indent, std::size_t columns,
              std::string& out) {
    const Layout layout{.indent = indent, .columns = columns};
    const Layout deeper{.indent = indent + 2, .columns = columns};
    for (const char* kind : {"new", "gone"}) {
        for (const Json& entry : field(diff, kind)) {
            out += wrapped_words(fmt::format("{} {}", kind, name_of(entry, rule)), layout);
        }
    }
    for (const Json& entry : field(diff, "changed")) {
        out += wrapped_words(name_of(entry, rule), layout);
        std::vector<std::string> pieces;
        add_changes(entry, pieces);
        if (!pieces.empty()) {
            out += wrapped(pieces, "; ", deeper);
        }
        if (const Json legs = field(entry, "legs"); legs.is_object()) {
            add_list(legs, legs_rule(), indent + 2, columns, out);
        }
    }
}

}  // namespace

std::string diff_to_json(const NamedReport& before, const NamedReport& after) {
    return printed(diff_of(before, after));
}

std::string diff_to_text(const NamedReport& before, const NamedReport& after, std::size_t columns) {
    const Json diff = diff_of(before, after);
    std::string out;
    for (const ListRule* rule :
         {&chains_rule(), &accounts_rule(), &holdings_rule(), &exposure_rule(), &gaps_rule()}) {
        std::string part;
        add_list(diff[rule->name], *rule, 2, columns, part);
        if (!part.empty()) {
            out += fmt::format("{}\n{}", rule->name, part);
        }
    }
    return out.empty() ? "The two say the same.\n" : out;
}

}  // namespace margrave::report
