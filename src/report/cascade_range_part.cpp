#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/cascade_parts.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using cascade::PolicyOutcome;
using cascade::SignedUsd;

/// A figure of every policy, as text that can be compared with no other; nullopt where one of them
/// is unknown.
template <class T>
struct Spread {
    std::optional<T> least;
    std::optional<T> greatest;
};

/// More than what is told may happen where a policy is not known to its end.
template <class T, class Figure>
Spread<T> spread(const std::vector<PolicyOutcome>& policies, Figure figure) {
    Spread<T> out;
    bool is_known = true;
    for (const PolicyOutcome& one : policies) {
        const std::optional<T> value = figure(one);
        if (!value) {
            return {};
        }
        is_known = is_known && one.is_known;
        out.least = out.least ? std::min(*out.least, *value) : *value;
        out.greatest = out.greatest ? std::max(*out.greatest, *value) : *value;
    }
    return is_known ? out : Spread<T>{.least = out.least, .greatest = std::nullopt};
}

Spread<std::size_t> counts(const CascadeReport& report, std::size_t PolicyOutcome::*count) {
    return spread<std::size_t>(
        report.policies, [count](const PolicyOutcome& one) { return std::optional(one.*count); });
}

Spread<SignedUsd> sums(const CascadeReport& report, std::optional<SignedUsd> PolicyOutcome::*sum) {
    return spread<SignedUsd>(report.policies, [sum](const PolicyOutcome& one) { return one.*sum; });
}

Json count_json(const Spread<std::size_t>& spread) {
    return {{"least", spread.least ? Json(*spread.least) : Json()},
            {"greatest", spread.greatest ? Json(*spread.greatest) : Json()}};
}

Json dollars_or_null(const std::optional<SignedUsd>& value) {
    return value ? Json(signed_dollars(*value)) : Json();
}

Json sum_json(const Spread<SignedUsd>& spread) {
    return {{"least", dollars_or_null(spread.least)},
            {"greatest", dollars_or_null(spread.greatest)}};
}

Json policy_json(const cascade::Policy& policy) {
    return {{"order", to_string(policy.order)},
            {"pair", to_string(policy.pair)},
            {"sell", to_string(policy.selling)}};
}

Json outcome_json(const PolicyOutcome& one) {
    Json out = policy_json(one.policy);
    out["liquidations"] = one.liquidations;
    out["accounts"] = one.accounts;
    out["own_accounts"] = one.own_accounts;
    out["repaid_usd"] = dollars_or_null(one.repaid);
    out["written_off_usd"] = dollars_or_null(one.written_off);
    out["known"] = one.is_known;
    return out;
}

std::string count_text(const std::optional<std::size_t>& value) {
    return value ? fmt::format("{}", *value) : "unknown";
}

/// Debts are never below zero.
std::string sum_text(const std::optional<SignedUsd>& value) {
    return value ? usd_text(core::Usd(core::U256(*value))) : "unknown";
}

}  // namespace

Json range_json(const CascadeReport& report) {
    if (report.policies.empty()) {
        return {};
    }
    return {{"policies", list(report.policies, outcome_json)},
            {"liquidations", count_json(counts(report, &PolicyOutcome::liquidations))},
            {"accounts", count_json(counts(report, &PolicyOutcome::accounts))},
            {"own_accounts", count_json(counts(report, &PolicyOutcome::own_accounts))},
            {"repaid_usd", sum_json(sums(report, &PolicyOutcome::repaid))},
            {"written_off_usd", sum_json(sums(report, &PolicyOutcome::written_off))}};
}

Json policy_prices_json(const OwnPrice& own) {
    return list(own.by_policy, [&](const cascade::PolicyPrice& one) {
        Json out = policy_json(one.policy);
        out["cascade_move"] = move_json(own.headline.direction, one.cascade_bps);
        out["unknown_from_bps"] = one.unknown_from_bps ? Json(*one.unknown_from_bps) : Json();
        return out;
    });
}

std::string range_text(const CascadeReport& report, unsigned columns) {
    if (report.policies.empty()) {
        return "";
    }
    Table table({{}, {Align::Right}, {Align::Right}});
    table.add({{""}, {"least"}, {"greatest"}});
    const auto add_count = [&](const char* name, std::size_t PolicyOutcome::*count) {
        const auto found = counts(report, count);
        table.add({{name}, {count_text(found.least)}, {count_text(found.greatest)}});
    };
    const auto add_sum = [&](const char* name, std::optional<SignedUsd> PolicyOutcome::*sum) {
        const auto found = sums(report, sum);
        table.add({{name}, {sum_text(found.least)}, {sum_text(found.greatest)}});
    };
    add_count("accounts that fall", &PolicyOutcome::accounts);
    add_count("own accounts that fall", &PolicyOutcome::own_accounts);
    add_count("liquidations", &PolicyOutcome::liquidations);
    add_sum("debt repaid", &PolicyOutcome::repaid);
    add_sum("debt written off", &PolicyOutcome::written_off);
    return fmt::format("\nWhatever liquidators prefer ({} policies)\n", report.policies.size()) +
           table.print({.indent = 2, .columns = columns});
}

}  // namespace margrave::report
