#include "oracle/model.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/errors.hpp"
#include "tests/support/oracles.hpp"

namespace margrave::oracle {
namespace {

using core::Timestamp;
using core::U256;
using margin::OracleKind;
using margin::OracleSource;
using test::feed;
using test::number;
using test::part_of;
using Shared = std::shared_ptr<const OracleSource>;

std::vector<U256> today(const margin::OracleModel& model) {
    std::vector<U256> out;
    for (const auto& leaf : model.leaves()) {
        out.push_back(leaf.answer);
    }
    return out;
}

constexpr std::uint64_t kYear = 31'536'000;

TEST_CASE("a feed answers what it was told, inside the aggregator's bounds", "[oracle]") {
    OracleSource source = *feed(1, 200'000'000'000, "ETH / USD");
    source.parameters = {{"min_answer", 100}, {"max_answer", 300'000'000'000}};
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    CHECK(model->answer(std::vector<U256>{250'000'000'000}, source.read_at) ==
          U256(250'000'000'000));
    CHECK(model->answer(std::vector<U256>{99}, source.read_at) == U256(100));
    CHECK(model->answer(std::vector<U256>{300'000'000'001}, source.read_at) ==
          U256(300'000'000'000));
    const auto bounds = model->bounds();
    REQUIRE(bounds.size() == 2);
    CHECK_FALSE(bounds[0].binds);
    CHECK_FALSE(bounds[1].binds);
}

TEST_CASE("a feed at its aggregator's minimum is at a clamp, one unit above it is not",
          "[oracle]") {
    const auto at = [](const U256& answer) {
        OracleSource source = *feed(1, answer, "LUNA / USD");
        source.parameters = {{"min_answer", 10'000'000}};
        return make_model(std::make_shared<const OracleSource>(source))->bounds().at(0).binds;
    };
    CHECK(at(10'000'000));
    CHECK_FALSE(at(10'000'001));
}

// 1.05e18 at 9.68 % a year: 1.05e18 * 968 / 1e4 = 101640000000000000; / 31536000 = 3222983257.22...
constexpr std::uint64_t kGrowth = 3'222'983'257;

TEST_CASE("the first generation's cap grows by whole units a second", "[oracle][capo]") {
    // After 1000 s: 1.05e18 + 3222983257 * 1000 = 1050003222983257000. Base 2000e8:
    // floor(200000000000 * 1050003222983257000 / 1e18) = 210000644596 (.6514 dropped).
    const auto model = make_model(test::capped_ratio(feed(1, 200'000'000'000, "ETH / USD"),
                                                     U256("1060000000000000000"),
                                                     {.snapshot = U256("1050000000000000000"),
                                                      .growth = kGrowth,
                                                      .scale = 1,
                                                      .seconds = 1000,
                                                      .answer = 210'000'644'596}));
    CHECK(model->is_confirmed());
    const auto bounds = model->bounds();
    REQUIRE(bounds.size() == 1);
    CHECK(bounds[0].what == "ratio_cap");
    CHECK(bounds[0].limit == U256("1050003222983257000"));
    CHECK(bounds[0].binds);
    // 1e16 over 3222983257 a second: 3102715.43..., so 3102716 s after the snapshot.
    CHECK(bounds[0].released_at == Timestamp(model->source().read_at.value() - 1000 + 3'102'716));
    CHECK(model->answer(today(*model), *bounds[0].released_at) == U256(212'000'000'000));
    // A second earlier the cap still lies below the ratio.
    CHECK(*model->answer(today(*model), Timestamp(bounds[0].released_at->value() - 1)) <
          U256(212'000'000'000));
}

TEST_CASE("the second generation keeps a millionth of a unit a second", "[oracle][capo]") {
    // 1.05e18 * 968 * 1e6 / 1e4 / 31536000 = 3222983257229832 (.57 dropped). After a year:
    // floor(3222983257229832 * 31536000 / 1e6) = 101639999999999981 (.95...), so the cap is
    // 1151639999999999981; the first generation's is 1.05e18 + 3222983257 * 31536000 =
    // 1151639999992752000, lower by 7247981.
    const auto year_later = [](std::uint64_t growth, std::uint64_t scale) {
        return make_model(test::capped_ratio(feed(1, 100'000'000, "X / USD"),
                                             U256("1200000000000000000"),
                                             {.snapshot = U256("1050000000000000000"),
                                              .growth = growth,
                                              .scale = scale,
                                              .seconds = kYear,
                                              .answer = 115'163'999}))
            ->bounds()
            .at(0)
            .limit;
    };
    CHECK(year_later(3'222'983'257'229'832, 1'000'000) == U256("1151639999999999981"));
    CHECK(year_later(kGrowth, 1) == U256("1151639999992752000"));
}

TEST_CASE("a ratio at its cap is not capped, one above it is", "[oracle][capo]") {
    const auto binds = [](const U256& ratio) {
        return make_model(test::capped_ratio(feed(1, 100'000'000, "X / USD"), ratio,
                                             {.snapshot = 1'000'000,
                                              .growth = 10,
                                              .scale = 1,
                                              .seconds = 100,
                                              .answer = 1}))
            ->bounds()
            .at(0)
            .binds;
    };
    CHECK_FALSE(binds(1'001'000));
    CHECK(binds(1'001'001));
}

TEST_CASE("a capped ratio follows its ratio down and its base both ways", "[oracle][capo]") {
    const auto model = make_model(test::capped_ratio(feed(1, 200'000'000'000, "ETH / USD"),
                                                     U256("1060000000000000000"),
                                                     {.snapshot = U256("1050000000000000000"),
                                                      .growth = kGrowth,
                                                      .scale = 1,
                                                      .seconds = 1000,
                                                      .answer = 210'000'644'596}));
    const Timestamp now = model->source().read_at;
    const auto with = [&](const char* base, const char* ratio) {
        return model->answer(std::vector<U256>{U256(base), U256(ratio)}, now);
    };
    CHECK(with("200000000000", "2000000000000000000") == U256(210'000'644'596));
    CHECK(with("200000000000", "1050000000000000000") == U256(210'000'000'000));
    CHECK(with("200000000000", "999999999999999999") == U256(199'999'999'999));  // truncated
    CHECK(with("400000000000", "1060000000000000000") == U256(420'001'289'193));
    CHECK(with("0", "1060000000000000000") == U256(0));
    CHECK(with("200000000000", "0") == U256(0));
    const double fast = model->fast_answer(std::vector<double>{2e11, 1.06e18}, now);
    CHECK(fast == Approx(210'000'644'596.65).epsilon(1e-12));
}

TEST_CASE("a capped ratio cannot be asked about the time before its snapshot", "[oracle][capo]") {
    const auto model = make_model(test::capped_ratio(
        feed(1, 100, "X / USD"), 1'000'000,
        {.snapshot = 1'000'000, .growth = 1, .scale = 1, .seconds = 10, .answer = 100}));
    const std::uint64_t snapshot = model->source().read_at.value() - 10;
    CHECK(model->answer(today(*model), Timestamp(snapshot)));
    CHECK_FALSE(model->answer(today(*model), Timestamp(snapshot - 1)));
    CHECK(std::isnan(model->fast_answer(std::vector<double>{1, 1}, Timestamp(snapshot - 1))));
}

TEST_CASE("the cap of Aave's event of 10 March 2026 lies as far below the rate as was published",
          "[oracle][capo]") {
    // Chaos Labs' account of it: the snapshot ratio could rise from about 1.1572 by no more than 3
    // %, to about 1.1919, while its time became that of seven days before; the cap was
    // about 1.1939, and the rate, about 1.2282, was 2.85 % above it. The growth is the
    // adapter's 9.68 % a year (aave-dao/aave-price-feeds@76a1e32 scripts/DeployEthereum.s.sol,
    // which also has the ratio of February 2024, 1.157209899495068171). The liquidations of block
    // 24,626,860 used 1.193946836120871904: the published figures give it to a part in five
    // thousand.
    const U256 snapshot = U256("1157209899495068171") * 103 / 100;
    const U256 growth = snapshot * 968 / 10'000 / kYear;
    constexpr std::uint64_t kWeek = 7 * 86'400;
    const U256 rate("1228200000000000000");
    const auto model = make_model(test::capped_ratio(feed(1, 200'000'000'000, "ETH / USD"), rate,
                                                     {.snapshot = snapshot,
                                                      .growth = static_cast<std::uint64_t>(growth),
                                                      .scale = 1,
                                                      .seconds = kWeek,
                                                      .answer = 0}));
    const auto bound = model->bounds().at(0);
    CHECK(bound.binds);
    const U256 used("1193946836120871904");
    const U256 apart = bound.limit < used ? U256(used - bound.limit) : U256(bound.limit - used);
    CHECK(apart * 5'000 < used);
    // What the holders of wstETH lost: the rate over the cap that was used, less one, in bps.
    CHECK((rate - used) * 10'000 / used == 286);
    // The answer that liquidated them, at 2000 dollars for ETH: truncated, as the adapter does.
    CHECK(model->answer(std::vector<U256>{200'000'000'000, used}, model->source().read_at) ==
          U256("238789367224"));
}

TEST_CASE("a capped price stops at its cap", "[oracle]") {
    const auto capped = [](const U256& price) {
        OracleSource source = test::source(9, OracleKind::CappedPrice);
        source.parameters = {{"cap", 104'000'000}};
        source.parts = {part_of("asset", feed(1, price, "USDT / USD"))};
        source.answer = std::min(price, U256(104'000'000));
        return make_model(std::make_shared<const OracleSource>(source));
    };
    CHECK(capped(99'990'000)->is_confirmed());
    CHECK_FALSE(capped(104'000'000)->bounds().at(0).binds);
    CHECK(capped(104'000'001)->bounds().at(0).binds);
    const auto model = capped(100'000'000);
    CHECK(model->answer(std::vector<U256>{120'000'000}, Timestamp(0)) == U256(104'000'000));
    CHECK(model->answer(std::vector<U256>{80'000'000}, Timestamp(0)) == U256(80'000'000));
}

TEST_CASE("a price capped by another one moves with either", "[oracle]") {
    // EURC below EUR/USD * 1.04: 1.10 * 1.04 = 1.144.
    OracleSource source = test::source(9, OracleKind::CappedByPrice);
    source.parameters = {{"cap_ratio", 104'000'000}, {"ratio_decimals", 8}};
    source.parts = {part_of("asset", feed(1, 120'000'000, "EURC / USD")),
                    part_of("base", feed(2, 110'000'000, "EUR / USD"))};
    source.answer = 114'400'000;
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    CHECK(model->bounds().at(0).binds);
    CHECK(model->bounds().at(0).limit == 114'400'000);
    CHECK(model->answer(std::vector<U256>{120'000'000, 120'000'000}, Timestamp(0)) ==
          U256(120'000'000));
}

TEST_CASE("a product of two feeds is floored once", "[oracle]") {
    // WBTC/BTC 0.99876543 * BTC/USD 65432.12345678: 99876543 * 6543212345678 is
    // 653513429201239631154, over 1e8 6535134292012.39...
    OracleSource source = test::source(9, OracleKind::Product);
    source.parameters = {{"decimals", 8}, {"denominator_decimals", 16}};
    source.parts = {part_of("asset", feed(1, 99'876'543, "WBTC / BTC")),
                    part_of("peg", feed(2, 6'543'212'345'678, "BTC / USD"))};
    source.answer = 6'535'134'292'012;
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    CHECK(model->answer(std::vector<U256>{99'876'543, 100'000'000}, Timestamp(0)) ==
          U256(99'876'543));
    CHECK(model->answer(std::vector<U256>{0, 100'000'000}, Timestamp(0)) == U256(0));
}

TEST_CASE("a quotient of two feeds is floored, and 0 where one is", "[oracle]") {
    OracleSource source = test::source(9, OracleKind::Quotient);
    source.parameters = {{"decimals", 18}};
    source.parts = {part_of("asset", feed(1, 1, "X / USD")),
                    part_of("base", feed(2, 3, "ETH / USD"))};
    source.answer = U256("333333333333333333");
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    CHECK(model->answer(std::vector<U256>{1, 0}, Timestamp(0)) == U256(0));
}

TEST_CASE("a discount shrinks to nothing at maturity", "[oracle]") {
    // 10 % a year, half a year left: 5 %; 1e8 * 0.95.
    OracleSource source = test::source(9, OracleKind::Discount);
    const std::uint64_t now = source.read_at.value();
    source.parameters = {{"maturity", now + kYear / 2},
                         {"rate_per_year", U256("100000000000000000")}};
    source.parts = {part_of("asset", feed(1, 100'000'000, "USDe / USD"))};
    source.answer = 95'000'000;
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    CHECK(model->answer(today(*model), Timestamp(now + kYear / 4)) == U256(97'500'000));
    CHECK(model->answer(today(*model), Timestamp(now + kYear / 2)) == U256(100'000'000));
    CHECK(model->answer(today(*model), Timestamp(now + kYear)) == U256(100'000'000));
}

TEST_CASE("a Morpho oracle multiplies its base and divides by its quote", "[oracle][morpho]") {
    // Vault 1.1e18 * feed 2000e8 over quote 1e8, scale 1e16 (18 and 6 decimals):
    // 1e16 * 1.1e18 * 2e11 / 1e8 = 2.2e37.
    OracleSource source = test::source(9, OracleKind::MorphoChain);
    source.parameters = {{"scale_factor", U256("10000000000000000")}};
    source.parts = {number("base_vault", 5, U256("1100000000000000000")),
                    part_of("base_feed_1", feed(1, 200'000'000'000, "ETH / USD")),
                    part_of("quote_feed_1", feed(2, 100'000'000, "USDC / USD"))};
    source.answer = U256("22000000000000000000000000000000000000");
    const auto model = make_model(std::make_shared<const OracleSource>(source));
    CHECK(model->is_confirmed());
    auto values = today(*model);
    values[2] = 300'000'000;
    CHECK(model->answer(values, Timestamp(0)) == U256("7333333333333333333333333333333333333"));
    values[2] = 0;
    CHECK_FALSE(model->answer(values, Timestamp(0)));  // the contract divides by it
    std::swap(source.parts[0], source.parts[2]);
    CHECK_THROWS_AS(make_model(std::make_shared<const OracleSource>(source)), core::InputError);
}

TEST_CASE("compositions nest, and a feed that occurs twice is one leaf", "[oracle]") {
    // sUSDe over capped USDT, as Aave has it; the cap of USDT holds back sUSDe too.
    const Shared usdt = feed(1, 100'000'000, "USDT / USD");
    OracleSource capped = test::source(2, OracleKind::CappedPrice);
    capped.parameters = {{"cap", 104'000'000}};
    capped.parts = {part_of("asset", usdt)};
    capped.answer = 100'000'000;
    const auto base = std::make_shared<const OracleSource>(capped);
    const auto model = make_model(test::capped_ratio(base, U256("1100000000000000000"),
                                                     {.snapshot = U256("1200000000000000000"),
                                                      .growth = 0,
                                                      .scale = 1,
                                                      .seconds = 1,
                                                      .answer = 110'000'000}));
    REQUIRE(model->leaves().size() == 2);
    CHECK(model->leaves()[0].description == "USDT / USD");
    CHECK(model->leaves()[1].role == "ratio");
    CHECK(model->is_confirmed());
    CHECK(model->answer(std::vector<U256>{200'000'000, U256("1000000000000000000")},
                        model->source().read_at) == U256(104'000'000));
    OracleSource twice = test::source(9, OracleKind::Product);
    twice.parameters = {{"decimals", 8}, {"denominator_decimals", 16}};
    twice.parts = {part_of("asset", usdt), part_of("peg", usdt)};
    CHECK(make_model(std::make_shared<const OracleSource>(twice))->leaves().size() == 1);
}

TEST_CASE("a composition that gives another integer than the contract is not confirmed",
          "[oracle]") {
    OracleSource source = test::source(9, OracleKind::CappedPrice);
    source.parameters = {{"cap", 104'000'000}};
    source.parts = {part_of("asset", feed(1, 100'000'000, "USDT / USD"))};
    source.answer = 100'000'001;
    CHECK_FALSE(make_model(std::make_shared<const OracleSource>(source))->is_confirmed());
    source.answer = std::nullopt;  // it reverted
    CHECK_FALSE(make_model(std::make_shared<const OracleSource>(source))->is_confirmed());
}

TEST_CASE("a source that lacks what its kind needs is refused by name", "[oracle]") {
    OracleSource source = test::source(9, OracleKind::CappedRatio);
    const auto refused = [&] { return make_model(std::make_shared<const OracleSource>(source)); };
    CHECK_THROWS_WITH(refused(), Catch::Contains("its part \"base\""));
    source.parts = {number("base", 1, 1), number("ratio", 2, 1)};
    CHECK_THROWS_WITH(refused(), Catch::Contains("\"ratio_decimals\""));
    source.parameters = {{"ratio_decimals", 78}};
    CHECK_THROWS_WITH(refused(), Catch::Contains("over 77"));
}

TEST_CASE("sources inside each other beyond any contract are refused", "[oracle]") {
    Shared inner = feed(1, 100, "X / USD");
    const auto wrapped = [&](std::uint64_t address) {
        OracleSource source = test::source(address, OracleKind::CappedPrice);
        source.parameters = {{"cap", 1000}};
        source.parts = {part_of("asset", inner)};
        source.answer = 100;
        return std::make_shared<const OracleSource>(source);
    };
    for (std::size_t depth = 1; depth <= kDepthMax; ++depth) {
        inner = wrapped(depth + 1);
        CHECK_NOTHROW(make_model(inner));
    }
    CHECK_THROWS_WITH(make_model(wrapped(100)), Catch::Contains("too many"));
}

}  // namespace
}  // namespace margrave::oracle
