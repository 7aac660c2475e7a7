#include "alert/observe_answers.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alert/names.hpp"
#include "margin/oracle.hpp"

namespace margrave::alert {
namespace {

/// A source that prices an asset of the account.
struct Answer {
    const report::OracleRow* row;
    const report::OracleUse* use;        ///< the first such asset
    std::optional<std::uint64_t> age_s;  ///< nullopt of one without a time
};

bool is_use_of(const report::OracleUse& use, const report::Account& account,
               const core::Address& asset) {
    return use.market == account.market && use.asset == asset;
}

std::optional<std::uint64_t> age_of(const report::OracleRow& row, core::Timestamp block_time) {
    if (!row.updated_at) {
        return std::nullopt;
    }
    const std::uint64_t now = block_time.value();
    const std::uint64_t then = row.updated_at->value();
    return now > then ? now - then : 0;
}

/// The oldest first, those without a time last.
std::vector<Answer> answers_of(const report::Account& account, const report::OracleChain& oracles) {
    std::vector<Answer> out;
    for (const report::OracleRow& row : oracles.rows) {
        const auto use = std::find_if(
            row.used_for.begin(), row.used_for.end(), [&](const report::OracleUse& one) {
                return std::any_of(
                    account.legs.begin(), account.legs.end(),
                    [&](const report::Leg& leg) { return is_use_of(one, account, leg.leg.asset); });
            });
        if (use != row.used_for.end()) {
            out.push_back({.row = &row, .use = &*use, .age_s = age_of(row, oracles.block_time)});
        }
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Answer& a, const Answer& b) { return b.age_s < a.age_s; });
    return out;
}

bool has_time(const report::Account& account, const core::Address& asset,
              const std::vector<Answer>& answers) {
    return std::any_of(answers.begin(), answers.end(), [&](const Answer& answer) {
        const auto& uses = answer.row->used_for;
        return answer.age_s && std::any_of(uses.begin(), uses.end(), [&](const auto& use) {
                   return is_use_of(use, account, asset);
               });
    });
}

/// What may be why an answer of the market is not there; nullptr: nothing.
const snapshot::CoverageGap* gap_of_answers(const report::Account& account,
                                            const report::Report& report) {
    const auto gap = std::find_if(report.gaps.begin(), report.gaps.end(), [&](const auto& one) {
        return !one.wallet && (one.protocol.empty() || one.protocol == account.market.protocol);
    });
    return gap == report.gaps.end() ? nullptr : &*gap;
}

/// The first is the worst.
void name(const std::vector<Answer>& answers, Value& value) {
    const Answer& worst = answers.front();
    const std::string source = worst.row->model->source().address.to_string();
    value.about = named(worst.use->symbol) + " by " + source;
    value.cause = "feed " + source;
    std::vector<std::string> others;
    for (std::size_t i = 1; i < answers.size(); ++i) {
        others.push_back(answers[i].use->symbol);
    }
    value.about += others.empty() ? "" : "; also " + listed(others);
}

Value oldest(const std::vector<Answer>& answers) {
    if (answers.empty() || !answers.front().age_s) {
        return nothing_to_watch();
    }
    Value out = known(whole(*answers.front().age_s));
    name({answers.front()}, out);
    return out;
}

Value overdue(std::vector<Answer> answers) {
    std::erase_if(answers, [](const Answer& answer) { return answer.row->is_stale != true; });
    Value out = known(whole(answers.size()));
    if (!answers.empty()) {
        name(answers, out);
    }
    return out;
}

}  // namespace

Value of_answers(const report::Account& account, const report::Report& report, Quantity quantity) {
    const auto oracles =
        std::find_if(report.oracles.begin(), report.oracles.end(),
                     [&](const auto& one) { return one.chain == account.market.chain; });
    if (oracles == report.oracles.end()) {
        return unknown("the report says nothing of price sources");
    }
    const auto answers = answers_of(account, *oracles);
    Value out = quantity == Quantity::LateOracles ? overdue(answers) : oldest(answers);
    const auto* const gap = gap_of_answers(account, report);
    const bool is_one_missing =
        gap != nullptr &&
        std::any_of(account.legs.begin(), account.legs.end(), [&](const report::Leg& leg) {
            return !has_time(account, leg.leg.asset, answers);
        });
    if (is_one_missing) {
        out.is_known = false;
        out.because = gap->detail;
    }
    return out;
}

}  // namespace margrave::alert
