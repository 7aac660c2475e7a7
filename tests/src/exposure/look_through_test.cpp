#include "exposure/look_through.hpp"

#include <catch2/catch.hpp>

#include "exposure/aggregate.hpp"
#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using Catch::Matchers::Contains;
using core::U256;
using snapshot::ClaimKind;
using snapshot::TokenClaim;
using test::decimal;
using test::dollars;
using test::kUsdc;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

const core::Address kVault = numbered(0x71);
const core::Address kAToken = numbered(0x72);
const core::Address kPool = numbered(0x73);
const std::string kChain = "ethereum";

TokenClaim claim(const core::Address& token, const std::string& symbol, ClaimKind kind,
                 const core::Address& underlying, const std::string& underlying_symbol) {
    TokenClaim out;
    out.chain = kChain;
    out.token = token;
    out.symbol = symbol;
    out.decimals = 18;
    out.kind = kind;
    out.underlying = underlying;
    out.underlying_symbol = underlying_symbol;
    out.underlying_decimals = 18;
    out.keeper = token;
    out.rate = core::wad();
    return out;
}

/// A vault share is 1.1 aWETH, which is a WETH in the books of kPool.
std::vector<TokenClaim> nested() {
    TokenClaim vault = claim(kVault, "vWETH", ClaimKind::Erc4626, kAToken, "aWETH");
    vault.rate = decimal("1.1").value();
    TokenClaim pool = claim(kAToken, "aWETH", ClaimKind::PoolBalance, kWeth, "WETH");
    pool.keeper = kPool;
    return {vault, pool};
}

snapshot::Holding holding(const core::Address& token, const std::string& symbol,
                          const U256& amount) {
    return {.chain = kChain,
            .wallet = numbered(1),
            .asset = token,
            .symbol = symbol,
            .decimals = 18,
            .amount = amount,
            .price = std::nullopt};
}

TEST_CASE("claims are followed to what is none, rounded down at each", "[exposure][claims]") {
    const LookThrough claims(nested());
    const auto steps = claims.steps(kChain, kVault, U256(15));
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].worth == 16);  // floor(15 * 1.1)
    CHECK_FALSE(steps[0].is_answered);
    CHECK(steps[1].worth == 16);  // one for one
    CHECK(steps[1].claim.underlying == kWeth);
    CHECK(claims.steps(kChain, kWeth, U256(15)).empty());
    CHECK(claims.steps("base", kVault, U256(15)).empty());
    CHECK(claims.steps(kChain, std::nullopt, U256(15)).empty());
}

TEST_CASE("the contract's own answer goes before the rate", "[exposure][claims]") {
    auto all = nested();
    all[0].answers.emplace(U256(15), U256(17));
    const auto steps = LookThrough(all).steps(kChain, kVault, U256(15));
    CHECK(steps[0].worth == 17);
    CHECK(steps[0].is_answered);
    CHECK(steps[1].worth == 17);
}

TEST_CASE("a row of claims that leads back to itself ends", "[exposure][claims]") {
    const LookThrough claims({claim(kVault, "A", ClaimKind::Erc4626, kAToken, "B"),
                              claim(kAToken, "B", ClaimKind::Erc4626, kVault, "A")});
    CHECK(claims.steps(kChain, kVault, U256(1)).size() == 2);
    CHECK(claims.stands_on(kChain, kVault, kAToken));
    CHECK_FALSE(claims.stands_on(kChain, kVault, kWeth));
}

TEST_CASE("a worth above 256 bits ends the row", "[exposure][claims]") {
    auto all = nested();
    all[0].rate = core::max_u256();
    CHECK(LookThrough(all).steps(kChain, kVault, core::max_u256()).empty());
}

TEST_CASE("what stands on what, and in whose books", "[exposure][claims]") {
    const LookThrough claims(nested());
    CHECK(claims.stands_on(kChain, kVault, kWeth));
    CHECK(claims.stands_on(kChain, kVault, kVault));
    CHECK_FALSE(claims.stands_on(kChain, kWeth, kVault));
    CHECK(claims.stands_in(kChain, kVault, kPool));
    CHECK_FALSE(claims.stands_in(kChain, kWeth, kPool));
}

TEST_CASE("a token without a row follows what it is a claim on", "[exposure][claims]") {
    const FactorMap factors = test::factors().with_claims(nested());
    const auto pool = factors.factors_of({.chain = kChain, .address = kAToken, .symbol = "x"}, "");
    CHECK(pool.factors == std::vector<std::string>{"ETH/USD"});
    CHECK(pool.source == FactorSource::Chain);
    const auto vault = factors.factors_of({.chain = kChain, .address = kVault, .symbol = "x"}, "");
    CHECK(vault.factors == std::vector<std::string>{"ETH/USD", "vWETH/aWETH"});
    CHECK_FALSE(vault.by_symbol);
}

TEST_CASE("the chain goes before a symbol that nobody vouches for", "[exposure][claims]") {
    // A vault of WETH that calls itself USDC.
    auto all = nested();
    all[1].symbol = "USDC";
    const FactorMap factors = test::factors().with_claims(all);
    const auto found =
        factors.factors_of({.chain = kChain, .address = kAToken, .symbol = "USDC"}, "");
    CHECK(found.factors == std::vector<std::string>{"ETH/USD"});
}

TEST_CASE("a configured row stays, and a contradiction is named", "[exposure][claims]") {
    // The real USDC's address, said to be a claim on WETH.
    const FactorMap factors =
        test::factors().with_claims({claim(kUsdc, "USDC", ClaimKind::Erc4626, kWeth, "WETH")});
    const Token usdc_token{.chain = kChain, .address = kUsdc, .symbol = "USDC"};
    CHECK(factors.factors_of(usdc_token, "").factors == std::vector<std::string>{"USDC/USD"});
    CHECK_THAT(factors.contradiction(usdc_token), Contains("USDC/USD") && Contains("ETH/USD"));
    CHECK(factors.contradiction({.chain = kChain, .address = kWeth, .symbol = "WETH"}).empty());
}

TEST_CASE("a claim that nobody prices is worth its underlying", "[exposure][claims][aggregate]") {
    const auto pool = test::pool();
    const FactorMap factors = test::factors().with_claims(nested());
    const Portfolio portfolio = make_portfolio({&pool}, {holding(kVault, "vWETH", tokens(10))}, {});
    const auto items = items_of(portfolio, PriceBook(portfolio, factors), factors);
    REQUIRE(items.size() == 1);
    CHECK(items[0].value == dollars(22'000));  // 11 WETH
    const Exposure exposure = aggregate(portfolio, items, factors);
    CHECK(exposure.unpriced.empty());
    REQUIRE(exposure.tokens.size() == 1);
    CHECK(exposure.tokens[0].worth == tokens(11));
    CHECK(exposure.tokens[0].steps.size() == 2);
    REQUIRE(exposure.places.size() == 1);
    CHECK(exposure.places[0].assets == dollars(22'000));
}

TEST_CASE("a pool's token beside the account that it stands for counts once",
          "[exposure][claims][aggregate]") {
    auto pool = test::pool();
    pool.kept_by = kPool;
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0}}}};
    const FactorMap factors = test::factors().with_claims(nested());
    const auto count = [&](const core::Address& wallet) {
        auto held = holding(kAToken, "aWETH", tokens(10));
        held.wallet = wallet;
        const Portfolio portfolio = make_portfolio({&pool}, {held}, {});
        return items_of(portfolio, PriceBook(portfolio, factors), factors).size();
    };
    CHECK(count(numbered(1)) == 1);
    CHECK(count(numbered(2)) == 2);  // nobody's account here
}

}  // namespace
}  // namespace margrave::exposure
