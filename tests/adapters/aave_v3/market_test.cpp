#include "adapters/aave_v3/market.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using Catch::Matchers::Contains;
using core::ErrorKind;
using core::U256;
using margin::Side;
using margin::Status;

namespace {

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }

AaveMarket market_of(State state, const AccountBuilder& account) {
    state.accounts.push_back(account.build());
    return AaveMarket(std::move(state));
}

U256 health_factor_of(const AaveMarket& market) {
    const margin::Health health = market.health(0);
    INFO(health.unknown_because);
    REQUIRE(health.health_factor);
    return health.health_factor->value();
}

/// A category of WETH alone: LTV 90 %, threshold 93 %.
State pool_with_emode(const std::string& behaviour) {
    State out = pool(behaviour);
    EmodeCategory category;
    category.id = 1;
    category.ltv_bps = 9000;
    category.liquidation_threshold_bps = 9300;
    category.collateral.set(kWeth);
    out.emodes[1] = category;
    out.reserves[kWeth].configuration = configuration({.ltv = 7500, .threshold = 8000, .emode = 1});
    return out;
}

void append_text(const core::Archive& archive, std::string& out) {
    struct Visitor {
        std::string& out;
        void operator()(std::nullptr_t) const { out += "null"; }
        void operator()(bool flag) const { out += flag ? "true" : "false"; }
        void operator()(const std::string& text) const { out += '"' + text + '"'; }
        void operator()(const core::Archive::List& list) const {
            out += '[';
            for (const core::Archive& item : list) {
                append_text(item, out);
                out += ',';
            }
            out += ']';
        }
        void operator()(const core::Archive::Fields& fields) const {
            out += '{';
            for (const auto& [name, value] : fields) {
                out += name + ':';
                append_text(value, out);
                out += ',';
            }
            out += '}';
        }
    };
    std::visit(Visitor{out}, archive.value());
}

std::string text_of(const core::Archive& archive) {
    std::string out;
    append_text(archive, out);
    return out;
}

std::vector<std::string> sorted_names(const std::vector<margin::Difference>& differences) {
    std::vector<std::string> out;
    for (const margin::Difference& difference : differences) {
        out.push_back(difference.what);
    }
    std::sort(out.begin(), out.end());
    return out;
}

const std::vector<std::string>& all_behaviours() {
    static const std::vector<std::string> names{"3.0", "3.1", "3.2", "3.3",
                                                "3.4", "3.5", "3.6", "3.7"};
    return names;
}

}  // namespace

TEST_CASE("a plain account is healthy as worked by hand under every behaviour",
          "[aave_v3][health]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        const AaveMarket market = market_of(pool(name), weth_against_usdc());
        const margin::Health health = market.health(0);
        CHECK(health.status == Status::Healthy);
        CHECK(health.health_factor == core::Wad(U256(2 * core::wad())));
        CHECK(health.collateral == U256(20'000 * kDollar));
        CHECK(health.collateral_value == health.collateral);
        CHECK(health.debt == U256(8000 * kDollar));
        CHECK(health.available_borrows == U256(7000 * kDollar));  // 15,000 - 8000
        CHECK(health.liquidation_threshold == core::Bps(8000));
        CHECK(health.max_ltv == core::Bps(7500));
        CHECK(health.collateral_usd == core::Usd(U256(20'000 * core::wad())));
        CHECK(health.debt_usd == core::Usd(U256(8000 * core::wad())));
        CHECK(health.unknown_because.empty());
        CHECK(market.is_active(0));
        CHECK_FALSE(market.emode_category(0));
        CHECK(market.quote() == "USD");
    }
}

TEST_CASE("an account is liquidatable strictly below a health factor of one",
          "[aave_v3][boundary]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        // 20,000 * 0.8 = 16,000 dollars.
        auto account = weth_against_usdc();
        account.debt(kUsdc, U256(16'000) * 1'000'000);
        CHECK(market_of(pool(name), account).health(0).status == Status::Healthy);
        account.debt(kUsdc, U256(16'000) * 1'000'000 + 1);
        CHECK(market_of(pool(name), account).health(0).status == Status::Liquidatable);
    }
}

TEST_CASE("an account without debt has no health factor", "[aave_v3][health]") {
    for (const std::string& name : all_behaviours()) {
        const AaveMarket market =
            market_of(pool(name), AccountBuilder().collateral(kWeth, core::wad()));
        CHECK(market.health(0).status == Status::NoDebt);
        CHECK_FALSE(market.health(0).health_factor);
        CHECK(market.health(0).available_borrows == U256(1500 * kDollar));
    }
}

TEST_CASE(
    "debt worth less than a unit of base currency is no debt until 3.4 and a unit from 3.5 on",
    "[aave_v3][rounding]") {
    // 1 wei of DAI is 1e8 / 1e18 of a unit.
    const auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad())).debt(kDai, 1);
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        const AaveMarket market = market_of(pool(name), account);
        const margin::Health health = market.health(0);
        if (name <= "3.4") {
            CHECK(health.status == Status::NoDebt);
            CHECK_FALSE(health.health_factor);
            CHECK(health.debt == U256(0));
        } else {
            CHECK(health.status == Status::Healthy);
            CHECK(health.debt == U256(1));
            // 2e12 * 8000 * 1e18 / 1 / 1e4
            CHECK(health.health_factor == core::Wad(core::pow10(30) / 10 * 16));
        }
        REQUIRE(market.legs(0).size() == 2);
        CHECK(market.legs(0)[1].amount == U256(1));
        CHECK(market.legs(0)[1].value == core::Usd(1));  // 1e-18 dollars
    }
}

TEST_CASE("until 3.1 a category prices its assets with its own source where that answers",
          "[aave_v3][emode]") {
    const std::string name = GENERATE("3.0", "3.1");
    State state = pool_with_emode(name);
    auto account = weth_against_usdc().emode(1);
    SECTION("no source of its own: 20000 * 0.93 / 8000") {
        CHECK(health_factor_of(market_of(state, account)) == number("2325000000000000000"));
        CHECK(market_of(state, account).emode_category(0) == 1);
    }
    SECTION("its source answers 2100: 21000 * 0.93 / 8000") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        const AaveMarket market = market_of(state, account);
        CHECK(health_factor_of(market) == number("2441250000000000000"));
        CHECK(market.legs(0)[0].price->answer == U256(2100 * kDollar));
        CHECK(market.legs(0)[1].price->answer == kDollar);
        // Holdings are priced without anybody's e-mode.
        CHECK(market.prices()[0].quote.answer == U256(2000 * kDollar));
    }
    SECTION("its source answers 0: the assets' own prices") {
        state.emodes[1].price = quote(0);
        CHECK(health_factor_of(market_of(state, account)) == number("2325000000000000000"));
    }
    SECTION("its source prices a debt in the category too") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        account = AccountBuilder()
                      .collateral(kUsdc, U256(50'000) * 1'000'000)
                      .debt(kWeth, U256(10 * core::wad()))
                      .emode(1);
        // 50000 * 0.85 / 21000 = 2.0238…: half-up in the 18th digit.
        CHECK(health_factor_of(market_of(state, account)) == number("2023809523809523810"));
    }
    SECTION("an account outside the category has nothing of it") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        CHECK(health_factor_of(market_of(state, weth_against_usdc())) ==
              number("2000000000000000000"));
    }
    SECTION("an asset of another category has nothing of it") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        state.reserves[kWeth].configuration =
            configuration({.ltv = 7500, .threshold = 8000, .emode = 2});
        CHECK(health_factor_of(market_of(state, account)) == number("2000000000000000000"));
    }
    SECTION("with the category's price the asset's own is not missed") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        state.reserves[kWeth].price.reset();
        CHECK(health_factor_of(market_of(state, account)) == number("2441250000000000000"));
    }
    SECTION("an LTV of zero of the asset's own is not replaced") {
        state.reserves[kWeth].configuration =
            configuration({.ltv = 0, .threshold = 8000, .emode = 1});
        const AaveMarket market = market_of(state, account);
        CHECK(market.health(0).max_ltv == core::Bps(0));
        CHECK(market.health(0).liquidation_threshold == core::Bps(9300));
    }
}

TEST_CASE("from 3.2 to 3.5 a category's bitmap says its assets, whose own zeros still count",
          "[aave_v3][emode]") {
    const std::string name = GENERATE("3.2", "3.3", "3.4", "3.5");
    CAPTURE(name);
    State state = pool_with_emode(name);
    const auto account = weth_against_usdc().emode(1);
    SECTION("the category's terms replace the asset's") {
        const margin::Health health = market_of(state, account).health(0);
        CHECK(health.health_factor == core::Wad(number("2325000000000000000")));
        CHECK(health.max_ltv == core::Bps(9000));
        CHECK(health.liquidation_threshold == core::Bps(9300));
    }
    SECTION("the old category bits of the asset mean nothing") {
        state.emodes[1].collateral.reset();
        CHECK(health_factor_of(market_of(state, account)) == number("2000000000000000000"));
    }
    SECTION("a price of the category's own means nothing") {
        state.emodes[1].price = quote(U256(2100 * kDollar));
        CHECK(health_factor_of(market_of(state, account)) == number("2325000000000000000"));
    }
    SECTION("an asset whose own LTV is zero lends nothing") {
        state.reserves[kWeth].configuration = configuration({.ltv = 0, .threshold = 8000});
        const margin::Health health = market_of(state, account).health(0);
        CHECK(health.max_ltv == core::Bps(0));
        CHECK(health.available_borrows == U256(0));
        CHECK(health.health_factor == core::Wad(number("2325000000000000000")));
    }
    SECTION("an asset whose own threshold is zero is no collateral") {
        state.reserves[kWeth].configuration = configuration({.ltv = 0, .threshold = 0});
        const AaveMarket market = market_of(state, account);
        CHECK(market.health(0).collateral == U256(0));
        CHECK(health_factor_of(market) == 0);
        CHECK(market.legs(0)[0].side == Side::Supply);
    }
    SECTION("bitmaps of later revisions mean nothing") {
        state.emodes[1].zero_ltv.set(kWeth);
        state.emodes[1].is_isolated = true;
        CHECK(market_of(state, account).health(0).max_ltv == core::Bps(9000));
    }
}

TEST_CASE("from 3.6 on a category's terms stand without the asset's own", "[aave_v3][emode]") {
    const std::string name = GENERATE("3.6", "3.7");
    CAPTURE(name);
    State state = pool_with_emode(name);
    const auto account = weth_against_usdc().emode(1);
    SECTION("an LTV of the asset's own of zero does not matter in the category") {
        state.reserves[kWeth].configuration = configuration({.ltv = 0, .threshold = 8000});
        CHECK(market_of(state, account).health(0).max_ltv == core::Bps(9000));
        CHECK(market_of(state, weth_against_usdc()).health(0).max_ltv == core::Bps(0));
    }
    SECTION("the category can take the LTV away, not the threshold") {
        state.emodes[1].zero_ltv.set(kWeth);
        const margin::Health health = market_of(state, account).health(0);
        CHECK(health.max_ltv == core::Bps(0));
        CHECK(health.available_borrows == U256(0));
        CHECK(health.health_factor == core::Wad(number("2325000000000000000")));
    }
    SECTION("a zero-LTV bit of an asset outside the category's collateral means nothing") {
        state.emodes[1].collateral.reset();
        state.emodes[1].zero_ltv.set(kWeth);
        CHECK(market_of(state, account).health(0).max_ltv == core::Bps(7500));
    }
    SECTION("an asset whose own threshold is zero counts in the category") {
        state.reserves[kWeth].configuration = configuration({.ltv = 0, .threshold = 0});
        const AaveMarket market = market_of(state, account);
        CHECK(health_factor_of(market) == number("2325000000000000000"));
        CHECK(market.legs(0)[0].side == Side::Collateral);
    }
    SECTION("outside of it, it is collateral that carries nothing") {
        state.emodes[1].collateral.reset();
        state.reserves[kWeth].configuration = configuration({.ltv = 0, .threshold = 0});
        const AaveMarket market = market_of(state, account);
        CHECK(market.health(0).collateral == U256(20'000 * kDollar));
        CHECK(market.health(0).liquidation_threshold == core::Bps(0));
        CHECK(health_factor_of(market) == 0);
    }
}

TEST_CASE("an isolated category lends nothing against what is outside of it", "[aave_v3][emode]") {
    State state = pool_with_emode("3.7");
    state.emodes[1].is_isolated = true;
    // 10 WETH in the category and 5000 USDC outside.
    const auto account = weth_against_usdc().collateral(kUsdc, U256(5000) * 1'000'000).emode(1);
    const margin::Health health = market_of(state, account).health(0);
    // LTV (20000 * 9000 + 5000 * 0) / 25000 = 7200; threshold (20000 * 9300 + 5000 * 8500) / 25000
    // = 9140.
    CHECK(health.max_ltv == core::Bps(7200));
    CHECK(health.liquidation_threshold == core::Bps(9140));
    // 25000 * 0.914 / 8000
    CHECK(health.health_factor == core::Wad(number("2856250000000000000")));

    const State before = pool_with_emode("3.6");
    // (20000 * 9000 + 5000 * 8000) / 25000
    CHECK(market_of(before, account).health(0).max_ltv == core::Bps(8800));
}

TEST_CASE("an account in a category that was not read is unknown", "[aave_v3][coverage]") {
    for (const std::string& name : all_behaviours()) {
        const margin::Health health = market_of(pool(name), weth_against_usdc().emode(3)).health(0);
        CHECK(health.status == Status::Unknown);
        CHECK_FALSE(health.health_factor);
        CHECK_FALSE(health.collateral);
        CHECK_THAT(health.unknown_because, Contains("3"));
    }
}

TEST_CASE("in 3.3 a reserve without virtual accounting owes what its token says",
          "[aave_v3][debt]") {
    State state = pool("3.3");
    auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad()));
    account.set_bit(2 * kDai);
    account.at(kDai).debt_by_balance = U256(4000 * core::wad());
    AaveMarket market = market_of(state, account);
    CHECK(market.health(0).debt == U256(4000 * kDollar));
    CHECK(health_factor_of(market) == U256(4 * core::wad()));
    CHECK(market.legs(0)[1].amount == U256(4000 * core::wad()));
}

TEST_CASE("a debt in GHO says where it is not what its token says, before 3.4",
          "[aave_v3][debt][coverage]") {
    const std::string behaviour = GENERATE("3.0", "3.1", "3.2", "3.3", "3.4", "3.6");
    CAPTURE(behaviour);
    const bool has_flag = behaviour >= "3.1";
    State state = pool(behaviour);
    // The pool counts every other reserve since 3.1; before, only the symbol tells.
    const unsigned gho = 5;
    state.reserves[gho] =
        reserve(gho, has_flag ? "Gho" : "GHO",
                {.ltv = 7000, .threshold = 7500, .virtual_accounting = false}, kDollar);
    auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad()));
    account.set_bit(2 * gho);
    const bool by_balance = behaviour == "3.3";
    if (by_balance) {
        account.at(gho).debt_by_balance = core::wad();
    } else {
        account.at(gho).scaled_debt = core::wad();
    }
    const auto other = weth_against_usdc(0xbb).supply(gho, core::wad());
    state.accounts = {account.build(), other.build()};
    AaveMarket market(state);
    const auto said = market.warnings(0);
    if (behaviour >= "3.4") {
        CHECK(said.empty());
    } else if (by_balance) {
        CHECK(said.empty());  // at the block it is exact
        market.accrue(core::Timestamp(kBlockTime + 1));
        REQUIRE(market.warnings(0).size() == 1);
        CHECK_THAT(market.warnings(0)[0], Contains("Gho") && Contains("as of the block"));
    } else {
        REQUIRE(said.size() == 1);
        CHECK_THAT(said[0], Contains("before the discount") && Contains("health check itself"));
    }
    CHECK(market.warnings(1).empty());  // owes none of it
}

TEST_CASE("variable and stable debt of one reserve are summed before they are valued",
          "[aave_v3][rounding]") {
    // 6 and 6 tenths of a unit of base currency each: 12 / 10 = 1, not 0 + 0.
    State state = pool("3.0");
    state.reserves[kDai] = reserve(kDai, "DAI", {.threshold = 1, .decimals = 1}, 1);
    auto account = weth_against_usdc();
    account.debt(kUsdc, 0).debt(kDai, 6);
    account.at(kDai).stable_debt =
        StableDebt{.principal = 6, .rate = 0, .last_update = core::Timestamp(kBlockTime)};
    CHECK(market_of(state, account).health(0).debt == U256(1));
}

TEST_CASE("a stable debt compounds at its own rate since its own update", "[aave_v3][debt]") {
    State state = pool("3.0");
    auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad()));
    account.set_bit(2 * kDai);
    // The first published vector: this rate for one second.
    account.at(kDai).stable_debt = StableDebt{.principal = core::ray(),
                                              .rate = number("422352367008854591221384311"),
                                              .last_update = core::Timestamp(kBlockTime - 1)};
    const AaveMarket market = market_of(state, account);
    REQUIRE(market.legs(0).size() == 2);
    CHECK(market.legs(0)[1].side == Side::Debt);
    CHECK(market.legs(0)[1].amount == number("1000000013392705701701375926"));
}

TEST_CASE("a price that is missing makes those unknown who use the reserve",
          "[aave_v3][coverage]") {
    const std::string name = GENERATE("3.0", "3.6");
    State state = pool(name);
    state.reserves[kUsdc].price.reset();
    state.reserves[kUsdc].price_trouble = "the oracle answers 0";
    SECTION("as a debt, and says so once for all") {
        state.accounts.push_back(weth_against_usdc(1).build());
        state.accounts.push_back(weth_against_usdc(2).build());
        state.accounts.push_back(AccountBuilder(3).collateral(kWeth, core::wad()).build());
        const AaveMarket market(std::move(state));
        CHECK(market.health(0).status == Status::Unknown);
        CHECK_THAT(market.health(0).unknown_because, Contains("USDC") && Contains("answers 0"));
        CHECK(market.health(1).status == Status::Unknown);
        CHECK(market.health(2).status == Status::NoDebt);
        REQUIRE(market.missing().size() == 1);
        CHECK_THAT(market.missing()[0].what, Contains("USDC"));
        CHECK(market.missing()[0].kind == ErrorKind::NoPrice);
        CHECK_FALSE(market.missing()[0].wallet);
        CHECK_FALSE(market.legs(0)[1].value);
        CHECK(market.legs(0)[1].amount == U256(8000) * 1'000'000);
        std::vector<double> fast;
        market.fast_health_factors(fast);
        CHECK(std::isnan(fast[0]));
        CHECK(std::isinf(fast[2]));
        CHECK(market.prices().size() == 2);
    }
    SECTION("also by a bit without a balance, as the contract asks for the price all the same") {
        const AaveMarket market = market_of(
            state, AccountBuilder().collateral(kWeth, core::wad()).set_bit(2 * kUsdc + 1));
        CHECK(market.health(0).status == Status::Unknown);
        CHECK(market.missing().size() == 1);
    }
    SECTION("but not as a supply outside the health check, which has a gap and no value") {
        const AaveMarket market =
            market_of(state, AccountBuilder().collateral(kWeth, core::wad()).supply(kUsdc, 5));
        CHECK(market.health(0).status == Status::NoDebt);
        CHECK(market.missing().size() == 1);
        REQUIRE(market.legs(0).size() == 2);
        CHECK(market.legs(0)[1].side == Side::Supply);
        CHECK_FALSE(market.legs(0)[1].value);
    }
    SECTION("and is no gap where nobody has to do with it") {
        const AaveMarket market = market_of(
            state,
            AccountBuilder().collateral(kWeth, U256(10 * core::wad())).debt(kDai, core::wad()));
        CHECK(market.health(0).status == Status::Healthy);
        CHECK(market.missing().empty());
    }
}

TEST_CASE("an account that was not read whole is unknown and active", "[aave_v3][coverage]") {
    State state = pool("3.6");
    Account account;
    account.wallet = test::address(7);
    account.trouble = "the account could not be read";
    state.accounts.push_back(account);
    account.trouble.clear();
    state.accounts.push_back(account);
    const AaveMarket market(std::move(state));
    CHECK(market.health(0).status == Status::Unknown);
    CHECK(market.health(0).unknown_because == "the account could not be read");
    CHECK(market.is_active(0));
    CHECK(market.health(1).status == Status::NoDebt);
    CHECK_FALSE(market.is_active(1));
}

TEST_CASE("a pool that counts in another currency has no dollars", "[aave_v3][units]") {
    State state = pool("3.0");
    state.base_currency = test::address(0xe7);
    const AaveMarket market = market_of(state, weth_against_usdc());
    CHECK(market.quote() == test::address(0xe7).to_string());
    CHECK(market.health(0).health_factor);
    CHECK_FALSE(market.health(0).collateral_usd);
    CHECK_FALSE(market.legs(0)[0].value);
    CHECK(market.prices().empty());
}

TEST_CASE("a liquidation is blocked when one of its two sides is barred as a whole",
          "[aave_v3][blocked]") {
    using Names = std::vector<std::string>;
    State state = pool("3.6");
    auto account = weth_against_usdc();
    const auto pause = [&](unsigned id) {
        state.reserves[id].configuration =
            configuration({.ltv = 7000, .threshold = 7500, .paused = true});
    };
    const auto grace = [&](unsigned id, std::uint64_t until) {
        state.reserves[id].grace_period_until = core::Timestamp(until);
    };
    SECTION("nothing is barred") { CHECK(market_of(state, account).blocked_by(0).empty()); }
    SECTION("the only collateral is paused") {
        pause(kWeth);
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused"});
    }
    SECTION("the only debt is paused") {
        pause(kUsdc);
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused"});
    }
    SECTION("the only collateral is inactive") {
        state.reserves[kWeth].configuration =
            configuration({.ltv = 7500, .threshold = 8000, .active = false});
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused"});
    }
    SECTION("one of two collaterals is paused") {
        pause(kWeth);
        account.collateral(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("both collaterals are paused") {
        pause(kWeth);
        pause(kDai);
        account.collateral(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused"});
    }
    SECTION("a paused reserve beside is a mere supply") {
        pause(kDai);
        account.supply(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("one of two debts is paused") {
        pause(kUsdc);
        account.debt(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("the grace period must lie strictly in the past") {
        grace(kWeth, kBlockTime - 1);
        CHECK(market_of(state, account).blocked_by(0).empty());
        grace(kWeth, kBlockTime);
        CHECK(market_of(state, account).blocked_by(0) == Names{"grace_period"});
        grace(kWeth, kBlockTime + 1);
        CHECK(market_of(state, account).blocked_by(0) == Names{"grace_period"});
        AaveMarket later = market_of(state, account);
        later.accrue(core::Timestamp(kBlockTime + 2));
        CHECK(later.blocked_by(0).empty());
    }
    SECTION("before 3.1 there is no grace period") {
        state.behaviour = find_behaviour("3.0");
        grace(kWeth, kBlockTime + 1);
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("one collateral is paused, the other in grace: no pair is left") {
        pause(kWeth);
        grace(kDai, kBlockTime + 1);
        account.collateral(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused", "grace_period"});
    }
    SECTION("an account without collateral is not called paused") {
        const AaveMarket market = market_of(state, AccountBuilder().debt(kUsdc, 1'000'000));
        CHECK(market.health(0).status == Status::Liquidatable);
        CHECK(market.blocked_by(0).empty());
    }
    SECTION("an account without debt, or unknown, is not liquidated anyway") {
        pause(kWeth);
        CHECK(market_of(state, AccountBuilder().collateral(kWeth, core::wad()))
                  .blocked_by(0)
                  .empty());
        state.reserves[kWeth].price.reset();
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
}

TEST_CASE("a liquidation is blocked when no collateral's pool can pay it out",
          "[aave_v3][blocked]") {
    using Names = std::vector<std::string>;
    State state = pool("3.6");
    auto account = weth_against_usdc();
    const auto leave = [&](unsigned id, std::optional<U256> counted, std::optional<U256> held) {
        ReserveTotals totals;
        totals.virtual_balance = std::move(counted);
        totals.a_token_holding = std::move(held);
        state.reserves[id].totals = totals;
    };
    SECTION("a unit that is counted and there can be paid out") {
        leave(kWeth, 1, 1);
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("nothing is counted, or nothing is there") {
        leave(kWeth, 0, 5);
        CHECK(market_of(state, account).blocked_by(0) == Names{"no_liquidity"});
        leave(kWeth, 5, 0);
        CHECK(market_of(state, account).blocked_by(0) == Names{"no_liquidity"});
        leave(kWeth, std::nullopt, 0);
        CHECK(market_of(state, account).blocked_by(0) == Names{"no_liquidity"});
    }
    SECTION("what is not known blocks nothing") {
        leave(kWeth, std::nullopt, std::nullopt);
        CHECK(market_of(state, account).blocked_by(0).empty());
        state.reserves[kWeth].totals.reset();
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("another collateral's pool can pay, unless it is barred") {
        leave(kWeth, 0, 0);
        account.collateral(kDai, core::wad());
        CHECK(market_of(state, account).blocked_by(0).empty());
        state.reserves[kDai].configuration =
            configuration({.ltv = 7000, .threshold = 7500, .paused = true});
        CHECK(market_of(state, account).blocked_by(0) == Names{"no_liquidity"});
    }
    SECTION("the debt's pool need not pay") {
        leave(kUsdc, 0, 0);
        CHECK(market_of(state, account).blocked_by(0).empty());
    }
    SECTION("where every collateral is barred, that is what stops it") {
        leave(kWeth, 0, 0);
        state.reserves[kWeth].configuration =
            configuration({.ltv = 7500, .threshold = 8000, .paused = true});
        CHECK(market_of(state, account).blocked_by(0) == Names{"paused"});
    }
}

TEST_CASE("the sentinel is asked from a health factor of 0.95 on", "[aave_v3][blocked][boundary]") {
    using Names = std::vector<std::string>;
    State state = pool("3.6");
    // 19,000 dollars of collateral at 100 %: 19000 / 20000 = 0.95.
    state.reserves[kDai].configuration = configuration({.threshold = 10'000});
    auto account = AccountBuilder()
                       .collateral(kDai, U256(19'000 * core::wad()))
                       .debt(kUsdc, U256(20'000) * 1'000'000);
    state.liquidation_allowed = false;
    CHECK(health_factor_of(market_of(state, account)) == number("950000000000000000"));
    CHECK(market_of(state, account).blocked_by(0) == Names{"price_oracle_sentinel"});
    account.debt(kUsdc, U256(20'000) * 1'000'000 + 1);
    CHECK(health_factor_of(market_of(state, account)) < number("950000000000000000"));
    CHECK(market_of(state, account).blocked_by(0).empty());
    account.debt(kUsdc, U256(20'000) * 1'000'000);
    state.liquidation_allowed = true;
    CHECK(market_of(state, account).blocked_by(0).empty());
    state.liquidation_allowed.reset();
    CHECK(market_of(state, account).blocked_by(0).empty());
}

TEST_CASE("time makes debts and supplies grow", "[aave_v3][accrue]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = pool(name);
        state.reserves[kUsdc].borrow_rate = core::ray() / 10;
        AaveMarket market = market_of(state, weth_against_usdc());
        market.accrue(core::Timestamp(kBlockTime));
        CHECK(health_factor_of(market) == U256(2 * core::wad()));
        market.accrue(core::Timestamp(kBlockTime + kSecondsPerYear));
        CHECK(market.time() == core::Timestamp(kBlockTime + kSecondsPerYear));
        // e^0.1 in three terms is 1.105166…; 8000 * 1.1051666 = 8841.33.
        const U256 debt = market.health(0).debt.value();
        CHECK(debt > U256(8841 * kDollar));
        CHECK(debt < U256(8842 * kDollar));
        CHECK(market.health(0).collateral == U256(20'000 * kDollar));
        CHECK_THROWS_AS(market.accrue(core::Timestamp(kBlockTime)), core::InvariantError);
    }
}

TEST_CASE("interest runs from the reserve's update, not from the block", "[aave_v3][accrue]") {
    State state = pool("3.6");
    // A year at 10 % until the block: an index of 1.1, so 10 scaled WETH are 11.
    state.reserves[kWeth].liquidity_rate = core::ray() / 10;
    state.reserves[kWeth].last_update = core::Timestamp(kBlockTime - kSecondsPerYear);
    CHECK(market_of(state, weth_against_usdc()).health(0).collateral == U256(22'000 * kDollar));
    // A reserve that says it was updated after the block has no interest yet.
    state.reserves[kWeth].last_update = core::Timestamp(kBlockTime + 5);
    CHECK(market_of(state, weth_against_usdc()).health(0).collateral == U256(20'000 * kDollar));
}

TEST_CASE("a debt read as a balance does not grow", "[aave_v3][accrue]") {
    State state = pool("3.3");
    state.reserves[kDai].borrow_rate = core::ray();
    auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad()));
    account.set_bit(2 * kDai);
    account.at(kDai).debt_by_balance = core::wad();
    AaveMarket market = market_of(state, account);
    market.accrue(core::Timestamp(kBlockTime + kSecondsPerYear));
    CHECK(market.health(0).debt == kDollar);
}

TEST_CASE("a fork goes its own way", "[aave_v3][accrue]") {
    State state = pool("3.6");
    state.reserves[kUsdc].borrow_rate = core::ray();
    const AaveMarket market = market_of(state, weth_against_usdc());
    const std::unique_ptr<margin::Market> fork = market.fork();
    CHECK(fork->health(0).health_factor == market.health(0).health_factor);
    fork->accrue(core::Timestamp(kBlockTime + kSecondsPerYear));
    CHECK(fork->health(0).health_factor < market.health(0).health_factor);
    CHECK(health_factor_of(market) == U256(2 * core::wad()));
    CHECK(market.time() == core::Timestamp(kBlockTime));
}

TEST_CASE("arithmetic beyond 256 bits makes the account unknown and nobody else",
          "[aave_v3][overflow]") {
    const std::string name = GENERATE("3.0", "3.4", "3.5", "3.7");
    CAPTURE(name);
    State state = pool(name);
    const auto honest = weth_against_usdc(2).build();
    SECTION("a balance") {
        state.accounts.push_back(weth_against_usdc(1).collateral(kDai, core::max_u256()).build());
    }
    SECTION("an index") {
        state.reserves[kDai].borrow_rate = core::max_u256();
        state.reserves[kDai].last_update = core::Timestamp(kBlockTime - 100);
        state.accounts.push_back(weth_against_usdc(1).debt(kDai, 1).build());
    }
    SECTION("a price") {
        state.reserves[kDai].price = quote(core::max_u256());
        state.accounts.push_back(weth_against_usdc(1).debt(kDai, 2).build());
    }
    SECTION("a token's decimals") {
        state.reserves[kDai].configuration =
            configuration({.ltv = 7000, .threshold = 7500, .decimals = 255});
        state.accounts.push_back(weth_against_usdc(1).debt(kDai, 1).build());
    }
    state.accounts.push_back(honest);
    AaveMarket market(std::move(state));
    const margin::Health health = market.health(0);
    CHECK(health.status == Status::Unknown);
    CHECK_FALSE(health.unknown_because.empty());
    CHECK_FALSE(health.health_factor);
    CHECK(market.health(1).health_factor == core::Wad(U256(2 * core::wad())));
    CHECK(market.blocked_by(0).empty());
    CHECK_FALSE(market.legs(0).empty());
    std::vector<double> fast;
    REQUIRE_NOTHROW(market.fast_health_factors(fast));
    REQUIRE(fast.size() == 2);
    CHECK(fast[1] == Approx(2.0));
    // Time only makes it worse, and still nothing is thrown.
    market.accrue(core::Timestamp(kBlockTime + 1000 * kSecondsPerYear));
    CHECK(market.health(0).status == Status::Unknown);
}

TEST_CASE("where a reserve's index is lost both sides of it are shown as unread amounts",
          "[aave_v3][overflow]") {
    State state = pool("3.6");
    state.reserves[kDai].borrow_rate = core::max_u256();
    state.reserves[kDai].last_update = core::Timestamp(kBlockTime - 100);
    const AaveMarket market =
        market_of(state, AccountBuilder().collateral(kDai, core::wad()).debt(kDai, 1));
    const auto legs = market.legs(0);
    REQUIRE(legs.size() == 2);
    CHECK(legs[0].side == Side::Collateral);
    CHECK(legs[1].side == Side::Debt);
    CHECK_FALSE(legs[0].amount);
    CHECK_FALSE(legs[1].amount);
}

namespace {

/// One of everything that a market can hold.
State full_state(const std::string& behaviour) {
    State state = pool_with_emode(behaviour);
    state.emodes[1].zero_ltv.set(127);
    state.emodes[1].is_isolated = true;
    state.emodes[1].price = quote(7);
    state.liquidation_allowed = false;
    state.reserves[kDai].price.reset();
    state.reserves[kDai].price_trouble = "it \"reverts\"";
    state.reserves[kDai].price_trouble_kind = ErrorKind::BadData;
    state.reserves[kUsdc].price->updated_at.reset();
    state.reserves[kUsdc].grace_period_until = core::Timestamp(5);
    state.borrow_allowed = true;
    state.emodes[1].liquidation_bonus_bps = 10'100;
    state.emodes[1].borrowable.set(3);
    Reserve& weth = state.reserves[kWeth];
    weth.interest_rate_strategy = test::address(0x5a);
    weth.accrued_to_treasury = 21;
    weth.unbacked = 22;
    weth.isolation_mode_total_debt = 23;
    weth.totals = ReserveTotals{
        .scaled_supply = 1,
        .scaled_debt = 2,
        .stable =
            StableTotals{.principal = 3, .average_rate = 4, .last_update = core::Timestamp(5)},
        .virtual_balance = U256(6),
        .a_token_holding = U256(7),
        .deficit = 8,
        .rates = RateParameters{9, 10, 11, 12, RateParameters::Stable{13, 14, 15, 16, 17}}};
    state.reserves[kUsdc].totals_trouble = "it timed out";
    state.reserves[kUsdc].totals_trouble_kind = ErrorKind::Timeout;
    state.reserves[127] = reserve(127, "LAST", {.threshold = 1}, core::max_u256());
    state.reserves[127].borrow_index = core::max_u256();
    auto account = weth_against_usdc().emode(1).supply(127, 9);
    account.at(kUsdc).stable_debt =
        StableDebt{.principal = 1, .rate = 2, .last_update = core::Timestamp(3)};
    account.at(kWeth).debt_by_balance = U256(0);
    state.accounts.push_back(account.build());
    state.accounts.back().referee = Referee{1, 2, 3, 4, 5, core::max_u256(), {{kUsdc, 6, 7, 8}}};
    state.accounts.push_back(AccountBuilder(2).build());
    state.accounts.back().trouble = "not read";
    return state;
}

}  // namespace

TEST_CASE("a market restored from its archive is the same market", "[aave_v3][archive]") {
    for (const std::string& name : all_behaviours()) {
        const AaveMarket market(full_state(name));
        const core::Archive archive = market.archive();
        const AaveMarket restored(restore_state(archive));
        CHECK(text_of(restored.archive()) == text_of(archive));
        CHECK(restored.name() == market.name());
        CHECK(restored.time() == market.time());
        REQUIRE(restored.account_count() == 2);
        for (std::size_t row = 0; row < 2; ++row) {
            CHECK(restored.wallet(row) == market.wallet(row));
            CHECK(restored.health(row).status == market.health(row).status);
            CHECK(restored.health(row).health_factor == market.health(row).health_factor);
            CHECK(restored.health(row).unknown_because == market.health(row).unknown_because);
            CHECK(restored.legs(row).size() == market.legs(row).size());
            CHECK(sorted_names(restored.verify(row)) == sorted_names(market.verify(row)));
            CHECK(restored.has_referee(row) == market.has_referee(row));
        }
        CHECK(restored.prices().size() == market.prices().size());
    }
}

TEST_CASE("an archive of before the totals were read is restored without them",
          "[aave_v3][archive]") {
    core::Archive archive = archive_state(full_state("3.6"));
    core::Archive::List reserves;
    for (const core::Archive& row : archive.list("reserves")) {
        core::Archive::Fields fields = std::get<core::Archive::Fields>(row.value());
        for (const char* name :
             {"interest_rate_strategy", "accrued_to_treasury", "unbacked",
              "isolation_mode_total_debt", "totals", "totals_trouble", "totals_trouble_kind"}) {
            fields.erase(name);
        }
        reserves.emplace_back(fields);
    }
    core::Archive::List emodes;
    for (const core::Archive& row : archive.list("emodes")) {
        core::Archive::Fields fields = std::get<core::Archive::Fields>(row.value());
        fields.erase("liquidation_bonus_bps");
        fields.erase("borrowable");
        emodes.emplace_back(fields);
    }
    archive.set("reserves", reserves);
    archive.set("emodes", emodes);
    const AaveMarket restored(restore_state(archive));
    CHECK_FALSE(restored.state().reserves.at(kWeth).totals);
    CHECK_FALSE(restored.state().emodes.at(1).liquidation_bonus_bps);
    // Nothing was asked and nothing failed: only DAI's price is missing, which nobody uses here.
    CHECK(restored.missing().empty());
}

TEST_CASE("an archive that is none of ours is refused by the field at fault",
          "[aave_v3][archive]") {
    // Rewrites one text anywhere in the archive.
    const auto archive_with = [](const std::string& field, const std::string& text) {
        const std::function<core::Archive(const core::Archive&, const std::string&)> rewrite =
            [&](const core::Archive& in, const std::string& name) -> core::Archive {
            if (const auto* list = std::get_if<core::Archive::List>(&in.value())) {
                core::Archive::List out;
                for (const core::Archive& item : *list) {
                    out.push_back(rewrite(item, name));
                }
                return out;
            }
            if (const auto* fields = std::get_if<core::Archive::Fields>(&in.value())) {
                core::Archive::Fields out;
                for (const auto& [key, value] : *fields) {
                    out.emplace(key, rewrite(value, key));
                }
                return out;
            }
            return name == field && std::holds_alternative<std::string>(in.value())
                       ? core::Archive(text)
                       : in;
        };
        return rewrite(archive_state(full_state("3.6")), "");
    };
    REQUIRE_NOTHROW(restore_state(archive_with("symbol", "anything")));
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"behaviour", "4.0"},
        {"id", "128"},
        {"id", "-1"},
        {"reserve", "128"},
        {"reserve", "77"},
        {"scaled_supply", "x"},
        {"asset", "0x12"},
        {"block_time", ""},
        {"configuration", "1e5"},
        {"zero_ltv", "128"},
        {"principal", ""},
        {"liquidity_index", "-1"},
        {"health_factor", "0x1"},
        {"pool_revision", "18446744073709551616"},
    };
    for (const auto& [field, text] : wrong) {
        CAPTURE(field, text);
        CHECK_THROWS_AS(restore_state(archive_with(field, text)), core::InputError);
    }
    CHECK_THROWS_AS(restore_state(core::Archive()), core::InputError);
    CHECK_THROWS_AS(restore_state(core::Archive("text")), core::InputError);
}

namespace {

/// What the pool and its tokens say of weth_against_usdc().
Referee honest_referee() {
    return {.collateral = 20'000 * kDollar,
            .debt = 8000 * kDollar,
            .available_borrows = 7000 * kDollar,
            .liquidation_threshold_bps = 8000,
            .ltv_bps = 7500,
            .health_factor = 2 * core::wad(),
            .balances = {{.reserve_id = kWeth,
                          .a_token = 10 * core::wad(),
                          .variable_debt = 0,
                          .stable_debt = 0},
                         {.reserve_id = kUsdc,
                          .a_token = 0,
                          .variable_debt = U256(8000) * 1'000'000,
                          .stable_debt = 0}}};
}

AaveMarket verified(const AccountBuilder& account, const Referee& referee) {
    State state = pool("3.5");
    state.accounts.push_back(account.build());
    state.accounts.back().referee = referee;
    return AaveMarket(std::move(state));
}

}  // namespace

TEST_CASE("an account agrees with the protocol's own view", "[aave_v3][verify]") {
    const AaveMarket market = verified(weth_against_usdc(), honest_referee());
    CHECK(market.has_referee(0));
    CHECK(market.verify(0).empty());
    CHECK_FALSE(market_of(pool("3.5"), weth_against_usdc()).has_referee(0));
    CHECK(market_of(pool("3.5"), weth_against_usdc()).verify(0).empty());
}

TEST_CASE("a difference of one unit in any figure is found and named", "[aave_v3][verify]") {
    struct Perturbation {
        std::string what;
        std::function<U256&(Referee&)> figure;
    };
    const std::vector<Perturbation> all{
        {"collateral", [](Referee& r) -> U256& { return r.collateral; }},
        {"debt", [](Referee& r) -> U256& { return r.debt; }},
        {"available borrows", [](Referee& r) -> U256& { return r.available_borrows; }},
        {"liquidation threshold", [](Referee& r) -> U256& { return r.liquidation_threshold_bps; }},
        {"maximum LTV", [](Referee& r) -> U256& { return r.ltv_bps; }},
        {"health factor", [](Referee& r) -> U256& { return r.health_factor; }},
        {"supply of WETH", [](Referee& r) -> U256& { return r.balances[0].a_token; }},
        {"variable debt in WETH", [](Referee& r) -> U256& { return r.balances[0].variable_debt; }},
        {"stable debt in WETH", [](Referee& r) -> U256& { return r.balances[0].stable_debt; }},
        {"variable debt in USDC", [](Referee& r) -> U256& { return r.balances[1].variable_debt; }},
    };
    for (const Perturbation& change : all) {
        CAPTURE(change.what);
        Referee referee = honest_referee();
        const U256 ours = change.figure(referee);
        change.figure(referee) += 1;
        const auto differences = verified(weth_against_usdc(), referee).verify(0);
        REQUIRE(differences.size() == 1);
        CHECK(differences[0].what == change.what);
        CHECK(differences[0].ours == core::to_decimal(ours));
        CHECK(differences[0].theirs == core::to_decimal(U256(ours + 1)));
    }
}

TEST_CASE("a balance that only the token knows is a difference", "[aave_v3][verify]") {
    Referee referee = honest_referee();
    referee.balances.push_back(
        {.reserve_id = kDai, .a_token = 3, .variable_debt = 0, .stable_debt = 0});
    const auto differences = verified(weth_against_usdc(), referee).verify(0);
    REQUIRE(differences.size() == 1);
    CHECK(differences[0].what == "supply of DAI");
    CHECK(differences[0].ours == "0");
}

TEST_CASE("without debt the protocol says the largest number", "[aave_v3][verify]") {
    Referee referee{.collateral = 2000 * kDollar,
                    .debt = 0,
                    .available_borrows = 1500 * kDollar,
                    .liquidation_threshold_bps = 8000,
                    .ltv_bps = 7500,
                    .health_factor = core::max_u256(),
                    .balances = {}};
    const auto account = AccountBuilder().collateral(kWeth, core::wad());
    CHECK(verified(account, referee).verify(0).empty());
    referee.health_factor = core::max_u256() - 1;
    CHECK(sorted_names(verified(account, referee).verify(0)) ==
          std::vector<std::string>{"health factor"});
}

TEST_CASE("later than its block the protocol's view is not compared with", "[aave_v3][verify]") {
    AaveMarket market = verified(weth_against_usdc(), honest_referee());
    market.accrue(core::Timestamp(kBlockTime + 1));
    CHECK_FALSE(market.has_referee(0));
    CHECK(market.verify(0).empty());
}

TEST_CASE("configuration words are read where the contract writes them", "[aave_v3][state]") {
    // All ones but for one field at a time.
    const ReserveConfiguration ones(core::max_u256());
    CHECK(ones.ltv_bps() == 65535);
    CHECK(ones.liquidation_threshold_bps() == 65535);
    CHECK(ones.liquidation_bonus_bps() == 65535);
    CHECK(ones.decimals() == 255);
    CHECK(ones.emode_category() == 255);
    CHECK((ones.is_active() && ones.is_frozen() && ones.is_paused() &&
           ones.has_virtual_accounting()));
    const ReserveConfiguration some = configuration({.ltv = 1,
                                                     .threshold = 2,
                                                     .decimals = 3,
                                                     .active = false,
                                                     .emode = 4,
                                                     .virtual_accounting = false});
    CHECK(some.ltv_bps() == 1);
    CHECK(some.liquidation_threshold_bps() == 2);
    CHECK(some.liquidation_bonus_bps() == 10'500);
    CHECK(some.decimals() == 3);
    CHECK(some.emode_category() == 4);
    CHECK_FALSE(some.is_active());
    CHECK(some.is_frozen());
    CHECK_FALSE(some.is_paused());
    CHECK_FALSE(some.has_virtual_accounting());
}

TEST_CASE("a user's bits are two a reserve, borrowing first, for 128 reserves",
          "[aave_v3][state]") {
    const UserConfiguration borrows_last(U256(1) << 254);
    CHECK(borrows_last.is_borrowing(127));
    CHECK_FALSE(borrows_last.is_collateral(127));
    const UserConfiguration holds_first(2);
    CHECK(holds_first.is_collateral(0));
    CHECK_FALSE(holds_first.is_borrowing(0));
    CHECK_FALSE(holds_first.is_using(1));
    const UserConfiguration all(core::max_u256());
    CHECK(all.is_using(127));
    CHECK_FALSE(all.is_using(128));
}
