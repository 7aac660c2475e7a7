#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cascade/outcome.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"

/// What a cascade leaves to those who lend.
namespace margrave::cascade {

/// One asset of one market, all of it, in base units.
struct LentTotals {
    core::U256 supplied;
    core::U256 borrowed;
    core::U256 liquid;  ///< may be withdrawn now

    /// borrowed / supplied, rounded down; nullopt where nothing is supplied.
    [[nodiscard]] std::optional<core::Wad> utilisation() const;

    friend bool operator==(const LentTotals&, const LentTotals&) = default;
};

struct LentAsset {
    std::size_t market = 0;
    core::Address asset;
    std::string symbol;
    unsigned decimals = 0;
    /// nullopt where the market's totals are not known.
    std::optional<LentTotals> before = {};
    std::optional<LentTotals> after = {};
    core::U256 written_off = 0;
    core::U256 own_before = 0;  ///< supplied by own accounts
    core::U256 own = 0;         ///< the same at the end
    /// Lent before for own accounts by others: their shares of vaults, and receipts that they
    /// posted elsewhere. What becomes of it by the end is the vaults' business.
    core::U256 own_by_others = 0;
    /// Of that, what is there to be withdrawn if nobody else does; what an account's own health
    /// forbids is not taken off. nullopt where the totals are not known.
    std::optional<core::U256> own_withdrawable = {};
    /// The own part of what was written off, what others lent for own accounts included, by shares
    /// of the supply before it, rounded down: some protocols take it from lenders at once, others
    /// keep it as a deficit that somebody may cover.
    std::optional<core::U256> own_loss = {};
};

/// What somebody else lends in a market for own accounts.
struct LentByOther {
    std::size_t market = 0;
    core::Address asset;
    core::U256 amount;  ///< base units
};

/// Assets whose totals changed, and those that own accounts lend.
[[nodiscard]] std::vector<LentAsset> lent_assets(const State& begin, const Outcome& outcome,
                                                 const std::set<Place>& own,
                                                 const std::vector<LentByOther>& by_others);

}  // namespace margrave::cascade
