#include "app/open_metrics.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace margrave::app {

TEST_CASE("a client is given what it would rather have", "[metrics][boundary]") {
    CHECK_FALSE(wants_open_metrics(""));
    CHECK_FALSE(wants_open_metrics("*/*"));
    CHECK_FALSE(wants_open_metrics("text/plain;version=0.0.4"));
    CHECK(wants_open_metrics("application/openmetrics-text"));
    CHECK(wants_open_metrics("APPLICATION/OpenMetrics-Text; version=1.0.0"));
    // As Prometheus 2.42 asks.
    CHECK(wants_open_metrics(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
        "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
    CHECK_FALSE(wants_open_metrics("application/openmetrics-text;version=0.0.1"));
    CHECK_FALSE(wants_open_metrics("text/plain;q=0.9, application/openmetrics-text;q=0.8"));
    CHECK_FALSE(wants_open_metrics("application/openmetrics-text;q=0"));
    CHECK_FALSE(wants_open_metrics("application/openmetrics-text;q=much"));
    CHECK_FALSE(wants_open_metrics(";;,,;q=,"));
    CHECK_FALSE(wants_open_metrics("application/openmetrics-text;q=0.1, */*"));
    CHECK_FALSE(wants_open_metrics("application/openmetrics-text;q=0.5, text/*;q=0.9"));
    CHECK(wants_open_metrics("application/openmetrics-text;q=0.5, text/plain;q=0.1, */*"));
    CHECK(wants_open_metrics("application/openmetrics-text; Version=\"1.0.0\"; Q=0.5"));
}

TEST_CASE("the same figures in OpenMetrics", "[metrics]") {
    const std::string text =
        "# HELP margrave_reorgs_total Those \"deep\" ones.\n"
        "# TYPE margrave_reorgs_total counter\n"
        "margrave_reorgs_total{chain=\"a\"} 3\n"
        "# HELP margrave_wait_seconds What it took.\n"
        "# TYPE margrave_wait_seconds histogram\n"
        "margrave_wait_seconds_bucket{chain=\"a\",le=\"0.5\"} 1\n"
        "margrave_wait_seconds_bucket{chain=\"a\",le=\"5\"} 2\n"
        "margrave_wait_seconds_bucket{chain=\"a\",le=\"+Inf\"} 2\n"
        "# HELP margrave_odd_total A gauge in spite of its name.\n"
        "# TYPE margrave_odd_total gauge\n"
        "margrave_odd_total{name=\"le=\\\"7\\\"\"} 7\n";
    CHECK(to_open_metrics(text) ==
          "# HELP margrave_reorgs Those \\\"deep\\\" ones.\n"
          "# TYPE margrave_reorgs counter\n"
          "margrave_reorgs_total{chain=\"a\"} 3\n"
          "# HELP margrave_wait_seconds What it took.\n"
          "# TYPE margrave_wait_seconds histogram\n"
          "margrave_wait_seconds_bucket{chain=\"a\",le=\"0.5\"} 1\n"
          "margrave_wait_seconds_bucket{chain=\"a\",le=\"5.0\"} 2\n"
          "margrave_wait_seconds_bucket{chain=\"a\",le=\"+Inf\"} 2\n"
          "# HELP margrave_odd_total A gauge in spite of its name.\n"
          "# TYPE margrave_odd_total gauge\n"
          "margrave_odd_total{name=\"le=\\\"7\\\"\"} 7\n"
          "# EOF\n");
    CHECK(to_open_metrics("") == "# EOF\n");
}

}  // namespace margrave::app
