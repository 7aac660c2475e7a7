#include "app/series_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/time.hpp"

namespace margrave::app {
namespace {

constexpr std::size_t kRows = 10;
constexpr std::size_t kLabel = 12;
constexpr std::size_t kColumnsMin = 20;

struct Column {
    std::optional<double> lowest;
    bool was_unknown = false;
};

struct Span {
    double low = 0;
    double high = 0;
};

std::vector<Column> to_columns(const std::vector<ChartPoint>& points, std::size_t count) {
    std::vector<Column> out(count);
    const std::uint64_t from = points.front().time_s;
    const std::uint64_t span = std::max<std::uint64_t>(1, points.back().time_s - from);
    for (const ChartPoint& point : points) {
        const auto share = static_cast<double>(point.time_s - from) / static_cast<double>(span);
        Column& column = out[static_cast<std::size_t>(share * static_cast<double>(count - 1))];
        column.was_unknown = column.was_unknown || !point.value;
        if (point.value && std::isfinite(*point.value)) {
            column.lowest = std::min(column.lowest.value_or(*point.value), *point.value);
        }
    }
    return out;
}

/// A value holds until another one is seen.
void hold(std::vector<Column>& columns) {
    Column last;
    for (Column& column : columns) {
        if (!column.lowest && !column.was_unknown) {
            column = last;
        }
        last = column;
    }
}

std::optional<Span> span_of(const std::vector<Column>& columns) {
    std::optional<Span> out;
    for (const Column& column : columns) {
        if (column.lowest) {
            out = out ? Span{.low = std::min(out->low, *column.lowest),
                             .high = std::max(out->high, *column.lowest)}
                      : Span{.low = *column.lowest, .high = *column.lowest};
        }
    }
    return out;
}

std::size_t row_of(double value, const Span& span) {
    const double height = span.high - span.low;
    const double share = height > 0 ? (value - span.low) / height : 0;
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(kRows - 1)));
}

}  // namespace

std::string draw_chart(const std::vector<ChartPoint>& points, unsigned columns) {
    if (points.empty()) {
        return "";
    }
    auto drawn = to_columns(points, std::max<std::size_t>(kColumnsMin, columns) - kLabel - 2);
    hold(drawn);
    const auto span = span_of(drawn);
    std::string out;
    for (std::size_t row = kRows; span && row-- > 0;) {
        const bool has_label = row == 0 || row == kRows - 1;
        const double label = row == 0 ? span->low : span->high;
        out += has_label ? fmt::format("{:>{}.6g} |", label, kLabel)
                         : fmt::format("{:>{}} |", "", kLabel);
        for (const Column& column : drawn) {
            const bool is_here = column.lowest && row_of(*column.lowest, *span) == row;
            out += is_here ? '*' : row == 0 && column.was_unknown && !column.lowest ? '?' : ' ';
        }
        out.erase(out.find_last_not_of(' ') + 1);
        out += '\n';
    }
    const auto time = [](std::uint64_t seconds) {
        return core::format_utc(core::Timestamp(seconds));
    };
    return out + fmt::format("{:>{}}  {} to {}\n", "", kLabel, time(points.front().time_s),
                             time(points.back().time_s));
}

}  // namespace margrave::app
