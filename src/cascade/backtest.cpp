#include "cascade/backtest.hpp"

#include <algorithm>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"

namespace margrave::cascade {
namespace {

using core::U256;
using core::Wad;

void add(std::optional<Fall>& into, const Seizure& seizure) {
    if (!into) {
        into = Fall{.first = seizure.at, .calls = 0, .value = Wad()};
    }
    ++into->calls;
    into->value =
        into->value && seizure.value ? std::optional(*into->value + *seizure.value) : std::nullopt;
}

BacktestRow& row_of(std::map<AccountName, BacktestRow>& rows, const Seizure& seizure) {
    BacktestRow& row = rows[seizure.account];
    row.account = seizure.account;
    if (row.quote.empty()) {
        row.quote = seizure.quote;
    }
    return row;
}

/// Its own liquidations name an account too.
bool has_acted(const Evidence& evidence, const BacktestRow& row) {
    const auto named = evidence.named_in.find(row.account);
    if (named == evidence.named_in.end()) {
        return false;
    }
    std::set<std::uint64_t> blocks = named->second;
    for (const Seizure& seizure : evidence.actual) {
        if (seizure.account == row.account) {
            blocks.erase(seizure.at.block.value());
        }
    }
    return !blocks.empty() && (!row.actual || *blocks.begin() <= row.actual->first.block.value());
}

std::string reason_of(const Evidence& evidence, const BacktestRow& row) {
    if (row.match() == Match::Both) {
        return "";
    }
    if (row.match() == Match::False) {
        if (row.has_acted) {
            return "acted";
        }
        return row.predicted->first.block == evidence.from ? "below_before" : "not_called";
    }
    if (evidence.unknown.contains(row.account)) {
        return "unknown_health";
    }
    if (!evidence.known.contains(row.account)) {
        return evidence.unread.contains(row.account) ? "unread" : "opened_after";
    }
    if (const auto refused = evidence.refused.find(row.account);
        refused != evidence.refused.end()) {
        return refused->second;
    }
    return row.has_acted ? "acted" : "healthy";
}

void count(Share& share, bool is_part) {
    ++share.whole;
    share.part += is_part ? 1 : 0;
}

void count(Backtest& test, const BacktestRow& row) {
    const bool is_both = row.match() == Match::Both;
    if (row.actual) {
        count(test.recall, is_both);
        if (!row.has_acted) {
            count(test.recall_untouched, is_both);
        }
    }
    if (row.predicted) {
        count(test.precision, is_both);
        if (!row.has_acted) {
            count(test.precision_untouched, is_both);
        }
    }
}

SeizedValue& value_in(std::vector<SeizedValue>& values, const std::string& quote) {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const SeizedValue& one) { return one.quote == quote; });
    return found != values.end() ? *found : values.emplace_back(SeizedValue{.quote = quote});
}

void add_value(Backtest& test, const BacktestRow& row) {
    const bool is_known = (!row.predicted || row.predicted->value) &&
                          (!row.actual || row.actual->value) && !row.quote.empty();
    if (!is_known) {
        ++test.unvalued;
        return;
    }
    SeizedValue& sums = value_in(test.values, row.quote);
    const bool is_both = row.match() == Match::Both;
    if (row.predicted) {
        sums.predicted = sums.predicted + *row.predicted->value;
        sums.predicted_of_both = sums.predicted_of_both + (is_both ? *row.predicted->value : Wad());
    }
    if (row.actual) {
        sums.actual = sums.actual + *row.actual->value;
        sums.actual_of_both = sums.actual_of_both + (is_both ? *row.actual->value : Wad());
    }
}

std::optional<Wad> part_of(const Wad& part, const Wad& whole) {
    if (whole == Wad()) {
        return std::nullopt;
    }
    return Wad(core::mul_div_wide<core::Rounding::Down>(part.value(), core::wad(), whole.value()));
}

std::optional<Spread> spread_of(std::vector<std::int64_t> values) {
    if (values.empty()) {
        return std::nullopt;
    }
    std::sort(values.begin(), values.end());
    return Spread{
        .median = values[(values.size() - 1) / 2], .min = values.front(), .max = values.back()};
}

void judge(Backtest& test, const BacktestLimits& limits) {
    if (test.rows.empty()) {
        return;
    }
    if (test.recall.is_below(limits.recall_min)) {
        test.red_because.emplace_back("too many liquidations were not predicted");
    }
    if (test.precision.is_below(limits.precision_min)) {
        test.red_because.emplace_back("too many predicted liquidations did not happen");
    }
    for (const SeizedValue& value : test.values) {
        if (value.is_off_by_more(limits.value_off_max)) {
            test.red_because.push_back("the value seized in " + value.quote + " is too far off");
        }
    }
    test.verdict = test.red_because.empty() ? BacktestVerdict::Green : BacktestVerdict::Red;
}

/// Both are of the chain, and so of at most 63 bits.
std::int64_t difference_of(std::uint64_t later, std::uint64_t earlier) {
    return static_cast<std::int64_t>(later) - static_cast<std::int64_t>(earlier);
}

}  // namespace

Match BacktestRow::match() const {
    core::ensure(predicted || actual, "a row is of an account that fell somewhere");
    if (!actual) {
        return Match::False;
    }
    return predicted ? Match::Both : Match::Missed;
}

std::int64_t BacktestRow::lead_blocks() const {
    core::ensure(match() == Match::Both, "a lead is between two liquidations");
    return difference_of(actual->first.block.value(), predicted->first.block.value());
}

std::int64_t BacktestRow::lead_s() const {
    core::ensure(match() == Match::Both, "a lead is between two liquidations");
    return difference_of(actual->first.time.value(), predicted->first.time.value());
}

std::optional<Wad> Share::ratio() const {
    if (whole == 0) {
        return std::nullopt;
    }
    return Wad(core::wad_div<core::Rounding::Down>(U256(part), U256(whole)));
}

bool Share::is_below(core::Bps limit) const {
    return U256(part) * core::percentage_factor() < U256(whole) * U256(limit.value());
}

std::optional<margin::SignedWad> SeizedValue::difference() const {
    if (actual == Wad()) {
        return std::nullopt;
    }
    const margin::SignedWad off = margin::net(predicted, actual);
    return margin::SignedWad{.negative = off.negative,
                             .magnitude = Wad(core::mul_div_wide<core::Rounding::Down>(
                                 off.magnitude.value(), core::wad(), actual.value()))};
}

std::optional<Wad> SeizedValue::recall() const { return part_of(actual_of_both, actual); }

std::optional<Wad> SeizedValue::precision() const { return part_of(predicted_of_both, predicted); }

bool SeizedValue::is_off_by_more(core::Bps limit) const {
    const Wad off = margin::net(predicted, actual).magnitude;
    // off / actual > limit, also where nothing was really seized
    return off.value() > core::mul_div_wide<core::Rounding::Down>(
                             actual.value(), U256(limit.value()), core::percentage_factor());
}

Backtest compare(const Evidence& evidence, const BacktestLimits& limits) {
    std::map<AccountName, BacktestRow> rows;
    for (const Seizure& seizure : evidence.predicted) {
        add(row_of(rows, seizure).predicted, seizure);
    }
    for (const Seizure& seizure : evidence.actual) {
        add(row_of(rows, seizure).actual, seizure);
    }
    Backtest out;
    std::vector<std::int64_t> blocks;
    std::vector<std::int64_t> seconds;
    for (auto& [name, row] : rows) {
        row.has_acted = has_acted(evidence, row);
        row.reason = reason_of(evidence, row);
        count(out, row);
        add_value(out, row);
        if (row.match() == Match::Both) {
            blocks.push_back(row.lead_blocks());
            seconds.push_back(row.lead_s());
        }
        out.rows.push_back(std::move(row));
    }
    out.lead_blocks = spread_of(std::move(blocks));
    out.lead_s = spread_of(std::move(seconds));
    judge(out, limits);
    return out;
}

}  // namespace margrave::cascade
