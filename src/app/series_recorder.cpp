#include "app/series_recorder.hpp"

#include <optional>
#include <utility>

#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "core/fixed_point.hpp"
#include "core/u256.hpp"

namespace margrave::app {
namespace {

store::SeriesName name_of(alert::Quantity quantity, const alert::Subject& subject) {
    return {.quantity = std::string(to_string(quantity)),
            .chain = subject.chain,
            .protocol = subject.protocol,
            .market = subject.market,
            .wallet = subject.wallet ? subject.wallet->to_string() : ""};
}

/// By more than a thousandth of the old one.
bool differs(const alert::Value& before, const alert::Value& now) {
    if (before.is_known != now.is_known || before.number.has_value() != now.number.has_value()) {
        return true;
    }
    if (!now.number) {
        return false;
    }
    const core::U256 old = before.number->value();
    const core::U256 fresh = now.number->value();
    const core::U256 gap = old < fresh ? fresh - old : old - fresh;
    return gap > old / core::U256(SeriesRecorder::kShare);
}

std::optional<std::string> text_of(const alert::Value& value) {
    constexpr unsigned kWadDecimals = 18;
    if (!value.is_known) {
        return std::nullopt;
    }
    return value.number ? core::format_fixed(value.number->value(), kWadDecimals, kWadDecimals)
                        : "";
}

}  // namespace

/// Ages differ at every block, and say nothing that time does not; of changes the file keeps more.
bool is_recorded(alert::Quantity quantity) {
    return !alert::counts_changes(quantity) && quantity != alert::Quantity::BlockAge &&
           quantity != alert::Quantity::OracleAge;
}

SeriesRecorder::SeriesRecorder(std::string chain) : chain_(std::move(chain)) {}

SeriesRecorder::Points SeriesRecorder::record(const report::Report& report,
                                              const alert::Scope& scope, alert::Depth depth,
                                              const store::WatchedBlock& block) {
    Points out;
    for (const alert::Quantity quantity : alert::kQuantities) {
        if (is_recorded(quantity) && alert::depth_of(quantity) == depth) {
            auto values = alert::observe(report, chain_, scope, quantity);
            add_absent(report, scope, quantity, values);
            record(quantity, values, block, out);
        }
    }
    return out;
}

/// What left the report has one more point, which says that it is gone, or not known.
void SeriesRecorder::add_absent(const report::Report& report, const alert::Scope& scope,
                                alert::Quantity quantity,
                                std::map<alert::Subject, alert::Value>& values) const {
    for (auto one = last_.lower_bound({quantity, {}});
         one != last_.end() && one->first.first == quantity; ++one) {
        const alert::Subject& subject = one->first.second;
        if (values.contains(subject) || !alert::speaks_of(report, scope, subject)) {
            continue;
        }
        auto value = alert::value_of_absent(report, subject, scope.wallets, quantity);
        if (differs(one->second.value, value)) {
            values.emplace(subject, std::move(value));
        }
    }
}

void SeriesRecorder::record(alert::Quantity quantity,
                            const std::map<alert::Subject, alert::Value>& values,
                            const store::WatchedBlock& block, Points& into) {
    const std::uint64_t time_s = block.timestamp;
    for (const auto& [subject, value] : values) {
        const std::pair name(quantity, subject);
        const auto last = last_.find(name);
        const bool is_due = last == last_.end() || time_s < last->second.time_s ||
                            time_s - last->second.time_s >= kPointEveryS;
        if (is_due || differs(last->second.value, value)) {
            last_.insert_or_assign(name, Last{.value = value, .time_s = time_s});
            into.emplace_back(
                name_of(quantity, subject),
                store::Point{.block = block.number, .time = time_s, .value = text_of(value)});
        }
    }
}

}  // namespace margrave::app
