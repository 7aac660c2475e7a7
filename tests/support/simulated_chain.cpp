#include "tests/support/simulated_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/fixed_point.hpp"
#include "core/keccak.hpp"

namespace margrave::test {
namespace {

using core::U256;

const U256 kWad = core::pow10(18);
const U256 kOraclePriceScale = core::pow10(36);
const U256 kLltv = kWad / 10 * 8;
constexpr std::uint64_t kMillion = 1'000'000;
/// Far more than a watch remembers.
constexpr std::size_t kBlocksKept = 1'500;

U256 ceil_div(const U256& a, const U256& b) { return (a + b - 1) / b; }

/// Dollars of debt against one WETH, which is worth 2000 and counts for 1600: a health factor of
/// 1600 over them.
SimulatedPosition owing(std::uint64_t dollars) {
    return {.collateral = kWad,
            .borrow_shares = U256(dollars) * kMillion * SimulatedChain::kSharesOfUnit};
}

std::shared_ptr<const SimulatedBlock::Book> first_book() {
    SimulatedBlock::Book book{};
    book[0][0] = owing(1'000);  // 1.6
    book[1][0] = owing(1'280);  // 1.25
    book[2][0] = owing(1'420);  // 1.13
    book[3][0] = owing(640);    // 2.5
    book[0][1] = owing(1'185);  // 1.35
    book[2][1] = owing(840);    // 1.9
    book[1][1] = {.collateral = kWad, .borrow_shares = 0};
    return std::make_shared<const SimulatedBlock::Book>(book);
}

}  // namespace

// morpho-org/morpho-blue@3085651 src/Morpho.sol, _isHealthy: maxBorrow is collateral.mulDivDown(
// price, ORACLE_PRICE_SCALE).wMulDown(lltv), borrowed is borrowShares.toAssetsUp(totals). Their
// ratio, rounded down, is what margrave calls the health factor.
std::optional<U256> SimulatedBlock::health(std::size_t wallet, std::size_t market) const {
    const SimulatedPosition& position = (*book)[wallet][market];
    if (position.borrow_shares == 0) {
        return std::nullopt;
    }
    const U256 total_shares = U256(SimulatedChain::kBorrowAssets) * SimulatedChain::kSharesOfUnit;
    const U256 debt = ceil_div(position.borrow_shares * (U256(SimulatedChain::kBorrowAssets) + 1),
                               total_shares + U256(kMillion));
    const U256 value = position.collateral * price[market] / kOraclePriceScale;
    const U256 limit = value * kLltv / kWad;
    return U256(limit * kWad / debt);
}

SimulatedChain::SimulatedChain(std::uint64_t seed) : dice_(seed, 1), seed_(seed) {
    SimulatedBlock genesis;
    genesis.block.number = core::BlockNumber(kStartNumber);
    genesis.block.timestamp = core::Timestamp(kStartS);
    genesis.book = first_book();
    set_prices(genesis);
    blocks_.push_back(std::move(genesis));
    canonical_.push_back(0);
    next_ms_ = 1;
}

void SimulatedChain::advance_to(std::uint64_t now_ms) {
    while (next_ms_ <= now_ms) {
        const std::uint64_t moment = next_ms_;
        if (!is_calm_ && dice_.one_in(16)) {
            reorganise(dice_.between(1, 5), moment);
        }
        add(head(), kStartS + moment / 1000, moment);
        const bool halts = !is_calm_ && dice_.one_in(150);
        const bool is_soon = dice_.one_in(3);
        next_ms_ = moment + 1000 * (halts     ? dice_.between(1'200, 5'400)
                                    : is_soon ? dice_.between(5, 90)
                                              : dice_.between(250, 750));
    }
}

void SimulatedChain::reorganise(std::uint64_t depth, std::uint64_t now_ms) {
    const std::size_t old_head = head();
    depth = std::min<std::uint64_t>(depth, canonical_.size() - 1);
    if (depth == 0) {
        return;
    }
    for (std::uint64_t i = 0; i < depth; ++i) {
        canonical_.pop_back();
    }
    // What made the price fall may have been on the branch that is left.
    if (dice_.one_in(2)) {
        for (Price& price : prices_) {
            price.shock_blocks = 0;
        }
    }
    // Seldom one block less than before: the branch is chosen for its weight.
    const std::uint64_t length = depth > 1 && dice_.one_in(4) ? depth - 1 : depth;
    for (std::uint64_t i = 0; i < length; ++i) {
        const std::uint64_t at_most = kStartS + now_ms / 1000;
        const std::uint64_t time = at(head()).block.timestamp.value() + dice_.between(1, 30);
        add(head(), std::min(time, std::max(at_most, at(head()).block.timestamp.value() + 1)),
            now_ms);
    }
    left_head_ = old_head;
    left_until_ms_ = now_ms + 1000 * dice_.below(300);
}

void SimulatedChain::add(std::size_t parent, std::uint64_t timestamp, std::uint64_t now_ms) {
    const SimulatedBlock& before = at(parent);
    SimulatedBlock next;
    next.parent = parent;
    next.parent_hash = before.block.hash;
    next.born_ms = now_ms;
    next.block.number = core::BlockNumber(before.block.number.value() + 1);
    next.block.timestamp = core::Timestamp(std::max(timestamp, before.block.timestamp.value() + 1));
    const std::string name = fmt::format("{} {}", seed_, count());
    next.block.hash =
        core::keccak256({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
    next.book = before.book;
    set_prices(next);
    act(next);
    canonical_.push_back(count());
    blocks_.push_back(std::move(next));
    forget_old();
}

void SimulatedChain::set_prices(SimulatedBlock& block) {
    for (std::size_t market = 0; market < SimulatedBlock::kMarkets; ++market) {
        Price& now = prices_[market];
        now.walk = (now.walk * (9'920 + dice_.below(161)) / 10'000 * 49 + kMillion) / 50;
        if (now.shock_blocks == 0 && dice_.one_in(20)) {
            now.shock = dice_.one_in(3) ? dice_.between(1'020'000, 1'500'000)
                                        : dice_.between(450'000, 970'000);
            now.shock_blocks = dice_.one_in(3) ? 1 : dice_.between(2, 25);
        }
        if (now.silent_blocks == 0 && dice_.one_in(50)) {
            now.silent_blocks = dice_.between(1, 10);
        }
        const std::uint64_t shock = now.shock_blocks > 0 ? now.shock : kMillion;
        block.price[market] = U256(2000) * core::pow10(24) / kMillion * now.walk / kMillion * shock;
        block.oracle_reverts[market] = now.silent_blocks > 0;
        now.shock_blocks -= now.shock_blocks > 0 ? 1 : 0;
        now.silent_blocks -= now.silent_blocks > 0 ? 1 : 0;
    }
}

/// Now and then somebody adds or takes collateral; the last wallet comes to and leaves the second
/// market altogether.
void SimulatedChain::act(SimulatedBlock& block) {
    if (!dice_.one_in(12)) {
        return;
    }
    const std::size_t wallet = dice_.below(SimulatedBlock::kWallets);
    auto book = std::make_shared<SimulatedBlock::Book>(*block.book);
    SimulatedPosition& second = (*book)[wallet][1];
    if (wallet == 3) {
        second = second.is_empty() ? owing(1'300) : SimulatedPosition{};
    } else {
        SimulatedPosition& first = (*book)[wallet][0];
        first.collateral = kWad / 100 * dice_.between(85, 130);
    }
    block.book = std::move(book);
    block.changed = wallet;
}

void SimulatedChain::forget_old() {
    while (blocks_.size() > kBlocksKept) {
        blocks_.pop_front();
        ++first_;
    }
    while (canonical_.front() < first_) {
        canonical_.pop_front();
    }
}

std::optional<std::size_t> SimulatedChain::left_head(std::uint64_t now_ms) const {
    return left_head_ && now_ms < left_until_ms_ ? left_head_ : std::nullopt;
}

bool SimulatedChain::is_canonical(std::size_t index) const {
    const std::uint64_t lowest = number_of(canonical_.front());
    const std::uint64_t number = number_of(index);
    return number >= lowest && number - lowest < canonical_.size() &&
           canonical_[number - lowest] == index;
}

std::optional<std::size_t> SimulatedChain::find(std::uint64_t number, std::size_t tip) const {
    while (!is_canonical(tip) && number_of(tip) > number) {
        tip = at(tip).parent;
    }
    if (number_of(tip) == number) {
        return tip;
    }
    const std::uint64_t lowest = number_of(canonical_.front());
    if (number > number_of(tip) || number < lowest) {
        return std::nullopt;
    }
    return canonical_[number - lowest];
}

std::optional<std::size_t> SimulatedChain::find(const core::Hash& hash) const {
    // Those that anybody asks for are new.
    for (std::size_t i = blocks_.size(); i > 0; --i) {
        if (blocks_[i - 1].block.hash == hash) {
            return first_ + i - 1;
        }
    }
    return std::nullopt;
}

}  // namespace margrave::test
