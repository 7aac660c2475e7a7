#pragma once

#include <string>
#include <string_view>

namespace margrave::app {

/// A client that sends this `Accept` would rather have OpenMetrics 1.0 than the text format 0.0.4,
/// by RFC 9110, 12.5.1. Who takes anything gets the latter.
[[nodiscard]] bool wants_open_metrics(std::string_view accept);

inline constexpr const char* kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The same exposition in OpenMetrics 1.0, where a counter's name ends before `_total`, bounds of
/// buckets have a point, and the end is said.
[[nodiscard]] std::string to_open_metrics(std::string_view exposition);

}  // namespace margrave::app
