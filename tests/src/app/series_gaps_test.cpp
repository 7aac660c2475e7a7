#include "app/series_gaps.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

using namespace margrave;

namespace {

/// "block@time=value", "?" for what is not known.
std::string shown(const std::vector<store::Point>& points, std::uint64_t far_every_s) {
    std::string out;
    for (const store::Point& point : app::with_gaps(points, far_every_s)) {
        out += std::to_string(point.block) + "@" + std::to_string(point.time) + "=" +
               point.value.value_or("?") + " ";
    }
    return out;
}

}  // namespace

TEST_CASE("where points are too far apart, nothing is known between them", "[series_gaps]") {
    CHECK(shown({}, 0).empty());
    CHECK(shown({{100, 0, "2"}, {150, 600, "2"}, {250, 1800, "2"}}, 0) ==
          "100@0=2 150@600=2 250@1800=2 ");
    CHECK(shown({{100, 0, "2"}, {200, 1200, "2"}, {500, 4800, "1"}}, 0) ==
          "100@0=2 200@1200=2 250@1800=? 500@4800=1 ");
    // Who looks every hour at those that are far keeps a point an hour.
    CHECK(shown({{200, 1200, "2"}, {500, 4800, "1"}}, 3600) == "200@1200=2 500@4800=1 ");
    CHECK(shown({{100, 0, "2"}, {1300, 14'400, "2"}}, 3600) == "100@0=2 450@4200=? 1300@14400=2 ");
}

TEST_CASE("no gap where no block, or nothing to watch, is between two points", "[series_gaps]") {
    CHECK(shown({{100, 0, "2"}, {101, 9000, "2"}}, 0) == "100@0=2 101@9000=2 ");
    CHECK(shown({{100, 0, ""}, {900, 9000, "2"}}, 0) == "100@0= 900@9000=2 ");
    CHECK(shown({{100, 0, std::nullopt}, {900, 9000, "2"}}, 0) == "100@0=? 900@9000=2 ");
    // A sparse chain: two blocks in a day, between which one was due.
    CHECK(shown({{100, 0, "2"}, {102, 86'400, "2"}}, 0) == "100@0=2 101@600=? 102@86400=2 ");
}
