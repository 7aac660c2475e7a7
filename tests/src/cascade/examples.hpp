#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "adapters/uniswap_v2/pair.hpp"
#include "cascade/exact_engine.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/margin_pool.hpp"

namespace margrave::test {

inline const core::Address kEther = address(0xe1);
inline const core::Address kDollar = address(0xd0);
inline const core::Address kPair = address(0xb2);

/// Whole tokens of either, both with 18 decimals.
inline core::U256 whole(std::uint64_t n) { return core::wad() * n; }

inline std::unique_ptr<margin::Venue> pair_at(const core::Address& pool, const core::U256& ethers,
                                              const core::U256& dollars,
                                              std::uint32_t fee_bps = 30) {
    return std::make_unique<adapters::uniswap_v2::PairVenue>(adapters::uniswap_v2::PairVenue::State{
        .name = {.kind = "uniswap_v2", .chain = "ethereum", .address = pool},
        .tokens = {{.address = kDollar, .symbol = "USD", .decimals = 18},
                   {.address = kEther, .symbol = "ETH", .decimals = 18}},
        .reserves = {dollars, ethers},
        .fee_bps = fee_bps,
        .router = std::nullopt});
}

struct Borrower {
    std::uint64_t ethers = 0;
    std::uint64_t dollars = 0;
};

/// A pool whose liquidations close everything, with ether at 2000 dollars, a threshold of 83 % and
/// the borrowers at addresses 1, 2, 3 …; prices have 18 decimals, so that their rounding does not
/// count.
inline std::unique_ptr<MarginPool> lending(const std::vector<Borrower>& borrowers) {
    auto market = std::make_unique<MarginPool>(
        margin::MarketName{.protocol = "lending", .chain = "ethereum", .name = "core"});
    market->unit = core::wad();
    market->close_factor_bps = 10'000;
    MarginPool::Asset ether;
    ether.address = kEther;
    ether.symbol = "ETH";
    ether.answer = whole(2000);
    ether.threshold_bps = 8300;
    MarginPool::Asset dollar;
    dollar.address = kDollar;
    dollar.symbol = "USD";
    dollar.answer = core::wad();
    market->assets = {ether, dollar};
    for (std::size_t i = 0; i < borrowers.size(); ++i) {
        market->rows.push_back({.wallet = address(i + 1),
                                .balances = {{kEther, whole(borrowers[i].ethers), 0},
                                             {kDollar, 0, whole(borrowers[i].dollars)}}});
    }
    return market;
}

/// Ether is sold into the pair, and its oracle is the pair's price.
inline cascade::Playbook playbook(cascade::Anchor anchor = cascade::Anchor::Spot) {
    cascade::Playbook out;
    out.order = cascade::Order::LowestHealth;
    out.venues = {{.asset = kEther, .into = kDollar, .pool = kPair}};
    cascade::OracleRule rule;
    rule.asset = kEther;
    rule.pool = kPair;
    rule.decimals = 18;
    rule.anchor = anchor;
    out.oracles = {rule};
    out.factors.set("ETH/USD", "lending", kEther, 1);
    out.factors.set("ETH/USD", "", kEther, 1);
    return out;
}

inline cascade::Moment begin() {
    return {.block = core::BlockNumber(100), .time = core::Timestamp(1'750'000'000)};
}

inline cascade::State state_of(std::unique_ptr<margin::Market> market,
                               std::unique_ptr<margin::Venue> venue) {
    cascade::State out;
    out.markets.push_back(std::move(market));
    out.venues.push_back(std::move(venue));
    return out;
}

}  // namespace margrave::test
