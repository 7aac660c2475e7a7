#include "app/watch_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "alert/fact_book.hpp"
#include "alert/observe.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "settings/section.hpp"

namespace margrave::app {
namespace {

using core::ConfigError;
using settings::Section;

/// The value that the key's word stands for.
template <class Value, class Values>
Value one_of(const Section& section, std::string_view key, const Values& values) {
    const std::string word = section.text(key);
    std::vector<std::string_view> words;
    for (const Value value : values) {
        if (to_string(value) == word) {
            return value;
        }
        words.push_back(to_string(value));
    }
    throw ConfigError(fmt::format("{}: \"{}\" is none of {}", section.where(key),
                                  core::printable(word), fmt::join(words, ", ")));
}

std::optional<core::Wad> optional_number(const Section& section, std::string_view key) {
    const auto text = section.optional_text(key);
    if (!text) {
        return std::nullopt;
    }
    auto number = settings::parse_wad(*text);
    if (!number) {
        throw ConfigError(fmt::format(R"({}: "{}" is no number; write it as in "1.25")",
                                      section.where(key), core::printable(*text)));
    }
    return number;
}

/// The two numbers of a rule, and on which side of the first it fires.
void read_limits(const Section& section, alert::Rule& rule) {
    const auto below = optional_number(section, "fire_below");
    const auto above = optional_number(section, "fire_above");
    if (below.has_value() == above.has_value()) {
        throw ConfigError(
            fmt::format("{}: a rule has one of fire_below and fire_above", section.where()));
    }
    rule.fires_below = below.has_value();
    rule.fires = below ? *below : *above;
    const std::string_view clear = below ? "clear_above" : "clear_below";
    const std::string_view other = below ? "clear_below" : "clear_above";
    if (section.has(other)) {
        throw ConfigError(fmt::format("{}: what fires {} a number clears {} one: write {}",
                                      section.where(other), below ? "below" : "above",
                                      below ? "above" : "below", clear));
    }
    if (below && rule.fires.value() == core::U256(0)) {
        throw ConfigError(fmt::format("{}: nothing is ever below 0, so that it would never fire",
                                      section.where("fire_below")));
    }
    rule.clears = optional_number(section, clear).value_or(rule.fires);
    const bool is_safer = below ? !(rule.clears < rule.fires) : !(rule.fires < rule.clears);
    if (!is_safer) {
        throw ConfigError(
            fmt::format("{}: it would clear where it still fires", section.where(clear)));
    }
}

/// Who is told, and when less or more than that.
void read_telling(const Section& section, alert::Rule& rule) {
    rule.flap_count = section.optional_integer("flap_count").value_or(rule.flap_count);
    rule.flap_window_s = section.optional_integer("flap_window_s").value_or(rule.flap_window_s);
    rule.inhibited_by = section.texts("inhibited_by");
    rule.channels = section.texts("channels");
    rule.escalate_to = section.texts("escalate_to");
    rule.escalate_after_s = section.optional_integer("escalate_after_s").value_or(0);
    if (rule.escalate_to.empty() != (rule.escalate_after_s == 0)) {
        throw ConfigError(fmt::format(
            "{}: escalate_after_s (above 0) and escalate_to go together",
            section.where(rule.escalate_to.empty() ? "escalate_after_s" : "escalate_to")));
    }
}

/// A cascade is looked for with a playbook, on a schedule of its own.
void read_cascade(const Section& section, alert::Rule& rule) {
    constexpr std::uint64_t kEveryS = 900;
    if (rule.quantity != alert::Quantity::CascadeDistance) {
        return;
    }
    rule.playbook = section.text("playbook");
    rule.every_s = section.optional_integer("every_s").value_or(kEveryS);
    if (rule.every_s == 0) {
        throw ConfigError(section.where("every_s") + ": at least a second");
    }
}

/// Of what counts changes alone, and of no more than the file keeps.
void read_window(const Section& section, alert::Rule& rule) {
    if (!alert::counts_changes(rule.quantity)) {
        return;
    }
    rule.within_s = section.optional_integer("within_s").value_or(rule.within_s);
    if (rule.within_s == 0 || rule.within_s > alert::FactBook::kKeptS) {
        throw ConfigError(fmt::format("{}: it is 1 to {} seconds: changes are kept for 30 days",
                                      section.where("within_s"), alert::FactBook::kKeptS));
    }
    if (rule.fires_below) {
        throw ConfigError(fmt::format("{}: changes fire above a number: write fire_above",
                                      section.where("fire_below")));
    }
}

/// What should be worth 1: without a list of it there is nothing to watch.
void read_pegs(const Section& section, alert::Rule& rule) {
    if (rule.quantity != alert::Quantity::PegDistance) {
        return;
    }
    rule.pegs = section.texts("pegs");
    if (rule.pegs.empty()) {
        throw ConfigError(fmt::format(
            R"({}: a rule of peg_distance names risk factors that should be worth 1, as in pegs = ["USDC/USD"])",
            section.where("pegs")));
    }
}

/// Of some factors, or of all.
void read_factors(const Section& section, alert::Rule& rule) {
    if (rule.quantity != alert::Quantity::FactorExposure) {
        return;
    }
    rule.factors = section.texts("factors");
    if (rule.fires_below) {
        throw ConfigError(fmt::format("{}: an exposure fires above dollars: write fire_above",
                                      section.where("fire_below")));
    }
}

alert::Rule read_rule(const Section& section) {
    constexpr std::uint64_t kUnknownAfterS = 300;
    // Of the newest blocks a reorganisation may still undo some.
    constexpr std::uint64_t kClearBlocks = 12;
    alert::Rule rule;
    rule.name = section.text("name");
    rule.quantity = one_of<alert::Quantity>(section, "watch", alert::kQuantities);
    rule.severity = one_of<alert::Severity>(section, "severity", alert::kSeverities);
    read_limits(section, rule);
    read_window(section, rule);
    read_pegs(section, rule);
    read_factors(section, rule);
    rule.for_blocks = section.optional_integer("for_blocks").value_or(1);
    rule.for_s = section.optional_integer("for_s").value_or(0);
    const bool has_depth = rule.quantity != alert::Quantity::BlockAge;
    rule.clear_blocks =
        section.optional_integer("clear_blocks").value_or(has_depth ? kClearBlocks : 0);
    rule.clear_s = section.optional_integer("clear_s").value_or(0);
    rule.unknown_after_s = section.optional_integer("unknown_after_s").value_or(kUnknownAfterS);
    read_telling(section, rule);
    read_cascade(section, rule);
    const bool counts =
        rule.for_blocks > 1 || rule.for_s > 0 || rule.clear_blocks > 0 || rule.clear_s > 0;
    if (rule.quantity == alert::Quantity::BlockAge && counts) {
        throw ConfigError(fmt::format(
            "{}: block_age is a time itself, and without blocks nothing else passes: leave out "
            "for_blocks, for_s, clear_blocks and clear_s",
            section.where()));
    }
    section.reject_unknown_keys();
    return rule;
}

bool is_channel(const settings::Settings& settings, const std::string& name) {
    return std::any_of(settings.channels.begin(), settings.channels.end(),
                       [&](const Section& channel) { return channel.text("name") == name; });
}

/// Rules that hold each other back, over however many others, would tell nobody anything.
void check_inhibitions(const settings::Settings& settings, const std::vector<alert::Rule>& rules) {
    std::map<std::string, std::set<std::string>> holders;  // whoever may hold a rule back
    for (const alert::Rule& rule : rules) {
        holders[rule.name].insert(rule.inhibited_by.begin(), rule.inhibited_by.end());
    }
    for (bool grows = true; grows;) {
        grows = false;
        for (auto& [name, by] : holders) {
            for (const std::string& one : std::set(by)) {
                const std::size_t before = by.size();
                by.insert(holders[one].begin(), holders[one].end());
                grows = grows || by.size() != before;
            }
        }
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (holders[rules[i].name].contains(rules[i].name)) {
            throw ConfigError(fmt::format("{}: \"{}\" would hold itself back",
                                          settings.rules[i].where("inhibited_by"),
                                          core::printable(rules[i].name)));
        }
    }
}

/// A rule that speaks of a channel or rule that is not configured would be told to nobody.
void check_names(const settings::Settings& settings, const std::vector<alert::Rule>& rules) {
    const auto is_rule = [&](const std::string& name) {
        return std::any_of(rules.begin(), rules.end(),
                           [&](const alert::Rule& rule) { return rule.name == name; });
    };
    const auto check = [](const Section& section, std::string_view key, std::string_view what,
                          const std::vector<std::string>& names, const auto& is_known) {
        for (const std::string& name : names) {
            if (!is_known(name)) {
                throw ConfigError(fmt::format(R"({}: there is no {} "{}")", section.where(key),
                                              what, core::printable(name)));
            }
        }
    };
    const auto is_known_channel = [&](const std::string& name) {
        return is_channel(settings, name);
    };
    const auto is_last_factor = [&](const std::string& name) {
        return std::any_of(settings.factors.begin(), settings.factors.end(),
                           [&](const auto& token) {
                               return !token.factors.empty() && token.factors.back() == name;
                           });
    };
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Section& section = settings.rules[i];
        check(section, "pegs", "token in [[factors]] whose last factor is", rules[i].pegs,
              is_last_factor);
        check(section, "channels", "channel", rules[i].channels, is_known_channel);
        check(section, "escalate_to", "channel", rules[i].escalate_to, is_known_channel);
        check(section, "inhibited_by", "rule", rules[i].inhibited_by, is_rule);
    }
}

/// What the configuration calls factors. A token of none is one of its own, which a row names.
std::vector<std::string> known_factors(const settings::Settings& settings) {
    std::set<std::string> out;
    for (const auto& token : settings.factors) {
        out.insert(token.factors.begin(), token.factors.end());
    }
    for (const auto& risk : settings.risk_factors) {
        out.insert(risk.name);
    }
    return {out.begin(), out.end()};
}

/// A rule of a factor that is none would never fire.
void check_factors(const settings::Settings& settings, const std::vector<alert::Rule>& rules) {
    const auto known = known_factors(settings);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        for (const std::string& name : rules[i].factors) {
            if (std::binary_search(known.begin(), known.end(), name)) {
                continue;
            }
            const std::string near = core::nearest(name, known);
            throw ConfigError(fmt::format(
                R"({}: "{}" is in no row of [[factors]] and [[risk_factors]]{})",
                settings.rules[i].where("factors"), core::printable(name),
                near.empty() ? "" : fmt::format(R"(; did you mean "{}"?)", core::printable(near))));
        }
    }
}

}  // namespace

std::vector<alert::Rule> make_rules(const settings::Settings& settings) {
    std::vector<alert::Rule> rules;
    rules.reserve(settings.rules.size());
    for (const Section& section : settings.rules) {
        rules.push_back(read_rule(section));
    }
    check_names(settings, rules);
    check_factors(settings, rules);
    check_inhibitions(settings, rules);
    return rules;
}

}  // namespace margrave::app
