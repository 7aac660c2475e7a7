#include "app/evaluated_blocks.hpp"

#include <vector>

#include "chains/evm/head.hpp"
#include "core/units.hpp"

namespace margrave::app {
namespace {

using store::WatchedBlock;

/// That a node with this head can have, newest first.
std::vector<WatchedBlock> up_to(const chains::Block& head, store::WatchFile& file,
                                const std::string& chain) {
    std::vector<WatchedBlock> out = file.blocks(chain);
    std::erase_if(out, [&](const WatchedBlock& one) { return one.number > head.number.value(); });
    return out;
}

}  // namespace

std::optional<Fork> find_fork(chains::evm::RpcTransport& transport, store::WatchFile& file,
                              const std::string& chain, const WatchedBlock& last,
                              const chains::Block& head) {
    const bool is_lower = head.number.value() < last.number;
    const auto first = is_lower ? up_to(head, file, chain) : std::vector<WatchedBlock>{last};
    if (first.empty()) {
        return std::nullopt;
    }
    const core::BlockNumber number(first.front().number);
    if (chains::evm::read_block(transport, number).hash == first.front().hash) {
        return std::nullopt;
    }
    const auto kept = up_to(head, file, chain);
    std::vector<core::BlockNumber> numbers;
    numbers.reserve(kept.size());
    for (const WatchedBlock& one : kept) {
        numbers.emplace_back(one.number);
    }
    const auto now = chains::evm::read_blocks(transport, numbers);
    Fork fork{.stands = std::nullopt, .first_lost = last.number, .lost = 0};
    for (std::size_t i = 0; i < kept.size() && !fork.stands; ++i) {
        if (now[i].hash == kept[i].hash) {
            fork.stands = kept[i];
        } else {
            fork.first_lost = kept[i].number;
            ++fork.lost;
        }
    }
    // Of two minds, it answered from the other one now.
    return fork.lost == 0 ? std::nullopt : std::optional(fork);
}

}  // namespace margrave::app
