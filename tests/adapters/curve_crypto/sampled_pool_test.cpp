#include "adapters/curve_crypto/sampled_pool.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "adapters/curve_crypto/contracts.hpp"
#include "adapters/curve_crypto/venue.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/batch_reader.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "settings/document.hpp"
#include "tests/support/archive_text.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::adapters::curve_crypto;
using core::Address;
using core::U256;

namespace {

const Address kPool = test::address(0xc0);
const Address kFirst = test::address(0xa0);
const Address kSecond = test::address(0xa1);

U256 whole(std::uint64_t n) { return core::wad() * n; }

/// 1000 of the first coin and 2 million of the second by constant product, at a fee of 0.3 %: a
/// curve that a test can work out.
U256 fetched(bool is_first_sold, const U256& amount) {
    const U256 sold = is_first_sold ? whole(1'000) : whole(2'000'000);
    const U256 bought = is_first_sold ? whole(2'000'000) : whole(1'000);
    const U256 in = amount * 997;
    return in * bought / (sold * 1000 + in);
}

std::vector<Sample> samples(bool is_first_sold) {
    std::vector<Sample> out;
    const U256 balance = is_first_sold ? whole(1'000) : whole(2'000'000);
    for (U256 amount = balance / 1'000'000; amount <= balance; amount = amount * 9 / 8) {
        out.push_back({amount, fetched(is_first_sold, amount)});
    }
    return out;
}

SampledPool sampled() {
    const auto onward = samples(true);
    const auto back = samples(false);
    return SampledPool({.name = {.kind = "curve_crypto", .chain = "ethereum", .address = kPool},
                        .tokens = {{.address = kFirst, .symbol = "ONE", .decimals = 18},
                                   {.address = kSecond, .symbol = "TWO", .decimals = 18}},
                        .curve = curve_of(onward, back),
                        .now = begin_of(onward, back)});
}

margin::SwapCall sale(bool is_first_sold, const U256& amount) {
    return {.sell = is_first_sold ? kFirst : kSecond,
            .buy = is_first_sold ? kSecond : kFirst,
            .amount = amount,
            .price_limit = {}};
}

double to_double(const margin::PriceRatio& price) {
    return price.numerator.convert_to<double>() / price.denominator.convert_to<double>();
}

}  // namespace

TEST_CASE("a sale at a sample fetches what the pool says, and between two a little less",
          "[curve-crypto]") {
    const bool is_first_sold = GENERATE(true, false);
    for (const Sample& one : samples(is_first_sold)) {
        const auto outcome = sampled().swap(sale(is_first_sold, one.sold));
        REQUIRE(outcome);
        CHECK(outcome->bought == one.bought);
        const U256 between = one.sold * 17 / 18;
        const auto less = sampled().swap(sale(is_first_sold, between));
        REQUIRE(less);
        const U256 theirs = fetched(is_first_sold, between);
        CHECK(less->bought <= theirs);
        CHECK(less->bought * 1'000 >= theirs * 999);
    }
}

TEST_CASE("parts of a sale go along the same curve, and the way back too", "[curve-crypto]") {
    SampledPool pool = sampled();
    const auto first = pool.swap(sale(true, whole(100)));
    const auto second = pool.swap(sale(true, whole(50)));
    REQUIRE(first);
    REQUIRE(second);
    const U256 sum = first->bought + second->bought;
    const auto at_once = sampled().swap(sale(true, whole(150)));
    CHECK(sum <= at_once->bought);
    CHECK(at_once->bought - sum <= 1);
    const auto back = pool.swap(sale(false, sum));
    REQUIRE(back);
    CHECK(back->bought <= whole(150));
    CHECK(whole(150) - back->bought <= 2);
}

TEST_CASE("the price is the slope of the line ahead, and a limit ends at a sample",
          "[curve-crypto]") {
    SampledPool pool = sampled();
    CHECK(to_double(*pool.price(kFirst, kSecond)) == Approx(2000 * 0.997).epsilon(1e-5));
    CHECK(to_double(*pool.price(kSecond, kFirst)) == Approx(0.997 / 2000).epsilon(1e-5));
    margin::SwapCall call = sale(true, whole(900));
    call.price_limit = margin::PriceRatio{.numerator = 1800, .denominator = 1};
    const auto outcome = pool.swap(call);
    REQUIRE(outcome);
    // 1000 * (sqrt(1994 / 1800) - 1) / 0.997 takes the curve itself there.
    CHECK((outcome->sold / whole(1)).convert_to<double>() == Approx(52).margin(8));
    CHECK(outcome->unfilled == whole(900) - outcome->sold);
    CHECK(to_double(*pool.price(kFirst, kSecond)) < 1800);
}

TEST_CASE("beyond the last sample nothing is known, and nothing is moved", "[curve-crypto]") {
    SampledPool pool = sampled();
    const std::string before = test::text_of(pool.archive());
    const auto outcome = pool.swap(sale(true, whole(1'100)));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason == "beyond_band");
    CHECK(test::text_of(pool.archive()) == before);
    margin::SwapCall purchase = sale(true, whole(1));
    purchase.exact_out = true;
    CHECK(pool.swap(purchase).error().reason == "not_modelled");
    CHECK(pool.swap(sale(true, 0)).error().reason == "zero_amount");
}

TEST_CASE("samples that fetch nothing, or no more than smaller ones, are no curve",
          "[curve-crypto]") {
    const std::vector<Sample> onward{{1, 0}, {2, 5}, {3, 9}, {4, 9}, {5, 20}};
    const auto curve = curve_of(onward, {});
    REQUIRE(curve.size() == 3);
    CHECK(curve.front().second == 9);
    CHECK(curve.back().first == 3);
    CHECK(curve.back().second == 0);
}

TEST_CASE("a sampled pool survives its archive, and hostile ones are refused",
          "[curve-crypto][refused]") {
    SampledPool pool = sampled();
    REQUIRE(pool.swap(sale(true, whole(70))));
    const core::Archive archive = pool.archive();
    CHECK(test::text_of(SampledPool::restore(archive)->archive()) == test::text_of(archive));

    core::Archive off = archive;
    core::Archive now;
    now.set("first", whole(1'000'000));
    now.set("second", U256(0));
    off.set("now", now);
    CHECK_THROWS_AS(SampledPool::restore(off), core::InputError);
    core::Archive empty = archive;
    empty.set("curve", core::Archive::List{});
    CHECK_THROWS_AS(SampledPool::restore(empty), core::InputError);
}

namespace {

/// Answers every sale by the curve above, as the node of a chain would.
struct Chain {
    Chain() {
        node.answer(kPool, Coins{}, kFirst, U256(0));
        node.answer(kPool, Coins{}, kSecond, U256(1));
        node.revert(kPool, Coins{}, U256(2));
        node.answer(kPool, Balances{}, whole(1'000), U256(0));
        node.answer(kPool, Balances{}, whole(2'000'000), U256(1));
        for (const Address& token : {kFirst, kSecond}) {
            node.answer(token, chains::erc20::Decimals{}, U256(18));
            node.answer_raw(token, chains::erc20::Symbol{}, test::abi_result(std::string("T")));
        }
        // The reader's own amounts, to which nothing else needs to be known.
        const unsigned steps[] = {10'000, 11'892, 14'142, 16'818};
        for (unsigned i = 0; i <= 88; ++i) {
            for (const bool is_first_sold : {true, false}) {
                const U256 balance = is_first_sold ? whole(1'000) : whole(2'000'000);
                const U256 amount = ((balance / 1'000'000 + 1) << (i / 4)) * steps[i % 4] / 10'000;
                const U256 sell = is_first_sold ? 0 : 1;
                node.answer(kPool, GetDy{}, fetched(is_first_sold, amount), sell, U256(1 - sell),
                            amount);
            }
        }
    }

    std::unique_ptr<margin::Venue> read() {
        const settings::Section section("test",
                                        settings::parse_document({.name = "t", .text = ""}));
        const auto reader = make_reader(
            {.kind = "curve_crypto", .chain = "ethereum", .address = kPool, .section = section});
        chains::evm::BatchReader batch(node, node.block, node.multicall3);
        std::unique_ptr<margin::Venue> pool;
        std::vector<chains::Task<void>> tasks;
        tasks.push_back(keep(*reader, batch, pool));
        batch.run(tasks);
        tasks.front().result();
        return pool;
    }

    static chains::Task<void> keep(adapters::VenueReader& reader, chains::Reader& chain,
                                   std::unique_ptr<margin::Venue>& out) {
        out = co_await reader.read(chain);
    }

    test::FakeNode node;
};

}  // namespace

TEST_CASE("a CryptoSwap pool is read by asking it what sales would fetch", "[curve-crypto]") {
    Chain chain;
    const auto pool = chain.read();
    CHECK(pool->tokens()[0].address == kFirst);
    CHECK_FALSE(pool->assumption().empty());
    const auto outcome = pool->quote(sale(true, whole(10)));
    REQUIRE(outcome);
    CHECK(outcome->bought <= fetched(true, whole(10)));
    CHECK(outcome->bought * 1'000 >= fetched(true, whole(10)) * 999);
    // Whatever the pool holds: sales are known to four times its balance.
    CHECK(pool->quote(sale(false, whole(8'000'000))));
    CHECK_FALSE(pool->quote(sale(false, whole(9'000'000))));
}

TEST_CASE("a pool of three coins is not one of two", "[curve-crypto][refused]") {
    Chain chain;
    chain.node.answer(kPool, Coins{}, kSecond, U256(2));
    CHECK_THROWS_AS(chain.read(), core::ChainError);
}
