#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "chains/reader.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "tests/support/simulated_chance.hpp"

namespace margrave::test {

/// What a wallet has in a market of Morpho Blue.
struct SimulatedPosition {
    core::U256 collateral;     ///< wei
    core::U256 borrow_shares;  ///< a millionth of a base unit of the loan token each

    [[nodiscard]] bool is_empty() const { return collateral == 0 && borrow_shares == 0; }
};

/// A block and the state behind it.
struct SimulatedBlock {
    static constexpr std::size_t kMarkets = 2;
    static constexpr std::size_t kWallets = 4;
    using Book = std::array<std::array<SimulatedPosition, kMarkets>, kWallets>;

    chains::Block block;
    std::uint64_t born_ms = 0;  ///< when nodes could know it
    std::size_t parent = 0;
    core::Hash parent_hash{};
    std::array<core::U256, kMarkets> price;  ///< as the market's oracle answers
    std::array<bool, kMarkets> oracle_reverts{};
    std::shared_ptr<const Book> book;
    std::optional<std::size_t> changed;  ///< the wallet whose position is another one since

    /// The health factor as Morpho Blue's own arithmetic has it, 1e18 is one; nullopt where there
    /// is no debt. Written from the contract, and not from margrave's adapter.
    [[nodiscard]] std::optional<core::U256> health(std::size_t wallet, std::size_t market) const;
};

/// A chain that grows, falls silent and is reorganised, with prices that tremble, crash and jump
/// and wallets that act, all by chance. The simulation's truth.
class SimulatedChain {
  public:
    static constexpr std::uint64_t kStartS = 1'750'000'000;
    static constexpr std::uint64_t kStartNumber = 1'000;
    /// As the contract is set up, of both markets.
    static constexpr std::uint64_t kBorrowAssets = 500'000'000'000;
    static constexpr std::uint64_t kSharesOfUnit = 1'000'000;

    explicit SimulatedChain(std::uint64_t seed);

    void advance_to(std::uint64_t now_ms);
    /// Other blocks in place of the newest ones.
    void reorganise(std::uint64_t depth, std::uint64_t now_ms);
    /// No more halts and reorganisations.
    void calm_down() { is_calm_ = true; }

    [[nodiscard]] const SimulatedBlock& at(std::size_t index) const {
        return blocks_[index - first_];
    }
    [[nodiscard]] std::size_t head() const { return canonical_.back(); }
    /// The head of the branch that the last reorganisation left, for as long as some node may still
    /// take it for the chain.
    [[nodiscard]] std::optional<std::size_t> left_head(std::uint64_t now_ms) const;
    /// The block of that number on the branch that ends with `tip`.
    [[nodiscard]] std::optional<std::size_t> find(std::uint64_t number, std::size_t tip) const;
    /// On no branch in particular.
    [[nodiscard]] std::optional<std::size_t> find(const core::Hash& hash) const;
    [[nodiscard]] bool is_canonical(std::size_t index) const;
    /// Grows with everything that happens.
    [[nodiscard]] std::size_t count() const { return first_ + blocks_.size(); }

  private:
    void add(std::size_t parent, std::uint64_t timestamp, std::uint64_t now_ms);
    void set_prices(SimulatedBlock& block);
    void act(SimulatedBlock& block);
    void forget_old();
    [[nodiscard]] std::uint64_t number_of(std::size_t index) const {
        return at(index).block.number.value();
    }

    struct Price {
        std::uint64_t walk = 1'000'000;   ///< of a million
        std::uint64_t shock = 1'000'000;  ///< times this
        std::uint64_t shock_blocks = 0;   ///< for so many more
        std::uint64_t silent_blocks = 0;  ///< the oracle reverts
    };

    Dice dice_;
    std::uint64_t seed_;
    std::deque<SimulatedBlock> blocks_;
    std::size_t first_ = 0;  ///< index of the first that is kept
    std::deque<std::size_t> canonical_;
    std::array<Price, SimulatedBlock::kMarkets> prices_;
    std::uint64_t next_ms_ = 0;
    std::optional<std::size_t> left_head_;
    std::uint64_t left_until_ms_ = 0;
    bool is_calm_ = false;
};

}  // namespace margrave::test
