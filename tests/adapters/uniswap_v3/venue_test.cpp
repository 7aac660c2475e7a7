#include "adapters/uniswap_v3/venue.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "adapters/uniswap_v3/contracts.hpp"
#include "adapters/venue_reading.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/batch_reader.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "tests/adapters/uniswap_v3/builders.hpp"
#include "tests/support/archive_text.hpp"

using namespace margrave;
using namespace margrave::test::uniswap_v3;
using adapters::Token0;
using adapters::Token1;
using Catch::Matchers::Contains;
using core::ErrorKind;
using test::address;
using test::FakeNode;
using test::text_of;

namespace {

const Address kFactory = address(0xfac);
const Address kRouter = address(0x5001);
const Address kRouter02 = address(0x5002);
const U256 kLiquidity = core::wad() * 1000;

PoolBuilder builder() {
    return {.tick = -7,
            .positions = {{-600, 600, kLiquidity}, {-120, 60, kLiquidity}},
            .words = {-1, 0}};
}

Int<24> int24(std::int32_t number) {
    return {.negative = number < 0, .magnitude = U256(std::abs(number))};
}

/// The builder's pool on a chain, with a router of its factory.
struct Chain {
    Chain() {
        const Pool pool = builder().build();
        node.answer(kPool, Token0{}, kToken0);
        node.answer(kPool, Token1{}, kToken1);
        node.answer(kPool, Fee{}, pool.fee_pips);
        node.answer(kPool, TickSpacing{}, int24(60));
        node.answer(kPool, PoolFactory{}, kFactory);
        node.answer(kPool, Liquidity{}, Uint<128>{pool.now.liquidity});
        set_slot(pool.now.sqrt_price_x96);
        for (std::int32_t word = -1; word <= 1; ++word) {
            node.answer(kPool, TickBitmap{}, U256(0),
                        Int<16>{.negative = word < 0, .magnitude = U256(std::abs(word))});
        }
        // -600 is place -10, bit 246 of word -1; -120 bit 254; 60 bit 1 of word 0; 600 bit 10.
        node.answer(kPool, TickBitmap{}, U256((U256(1) << 246U) + (U256(1) << 254U)),
                    Int<16>{.negative = true, .magnitude = 1});
        node.answer(kPool, TickBitmap{}, U256((U256(1) << 1U) + (U256(1) << 10U)), Int<16>{});
        for (const std::int32_t tick : {-600, -120, 60, 600}) {
            node.answer(kPool, Ticks{},
                        TickTuple{{kLiquidity}, {tick > 0, kLiquidity}, 0, 0, {}, {}, 0, true},
                        int24(tick));
        }
        answer_token(kToken0, "USDC", 6);
        answer_token(kToken1, "WETH", 18);
        for (const Address& router : {kRouter, kRouter02}) {
            node.answer(router, PoolFactory{}, kFactory);
            node.answer(router, Weth9{}, kToken1);
        }
    }

    void answer_token(const Address& token, const std::string& symbol, unsigned decimals) {
        node.answer(token, chains::erc20::Decimals{}, U256(decimals));
        node.answer(token, chains::erc20::Symbol{}, chains::abi::Raw{test::abi_result(symbol)});
    }
    void set_slot(const U256& sqrt_price) {
        node.answer(kPool, Slot0{}, Slot0Tuple{{sqrt_price}, int24(-7), 0, 1, 1, 0x44, true});
    }

    struct Reading {
        std::unique_ptr<margin::Venue> venue;
        std::optional<core::ChainError> failure;
        std::vector<margin::Missing> missing;
        std::uint64_t rounds = 0;
    };
    Reading read(const std::string& keys = "band_bps = 600\n") {
        const auto settings = settings::load(
            {{.name = "test.toml",
              .text = "[chains.ethereum]\nchain_id = 1\n[[pools]]\nkind = \"uniswap_v3\"\n"
                      "chain = \"ethereum\"\naddress = \"" +
                      kPool.to_string() + "\"\n" + keys}},
            std::nullopt, [](const std::string&) { return std::nullopt; });
        const auto reader = make_reader(settings.pools.at(0));
        chains::evm::BatchReader batch(node, node.block, node.multicall3);
        Reading out;
        {
            std::vector<chains::Task<void>> tasks;
            tasks.push_back(read_into(*reader, batch, out));
            batch.run(tasks);
            tasks[0].result();
        }
        out.missing = reader->missing();
        out.rounds = batch.cost().rounds;
        return out;
    }
    static chains::Task<void> read_into(adapters::VenueReader& reader, chains::Reader& chain,
                                        Reading& out) {
        try {
            out.venue = co_await reader.read(chain);
        } catch (const core::ChainError& error) {
            out.failure = error;
        }
    }

    FakeNode node;
};

std::string hex(const std::vector<std::uint8_t>& data, std::size_t from, std::size_t count) {
    return core::to_hex(core::Bytes(data.begin() + static_cast<std::ptrdiff_t>(from),
                                    data.begin() + static_cast<std::ptrdiff_t>(from + count)));
}

margin::SwapCall sale(const U256& amount) {
    return {.sell = kToken0,
            .buy = kToken1,
            .amount = amount,
            .exact_out = false,
            .price_limit = std::nullopt};
}

}  // namespace

TEST_CASE("Uniswap's functions have the selectors of its contracts", "[uniswap_v3][vectors]") {
    const auto selector = [](const auto& raw) { return core::to_hex(raw); };
    CHECK(selector(Slot0::kSelector) == "0x3850c7bd");
    CHECK(selector(Liquidity::kSelector) == "0x1a686502");
    CHECK(selector(Ticks::kSelector) == "0xf30dba93");
    CHECK(selector(TickBitmap::kSelector) == "0x5339c296");
    CHECK(selector(TickSpacing::kSelector) == "0xd0c93a7c");
    CHECK(selector(Fee::kSelector) == "0xddca3f43");
    CHECK(selector(ExactInputSingle::kSelector) == "0x414bf389");
    CHECK(selector(ExactOutputSingle::kSelector) == "0xdb3e2198");
    CHECK(selector(ExactInputSingle02::kSelector) == "0x04e45aaf");
    CHECK(selector(ExactOutputSingle02::kSelector) == "0x5023b4df");
    CHECK(selector(Multicall::kSelector) == "0xac9650d8");
    CHECK(selector(Multicall02::kSelector) == "0x5ae401dc");
    CHECK(selector(RefundEth::kSelector) == "0x12210e8a");
}

TEST_CASE("a pool is read with its ticks in three rounds", "[uniswap_v3][reading]") {
    Chain chain;
    const auto reading =
        chain.read("band_bps = 600\nswap_router = \"" + kRouter.to_string() + "\"\n");
    REQUIRE_FALSE(reading.failure);
    CHECK(reading.missing.empty());
    CHECK(reading.rounds == 3);
    PoolVenue expected = builder().venue({.swap_router = kRouter, .swap_router_02 = {}});
    CHECK(text_of(reading.venue->archive()) == text_of(expected.archive()));
    CHECK(reading.venue->concentrated()->tick == -7);
    CHECK(reading.venue->find_token(kToken1)->wraps_native);
    CHECK_FALSE(reading.venue->find_token(kToken0)->wraps_native);
}

TEST_CASE("a part of a pool that cannot be read leaves no pool", "[uniswap_v3][coverage]") {
    Chain chain;
    SECTION("a tick") { chain.node.revert(kPool, Ticks{}, int24(60)); }
    SECTION("a word") { chain.node.revert(kPool, TickBitmap{}, Int<16>{}); }
    SECTION("the price") { chain.node.revert(kPool, Slot0{}); }
    SECTION("a token's decimals") { chain.node.revert(kToken0, chains::erc20::Decimals{}); }
    const auto reading = chain.read();
    REQUIRE(reading.failure);
    CHECK(reading.failure->kind() == ErrorKind::Reverted);
    CHECK_FALSE(reading.venue);
}

TEST_CASE("a pool whose numbers contradict each other is bad data", "[uniswap_v3][coverage]") {
    Chain chain;
    SECTION("no price yet") { chain.set_slot(0); }
    SECTION("a price of another tick") { chain.set_slot(sqrt_price_at(-5)); }
    SECTION("more leaves at a tick than is there") {
        chain.node.answer(kPool, Liquidity{}, Uint<128>{U256(kLiquidity)});
    }
    SECTION("a fee of everything") { chain.node.answer(kPool, Fee{}, 1'000'000U); }
    SECTION("no spacing") { chain.node.answer(kPool, TickSpacing{}, int24(0)); }
    const auto reading = chain.read();
    REQUIRE(reading.failure);
    CHECK(reading.failure->kind() == ErrorKind::BadData);
}

TEST_CASE("a router of another factory is a gap, and the pool does without",
          "[uniswap_v3][coverage]") {
    Chain chain;
    SECTION("another factory") { chain.node.answer(kRouter, PoolFactory{}, address(1)); }
    SECTION("no router there") { chain.node.revert(kRouter, Weth9{}); }
    const auto reading =
        chain.read("swap_router = \"" + kRouter.to_string() + "\"\nband_bps = 600");
    REQUIRE(reading.venue);
    REQUIRE(reading.missing.size() == 1);
    CHECK(reading.missing[0].what == "router");
    const auto calls = reading.venue->calls(
        sale(5), {.recipient = address(9), .limit = 1, .deadline = core::Timestamp(7)});
    CHECK(calls.error().reason == "no_router");
}

TEST_CASE("a pool's own keys are checked", "[uniswap_v3][config]") {
    Chain chain;
    CHECK_THROWS_WITH(chain.read("band_bps = 0"), Contains("band_bps") && Contains("1 to 10000"));
    CHECK_THROWS_WITH(chain.read("band_bps = 10001"), Contains("10000, got 10001"));
    CHECK_THROWS_WITH(chain.read("band_bsp = 5"), Contains("band_bsp") && Contains("band_bps"));
}

TEST_CASE("a pool survives its archive", "[uniswap_v3]") {
    const PoolVenue venue = builder().venue({.swap_router = kRouter, .swap_router_02 = kRouter02});
    CHECK(text_of(restore_venue(venue.archive())->archive()) == text_of(venue.archive()));
}

TEST_CASE("an archive that is no pool's is refused by field", "[uniswap_v3][refused]") {
    core::Archive archive = builder().venue().archive();
    const auto [field, value, word] = GENERATE(table<const char*, const char*, const char*>(
        {{"fee_pips", "1000000", "fee_pips"},
         {"tick", "1e3", "tick"},
         {"tick", "-8", "belong together"},
         {"tick_spacing", "0", "tick_spacing"},
         {"tick_spacing", "7", "between the ticks"},
         {"word_high", "-1", "outside the words"},
         {"word_low", "40000", "word_low"},
         {"liquidity", "340282366920938463463374607431768211456", "128 bits"},
         {"sqrt_price_x96", "4295128738", "out of range"}}));
    CAPTURE(field, value);
    archive.set(field, std::string(value));
    CHECK_THROWS_WITH(restore_venue(archive), Contains(word));
}

TEST_CASE("the price is the square of the root, either way round", "[uniswap_v3]") {
    const PoolVenue venue = PoolBuilder{.positions = {{-600, 600, kLiquidity}}}.venue();
    const auto price = venue.price(kToken0, kToken1);
    CHECK(price->numerator == price->denominator);  // tick 0
    const PoolVenue other = PoolBuilder{.tick = 60, .positions = {{-600, 600, 1}}}.venue();
    CHECK(other.price(kToken0, kToken1)->numerator == other.price(kToken1, kToken0)->denominator);
    CHECK(other.price(kToken0, kToken1)->numerator > other.price(kToken0, kToken1)->denominator);
    CHECK_FALSE(venue.price(kToken0, kToken0));
    CHECK_FALSE(venue.price(kToken0, kPool));
}

TEST_CASE("a swap ends at its price limit, which is never passed", "[uniswap_v3]") {
    PoolVenue venue = PoolBuilder{.positions = {{-60000, 60000, kLiquidity}}}.venue();
    // 1 / 2 of token 1 for token 0: the root is 2^96 * 0.70710678…, rounded up when token 0 is
    // sold.
    margin::SwapCall call = sale(core::wad() * 1'000'000);
    call.price_limit = margin::PriceRatio{.numerator = 1, .denominator = 2};
    const auto sold = venue.swap(call);
    REQUIRE(sold);
    CHECK(sold->unfilled > 0);
    CHECK(sold->sold + sold->unfilled == call.amount);
    const U256 root = venue.concentrated()->sqrt_price_x96;
    CHECK(core::U512(root) * core::U512(root) * 2 >= core::U512(1) << 192U);
    CHECK(core::U512(root - 1) * core::U512(root - 1) * 2 < core::U512(1) << 192U);
    CHECK(venue.swap(call)->unfilled == call.amount);  // it is there already

    // And back up, until token 1 is worth a third of token 0.
    margin::SwapCall back = sale(core::wad() * 1'000'000);
    std::swap(back.sell, back.buy);
    back.price_limit = margin::PriceRatio{.numerator = 1, .denominator = 3};
    REQUIRE(venue.swap(back));
    const U256 high = venue.concentrated()->sqrt_price_x96;
    CHECK(core::U512(high) * core::U512(high) <= core::U512(3) << 192U);
    CHECK(core::U512(high + 1) * core::U512(high + 1) > core::U512(3) << 192U);
}

TEST_CASE("a quote changes nothing, a swap on a fork not the original", "[uniswap_v3]") {
    const PoolVenue venue = builder().venue();
    const auto before = venue.archive();
    const auto quoted = venue.quote(sale(core::wad()));
    const auto fork = venue.fork();
    const auto swapped = fork->swap(sale(core::wad()));
    REQUIRE((quoted && swapped));
    CHECK(quoted->bought == swapped->bought);
    CHECK(text_of(venue.archive()) == text_of(before));
    CHECK(text_of(fork->archive()) != text_of(before));
    margin::SwapCall other = sale(1);
    other.sell = kPool;
    CHECK(venue.quote(other).error().reason == "unknown_token");
}

TEST_CASE("a router is told the swap, the limit and the deadline", "[uniswap_v3][calls]") {
    const margin::SwapTerms terms{
        .recipient = address(0x77), .limit = 900, .deadline = core::Timestamp(1'800'000'000)};
    margin::SwapCall call = sale(1000);
    const auto word = [](const margin::ActionCalls& calls, std::size_t i) {
        return core::from_big_endian(calls.call.data.data() + 4 + 32 * i);
    };

    const auto input =
        builder().venue({.swap_router = kRouter, .swap_router_02 = kRouter02}).calls(call, terms);
    REQUIRE(input);
    CHECK(input->call.to == kRouter);
    CHECK(input->call.value == 0);
    CHECK(hex(input->call.data, 0, 4) == "0x414bf389");
    CHECK(input->call.data.size() == 4 + 8 * 32);
    CHECK(word(*input, 0) == 0xa0);
    CHECK(word(*input, 1) == 0xa1);
    CHECK(word(*input, 2) == 3000);
    CHECK(word(*input, 3) == 0x77);
    CHECK(word(*input, 4) == 1'800'000'000);
    CHECK(word(*input, 5) == 1000);
    CHECK(word(*input, 6) == 900);
    CHECK(word(*input, 7) == 0);
    REQUIRE(input->approvals.size() == 1);
    CHECK(input->approvals[0].token == kToken0);
    CHECK(input->approvals[0].spender == kRouter);
    CHECK(input->approvals[0].amount == 1000);

    call.exact_out = true;  // now 1000 is bought and 900 the most that is sold
    const auto output =
        builder().venue({.swap_router = {}, .swap_router_02 = kRouter02}).calls(call, terms);
    REQUIRE(output);
    CHECK(output->call.to == kRouter02);
    CHECK(hex(output->call.data, 0, 4) == "0x5ae401dc");
    CHECK(word(*output, 0) == 1'800'000'000);
    CHECK(word(*output, 2) == 1);  // one part, of 4 + 7 * 32 bytes
    CHECK(word(*output, 4) == 228);
    CHECK(hex(output->call.data, 4 + 5 * 32, 4) == "0x5023b4df");
    CHECK(output->approvals[0].amount == 900);
}

TEST_CASE("the chain's own coin pays for the token that wraps it, and what is left comes back",
          "[uniswap_v3][calls]") {
    const PoolVenue venue = builder().venue({.swap_router = kRouter, .swap_router_02 = {}});
    const margin::SwapTerms terms{.recipient = address(0x77),
                                  .limit = 900,
                                  .deadline = core::Timestamp(1'800'000'000),
                                  .pays_native = true};
    margin::SwapCall call = sale(1000);
    std::swap(call.sell, call.buy);
    call.exact_out = true;
    const auto calls = venue.calls(call, terms);
    REQUIRE(calls);
    CHECK(calls->approvals.empty());
    CHECK(calls->call.value == 900);
    CHECK(hex(calls->call.data, 0, 4) == "0xac9650d8");
    CHECK(core::to_hex(calls->call.data).find("12210e8a") != std::string::npos);
    CHECK(venue.calls(sale(1), terms).error().reason == "not_native");
}
