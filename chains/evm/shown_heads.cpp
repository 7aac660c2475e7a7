#include "chains/evm/shown_heads.hpp"

#include <algorithm>
#include <map>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"

namespace margrave::chains::evm {
namespace {

/// So many blocks that no chain has made them between the two.
bool is_impossible(const Block& one, const Block& other) {
    constexpr std::uint64_t kBlocksPerSecondMax = 1'000;
    const auto [less, more] = std::minmax({one.number.value(), other.number.value()});
    const auto [first, last] = std::minmax({one.timestamp.value(), other.timestamp.value()});
    return (more - less) / kBlocksPerSecondMax > last - first + 1;
}

}  // namespace

bool lags(const Block& one, const Block& other, const LagLimits& limits) {
    return other.number.value() > one.number.value() + limits.blocks &&
           other.timestamp.value() > one.timestamp.value() + limits.seconds;
}

std::vector<ShownHead> newest_of_each(std::span<const Ballot> ballots) {
    std::vector<ShownHead> out;
    for (std::size_t i = 0; i < ballots.size(); ++i) {
        const auto block = parse_block_reply(ballots[i].outcome);
        if (!block) {
            continue;
        }
        const auto same = std::find_if(out.begin(), out.end(), [&](const ShownHead& one) {
            return ballots[one.ballot].who == ballots[i].who;
        });
        if (same == out.end()) {
            out.push_back({.ballot = i, .block = *block});
        } else if (block->number > same->block.number) {
            *same = {.ballot = i, .block = *block};
        }
    }
    std::stable_sort(out.begin(), out.end(), [](const ShownHead& a, const ShownHead& b) {
        return a.block.number > b.block.number;
    });
    return out;
}

bool agree_about(std::span<const ShownHead> heads, std::size_t needed, const LagLimits& limits) {
    core::ensure(needed > 0 && needed <= heads.size(), "as many heads as must agree");
    const Block& reached = heads[needed - 1].block;
    const auto near = std::count_if(heads.begin(), heads.end(), [&](const ShownHead& one) {
        return !lags(reached, one.block, limits) && !lags(one.block, reached, limits);
    });
    return static_cast<std::size_t>(near) >= needed;
}

bool are_far(const Block& one, const Block& other, const LagLimits& limits) {
    return lags(one, other, limits) || lags(other, one, limits) || is_impossible(one, other);
}

bool is_split(std::span<const Ballot> ballots) {
    std::map<core::BlockNumber, core::Hash> seen;
    return std::any_of(ballots.begin(), ballots.end(), [&](const Ballot& ballot) {
        const auto block = parse_block_reply(ballot.outcome);
        return block && seen.try_emplace(block->number, block->hash).first->second != block->hash;
    });
}

}  // namespace margrave::chains::evm
