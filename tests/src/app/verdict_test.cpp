#include "app/verdict.hpp"

#include <catch2/catch.hpp>

#include "core/fixed_point.hpp"

namespace margrave::app {
namespace {

report::Account account(margin::Status status, std::optional<core::U256> health_factor) {
    report::Account account;
    account.market.chain = "devnet";
    account.health.status = status;
    if (health_factor) {
        account.health.health_factor = core::Wad(*health_factor);
    }
    account.verified = true;
    return account;
}

report::Report report_with(std::vector<report::Account> accounts) {
    report::Report report;
    report.chains.push_back(
        {.chain = "devnet", .chain_id = core::ChainId(1), .number = {}, .timestamp = {}});
    report.accounts = std::move(accounts);
    return report;
}

snapshot::CoverageGap gap_on(const std::string& chain) {
    snapshot::CoverageGap gap;
    gap.chain = chain;
    return gap;
}

const VerdictOptions kBelowOne{.fail_below = core::Wad(core::wad()), .verify = false};

TEST_CASE("a liquidatable account alone is fine: nobody asked to fail", "[app][exit]") {
    const auto report = report_with({account(margin::Status::Liquidatable, core::wad() / 2)});
    CHECK(exit_code(judge(report, {})) == ExitCode::Fine);
}

TEST_CASE("flag --fail-below strikes under its value and not at it", "[app][exit]") {
    CHECK(exit_code(judge(report_with({account(margin::Status::Healthy, core::wad())}),
                          kBelowOne)) == ExitCode::Fine);
    CHECK(exit_code(judge(
              report_with({account(margin::Status::Liquidatable, core::U256(core::wad() - 1))}),
              kBelowOne)) == ExitCode::Hit);
}

TEST_CASE("an account without debt is never below", "[app][exit]") {
    CHECK(exit_code(judge(report_with({account(margin::Status::NoDebt, std::nullopt)}),
                          kBelowOne)) == ExitCode::Fine);
}

TEST_CASE("an unknown health is a gap, not fine", "[app][exit][coverage]") {
    const auto unknown = account(margin::Status::Unknown, std::nullopt);
    CHECK(exit_code(judge(report_with({unknown}), kBelowOne)) == ExitCode::Gaps);
    CHECK(exit_code(judge(report_with({unknown}), {})) == ExitCode::Gaps);
    const auto low = account(margin::Status::Liquidatable, core::U256(1));
    CHECK(exit_code(judge(report_with({unknown, low}), kBelowOne)) == ExitCode::Hit);
}

TEST_CASE("a gap is 4, and a chain that was not read at all is 3", "[app][exit][coverage]") {
    auto report = report_with({});
    report.gaps = {gap_on("devnet")};
    CHECK(exit_code(judge(report, {})) == ExitCode::Gaps);
    report.gaps.push_back(gap_on("ethereum"));
    CHECK(exit_code(judge(report, {})) == ExitCode::Unreadable);
}

TEST_CASE("flag --verify strikes at a difference and takes an unverified account for a gap",
          "[app][exit][verify]") {
    const VerdictOptions verify{.fail_below = std::nullopt, .verify = true};
    auto agreeing = account(margin::Status::Healthy, core::wad());
    auto unverified = agreeing;
    unverified.verified = false;
    auto differing = agreeing;
    differing.differences = {{.what = "health factor", .ours = "1", .theirs = "2"}};
    CHECK(exit_code(judge(report_with({agreeing}), verify)) == ExitCode::Fine);
    CHECK(exit_code(judge(report_with({agreeing, unverified}), verify)) == ExitCode::Gaps);
    CHECK(exit_code(judge(report_with({unverified}), {})) == ExitCode::Fine);
    CHECK(exit_code(judge(report_with({unverified, differing}), verify)) == ExitCode::Hit);
    const auto count = count_verified(report_with({agreeing, unverified, differing, agreeing}));
    CHECK(count.agree == 2);
    CHECK(count.differ == 1);
    CHECK(count.unverified == 1);
}

}  // namespace
}  // namespace margrave::app
