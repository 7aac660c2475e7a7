#include "app/watch_progress.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "tests/support/fake_clock.hpp"

namespace margrave::app {

using namespace std::chrono_literals;
using Sentences = std::vector<std::string>;

TEST_CASE("a worker stands still when it was not seen to get on within its time", "[progress]") {
    test::FakeClock clock;
    Progress progress(clock);
    CHECK(progress.what_is_stuck().empty());
    progress.expect("chain ethereum", 90s);
    progress.expect("channel ops", 60s);
    clock.advance(60s);
    CHECK(progress.what_is_stuck().empty());
    clock.advance(1s);
    CHECK(progress.what_is_stuck() == Sentences{"channel ops: no progress for 61 s"});
    progress.beat("channel ops");
    clock.advance(30s);
    CHECK(progress.what_is_stuck() == Sentences{"chain ethereum: no progress for 91 s"});
    CHECK(progress.workers(clock.now()) ==
          std::map<std::string, bool>{{"chain ethereum", false}, {"channel ops", true}});
    clock.advance(60s);
    CHECK(progress.what_is_stuck().size() == 2);
}

TEST_CASE("who is not expected counts for nobody", "[progress]") {
    test::FakeClock clock;
    Progress progress(clock);
    progress.beat("chain base");
    clock.advance(1h);
    CHECK(progress.what_is_stuck().empty());
    CHECK(progress.workers(clock.now()).empty());
}

}  // namespace margrave::app
