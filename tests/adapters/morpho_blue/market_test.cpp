#include "adapters/morpho_blue/market.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using Catch::Matchers::Contains;
using core::ErrorKind;
using margin::Status;

namespace {

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }

MorphoMarket market_of(State state, const Account& account) {
    state.accounts.push_back(account);
    return MorphoMarket(std::move(state));
}

/// One WETH against `debt` base units of USDC: at 2000 dollars and 80 % up to 1600 are healthy.
MorphoMarket one_weth_against(const U256& debt) {
    return market_of(usdc_against_weth(), account(wei(1), debt));
}

/// The published vector of the rate model as a market: half its debt a wallet's.
State growing_market() {
    State state = usdc_against_weth();
    state.totals = {.supply_assets = number("319013330565153000000000"),
                    .supply_shares = number("319013330565153000000000000000"),
                    .borrow_assets = number("183465842461341750912000"),
                    .borrow_shares = number("183465842461341750912000000000")};
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::AdaptiveCurve;
    state.model.rate_at_target = number("22589409174");
    state.last_update = core::Timestamp(kBlockTime - 1'486'982);
    return state;
}

/// What each field of an archive would be without it; fields of lists and sub-archives too.
void for_each_field(const core::Archive& archive,
                    const std::function<void(const core::Archive&, const std::string&)>& visit) {
    const auto* fields = std::get_if<core::Archive::Fields>(&archive.value());
    REQUIRE(fields != nullptr);
    for (const auto& [name, value] : *fields) {
        core::Archive::Fields rest = *fields;
        rest.erase(name);
        visit(core::Archive(std::move(rest)), name);
    }
}

std::string text_of(const core::Archive& archive) {
    struct Visitor {
        std::string operator()(std::nullptr_t) const { return "null"; }
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(const std::string& text) const { return '"' + text + '"'; }
        std::string operator()(const core::Archive::List& list) const {
            std::string out = "[";
            for (const core::Archive& item : list) {
                out += text_of(item) + ',';
            }
            return out + ']';
        }
        std::string operator()(const core::Archive::Fields& fields) const {
            std::string out = "{";
            for (const auto& [name, value] : fields) {
                out += name + ':' + text_of(value) + ',';
            }
            return out + '}';
        }
    };
    return std::visit(Visitor{}, archive.value());
}

State everything() {
    State state = growing_market();
    state.fee = core::wad() / 10;
    state.pre_liquidations.push_back({.contract = test::address(0x77),
                                      .pre_lltv = core::wad() / 10 * 7,
                                      .close_factor_at_pre_lltv = 1,
                                      .close_factor_at_lltv = 2,
                                      .incentive_at_pre_lltv = 3,
                                      .incentive_at_lltv = 4,
                                      .oracle = test::address(0x78),
                                      .price = U256(5)});
    state.accounts.push_back(account(wei(1), 100, 7));
    state.accounts[0].pre_liquidations = {0};
    state.accounts[0].referee = Referee{.is_healthy = true, .borrow_rate = U256(6)};
    state.accounts.push_back(account(0, 0, 0, 0xbb));
    state.accounts[1].trouble = {.detail = "timed out", .kind = ErrorKind::Timeout};
    return state;
}

}  // namespace

TEST_CASE("a Morpho account counts as worked by hand", "[morpho_blue][health]") {
    const MorphoMarket market =
        market_of(usdc_against_weth(), account(wei(1), U256(800) * kUsdc, U256(5) * kUsdc));
    const margin::Health health = market.health(0);
    CHECK(health.status == Status::Healthy);
    CHECK(health.collateral == wei(1));
    CHECK(health.collateral_value == U256(2000) * kUsdc);
    CHECK(health.debt == U256(800) * kUsdc);
    CHECK(health.health_factor == core::Wad(wei(2)));  // 2000 * 0.8 / 800
    CHECK(health.liquidation_threshold == core::Bps(8000));
    CHECK(health.max_ltv == core::Bps(8000));
    CHECK_FALSE(health.collateral_usd);
    CHECK_FALSE(health.debt_usd);
    CHECK(market.quote() == "USDC");
    CHECK_FALSE(market.emode_category(0));
    CHECK(market.blocked_by(0).empty());
    CHECK(market.warnings(0).empty());

    const std::vector<margin::Leg> legs = market.legs(0);
    REQUIRE(legs.size() == 3);
    CHECK(legs[0].side == margin::Side::Collateral);
    CHECK(legs[0].symbol == "WETH");
    CHECK(legs[0].amount == wei(1));
    CHECK(legs[0].price->answer == U256(2000) * core::pow10(24));
    CHECK(legs[0].price->source == test::address(0xe000));
    CHECK(legs[1].side == margin::Side::Supply);
    CHECK(legs[1].amount == U256(5) * kUsdc);
    CHECK_FALSE(legs[1].price);
    CHECK(legs[2].side == margin::Side::Debt);
    CHECK(legs[2].decimals == 6);
    CHECK(legs[2].amount == U256(800) * kUsdc);
}

TEST_CASE("a maximum borrow that equals the debt is healthy, a unit less is not",
          "[morpho_blue][boundary]") {
    CHECK(one_weth_against(U256(1600) * kUsdc).health(0).status == Status::Healthy);
    CHECK(one_weth_against(U256(1600) * kUsdc).health(0).health_factor == core::Wad(wei(1)));
    const margin::Health below = one_weth_against(U256(1600) * kUsdc + 1).health(0);
    CHECK(below.status == Status::Liquidatable);
    // floor(1600000000 * 1e18 / 1600000001)
    CHECK(below.health_factor == core::Wad(number("999999999375000000")));
}

TEST_CASE("lent assets are rounded down and debts up", "[morpho_blue][rounding]") {
    Account holder = account(wei(1), 10, 10);
    holder.borrow_shares += 1;
    holder.supply_shares += 999'999;
    const MorphoMarket market = market_of(usdc_against_weth(), holder);
    CHECK(market.legs(0)[1].amount == U256(10));
    CHECK(market.legs(0)[2].amount == U256(11));
}

TEST_CASE("an account that borrows nothing has no debt, whatever the oracle says",
          "[morpho_blue][health]") {
    State state = usdc_against_weth();
    const bool has_price = GENERATE(true, false);
    if (!has_price) {
        state.price.reset();
        state.price_trouble = {.detail = "reverted", .kind = ErrorKind::NoPrice};
    }
    const MorphoMarket market = market_of(state, account(wei(3), 0));
    const margin::Health health = market.health(0);
    CHECK(health.status == Status::NoDebt);
    CHECK(health.debt == U256(0));
    CHECK_FALSE(health.health_factor);
    CHECK(health.collateral_value.has_value() == has_price);
    CHECK(market.missing().empty());
}

TEST_CASE("a price of zero is the contract's own: who owes is liquidatable",
          "[morpho_blue][health]") {
    State state = usdc_against_weth();
    state.price->answer = 0;
    const margin::Health health = market_of(state, account(wei(1), 1)).health(0);
    CHECK(health.status == Status::Liquidatable);
    CHECK(health.health_factor == core::Wad(U256(0)));
}

TEST_CASE("an oracle that reverts leaves the health unknown and blocks a liquidation",
          "[morpho_blue][coverage]") {
    State state = usdc_against_weth();
    state.price.reset();
    state.price_trouble = {.detail = "0xe000 price: reverted", .kind = ErrorKind::NoPrice};
    const MorphoMarket market = market_of(state, account(wei(1), 1));
    CHECK(market.health(0).status == Status::Unknown);
    CHECK_THAT(market.health(0).unknown_because, Contains("oracle price"));
    CHECK(market.health(0).debt == U256(1));  // which does not depend on the price
    CHECK(market.health(0).collateral == wei(1));
    CHECK_FALSE(market.health(0).health_factor);
    CHECK(market.blocked_by(0) == std::vector<std::string>{"oracle"});
    REQUIRE(market.missing().size() == 1);
    CHECK(market.missing()[0].kind == ErrorKind::NoPrice);
    CHECK(market.legs(0)[1].amount == U256(1));  // the debt is known
    // A price that only could not be read says nothing about liquidations.
    state.price_trouble.kind = ErrorKind::Timeout;
    CHECK(market_of(state, account(wei(1), 1)).blocked_by(0).empty());
}

TEST_CASE("without a borrow rate debts are unknown, but only once time has passed",
          "[morpho_blue][coverage]") {
    State state = usdc_against_weth();
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::Quoted;
    state.model.trouble = {.detail = "reverted", .kind = ErrorKind::Reverted};
    CHECK(market_of(state, account(wei(1), 1)).health(0).status == Status::Healthy);
    state.last_update = core::Timestamp(kBlockTime - 1);
    const MorphoMarket market = market_of(state, account(wei(1), 1, 1));
    CHECK(market.health(0).status == Status::Unknown);
    CHECK(market.blocked_by(0) == std::vector<std::string>{"irm"});
    CHECK_FALSE(market.health(0).debt);
    CHECK_FALSE(market.legs(0)[1].amount);
    CHECK_FALSE(market.legs(0)[2].amount);
    REQUIRE(market.missing().size() == 1);
    CHECK(market.missing()[0].what == "borrow rate");
}

TEST_CASE("debt is accrued to the block by the adaptive curve", "[morpho_blue][interest]") {
    // The vector's average rate 11245905823 over 1486982 s:
    // x = 11245905823 * 1486982 = 16722459532496186; x x / 2e18 = 139820326407986, times x / 3e18
    // = 779379916725; growth = 16863059238820897.
    const U256 interest =
        number("183465842461341750912000") * number("16863059238820897") / core::wad();
    Account debtor = account(wei(1), 0);
    debtor.borrow_shares = number("183465842461341750912000000000");  // all of it
    const MorphoMarket market = market_of(growing_market(), debtor);
    // All shares are worth all but the virtual share of what is owed: ceil((T + 1) * S / (S +
    // 1e6)).
    const U256 total = number("183465842461341750912000") + interest;
    CHECK(market.legs(0)[1].amount == total);
    CHECK(market.state().totals.borrow_assets == number("183465842461341750912000"));
}

TEST_CASE("accruing later is one accrual from the last update, as the contract would",
          "[morpho_blue][interest]") {
    const State state = growing_market();
    MorphoMarket market = market_of(state, account(wei(1'000'000), 1000));
    const core::Timestamp later(kBlockTime + 1000);
    market.accrue(later);
    CHECK(market.time() == later);
    State then = state;
    then.block_time = later;
    const MorphoMarket expected = market_of(then, account(wei(1'000'000), 1000));
    CHECK(market.health(0).debt == expected.health(0).debt);
    CHECK_THROWS_AS(market.accrue(core::Timestamp(kBlockTime)), core::InvariantError);
}

TEST_CASE("the fee recipient holds the fee's shares before they are stored",
          "[morpho_blue][interest]") {
    State state = growing_market();
    state.fee = core::wad() / 10;
    Account nobody = account(0, 0);
    CHECK_FALSE(market_of(state, nobody).is_active(0));
    nobody.wallet = state.fee_recipient;
    const MorphoMarket market = market_of(state, nobody);
    CHECK(market.is_active(0));
    const auto legs = market.legs(0);
    REQUIRE(legs.size() == 1);
    CHECK(legs[0].side == margin::Side::Supply);
    // A tenth of the interest (as above, about 1.686 % of 183465.8e18), less rounding.
    const U256 tenth =
        number("183465842461341750912000") * 16'863'059'238'820'897U / core::wad() / 10;
    CHECK(*legs[0].amount <= tenth);
    CHECK(*legs[0].amount + 10 >= tenth);
}

TEST_CASE("interest beyond 128 bits makes debts unknown, not small", "[morpho_blue][boundary]") {
    State state = growing_market();
    state.model.rate_at_target = 63'419'583'967U;
    state.totals.borrow_assets = (U256(1) << 128U) - 1;
    state.totals.supply_assets = (U256(1) << 128U) - 1;
    const MorphoMarket market = market_of(state, account(wei(1), 1));
    CHECK(market.health(0).status == Status::Unknown);
    CHECK_THAT(market.health(0).unknown_because, Contains("reverts"));
}

TEST_CASE("a product over 256 bits is an unknown health", "[morpho_blue][boundary]") {
    State state = usdc_against_weth();
    state.price->answer = core::max_u256();
    CHECK(market_of(state, account(1, 1)).health(0).status == Status::Healthy);
    CHECK(market_of(state, account(2, 1)).health(0).status == Status::Unknown);
}

TEST_CASE("an account that could not be read is unknown and named", "[morpho_blue][coverage]") {
    Account lost = account(0, 0);
    lost.trouble = {.detail = "timed out", .kind = ErrorKind::Timeout};
    const MorphoMarket market = market_of(usdc_against_weth(), lost);
    CHECK(market.is_active(0));
    CHECK(market.health(0).status == Status::Unknown);
    REQUIRE(market.missing().size() == 1);
    CHECK(market.missing()[0].wallet == lost.wallet);
    CHECK(market.missing()[0].kind == ErrorKind::Timeout);
}

TEST_CASE("the answer of the oracle is one, and may be replaced", "[morpho_blue][what_if]") {
    MorphoMarket market = one_weth_against(U256(1600) * kUsdc);
    const auto answers = market.answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].asset == test::address(0xa000));
    CHECK(answers[0].denominator == test::address(0xa001));
    CHECK(answers[0].denominator_symbol == "USDC");
    CHECK(answers[0].denominator_decimals == 6);
    CHECK(answers[0].unit == core::pow10(24));  // 36 + 6 - 18; 2000e24 is 2000 USDC for a WETH
    const auto fork = market.fork();
    fork->set_answer(test::address(0xa000), answers[0].quote->answer - 1);
    CHECK(fork->health(0).status == Status::Liquidatable);
    CHECK(market.health(0).status == Status::Healthy);
    CHECK_THROWS_AS(fork->set_answer(test::address(0xa001), 1), core::InputError);
}

TEST_CASE("the liquidation answer is the first that fails, as a search finds it",
          "[morpho_blue][boundary]") {
    std::mt19937_64 random(20'260'310);
    const auto up_to = [&](std::uint64_t n) { return random() % n + 1; };
    for (int i = 0; i < 400; ++i) {
        State state = usdc_against_weth();
        state.price->answer = U256(up_to(5000)) * core::pow10(24) + up_to(1'000'000'000'000);
        state.params.lltv = core::wad() / 1000 * up_to(980);
        const U256 collateral = i % 3 == 0 ? U256(up_to(1000)) : U256(up_to(1'000'000'000'000));
        const U256 value = collateral * state.price->answer / core::pow10(36);
        const U256 limit = value * state.params.lltv / core::wad();
        if (limit == 0) {
            continue;
        }
        const U256 debt = limit - limit * (random() % 1000) / 1000;
        Account holder = account(collateral, debt);
        MorphoMarket market = market_of(state, holder);
        REQUIRE(market.health(0).status == Status::Healthy);
        const auto answer = market.liquidation_answer(0, test::address(0xa000));
        // Health falls with the price alone, so bisection between 0 and today's is the truth.
        U256 fails = 0;
        U256 holds = state.price->answer;
        market.set_answer(test::address(0xa000), 0);
        REQUIRE(market.health(0).status == Status::Liquidatable);
        while (holds - fails > 1) {
            const U256 middle = (holds + fails) / 2;
            market.set_answer(test::address(0xa000), middle);
            (market.health(0).status == Status::Healthy ? holds : fails) = middle;
        }
        CAPTURE(i, collateral, debt, fails);
        if (fails * 1'000'000 < state.price->answer) {
            CHECK_FALSE(answer);
        } else {
            CHECK(answer == fails);
        }
    }
}

TEST_CASE("a liquidation answer where there is none, or already", "[morpho_blue][boundary]") {
    const core::Address weth = test::address(0xa000);
    CHECK(one_weth_against(U256(1600) * kUsdc + 1).liquidation_answer(0, weth) ==
          U256(2000) * core::pow10(24));
    // 2000e24 is the very answer at which 1600 are still healthy.
    CHECK(one_weth_against(U256(1600) * kUsdc).liquidation_answer(0, weth) ==
          U256(2000) * core::pow10(24) - 1);
    CHECK_FALSE(one_weth_against(0).liquidation_answer(0, weth));
    CHECK_FALSE(one_weth_against(1).liquidation_answer(0, weth));  // below a millionth
    CHECK_FALSE(one_weth_against(1600).liquidation_answer(0, test::address(0xa001)));
    State state = usdc_against_weth();
    state.price.reset();
    CHECK_FALSE(market_of(state, account(wei(1), 1)).liquidation_answer(0, weth));
}

TEST_CASE("fast health factors agree with the exact ones", "[morpho_blue][fast]") {
    State state = growing_market();
    for (std::uint64_t n = 1; n <= 50; ++n) {
        Account one = account(wei(n * 37), U256(n * n) * 1'000'003 * kUsdc, 0, n);
        state.accounts.push_back(one);
    }
    state.accounts.push_back(account(wei(1), 0, 0, 60));
    state.accounts.push_back(account(wei(1), 1, 0, 61));
    state.accounts.back().trouble.detail = "timed out";
    const MorphoMarket market(state);
    std::vector<double> fast;
    market.fast_health_factors(fast);
    REQUIRE(fast.size() == 52);
    for (std::size_t row = 0; row < 50; ++row) {
        const double exact = market.health(row).health_factor->value().convert_to<double>() / 1e18;
        CHECK(fast[row] == Approx(exact).epsilon(1e-9));
    }
    CHECK(std::isinf(fast[50]));
    CHECK(std::isnan(fast[51]));
}

TEST_CASE("the linear form of an account gives its health factor", "[morpho_blue][fast]") {
    const MorphoMarket market = one_weth_against(U256(800) * kUsdc);
    const auto legs = market.weighted_legs(0);
    REQUIRE(legs.size() == 2);
    CHECK(legs[0].asset == test::address(0xa000));
    CHECK(legs[1].asset.is_zero());
    CHECK(legs[0].weight / legs[1].debt == Approx(2.0));
    CHECK(market.liquidation_pairs(0).size() == 1);
    CHECK(one_weth_against(0).liquidation_pairs(0).empty());
}

TEST_CASE("an authorised pre-liquidation is told, with whether it may act now",
          "[morpho_blue][pre_liquidation]") {
    State state = usdc_against_weth();
    state.pre_liquidations.push_back({.contract = test::address(0x77),
                                      .pre_lltv = core::wad() / 100 * 75,
                                      .close_factor_at_pre_lltv = core::wad() / 2,
                                      .close_factor_at_lltv = core::wad(),
                                      .incentive_at_pre_lltv = core::wad(),
                                      .incentive_at_lltv = core::wad(),
                                      .oracle = state.params.oracle,
                                      .price = std::nullopt});
    const auto warning = [&](const U256& debt) {
        Account one = account(wei(1), debt);
        one.pre_liquidations = {0};
        const auto warnings = market_of(state, one).warnings(0);
        REQUIRE(warnings.size() == 1);
        return warnings[0];
    };
    // Strictly above 2000 * 0.75 = 1500, up to 1600.
    CHECK_THAT(warning(U256(1500) * kUsdc), Contains("75 %") && Contains("not now"));
    CHECK_THAT(warning(U256(1500) * kUsdc + 1), Contains("it may now"));
    CHECK_THAT(warning(U256(1600) * kUsdc), Contains("it may now"));
    CHECK_THAT(warning(U256(1600) * kUsdc + 1), Contains("not now"));
    // With an oracle of its own, which answers half as much.
    state.pre_liquidations[0].oracle = test::address(0x99);
    CHECK_THAT(warning(U256(751) * kUsdc), Contains("not known"));
    state.pre_liquidations[0].price = U256(1000) * core::pow10(24);
    CHECK_THAT(warning(U256(751) * kUsdc), Contains("it may now"));
    CHECK(market_of(state, account(wei(1), 1)).warnings(0).empty());
}

TEST_CASE("a rate quoted by a foreign IRM is exact at the block and an assumption later",
          "[morpho_blue][interest]") {
    State state = usdc_against_weth();
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::Quoted;
    state.model.rate = core::wad() / 10;
    state.last_update = core::Timestamp(kBlockTime - 2);
    MorphoMarket market = market_of(state, account(wei(1), 100));
    // 500,000e6 * 0.221333333333333333, rounded down.
    CHECK(market.legs(0)[1].amount == U256(123));  // ceil(100 * 1.2213 ...)
    CHECK(market.warnings(0).empty());
    market.accrue(core::Timestamp(kBlockTime + 1));
    REQUIRE(market.warnings(0).size() == 1);
    CHECK_THAT(market.warnings(0)[0], Contains("assumed"));
}

TEST_CASE("the contracts' own answers are compared with", "[morpho_blue][verify]") {
    State state = growing_market();
    Account one = account(wei(1'000'000), 1000);
    CHECK_FALSE(market_of(state, one).has_referee(0));
    one.referee = Referee{.is_healthy = true, .borrow_rate = U256(11'245'905'823U)};
    CHECK(market_of(state, one).has_referee(0));
    CHECK(market_of(state, one).verify(0).empty());
    one.referee->borrow_rate = U256(11'245'905'824U);
    one.referee->is_healthy = false;
    MorphoMarket market = market_of(state, one);
    const auto differences = market.verify(0);
    REQUIRE(differences.size() == 2);
    CHECK(differences[0].what == "borrow rate");
    CHECK(differences[0].ours == "11245905823");
    CHECK(differences[1].what == "health check");
    CHECK(differences[1].theirs == "liquidatable");
    market.accrue(core::Timestamp(kBlockTime + 1));
    CHECK_FALSE(market.has_referee(0));
}

TEST_CASE("a market restored from its archive is the same", "[morpho_blue][archive]") {
    std::vector<State> states{everything(), usdc_against_weth()};
    states.push_back(usdc_against_weth());
    states.back().price.reset();
    states.back().price_trouble = {.detail = "reverted", .kind = ErrorKind::NoPrice};
    states.back().model.kind = RateModel::Kind::Quoted;
    states.back().model.trouble = {.detail = "reverted", .kind = ErrorKind::Reverted};
    states.push_back(usdc_against_weth());
    states.back().model.kind = RateModel::Kind::Quoted;
    states.back().model.rate = U256(7);
    states.back().model.is_assumed = true;
    for (const State& state : states) {
        const core::Archive archive = MorphoMarket(state).archive();
        const MorphoMarket restored(restore_state(archive));
        CHECK(text_of(restored.archive()) == text_of(archive));
        CHECK(restored.name() == state.name);
        for (std::size_t row = 0; row < state.accounts.size(); ++row) {
            CHECK(restored.health(row).debt == MorphoMarket(state).health(row).debt);
            CHECK(restored.warnings(row) == MorphoMarket(state).warnings(row));
        }
    }
}

TEST_CASE("an archive that lacks a field is refused by the field's name",
          "[morpho_blue][archive][refused]") {
    const core::Archive archive = MorphoMarket(everything()).archive();
    for_each_field(archive, [](const core::Archive& without, const std::string& name) {
        if (name == "price") {
            return;  // legitimately absent
        }
        CAPTURE(name);
        CHECK_THROWS_WITH(restore_state(without), Contains(name));
    });
}

TEST_CASE("an archive with a value that cannot be is refused", "[morpho_blue][archive][refused]") {
    const auto with = [](const char* field, core::Archive value) {
        core::Archive archive = MorphoMarket(everything()).archive();
        archive.set(field, std::move(value));
        return archive;
    };
    CHECK_THROWS_AS(restore_state(with("market", "blue")), core::InputError);
    CHECK_THROWS_AS(restore_state(with("lltv", U256(core::wad() + 1))), core::InputError);
    CHECK_THROWS_AS(restore_state(with("total_borrow_assets", U256(1) << 128U)), core::InputError);
    CHECK_THROWS_AS(restore_state(with("last_update", std::uint64_t{kBlockTime + 1})),
                    core::InputError);
    CHECK_THROWS_AS(restore_state(with("pre_liquidations", core::Archive::List{})),
                    core::InputError);
    core::Archive model;
    model.set("kind", "linear");
    CHECK_THROWS_WITH(restore_state(with("model", model)), Contains("linear"));
    model.set("kind", "quoted");
    model.set("is_assumed", false);
    CHECK_THROWS_WITH(restore_state(with("model", model)), Contains("rate"));
}

TEST_CASE("of a market of Morpho the fee can change, and what its oracle is made of",
          "[morpho_blue][parameters]") {
    State state = usdc_against_weth();
    state.fee = core::wad() / 10;
    const auto groups = MorphoMarket(state).parameters();
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].of.empty());
    CHECK(groups[0].values == std::vector<std::pair<std::string, std::string>>{{"fee", "10 %"}});
    CHECK(groups[0].price_sources == std::vector{state.params.oracle});
    state.params.oracle = core::Address();
    CHECK(MorphoMarket(state).parameters()[0].price_sources.empty());
}
