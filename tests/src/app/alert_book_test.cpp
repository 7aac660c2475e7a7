#include "app/alert_book.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/u256.hpp"
#include "oracle/model.hpp"
#include "settings/settings.hpp"
#include "tests/support/fake_market.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/oracles.hpp"

namespace margrave::app {
namespace {

using core::U256;
using core::Wad;
using nlohmann::json;
using test::address;

const U256 kHundredth(10'000'000'000'000'000);

alert::Rule health_rule() {
    alert::Rule rule;
    rule.name = "health";
    rule.fires = Wad(kHundredth * U256(110));
    rule.clears = Wad(kHundredth * U256(115));
    rule.unknown_after_s = 60;
    return rule;
}

/// Accounts of aave_v3/core, each with a health factor in hundredths; 0: unknown.
report::Report report_of(const std::map<std::uint64_t, std::uint64_t>& health,
                         const std::string& factor = "ETH/USD") {
    report::Report out;
    for (const auto& [wallet, hundredths] : health) {
        report::Account& account = out.accounts.emplace_back();
        account.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
        account.wallet = address(static_cast<std::uint8_t>(wallet));
        account.health.status = hundredths == 0 ? margin::Status::Unknown : margin::Status::Healthy;
        account.health.unknown_because = "no price";
        account.health.health_factor = Wad(kHundredth * U256(hundredths));
        account.outlook.factors = {
            {.factor = "OTHER/USD", .multiplier = kHundredth, .failing = {}, .price = {}},
            {.factor = factor, .multiplier = kHundredth * U256(90), .failing = {}, .price = {}}};
    }
    return out;
}

/// A book of one chain, and what it puts into its outbox.
struct Office {
    WatchPlan plan{
        .settings = {},
        .rules = {health_rule()},
        .channels = {{.name = "chat", .is_grouped = true}, {.name = "pager", .is_grouped = false}},
        .report = {}};
    AlertBook book{plan,
                   "devnet",
                   core::ChainId(31337),
                   {address(1), address(2), address(3), address(4)},
                   "instance"};
    alert::Scope all{.wallets = {address(1), address(2), address(3), address(4)}};
    Notes notes = {};
    std::uint64_t block = 0;
    std::vector<std::string> lines = {};

    store::WatchFile::Evaluation look(const report::Report& report) {
        ++block;
        book.learn_factors(report);
        static_cast<void>(book.evaluate(report, all, alert::Depth::Health, at()));
        return close();
    }
    store::WatchFile::Evaluation close() {
        store::WatchFile::Evaluation out{.chain = "devnet"};
        lines = book.close(notes, at(), std::nullopt, out);
        return out;
    }
    [[nodiscard]] FoundAt at() const {
        return {.block = {.number = block, .hash = {}, .timestamp = 1'000 + 12 * block},
                .wall_s = 2'000 + 12 * block};
    }
};

alert::Rule changes_rule(const std::string& name, alert::Quantity quantity) {
    alert::Rule rule;
    rule.name = name;
    rule.quantity = quantity;
    rule.fires_below = false;
    rule.fires = rule.clears = alert::whole(0);
    rule.within_s = 600;
    return rule;
}

WatchPlan changes_plan() {
    return {.settings = settings::load(
                {},
                settings::Source{"my.toml",
                                 "[chains.devnet]\nchain_id = 31337\n[[markets]]\nprotocol = "
                                 "\"aave_v3\"\nchain = \"devnet\"\nname = \"core\"\n"
                                 "from_block = 1\n"},
                [](const std::string&) { return std::nullopt; }),
            .rules = {changes_rule("parameters", alert::Quantity::ParameterChanges),
                      changes_rule("accounts", alert::Quantity::AccountChanges)},
            .channels = {{.name = "chat", .is_grouped = true}},
            .report = {}};
}

/// Rules of what changes, over one market and its accounts.
struct Registry {
    Office office{.plan = changes_plan()};
    std::string threshold = "8300 bps";
    std::vector<std::uint64_t> accounts = {1};

    store::WatchFile::Evaluation look() {
        ++office.block;
        snapshot::Snapshot snapshot;
        report::Report report;
        auto market = std::make_unique<test::FakeMarket>(
            margin::MarketName{.protocol = "aave_v3", .chain = "devnet", .name = "core"});
        market->parameter_groups = {{.of = "0xa",
                                     .label = "WETH",
                                     .values = {{"liquidation threshold", threshold}},
                                     .price_sources = {}}};
        for (const std::uint64_t wallet : accounts) {
            market->accounts.emplace_back().wallet = address(wallet);
            report::Account& account = report.accounts.emplace_back();
            account.market = market->name();
            account.wallet = address(wallet);
            account.health.status = margin::Status::Healthy;
        }
        snapshot.markets.push_back(std::move(market));
        office.book.learn_facts(snapshot, report, office.at());
        static_cast<void>(
            office.book.evaluate(report, office.all, alert::Depth::Health, office.at()));
        return office.close();
    }
};

std::vector<json> to(const std::string& channel, const store::WatchFile::Evaluation& evaluation) {
    std::vector<json> out;
    for (const store::Outgoing& message : evaluation.messages) {
        if (message.channel == channel) {
            out.push_back(json::parse(message.body));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("accounts that fall together by one factor are one message, the worst first",
          "[alert_book]") {
    Office office;
    CHECK(office.look(report_of({{1, 150}, {2, 150}, {3, 150}})).messages.empty());
    const auto fell = office.look(report_of({{1, 108}, {2, 101}, {3, 150}}));
    const auto chat = to("chat", fell);
    REQUIRE(chat.size() == 1);
    CHECK(chat[0]["count"] == 2);
    CHECK(chat[0]["cause"] == "ETH/USD");
    CHECK(chat[0]["wallet"] == address(2).to_string());
    CHECK(chat[0]["value"] == "1.01");
    REQUIRE(chat[0]["others"].size() == 1);
    CHECK(chat[0]["others"][0]["wallet"] == address(1).to_string());
    CHECK(chat[0]["others"][0]["value"] == "1.08");
    CHECK(chat[0]["summary"].get<std::string>().find("and 1 more, all nearest to ETH/USD") !=
          std::string::npos);
    // Who keeps alerts apart is told of each, in a line of its own.
    CHECK(to("pager", fell).size() == 2);
    std::set<std::string> keys;
    std::set<std::string> queues;
    for (const store::Outgoing& message : fell.messages) {
        keys.insert(message.key);
        queues.insert(message.channel + " " + message.alert);
    }
    CHECK(keys.size() == 3);
    CHECK(queues.size() == 3);
    CHECK(office.lines.size() == 1);

    // A new one is told at once, alone; what still fires is not told again.
    const auto later = office.look(report_of({{1, 108}, {2, 101}, {3, 105}}));
    REQUIRE(to("chat", later).size() == 1);
    CHECK(to("chat", later)[0]["count"] == 1);
    CHECK(to("chat", later)[0]["wallet"] == address(3).to_string());
    const auto resolved = office.look(report_of({{1, 150}, {2, 150}, {3, 150}}));
    REQUIRE(to("chat", resolved).size() == 1);
    CHECK(to("chat", resolved)[0]["kind"] == "resolve");
    CHECK(to("chat", resolved)[0]["count"] == 3);
    CHECK(to("pager", resolved).size() == 3);
}

TEST_CASE("what has another cause is another message", "[alert_book]") {
    Office office;
    auto report = report_of({{1, 105}});
    report.accounts.push_back(report_of({{2, 104}}, "BTC/USD").accounts.front());
    const auto chat = to("chat", office.look(report));
    REQUIRE(chat.size() == 2);
    CHECK(chat[0]["cause"] == "BTC/USD");
    CHECK(chat[1]["cause"] == "ETH/USD");
}

TEST_CASE("before a factor is known accounts that fall are one message that claims no cause",
          "[alert_book]") {
    Office office;
    ++office.block;
    static_cast<void>(office.book.evaluate(report_of({{1, 105}, {2, 104}}), office.all,
                                           alert::Depth::Health, office.at()));
    const auto chat = to("chat", office.close());
    REQUIRE(chat.size() == 1);
    CHECK(chat[0]["count"] == 2);
    CHECK(chat[0]["cause"].is_null());
    CHECK(chat[0]["summary"].get<std::string>().ends_with(" and 1 more"));
}

TEST_CASE("accounts that are late for one feed are one message, and each feed has its own",
          "[alert_book]") {
    Office office;
    alert::Rule late = changes_rule("late", alert::Quantity::LateOracles);
    office.plan.rules = {late};
    AlertBook book{office.plan, "devnet", core::ChainId(31337), office.all.wallets, "instance"};
    auto report = report_of({{1, 150}, {2, 150}, {3, 150}});
    report::OracleChain& oracles = report.oracles.emplace_back();
    oracles.chain = "devnet";
    for (const std::uint64_t feed : {std::uint64_t{21}, std::uint64_t{22}}) {
        report::OracleRow& row = oracles.rows.emplace_back();
        row.model = oracle::make_model(test::feed(feed, 1, ""));
        row.used_for = {{.market = report.accounts[0].market,
                         .asset = address(feed),
                         .symbol = feed == 21 ? "WETH\x1b[31m" : "DAI"}};
        row.is_stale = true;
    }
    for (std::size_t i = 0; i < 3; ++i) {
        report.accounts[i].legs.resize(1);
        report.accounts[i].legs[0].leg.asset = address(i < 2 ? 21 : 22);
    }
    const auto look = [&] {
        ++office.block;
        static_cast<void>(book.evaluate(report, office.all, alert::Depth::Whole, office.at()));
        store::WatchFile::Evaluation out{.chain = "devnet"};
        static_cast<void>(book.close({}, office.at(), std::nullopt, out));
        return to("chat", out);
    };
    const auto chat = look();
    REQUIRE(chat.size() == 2);
    const std::string first = "feed " + test::oracle_address(21).to_string();
    CHECK(chat[0]["cause"] == first);
    CHECK(chat[0]["count"] == 2);
    const auto summary = chat[0]["summary"].get<std::string>();
    CHECK(summary.ends_with(" and 1 more, all because of " + first));
    // Symbols are whatever a contract says.
    CHECK(chat[0]["about"] == "WETH?[31m by " + test::oracle_address(21).to_string());
    CHECK(chat[1]["about"] == "DAI by " + test::oracle_address(22).to_string());
    CHECK(chat[1]["count"] == 1);
}

TEST_CASE("an alert of an account says what its value was computed from", "[alert_book]") {
    Office office;
    auto report = report_of({{1, 105}, {2, 104}});
    for (report::Account& account : report.accounts) {
        account.quote = "USD";
        account.health.collateral_value = U256(180);
        account.health.debt = U256(140);
        account.health.collateral_usd = core::Usd(kHundredth * U256(18'050));
        account.health.liquidation_threshold = core::Bps(8300);
        for (std::uint64_t value = 1; value <= 10; ++value) {
            report::Leg& leg = account.legs.emplace_back();
            leg.leg.symbol = "T" + std::to_string(value);
            leg.leg.decimals = 6;
            leg.leg.amount = U256(value);
            leg.leg.value = core::Usd(U256(value));
        }
        account.legs[3].leg.value.reset();  // nobody prices it
        account.legs[9].leg.side = margin::Side::Debt;
        account.legs[9].leg.symbol += "\n";
        account.legs[9].price_usd = core::Usd(kHundredth * U256(150));
        account.legs[9].leg.price = {.answer = U256(15), .source = {}, .updated_at = {}};
    }
    const auto chat = to("chat", office.look(report));
    REQUIRE(chat.size() == 1);
    const json& inputs = chat[0]["inputs"];
    CHECK(inputs["quote"] == "USD");
    CHECK(inputs["collateral_value_raw"] == "180");
    CHECK(inputs["debt_value_raw"] == "140");
    CHECK(inputs["collateral_usd"] == "180.5");
    CHECK(inputs["debt_usd"].is_null());
    CHECK(inputs["health_factor"] == "1.04");
    CHECK(inputs["liquidation_threshold_bps"] == 8300);
    REQUIRE(inputs["legs"].size() == 8);
    CHECK(inputs["legs_left_out"] == 2);
    CHECK(inputs["legs"][0]["symbol"] == "T4");
    CHECK(inputs["legs"][0]["value_usd"].is_null());
    CHECK(inputs["legs"][1] == json{{"asset", core::Address().to_string()},
                                    {"symbol", "T10?"},
                                    {"decimals", 6},
                                    {"side", "debt"},
                                    {"amount_raw", "10"},
                                    {"oracle_price_raw", "15"},
                                    {"price_usd", "1.5"},
                                    {"value_usd", "0.00000000000000001"}});
    CHECK(inputs["legs"][7]["symbol"] == "T3");
    // Others of a message are told in short.
    CHECK(chat[0]["others"][0]["inputs"]["legs"].size() == 2);
    CHECK(chat[0]["others"][0]["inputs"]["legs_left_out"] == 8);
    CHECK(chat[0]["others"][0]["inputs"]["health_factor"] == "1.05");
    // The end has its own block's, and what is not known any more has none.
    const auto better = to("chat", office.look(report_of({{1, 150}, {2, 104}})));
    REQUIRE(better.size() == 1);
    CHECK(better[0]["inputs"]["health_factor"] == "1.5");
    CHECK(better[0]["inputs"]["collateral_value_raw"].is_null());
    office.book.evaluate_blind("HTTP 503", office.at());
    office.block += 6;
    office.book.evaluate_blind("HTTP 503", office.at());
    const auto blind = to("chat", office.close());
    REQUIRE(blind.size() == 1);
    CHECK(blind[0]["inputs"].is_null());
}

TEST_CASE("a chain that is gone is one message of a rule, not one of an account", "[alert_book]") {
    Office office;
    static_cast<void>(office.look(report_of({{1, 150}, {2, 150}, {3, 150}, {4, 105}})));
    office.book.evaluate_blind("HTTP 503", office.at());
    CHECK(office.close().messages.empty());
    office.block += 6;
    office.book.evaluate_blind("HTTP 503", office.at());
    const auto blind = office.close();
    REQUIRE(to("chat", blind).size() == 1);
    CHECK(to("chat", blind)[0]["kind"] == "unknown");
    CHECK(to("chat", blind)[0]["count"] == 4);
    CHECK(to("chat", blind)[0]["cause"] == "HTTP 503");
    CHECK(to("chat", blind)[0]["value"].is_null());
    const auto seen = office.look(report_of({{1, 150}, {2, 150}, {3, 150}, {4, 105}}));
    REQUIRE(to("chat", seen).size() == 1);
    CHECK(to("chat", seen)[0]["kind"] == "known");
    CHECK(to("chat", seen)[0]["count"] == 4);
}

TEST_CASE("a silence keeps what it names, up to its severity, and no longer than it lasts",
          "[alert_book]") {
    Office office;
    office.notes.silences = {{.severity = "warning"}};  // everything, but nothing critical
    CHECK(to("chat", office.look(report_of({{1, 105}}))).size() == 1);
    office.notes.silences = {{.wallet = address(2).to_string(), .severity = "critical"}};
    CHECK(office.look(report_of({{1, 105}, {2, 105}})).messages.empty());
    CHECK(to("chat", office.look(report_of({{1, 105}, {2, 105}, {3, 105}}))).size() == 1);
    office.notes.silences.clear();
    const auto over = to("chat", office.close());  // without a new block
    REQUIRE(over.size() == 1);
    CHECK(over[0]["wallet"] == address(2).to_string());
    CHECK(over[0]["fired_at_block"] == "2");
}

TEST_CASE("an alert that says it all keeps others of the same subject back", "[alert_book]") {
    Office office;
    alert::Rule near = health_rule();
    near.name = "near";
    near.severity = alert::Severity::Warning;
    near.fires = Wad(kHundredth * U256(130));
    near.clears = Wad(kHundredth * U256(135));
    near.inhibited_by = {"health", "silence"};
    alert::Rule silence;
    silence.name = "silence";
    silence.quantity = alert::Quantity::BlockAge;
    silence.fires_below = false;
    silence.fires = silence.clears = alert::whole(100);
    // The one that is kept back stands first: what is so is known before anything is told.
    office.plan.rules = {near, health_rule(), silence};
    const auto chat = to("chat", office.look(report_of({{1, 105}, {2, 120}})));
    REQUIRE(chat.size() == 2);
    CHECK(chat[0]["rule"] == "near");
    CHECK(chat[0]["wallet"] == address(2).to_string());
    CHECK(chat[1]["rule"] == "health");
    const auto better = to("chat", office.look(report_of({{1, 120}, {2, 120}})));
    REQUIRE(better.size() == 2);  // "health" is over, and "near" is still so
    std::set<std::string> told;
    for (const json& one : better) {
        told.insert(one["kind"].get<std::string>() + " " + one["rule"].get<std::string>());
    }
    CHECK(told == std::set<std::string>{"fire near", "resolve health"});
    // A chain that is silent inhibits what is of its accounts.
    office.book.evaluate_age(200, office.at());
    CHECK(to("chat", office.close()).size() == 1);
    CHECK(office.look(report_of({{1, 120}, {2, 120}, {3, 120}})).messages.empty());
}

TEST_CASE("who is called when nobody answers hears the end, too", "[alert_book]") {
    Office office;
    office.plan.rules[0].channels = {"chat"};
    office.plan.rules[0].escalate_to = {"pager"};
    office.plan.rules[0].escalate_after_s = 60;
    const auto first = office.look(report_of({{1, 105}}));
    CHECK(to("chat", first).size() == 1);
    CHECK(to("pager", first).empty());
    office.block += 5;
    const auto second = office.close();
    CHECK(to("chat", second).empty());
    REQUIRE(to("pager", second).size() == 1);
    CHECK(to("pager", second)[0]["kind"] == "escalate");
    const auto third = office.look(report_of({{1, 150}}));
    CHECK(to("chat", third).size() == 1);
    CHECK(to("pager", third).size() == 1);
    // Somebody is at it: nobody else is called, and nobody else hears its end.
    static_cast<void>(office.look(report_of({{1, 105}})));
    office.notes.acknowledged = {{"health devnet aave_v3/core " + address(1).to_string(), 2}};
    office.block += 50;
    CHECK(office.close().messages.empty());
    CHECK(to("pager", office.look(report_of({{1, 150}}))).empty());
}

TEST_CASE("what was held back is told with the block at which it was found", "[alert_book]") {
    Office office;
    alert::Rule rule = health_rule();
    rule.name = "interest";
    rule.quantity = alert::Quantity::TimeToLiquidation;
    rule.fires = rule.clears = alert::whole(100);
    office.plan.rules = {rule};
    office.plan.store_name = "watch.db";
    auto report = report_of({{1, 150}});
    report.accounts[0].outlook.falls_at = core::Timestamp(1'100);
    snapshot::ChainCut cut;
    cut.timestamp = core::Timestamp(1'050);
    report.chains = {cut};
    office.block = 5;
    const FoundAt whole = office.at();
    office.notes.silences = {{.severity = "critical"}};
    static_cast<void>(office.book.evaluate(report, office.all, alert::Depth::Whole, whole));
    CHECK(office.close().messages.empty());
    office.block = 9;
    office.notes.silences.clear();
    const auto late = to("chat", office.close());
    REQUIRE(late.size() == 1);
    CHECK(late[0]["block"]["number"] == "5");
    CHECK(late[0]["block"]["timestamp"] == "1060");
    CHECK(late[0]["reproduce_stored"].is_null());  // the block's reading was not kept
    // One whose block is not of the chain any more has none to be told with.
    office.notes.silences = {{.severity = "critical"}};
    report.accounts.push_back(report.accounts[0]);
    report.accounts[1].wallet = address(2);
    static_cast<void>(office.book.evaluate(report, office.all, alert::Depth::Whole, office.at()));
    CHECK(office.close().messages.empty());
    office.book.undo_after(8);
    office.block = 8;
    office.notes.silences.clear();
    const auto undone = to("chat", office.close());
    REQUIRE(undone.size() == 1);
    CHECK(undone[0]["block"]["number"] == "8");
}

TEST_CASE("a look at some wallets says nothing of the others, nor of the chain", "[alert_book]") {
    Office office;
    alert::Rule gaps;
    gaps.name = "unread";
    gaps.quantity = alert::Quantity::CoverageGaps;
    gaps.fires_below = false;
    gaps.fires = gaps.clears = alert::whole(0);
    office.plan.rules = {health_rule(), gaps};
    auto all = report_of({{1, 105}, {2, 105}, {3, 150}});
    all.gaps = {{.chain = "devnet",
                 .protocol = "morpho_blue",
                 .market = "",
                 .wallet = {},
                 .kind = core::ErrorKind::BadData,
                 .detail = "none"}};
    CHECK(to("chat", office.look(all)).size() == 2);  // two that fall together, and the gap
    CHECK(office.book.waiting() == std::set<core::Address>{address(1), address(2)});
    const auto look_at = [&](const report::Report& report,
                             const std::vector<core::Address>& wallets) {
        ++office.block;
        static_cast<void>(office.book.evaluate(report, {.wallets = wallets, .is_of_all = false},
                                               alert::Depth::Health, office.at()));
        return to("chat", office.close());
    };
    const auto better = look_at(report_of({{1, 150}}), {address(1)});
    REQUIRE(better.size() == 1);
    CHECK(better[0]["kind"] == "resolve");
    CHECK(better[0]["wallet"] == address(1).to_string());
    CHECK(better[0]["count"] == 1);
    CHECK(office.book.waiting() == std::set<core::Address>{address(2)});
    // One that was looked at, and is not there, was closed.
    const auto closed = look_at({}, {address(2)});
    REQUIRE(closed.size() == 1);
    CHECK(closed[0]["wallet"] == address(2).to_string());
    // The gap is over when all were looked at.
    CHECK(look_at({}, {address(1), address(2), address(3)}).empty());
    const auto whole = to("chat", office.look(report_of({{3, 150}})));
    REQUIRE(whole.size() == 1);
    CHECK(whole[0]["rule"] == "unread");
}

TEST_CASE("of what is not watched any more nothing is told when the chain goes blind",
          "[alert_book]") {
    Office office;
    CHECK(to("chat", office.look(report_of({{1, 105}, {9, 105}}))).size() == 1);
    auto smart = report_of({{1, 105}, {9, 105}});
    smart.smart_accounts.emplace_back().address = address(9);
    CHECK(to("chat", office.look(report_of({{1, 105}}))).empty());  // 9 is nobody's: forgotten
    office.plan.rules[0].unknown_after_s = 0;
    office.book.evaluate_blind("HTTP 503", office.at());
    const auto told = to("chat", office.close());
    REQUIRE(told.size() == 1);
    CHECK(told[0]["kind"] == "unknown");
    CHECK(told[0]["count"] == 1);
}

TEST_CASE("a rule that watches something else now does not end what it told before",
          "[alert_book]") {
    Office office;
    office.plan.rules[0].quantity = alert::Quantity::NetUsd;
    ++office.block;
    static_cast<void>(office.book.evaluate({}, office.all, alert::Depth::Whole, office.at()));
    const auto kept = office.close();
    REQUIRE(kept.alerts.size() == 1);
    Office next;  // the same name, of accounts
    next.block = office.block;
    const auto notes = next.book.restore(kept.alerts);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("not watched any more, and not resolved") == 0);
    CHECK(to("chat", next.look(report_of({{1, 150}}))).empty());
}

TEST_CASE("a near wallet's account behind it that is gone was closed", "[alert_book]") {
    Office office;
    snapshot::SmartAccount proxy;
    proxy.address = address(9);
    proxy.owners = {address(1)};
    auto report = report_of({{9, 105}});
    report.smart_accounts = {proxy};
    CHECK(to("chat", office.look(report)).size() == 1);
    report.accounts.clear();
    ++office.block;
    static_cast<void>(office.book.evaluate(report, {.wallets = {address(1)}, .is_of_all = false},
                                           alert::Depth::Health, office.at()));
    const auto closed = to("chat", office.close());
    REQUIRE(closed.size() == 1);
    CHECK(closed[0]["kind"] == "resolve");
}

TEST_CASE("what a whole report would have told is unknown where it cannot be made",
          "[alert_book]") {
    Office office;
    alert::Rule rule = health_rule();
    rule.name = "interest";
    rule.quantity = alert::Quantity::TimeToLiquidation;
    office.plan.rules = {health_rule(), rule};
    office.plan.store_name = "watch.db";
    const auto look = [&] {
        ++office.block;
        office.book.evaluate_unmade(report_of({{1, 150}, {2, 150}}), "a defect", office.at());
        return to("chat", office.close());
    };
    CHECK(look().empty());  // not yet
    office.block += 60;
    const auto told = look();
    REQUIRE(told.size() == 1);
    CHECK(told[0]["rule"] == "interest");
    CHECK(told[0]["kind"] == "unknown");
    CHECK(told[0]["count"] == 2);
    CHECK(told[0]["unknown_because"] == "a defect");
    CHECK(told[0]["reproduce_stored"].is_string());
}

TEST_CASE("a reading is named where it is kept and has the wallet", "[alert_book]") {
    for (const std::uint8_t kept : {std::uint8_t{1}, std::uint8_t{2}}) {
        Office office;
        office.plan.store_name = "watch.db";
        ++office.block;
        FoundAt at = office.at();
        at.kept_of = {address(kept)};
        static_cast<void>(
            office.book.evaluate(report_of({{1, 105}}), office.all, alert::Depth::Health, at));
        store::WatchFile::Evaluation out{.chain = "devnet"};
        static_cast<void>(office.book.close({}, at, std::nullopt, out));
        REQUIRE(to("chat", out).size() == 1);
        CHECK(to("chat", out)[0]["reproduce_stored"].is_string() == (kept == 1));
    }
}

TEST_CASE("whom a playbook does not ask for any more is not resolved, and named", "[alert_book]") {
    alert::Rule rule = health_rule();
    rule.name = "really";
    rule.quantity = alert::Quantity::CascadeDistance;
    rule.playbook = "market.toml";
    Office office;
    office.plan.rules = {rule};
    office.plan.playbooks = {{"devnet", {.file = "market.toml"}}};
    report::Report found;
    for (const std::uint8_t wallet : {std::uint8_t{1}, std::uint8_t{2}}) {
        found.cascade_falls.push_back(
            {.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"},
             .wallet = address(wallet),
             .distance = Wad(kHundredth)});
    }
    static_cast<void>(office.book.evaluate(found, office.all, alert::Depth::Cascade, office.at()));
    const auto fired = office.close();
    REQUIRE(fired.alerts.size() == 2);
    const auto restart = [&](const WatchedPlaybook& playbook) {
        Office next;
        next.block = 1;
        next.plan.rules = {rule};
        next.plan.playbooks = {{"devnet", playbook}};
        auto notes = next.book.restore(fired.alerts);
        // What the next one does not find of whom it asks for is over.
        static_cast<void>(next.book.evaluate({}, next.all, alert::Depth::Cascade, next.at()));
        return std::pair(notes.size(), next.close().messages.size());
    };
    using Counts = std::pair<std::size_t, std::size_t>;
    CHECK(restart({.file = "market.toml"}) == Counts{0, 3});  // chat: both; pager: each
    CHECK(restart({.file = "another.toml"}) == Counts{2, 0});
    CHECK(restart({.file = "market.toml", .asks_for = [](const alert::Subject& subject) {
                       return subject.wallet == address(2);
                   }}) == Counts{1, 2});
}

TEST_CASE("a cascade is put to the rules of its chain's playbook, and told as of its own block",
          "[alert_book]") {
    alert::Rule rule = health_rule();
    rule.name = "really";
    rule.quantity = alert::Quantity::CascadeDistance;
    rule.playbook = "market.toml";
    alert::Rule foreign = rule;
    foreign.name = "elsewhere";
    foreign.playbook = "base.toml";
    for (const bool has_book : {false, true}) {
        Office office;
        rule.playbook = has_book ? "our 'big' market.toml" : "market.toml";
        const std::string shown = has_book ? "'our '\\''big'\\'' market.toml'" : "market.toml";
        office.plan.rules = {health_rule(), rule, foreign};
        office.plan.playbooks = {{"devnet", {.file = rule.playbook, .has_book = has_book}},
                                 {"base", {.file = "base.toml"}}};
        report::Report found;
        found.cascade_falls = {
            {.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"},
             .wallet = address(1),
             .distance = Wad(kHundredth)}};
        // What falls, as it is at the cascade's block.
        found.accounts = report_of({{1, 150}}).accounts;
        const FoundAt earlier = office.at();
        office.block = 7;
        // Of an account whose health is told at block 7 nothing is told as of the cascade's.
        static_cast<void>(office.book.evaluate(report_of({{1, 90}}), office.all,
                                               alert::Depth::Health, office.at()));
        static_cast<void>(office.book.evaluate(found, office.all, alert::Depth::Cascade, earlier));
        store::WatchFile::Evaluation out{.chain = "devnet"};
        static_cast<void>(office.book.close({}, earlier, alert::Depth::Cascade, out));
        const auto messages = to("chat", out);
        REQUIRE(messages.size() == 1);
        CHECK(messages[0]["rule"] == "really");
        CHECK(messages[0]["block"]["number"] == "0");
        CHECK(messages[0]["inputs"]["health_factor"] == "1.5");
        CHECK(messages[0]["reproduce_stored"].is_null());
        const auto reproduce = messages[0]["reproduce"].get<std::string>();
        CHECK(reproduce.starts_with("margrave cascade --playbook " + shown));
        CHECK((reproduce.find(" --block 0x") == std::string::npos) == has_book);
        const auto rest = to("chat", office.close());
        REQUIRE(rest.size() == 1);
        CHECK(rest[0]["rule"] == "health");
        CHECK(rest[0]["block"]["number"] == "7");
    }
}

TEST_CASE("a parameter that changes is told with what it was, and so is the next",
          "[alert_book][facts]") {
    Registry registry;
    const auto first = registry.look();
    CHECK(first.messages.empty());
    CHECK(first.facts.size() == 6);  // a parameter, an account, and what was read of four wallets
    registry.threshold = "8000 bps";
    const auto evaluation = registry.look();
    CHECK(evaluation.facts.size() == 1);
    const auto fired = to("chat", evaluation);
    REQUIRE(fired.size() == 1);
    CHECK(fired[0]["alert"] == "parameters devnet aave_v3/core");
    CHECK(fired[0]["quantity"] == "parameter_changes");
    CHECK(fired[0]["value"] == "1");
    CHECK(fired[0]["wallet"].is_null());
    CHECK(fired[0]["changes"] == json::array({{{"what", "WETH liquidation threshold"},
                                               {"was", "8300 bps"},
                                               {"is", "8000 bps"},
                                               {"block", "2"},
                                               {"timestamp", "1024"}}}));
    CHECK(fired[0]["summary"].get<std::string>().find(
              "parameter_changes 1, fires above 0: WETH liquidation threshold is 8000 bps, was "
              "8300 bps (block 2)") != std::string::npos);
    CHECK(registry.look().messages.empty());

    // More of it: the first one ends, so that the next is heard.
    registry.threshold = "7500 bps";
    const auto ended = to("chat", registry.look());
    REQUIRE(ended.size() == 1);
    CHECK(ended[0]["kind"] == "resolve");
    CHECK(ended[0]["episode"] == 1);
    CHECK(ended[0]["summary"].get<std::string>().find("more of which is told next") !=
          std::string::npos);
    const auto more = to("chat", registry.office.close());
    REQUIRE(more.size() == 1);
    CHECK(more[0]["kind"] == "fire");
    CHECK(more[0]["episode"] == 2);
    REQUIRE(more[0]["changes"].size() == 2);
    CHECK(more[0]["changes"][0]["is"] == "7500 bps");
    CHECK(more[0]["changes"][1]["is"] == "8000 bps");
    registry.office.block += 100;
    const auto over = to("chat", registry.look());
    REQUIRE(over.size() == 1);
    CHECK(over[0]["kind"] == "resolve");
    CHECK(over[0]["value"] == "0");
    CHECK(over[0]["summary"].get<std::string>().find("told next") == std::string::npos);
}

TEST_CASE("accounts that are opened and closed are told of their wallets, with each of them",
          "[alert_book][facts]") {
    Registry registry;
    static_cast<void>(registry.look());
    registry.accounts = {2};
    const auto chat = to("chat", registry.look());
    REQUIRE(chat.size() == 1);
    CHECK(chat[0]["rule"] == "accounts");
    CHECK(chat[0]["count"] == 2);
    CHECK(chat[0]["protocol"].is_null());
    CHECK(chat[0]["wallet"] == address(1).to_string());
    CHECK(chat[0]["changes"][0]["what"] == "account aave_v3/core");
    CHECK(chat[0]["changes"][0]["was"] == "open");
    CHECK(chat[0]["changes"][0]["is"] == "closed");
    CHECK(chat[0]["others"][0]["wallet"] == address(2).to_string());
    CHECK(chat[0]["others"][0]["changes"][0]["is"] == "open");
}

TEST_CASE("changes are the file's, too: what is told after a restart says what changed",
          "[alert_book][facts]") {
    Registry registry;
    auto kept = registry.look();
    registry.office.notes.silences = {{.severity = "critical"}};
    registry.threshold = "8000 bps";
    const auto later = registry.look();
    CHECK(later.messages.empty());
    kept.facts.insert(kept.facts.end(), later.facts.begin(), later.facts.end());

    Registry again;
    again.office.block = registry.office.block;
    CHECK(again.office.book.restore(later.alerts).empty());
    again.office.book.restore_facts(kept.facts, again.office.at().block);
    const auto told = to("chat", again.office.close());  // before any block is evaluated
    REQUIRE(told.size() == 1);
    CHECK(told[0]["changes"][0]["was"] == "8300 bps");
    again.threshold = "7000 bps";  // while nobody watched
    CHECK(again.look().facts.size() == 1);
    const auto meanwhile = to("chat", again.office.close());
    REQUIRE(meanwhile.size() == 1);
    CHECK(meanwhile[0]["changes"].size() == 2);
}

TEST_CASE("a reorganisation undoes a change; who was told hears its end", "[alert_book][facts]") {
    Registry registry;
    static_cast<void>(registry.look());
    registry.threshold = "8000 bps";
    CHECK(to("chat", registry.look()).size() == 1);
    registry.office.book.undo_after(1);
    registry.office.block = 1;
    registry.threshold = "8300 bps";
    const auto other = registry.look();
    CHECK(other.facts.empty());
    REQUIRE(to("chat", other).size() == 1);
    CHECK(to("chat", other)[0]["kind"] == "resolve");
}

TEST_CASE("not to read a chain changes nothing, and makes no change unknown",
          "[alert_book][facts]") {
    Registry registry;
    static_cast<void>(registry.look());
    registry.threshold = "8000 bps";
    static_cast<void>(registry.look());
    registry.office.book.evaluate_blind("HTTP 503", registry.office.at());
    registry.office.block += 10;
    registry.office.book.evaluate_blind("HTTP 503", registry.office.at());
    CHECK(registry.office.close().messages.empty());
}

TEST_CASE("a book is the same after a restart, and says who is watched no more", "[alert_book]") {
    Office office;
    const auto first = office.look(report_of({{1, 105}, {2, 150}}));
    Office again;
    CHECK(again.book.restore(first.alerts).empty());
    again.block = office.block;
    CHECK(again.look(report_of({{1, 105}, {2, 150}})).messages.empty());
    CHECK(to("chat", again.look(report_of({{1, 150}, {2, 150}}))).size() == 1);

    Office other;
    other.plan.rules[0].name = "renamed";
    const auto notes = other.book.restore(first.alerts);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("not watched any more, and not resolved: health devnet") !=
          std::string::npos);
    const auto closed = other.close();
    CHECK(closed.messages.empty());
    CHECK_FALSE(closed.alerts.empty());
}

TEST_CASE("a channel that is new is told once what stands, and no more", "[alert_book]") {
    std::vector<store::KeptAlert> kept;
    Office before;
    for (const auto& report :
         {report_of({{1, 100}, {2, 100}, {3, 120}}), report_of({{1, 100}, {2, 120}, {3, 120}})}) {
        for (store::KeptAlert& alert : before.look(report).alerts) {
            std::erase_if(kept, [&](const auto& one) { return one.key == alert.key; });
            kept.push_back(std::move(alert));
        }
    }
    Office after;
    after.block = before.block;
    static_cast<void>(after.book.restore(kept));
    after.book.welcome({{.name = "pager", .is_grouped = false}});
    // Not before it was looked at again.
    CHECK(after.close().messages.empty());
    const auto told = after.look(report_of({{1, 99}, {2, 120}, {3, 120}}));
    REQUIRE(told.messages.size() == 1);
    CHECK(told.messages[0].channel == "pager");
    const auto fire = json::parse(told.messages[0].body);
    CHECK(fire["kind"] == "fire");
    CHECK(fire["wallet"] == address(1).to_string());
    CHECK(fire["episode"] == 1);
    CHECK(after.lines.empty());
    CHECK(after.look(report_of({{1, 98}, {2, 120}, {3, 120}})).messages.empty());

    Office known;
    known.block = before.block;
    static_cast<void>(known.book.restore(kept));
    known.book.welcome({});
    CHECK(known.look(report_of({{1, 99}, {2, 120}, {3, 120}})).messages.empty());
}

TEST_CASE("on a chain with confirmations nothing resolves before so many blocks", "[alert_book]") {
    const auto looks_until_resolved = [](std::uint64_t confirmations) {
        WatchPlan plan{
            .settings = settings::load(
                {},
                settings::Source{"my.toml", "[chains.devnet]\nchain_id = 31337\nconfirmations = " +
                                                std::to_string(confirmations) + "\n"},
                [](const std::string&) { return std::nullopt; }),
            .rules = {health_rule()},
            .channels = {{.name = "chat", .is_grouped = true}},
            .report = {}};
        plan.rules[0].clear_blocks = 2;
        Office office{.plan = std::move(plan)};
        CHECK(office.look(report_of({{1, 100}})).messages.size() == 1);
        int looks = 1;
        while (looks < 100 && office.look(report_of({{1, 120}})).messages.empty()) {
            ++looks;
        }
        return looks;
    };
    CHECK(looks_until_resolved(0) == 3);
    CHECK(looks_until_resolved(7) == 8);
}

}  // namespace margrave::app
