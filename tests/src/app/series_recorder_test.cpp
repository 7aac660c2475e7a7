#include "app/series_recorder.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/gaps.hpp"

using namespace margrave;
using test::address;

namespace {

/// One account with a health factor in thousandths; 0: not known.
report::Report report_of(std::uint64_t thousandths) {
    report::Report out;
    report::Account& account = out.accounts.emplace_back();
    account.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
    account.wallet = address(1);
    account.health.status = thousandths == 0 ? margin::Status::Unknown : margin::Status::Healthy;
    account.health.health_factor =
        core::Wad(core::U256(1'000'000'000'000'000) * core::U256(thousandths));
    return out;
}

/// Of the health factor: "-" for no point, "?" for one that is not known.
std::string health(app::SeriesRecorder& recorder, std::uint64_t thousandths, std::uint64_t time) {
    for (const auto& [name, point] :
         recorder.record(report_of(thousandths), {.wallets = {address(1)}}, alert::Depth::Health,
                         {.number = time / 12, .hash = {}, .timestamp = time})) {
        if (name.quantity == "health_factor") {
            CHECK(name.wallet == address(1).to_string());
            CHECK(point.block == time / 12);
            CHECK(point.time == time);
            return point.value.value_or("?");
        }
    }
    return "-";
}

}  // namespace

TEST_CASE("points are kept when something changed, and now and then", "[series_recorder]") {
    app::SeriesRecorder recorder("devnet");
    CHECK(health(recorder, 2000, 1'000) == "2");
    CHECK(health(recorder, 2002, 1'012) == "-");  // a thousandth
    CHECK(health(recorder, 2003, 1'024) == "2.003");
    CHECK(health(recorder, 2002, 1'036) == "-");
    CHECK(health(recorder, 2004, 1'048) == "-");  // of the last point, not of the last value
    CHECK(health(recorder, 0, 1'060) == "?");
    CHECK(health(recorder, 0, 1'072) == "-");
    CHECK(health(recorder, 2004, 1'084) == "2.004");
    CHECK(health(recorder, 2004, 1'683) == "-");
    CHECK(health(recorder, 2004, 1'684) == "2.004");  // ten minutes
    CHECK(health(recorder, 2004, 1'600) == "2.004");  // a reorganisation, or another chain
}

TEST_CASE("what left the report has a last point that says so", "[series_recorder]") {
    app::SeriesRecorder recorder("devnet");
    CHECK(health(recorder, 2000, 1'000) == "2");
    report::Report report;
    std::uint64_t time = 1'000;
    const auto points_of = [&](const alert::Scope& scope) {
        time += 12;
        std::string out;
        for (const auto& [name, point] :
             recorder.record(report, scope, alert::Depth::Health,
                             {.number = time / 12, .hash = {}, .timestamp = time})) {
            out += name.quantity == "health_factor" ? '[' + point.value.value_or("?") + ']' : "";
        }
        return out;
    };
    const alert::Scope all{.wallets = {address(1)}};
    CHECK(points_of({.wallets = {address(2)}, .is_of_all = false}).empty());  // of others
    report.gaps = {test::gap("aave_v3", address(1))};
    CHECK(points_of(all) == "[?]");
    report.gaps.clear();
    CHECK(points_of(all) == "[]");
    CHECK(points_of(all).empty());
    CHECK(health(recorder, 2000, time + 12) == "2");
}

TEST_CASE("what has a history is what does not age by itself", "[series_recorder]") {
    CHECK(app::is_recorded(alert::Quantity::HealthFactor));
    CHECK(app::is_recorded(alert::Quantity::LateOracles));
    CHECK_FALSE(app::is_recorded(alert::Quantity::OracleAge));
    CHECK_FALSE(app::is_recorded(alert::Quantity::BlockAge));
    CHECK_FALSE(app::is_recorded(alert::Quantity::ParameterChanges));
}
