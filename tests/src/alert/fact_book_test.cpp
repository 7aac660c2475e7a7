#include "alert/fact_book.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "oracle/model.hpp"
#include "tests/support/fake_market.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/gaps.hpp"
#include "tests/support/oracles.hpp"

using namespace margrave;
using namespace margrave::alert;
using test::address;
using test::gap;

namespace {

constexpr std::uint64_t kDay = 86'400;

const margin::MarketName kCore{.protocol = "aave_v3", .chain = "devnet", .name = "core"};
const margin::MarketName kOther{.protocol = "aave_v3", .chain = "devnet", .name = "other"};
const margin::MarketName kBlue{.protocol = "morpho_blue", .chain = "devnet", .name = "0xaa"};
const Subject kOfCore{.chain = "devnet", .protocol = "aave_v3", .market = "core", .wallet = {}};

using Values = std::vector<std::pair<std::string, std::string>>;

/// What a block shows, to be changed from one to the next, and the book that looks at it. Blocks
/// are 12 seconds apart.
struct World {
    std::map<std::pair<std::uint64_t, std::string>, margin::MarketName> accounts = {};
    std::set<std::uint64_t> unread = {};            ///< wallets of which nothing could be read
    std::map<std::string, Values> parameters = {};  ///< of kCore, by group
    std::vector<snapshot::CoverageGap> gaps = {};
    std::vector<snapshot::SmartAccount> smart_accounts = {};
    std::vector<margin::OracleBook> oracles = {};
    std::vector<core::Address> price_sources = {};  ///< of the group "0xa"
    std::uint64_t block = 100;
    std::vector<Fact> file = {};

    void open(std::uint64_t wallet, const margin::MarketName& market = kCore) {
        accounts[{wallet, market.name}] = market;
    }
    void close(std::uint64_t wallet, const margin::MarketName& market = kCore) {
        accounts.erase({wallet, market.name});
    }
    [[nodiscard]] std::uint64_t time_s() const { return 1'000'000 + 12 * block; }

    /// The next block; what it adds goes into the file.
    std::size_t look(FactBook& book) {
        snapshot::Snapshot snapshot;
        report::Report report;
        std::map<std::string, std::unique_ptr<test::FakeMarket>> markets;
        for (const auto& [key, name] : accounts) {
            auto& market = markets[name.name];
            if (!market) {
                market = std::make_unique<test::FakeMarket>(name);
            }
            market->accounts.emplace_back().wallet = address(key.first);
            report::Account& account = report.accounts.emplace_back();
            account.market = name;
            account.wallet = address(key.first);
            account.health.status =
                unread.contains(key.first) ? margin::Status::Unknown : margin::Status::Healthy;
        }
        if (const auto core = markets.find("core"); core != markets.end()) {
            for (const auto& [of, values] : parameters) {
                core->second->parameter_groups.push_back({.of = of,
                                                          .label = of == "0xa" ? "WETH" : "",
                                                          .values = values,
                                                          .price_sources = {}});
                if (of == "0xa") {
                    core->second->parameter_groups.back().price_sources = price_sources;
                }
            }
        }
        for (auto& [name, market] : markets) {
            snapshot.markets.push_back(std::move(market));
        }
        snapshot.oracles = oracles;
        report.gaps = gaps;
        report.smart_accounts = smart_accounts;
        ++block;
        const auto rows = book.learn(
            {.snapshot = snapshot, .report = report, .block = block, .time_s = time_s()});
        file.insert(file.end(), rows.begin(), rows.end());
        return rows.size();
    }
    /// "what: was -> is" of each change, the newest first; "-" without one.
    [[nodiscard]] std::string told(const FactBook& book, Quantity quantity,
                                   std::uint64_t within_s = kDay) const {
        std::string out;
        for (const auto& [subject, value] : book.changes(quantity, within_s, time_s())) {
            for (const Change& change : value.changes) {
                out += (out.empty() ? "" : "; ") + change.what + ": " + change.was + " -> " +
                       change.is;
            }
        }
        return out.empty() ? "-" : out;
    }
};

FactBook a_book(const std::string& coverage = "core") {
    return {"devnet", {address(1), address(2)}, {{"aave_v3", coverage}, {"morpho_blue", "blue"}}};
}

World a_world() {
    World out;
    out.open(1);
    out.parameters = {{"", {{"pool revision", "9"}}},
                      {"0xa", {{"LTV", "8000 bps"}, {"frozen", "no"}}}};
    return out;
}

std::string parameters(const World& world, const FactBook& book) {
    return world.told(book, Quantity::ParameterChanges);
}
std::string accounts(const World& world, const FactBook& book) {
    return world.told(book, Quantity::AccountChanges);
}

}  // namespace

TEST_CASE("what is seen for the first time is no change, what differs later is one",
          "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    CHECK(world.look(book) > 0);
    CHECK(parameters(world, book) == "-");
    CHECK(accounts(world, book) == "-");
    CHECK(world.look(book) == 0);  // nothing is written where nothing changes
    world.parameters["0xa"][0].second = "7500 bps";
    CHECK(world.look(book) == 1);
    CHECK(parameters(world, book) == "WETH LTV: 8000 bps -> 7500 bps");
    world.parameters["0xa"][1].second = "yes";
    world.parameters[""][0].second = "10";
    world.look(book);
    const auto changes = book.changes(Quantity::ParameterChanges, kDay, world.time_s());
    REQUIRE(changes.size() == 1);
    CHECK(changes.begin()->first == kOfCore);
    CHECK(changes.at(kOfCore).number == whole(3));
    CHECK(changes.at(kOfCore).changes[0].block == 104);
    CHECK(changes.at(kOfCore).changes[2].block == 103);
    CHECK(changes.at(kOfCore).changes[2].chain_s == world.time_s() - 12);
    // A further name is nothing that changed.
    world.parameters["0xa"].emplace_back("new flag", "no");
    world.parameters["0xb"] = {{"LTV", "1 bps"}};
    world.look(book);
    CHECK(book.changes(Quantity::ParameterChanges, kDay, world.time_s()).at(kOfCore).number ==
          whole(3));
    CHECK(accounts(world, book) == "-");
}

TEST_CASE("two of one name are the first of them", "[alert][facts]") {
    World world = a_world();
    world.parameters["0xa"] = {{"LTV", "1"}, {"LTV", "2"}};
    FactBook book = a_book();
    world.look(book);
    world.look(book);
    CHECK(parameters(world, book) == "-");
    world.parameters["0xa"][0].second = "3";
    world.look(book);
    CHECK(parameters(world, book) == "WETH LTV: 1 -> 3");
}

TEST_CASE("a change counts for as long as the rule says", "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.parameters["0xa"][0].second = "7500 bps";
    world.look(book);
    world.block += 9;  // 108 seconds
    CHECK(world.told(book, Quantity::ParameterChanges, 109) != "-");
    CHECK(world.told(book, Quantity::ParameterChanges, 108) == "-");
    CHECK(world.told(book, Quantity::ParameterChanges, 0) == "-");
    // Of many the newest are named, and all counted.
    for (std::uint64_t i = 0; i < FactBook::kNamedMax + 5; ++i) {
        world.parameters["0xa"][0].second = std::to_string(i);
        world.look(book);
    }
    const auto value = book.changes(Quantity::ParameterChanges, kDay, world.time_s()).at(kOfCore);
    CHECK(value.number == whole(FactBook::kNamedMax + 6));
    CHECK(value.changes.size() == FactBook::kNamedMax);
    CHECK(value.changes.front().is == std::to_string(FactBook::kNamedMax + 4));
}

TEST_CASE("a parameter that cannot be read stays what it was", "[alert][facts][coverage]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.parameters["0xa"].erase(world.parameters["0xa"].begin());  // one of them
    CHECK(world.look(book) == 0);
    world.parameters["0xa"].insert(world.parameters["0xa"].begin(), {"LTV", "8000 bps"});
    CHECK(world.look(book) == 0);
    world.parameters["0xa"].erase(world.parameters["0xa"].begin());
    world.look(book);
    world.parameters["0xa"].insert(world.parameters["0xa"].begin(), {"LTV", "7000 bps"});
    world.look(book);
    CHECK(parameters(world, book) == "WETH LTV: 8000 bps -> 7000 bps");

    // The whole market, and the wallet's account in it.
    world.gaps = {gap("aave_v3")};
    world.close(1);
    CHECK(world.look(book) == 0);
    world.gaps.clear();
    world.open(1);
    CHECK(world.look(book) == 0);
    CHECK(accounts(world, book) == "-");
}

TEST_CASE("a market that we left and come to again is seen for the first time", "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.close(1);
    world.look(book);
    world.parameters["0xa"][0].second = "1 bps";
    world.look(book);
    world.open(1);
    world.look(book);
    CHECK(parameters(world, book) == "-");
    // So is a part of it: an asset that nobody holds any more.
    const auto weth = world.parameters.extract("0xa").mapped();
    world.look(book);
    world.parameters["0xa"] = weth;
    world.parameters["0xa"][0].second = "2 bps";
    world.look(book);
    CHECK(parameters(world, book) == "-");
    world.parameters["0xa"][0].second = "3 bps";
    world.look(book);
    CHECK(parameters(world, book) == "WETH LTV: 2 bps -> 3 bps");
}

TEST_CASE("an account that is opened or closed is a change of its wallet", "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.open(1, kBlue);
    world.open(2);
    world.look(book);
    const auto changes = book.changes(Quantity::AccountChanges, kDay, world.time_s());
    REQUIRE(changes.size() == 2);
    const Subject first{.chain = "devnet", .protocol = {}, .market = {}, .wallet = address(1)};
    CHECK(changes.at(first).number == whole(1));
    CHECK(changes.at(first).changes[0].what == "account morpho_blue/0xaa");
    CHECK(changes.at(first).changes[0].was == "closed");
    CHECK(changes.at(first).changes[0].is == "open");
    world.close(1, kBlue);
    world.look(book);
    CHECK(book.changes(Quantity::AccountChanges, kDay, world.time_s()).at(first).number ==
          whole(2));
    CHECK(book.changes(Quantity::AccountChanges, kDay, world.time_s()).at(first).changes[0].is ==
          "closed");
    CHECK(parameters(world, book) == "-");
}

TEST_CASE("what is not seen because of a gap is not closed", "[alert][facts][coverage]") {
    World world = a_world();
    world.open(2);
    FactBook book = a_book();
    world.look(book);
    world.close(1);
    for (const auto& hiding :
         {gap("aave_v3"), gap("aave_v3", address(1)), gap(""), gap("", address(1))}) {
        world.gaps = {hiding};
        CHECK(world.look(book) == 0);
    }
    // A gap of another protocol, or of another wallet, hides nothing.
    world.gaps = {gap("morpho_blue"), gap("aave_v3", address(2))};
    world.look(book);
    CHECK(accounts(world, book) == "account aave_v3/core: open -> closed");
}

TEST_CASE("an account of which nothing could be read is neither opened nor closed",
          "[alert][facts][coverage]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.open(2);  // whether it has anything is not known
    world.unread = {1, 2};
    world.look(book);
    CHECK(world.told(book, Quantity::AccountChanges) == "-");
    world.close(2);
    world.unread = {};
    world.look(book);
    CHECK(world.told(book, Quantity::AccountChanges) == "-");
    world.open(2);
    world.look(book);
    CHECK(world.told(book, Quantity::AccountChanges) != "-");
}

TEST_CASE("an account is new only where an earlier look would have seen it",
          "[alert][facts][coverage]") {
    World world = a_world();
    FactBook book = a_book();
    world.gaps = {gap("aave_v3", address(2))};
    world.look(book);
    world.gaps.clear();
    world.open(2);  // it may have been there before
    world.look(book);
    CHECK(accounts(world, book) == "-");
    world.open(2, kOther);
    world.look(book);
    CHECK(accounts(world, book) == "account aave_v3/other: closed -> open");
}

TEST_CASE("accounts that come and go with the configuration are no news", "[alert][facts]") {
    World world = a_world();
    {
        FactBook book = a_book();
        world.look(book);
    }
    world.open(1, kOther);
    FactBook wider = a_book("core, other");
    wider.restore(world.file);
    world.look(wider);
    CHECK(accounts(world, wider) == "-");
    world.close(1, kOther);
    FactBook narrower = a_book("core");
    narrower.restore(world.file);
    world.look(narrower);
    CHECK(accounts(world, narrower) == "-");
    world.look(narrower);
    CHECK(accounts(world, narrower) == "-");
    world.close(1);
    world.look(narrower);
    CHECK(accounts(world, narrower) == "account aave_v3/core: open -> closed");

    // A protocol that is read no more closes nothing.
    world.open(1);
    world.look(narrower);
    world.close(1);
    FactBook without("devnet", {address(1)}, {});
    without.restore(world.file);
    const std::string before = accounts(world, without);
    world.look(without);
    CHECK(accounts(world, without) == before);
}

TEST_CASE("a wallet that is watched no more closes no account; one behind a wallet is watched",
          "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.smart_accounts.push_back({.chain = "devnet", .address = address(9), .owners = {}});
    world.open(9);
    world.look(book);
    CHECK(accounts(world, book) == "-");
    world.open(9, kBlue);
    world.look(book);
    CHECK(accounts(world, book) == "account morpho_blue/0xaa: closed -> open");
    world.smart_accounts.clear();
    world.close(9, kBlue);
    world.close(9);
    world.look(book);
    CHECK(accounts(world, book) == "account morpho_blue/0xaa: closed -> open");
}

TEST_CASE("facts are the same after a restart, and what happened meanwhile is told",
          "[alert][facts]") {
    World world = a_world();
    world.open(2, kBlue);
    {
        FactBook book = a_book();
        world.look(book);
        world.parameters["0xa"][0].second = "7500 bps";
        world.look(book);
    }
    FactBook again = a_book();
    again.restore(world.file);
    CHECK(parameters(world, again) == "0xa LTV: 8000 bps -> 7500 bps");  // as far as the file knows
    CHECK(world.look(again) == 0);
    CHECK(parameters(world, again) == "WETH LTV: 8000 bps -> 7500 bps");
    world.parameters["0xa"][1].second = "yes";
    world.open(1, kBlue);
    world.close(2, kBlue);
    FactBook later = a_book();
    later.restore(world.file);
    world.look(later);
    CHECK(parameters(world, later) == "WETH frozen: no -> yes; WETH LTV: 8000 bps -> 7500 bps");
    CHECK(later.changes(Quantity::AccountChanges, kDay, world.time_s()).size() == 2);
}

TEST_CASE("a reorganisation undoes what was learned, exactly", "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    const std::uint64_t before = world.block;
    world.parameters["0xa"][0].second = "7500 bps";
    world.close(1);
    world.open(2);
    world.look(book);
    CHECK(parameters(world, book) != "-");
    CHECK(accounts(world, book) != "-");
    book.undo_after(before);
    std::erase_if(world.file, [&](const Fact& fact) { return fact.block > before; });
    world.block = before;
    CHECK(parameters(world, book) == "-");
    CHECK(accounts(world, book) == "-");
    world = [&] {
        World other = a_world();
        other.block = before;
        other.file = world.file;
        return other;
    }();
    CHECK(world.look(book) == 0);  // all is as it was
    world.parameters["0xa"][0].second = "7500 bps";
    world.look(book);
    CHECK(parameters(world, book) == "WETH LTV: 8000 bps -> 7500 bps");

    // Behind its first block nothing was ever seen.
    book.undo_after(0);
    world.look(book);
    CHECK(parameters(world, book) == "-");
}

TEST_CASE("what held long ago is what a reorganisation leads back to", "[alert][facts]") {
    World world = a_world();
    FactBook book = a_book();
    world.look(book);
    world.block += FactBook::kKeptS / 12 + 100;
    const std::uint64_t before = world.block;
    for (const char* passing : {"7500 bps", "7400 bps"}) {
        world.parameters["0xa"][0].second = passing;
        world.look(book);
    }
    book.undo_after(before);
    world.parameters["0xa"][0].second = "7000 bps";
    world.look(book);
    CHECK(parameters(world, book) == "WETH LTV: 8000 bps -> 7000 bps");
}

TEST_CASE("what a price source is made of is a parameter; what could not be looked into is none",
          "[alert][facts][oracle]") {
    using margin::OracleKind;
    World world = a_world();
    FactBook book = a_book();
    const auto capped = [](std::uint64_t feed, std::uint64_t cap, std::uint64_t answer) {
        margin::OracleSource out = test::source(5, OracleKind::CappedPrice);
        out.answer = core::U256(answer);
        out.parameters["cap"] = core::U256(cap);
        out.parts = {test::part_of("asset", test::feed(feed, core::U256(answer), "USDC / USD"))};
        return std::make_shared<const margin::OracleSource>(std::move(out));
    };
    const auto show = [&](std::shared_ptr<const margin::OracleSource> source) {
        world.oracles = {{.chain = "devnet",
                          .models = {oracle::make_model(std::move(source))},
                          .sequencer = std::nullopt}};
        world.look(book);
    };
    world.price_sources = {test::oracle_address(5)};
    show(capped(6, 104, 100));
    show(capped(6, 104, 99));  // an answer moves by itself
    CHECK(parameters(world, book) == "-");
    show(std::make_shared<const margin::OracleSource>(test::source(5, OracleKind::Opaque)));
    world.oracles.clear();
    world.look(book);
    CHECK(parameters(world, book) == "-");
    show(capped(6, 105, 100));
    CHECK(parameters(world, book) == "WETH oracle cap: 104 -> 105");
    show(capped(7, 105, 100));
    CHECK(parameters(world, book) == "WETH oracle asset: " + test::oracle_address(6).to_string() +
                                         " -> " + test::oracle_address(7).to_string() +
                                         "; WETH oracle cap: 104 -> 105");
}
