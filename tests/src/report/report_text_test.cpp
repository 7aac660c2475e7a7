#include <catch2/catch.hpp>
#include <sstream>

#include "report/gap_advice.hpp"
#include "report/report.hpp"
#include "report/text_layout.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;
using margin::Status;
using test::account;
using test::health_of;

std::string text_of(std::vector<test::FakeAccount> accounts) {
    return to_text(test::report_of(std::move(accounts)), {});
}

std::string example_text(const TextStyle& style) {
    return to_text(make_report(test::example(), test::options()), style);
}

std::string without_colour(std::string text) {
    for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
        text.erase(at, text.find('m', at) - at + 1);
    }
    return text;
}

TEST_CASE("the terminal report reads as the golden file", "[report][text][golden]") {
    CHECK(example_text({}) == test::golden("src/report/golden/example.txt"));
}

TEST_CASE("the verbose report adds hashes, assets, raw amounts and sources",
          "[report][text][golden]") {
    CHECK(example_text({.verbose = true}) == test::golden("src/report/golden/verbose.txt"));
}

TEST_CASE("colour adds nothing but colour", "[report][text][golden]") {
    CHECK(example_text({.colour = true}) == test::golden("src/report/golden/colour.txt"));
    CHECK(without_colour(example_text({.colour = true})) == example_text({}));
    CHECK(example_text({}).find('\x1b') == std::string::npos);
}

TEST_CASE("the report fits 100 columns", "[report][text]") {
    std::istringstream lines(example_text({.verbose = GENERATE(false, true)}));
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(display_width(line) <= 100);
    }
}

TEST_CASE("an empty report says that there is nothing", "[report][text]") {
    CHECK(to_text(make_report(snapshot::Snapshot{}, test::options()), {}) ==
          "No chain was read.\n"
          "\n"
          "0 accounts: 0 liquidatable, 0 at risk, 0 healthy, 0 unknown, 0 without debt\n");
}

TEST_CASE("health just below one is shown below one", "[report][text][boundary]") {
    const std::string text =
        text_of({account(1, health_of(Status::Liquidatable, "999999999999999999"))});
    CHECK_THAT(text, Contains("health 0.9999   can be liquidated now"));
    CHECK_THAT(text, !Contains("collateral may fall"));
}

TEST_CASE("a liquidation that is blocked is not called possible", "[report][text]") {
    auto row = account(1, health_of(Status::Liquidatable, "990000000000000000"));
    row.blocked_by = {"paused"};
    const std::string text = text_of({row});
    CHECK_THAT(text, Contains("past its limit"));
    CHECK_THAT(text, Contains("(!) liquidation is blocked now by: paused"));
    CHECK_THAT(text, !Contains("can be liquidated now"));
}

TEST_CASE("an account's warnings are printed, safe for a terminal", "[report][text]") {
    auto row = account(1, health_of(Status::Healthy, "1200000000000000000"));
    row.warnings = {"another contract may act earlier", "evil\x1b[31m"};
    const std::string text = text_of({row});
    CHECK_THAT(text, Contains("(!) another contract may act earlier"));
    CHECK_THAT(text, Contains("(!) evil?[31m"));
}

TEST_CASE("the collateral of an isolated market is printed in its quote", "[report][text]") {
    auto row = account(1, health_of(Status::Healthy, "1200000000000000000"));
    row.health.collateral_usd.reset();
    row.health.collateral = 77;
    row.health.collateral_value = 88;
    auto market = test::market({row});
    market->quote_name = "USDC";
    const std::string text =
        to_text(make_report(test::snapshot_of(std::move(market)), test::options()), {});
    CHECK_THAT(text, Contains("collateral 88 (raw, in USDC)"));
}

TEST_CASE("collateral that has no value in the quote is not shown as if it were the quote's",
          "[report][text][coverage]") {
    auto row = account(1, test::unknown("no oracle price"));
    row.health.collateral = 77;  // of the collateral token
    row.health.debt = 5;
    auto market = test::market({row});
    market->quote_name = "USDC";
    const auto report = make_report(test::snapshot_of(std::move(market)), test::options());
    CHECK_THAT(to_text(report, {}), Contains("collateral unknown") && !Contains("LTV 0"));
    CHECK_FALSE(report.accounts.at(0).current_ltv_bps);
}

TEST_CASE("an account in a quote without dollars shows the raw figures", "[report][text]") {
    auto market = test::market({account(1, health_of(Status::Healthy, "1200000000000000000"))});
    market->quote_name = "ETH";
    market->asset_prices.clear();
    margin::Health& health = market->accounts[0].health;
    health.collateral_usd.reset();
    health.debt_usd.reset();
    const std::string text =
        to_text(make_report(test::snapshot_of(std::move(market)), test::options()), {});
    CHECK_THAT(text, Contains("collateral 1,500,000,000,000 (raw, in ETH)"));
    CHECK_THAT(text, Contains("raw 250,000,000,000"));
}

TEST_CASE("a leg that could not be read says so", "[report][text][coverage]") {
    auto row = account(1, test::unknown("no balance"));
    row.legs[0].amount.reset();
    CHECK_THAT(text_of({row}), Contains("NOT READ"));
}

TEST_CASE("a price is marked old after 25 hours and not before", "[report][text][boundary]") {
    auto row = account(1, test::no_debt());
    const auto with_age = [&row](std::uint64_t age_s) {
        row.legs[0].price->updated_at = core::Timestamp(test::kBlockTime.value() - age_s);
        return text_of({row});
    };
    CHECK_THAT(with_age(25 * 3600), Contains("1d 1h ") && !Contains("!"));
    CHECK_THAT(with_age(25 * 3600 + 1), Contains("1d 1h !") && Contains("older than 25 hours"));
}

TEST_CASE("a price later than its block is marked", "[report][text]") {
    auto row = account(1, test::no_debt());
    row.legs[0].price->updated_at = core::Timestamp(test::kBlockTime.value() + 1);
    CHECK_THAT(text_of({row}), Contains("after block !"));
}

TEST_CASE("a chain pinned by number says so", "[report][text]") {
    snapshot::Snapshot snapshot = test::snapshot_of(test::market({}));
    snapshot.chains[0].pinned_by_hash = false;
    CHECK_THAT(to_text(make_report(snapshot, test::options()), {}), Contains("pinned by number"));
}

TEST_CASE("a report for a later time says so", "[report][text]") {
    Options options = test::options();
    options.at = core::Timestamp(test::kBlockTime.value() + 60);
    CHECK_THAT(to_text(make_report(test::snapshot_of(test::market({})), options), {}),
               Contains("interest accrued to 2025-06-15 15:07:40 UTC"));
}

TEST_CASE("agreement with the contract is said of all or of some accounts",
          "[report][text][verify]") {
    auto first = account(1, health_of(Status::Healthy, "1200000000000000000"));
    auto second = account(2, test::no_debt());
    CHECK_THAT(text_of({first, second}), !Contains("the contract"));
    first.referee = std::vector<margin::Difference>{};
    CHECK_THAT(text_of({first, second}),
               Contains("agrees on 1 account; 1 account could not be compared."));
    second.referee = std::vector<margin::Difference>{};
    CHECK_THAT(text_of({first, second}),
               Contains("verified: the contract agrees on all 2 accounts.\n"));
}

TEST_CASE("each difference from the contract is printed", "[report][text][verify]") {
    auto row = account(1, test::no_debt());
    row.referee = {{.what = "debt", .ours = "0", .theirs = "1"},
                   {.what = "collateral", .ours = "5", .theirs = "6"}};
    const std::string text = text_of({row});
    CHECK_THAT(text, Contains("DIFFERENT: the contract disagrees on 1 of 1 account."));
    CHECK_THAT(text, Contains("debt: margrave 0, contract 1"));
    CHECK_THAT(text, Contains("collateral: margrave 5, contract 6"));
}

TEST_CASE("a net worth with holes says in which direction it may be wrong",
          "[report][text][coverage]") {
    auto row = account(1, health_of(Status::Healthy, "1200000000000000000"));
    const auto with_holes = [&row](bool in_assets, bool in_debt) {
        auto copy = row;
        if (in_assets) {
            copy.legs[0].value.reset();
        }
        if (in_debt) {
            copy.legs[1].value.reset();
        }
        return text_of({copy});
    };
    CHECK_THAT(with_holes(false, false), Contains("01  $5,000.00\n"));
    CHECK_THAT(with_holes(true, false), Contains("at least -$10,000.00\n"));
    CHECK_THAT(with_holes(false, true), Contains("at most $15,000.00\n"));
    CHECK_THAT(with_holes(true, true), Contains("$0.00 (INCOMPLETE)\n"));
}

TEST_CASE("hostile text cannot move the cursor or fake a line", "[report][text][hostile]") {
    const std::string evil = "\x1b[2J\nHEALTHY \u202e";
    auto row = account(1, test::unknown(evil));
    row.legs[0].symbol = evil;
    row.blocked_by = {evil};
    row.referee = {{.what = evil, .ours = evil, .theirs = evil}};
    auto market = test::market({row}, evil);
    market->quote_name = evil;
    snapshot::Snapshot snapshot = test::snapshot_of(std::move(market));
    snapshot.holdings = {test::weth_holding(1, 1)};
    snapshot.holdings[0].symbol = evil;
    snapshot.holdings[0].price->name = evil;
    snapshot.gaps = {{.chain = evil,
                      .protocol = evil,
                      .market = evil,
                      .wallet = std::nullopt,
                      .kind = core::ErrorKind::Timeout,
                      .detail = evil}};
    const std::string text = to_text(make_report(snapshot, test::options()), {.verbose = true});
    CHECK_THAT(text, !Contains("\x1b") && !Contains("\nHEALTHY") && !Contains("\u202e"));
}

TEST_CASE("numbers of 256 bits are laid out without failing", "[report][text][boundary]") {
    auto row = account(1, health_of(Status::Healthy, core::to_decimal(core::max_u256())));
    row.health.collateral_usd = core::Usd(core::max_u256());
    row.legs[0].amount = core::max_u256();
    row.legs[0].value = core::Usd(core::max_u256());
    row.legs[0].price->answer = core::max_u256();
    CHECK_THAT(text_of({row}), Contains("health 1.1579e59") && Contains("collateral $1.1579e59"));
}

TEST_CASE("every kind of gap comes with something to do", "[report][text][errors]") {
    const int last = static_cast<int>(core::ErrorKind::NoAgreement);
    for (int i = 0; i <= last; ++i) {
        CHECK(advice(static_cast<core::ErrorKind>(i)).size() > 10);
    }
}

TEST_CASE("that no contract stands at an address is not said for sure", "[report][text]") {
    CHECK_THAT(std::string(advice(core::ErrorKind::EmptyReply)), Contains("perhaps no contract"));
}

TEST_CASE("a chain at block 0 is told to have a block mined", "[report][text]") {
    CHECK_THAT(std::string(advice(core::ErrorKind::WrongBlock)),
               Contains("at block 0, have a block mined"));
}

}  // namespace
}  // namespace margrave::report
