#include "app/exit_codes.hpp"

#include <catch2/catch.hpp>

namespace margrave::app {
namespace {

TEST_CASE("nothing found is fine", "[app][exit]") { CHECK(exit_code({}) == ExitCode::Fine); }

TEST_CASE("of several findings the gravest decides: 5, 3, 2, 6, 1, 4", "[app][exit]") {
    // From all findings, the deciding one is taken away again and again.
    Findings findings{.internal = true,
                      .unreadable = true,
                      .usage = true,
                      .bad_signature = true,
                      .hit = true,
                      .gaps = true};
    CHECK(static_cast<int>(exit_code(findings)) == 5);
    findings.internal = false;
    CHECK(static_cast<int>(exit_code(findings)) == 3);
    findings.unreadable = false;
    CHECK(static_cast<int>(exit_code(findings)) == 2);
    findings.usage = false;
    CHECK(static_cast<int>(exit_code(findings)) == 6);
    findings.bad_signature = false;
    CHECK(static_cast<int>(exit_code(findings)) == 1);
    findings.hit = false;
    CHECK(static_cast<int>(exit_code(findings)) == 4);
    findings.gaps = false;
    CHECK(static_cast<int>(exit_code(findings)) == 0);
}

}  // namespace
}  // namespace margrave::app
