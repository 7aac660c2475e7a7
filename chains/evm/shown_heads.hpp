#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chains/evm/votes.hpp"
#include "chains/reader.hpp"

/// Which of the newest blocks that endpoints show can be believed: over what they show alone.
namespace margrave::chains::evm {

/// More than so many blocks, and so much of the chain's time, behind another's is a lag.
struct LagLimits {
    std::uint64_t blocks = 0;
    std::uint64_t seconds = 0;
};

[[nodiscard]] bool lags(const Block& one, const Block& other, const LagLimits& limits);

/// An endpoint's newest block.
struct ShownHead {
    std::size_t ballot = 0;  ///< its place among the ballots
    Block block;
};

/// Of ballots of one name, which have one vote, the newest; newest first. Who shows no block is
/// not there.
[[nodiscard]] std::vector<ShownHead> newest_of_each(std::span<const Ballot> ballots);

/// Whether as many as `needed` say that they are about where the one is that makes them enough:
/// one that is far ahead of them may lie, but one alone that is far behind may not. Of as many
/// heads as needed, newest first.
[[nodiscard]] bool agree_about(std::span<const ShownHead> heads, std::size_t needed,
                               const LagLimits& limits);

/// Before or behind by more than the limits, or by more than any chain makes in the time between.
[[nodiscard]] bool are_far(const Block& one, const Block& other, const LagLimits& limits);

/// Two blocks of one number and different hashes.
[[nodiscard]] bool is_split(std::span<const Ballot> ballots);

}  // namespace margrave::chains::evm
