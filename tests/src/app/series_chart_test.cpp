#include "app/series_chart.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace margrave::app;

namespace {

std::vector<std::string> lines(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) {
        out.push_back(line);
    }
    return out;
}

}  // namespace

TEST_CASE("a chart shows the lowest value of each column between its labels", "[series_chart]") {
    const auto drawn = lines(draw_chart({{0, 2.0}, {50, 1.0}, {100, 1.5}}, 40));
    REQUIRE(drawn.size() == 11);
    CHECK(drawn.front().find("2 |*") != std::string::npos);
    CHECK(drawn[9].find("1 |") != std::string::npos);
    // Half of the time at 2, then at 1, at last at 1.5.
    CHECK(std::count(drawn.front().begin(), drawn.front().end(), '*') == 12);
    CHECK(std::count(drawn[9].begin(), drawn[9].end(), '*') == 13);
    CHECK(drawn[4].back() == '*');
    CHECK(drawn.back().find("1970-01-01 00:00:00 UTC to 1970-01-01 00:01:40 UTC") !=
          std::string::npos);
    for (const std::string& line : drawn) {
        CHECK(line.size() <= 64);
    }
}

TEST_CASE("a chart says where nothing was known, and bears anything", "[series_chart]") {
    CHECK(draw_chart({}, 80).empty());
    const auto gap = lines(draw_chart({{0, 1.0}, {50, std::nullopt}, {100, 1.0}}, 40));
    CHECK(std::count(gap[9].begin(), gap[9].end(), '?') == 13);
    const double odd = std::numeric_limits<double>::infinity();
    CHECK_FALSE(draw_chart({{0, odd}, {0, 1e300}, {1, -1e300}}, 3).empty());
    CHECK(lines(draw_chart({{7, std::nullopt}}, 80)).size() == 1);  // only the time
}
