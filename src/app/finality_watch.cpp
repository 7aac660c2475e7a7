#include "app/finality_watch.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"

namespace margrave::app {

void FinalityWatch::add(const settings::Chain& chain, const ConnectOptions& options) {
    Chain out{.name = chain.name, .id = chain.chain_id, .endpoints = {}};
    ConnectOptions alone = options;
    alone.quorum = 1;
    const auto timeout = options.timeout.value_or(std::chrono::milliseconds(chain.timeout_ms));
    alone.timeout = std::min(timeout, std::chrono::milliseconds(kTimeoutMax));
    for (const std::string& url : chain.rpc) {
        settings::Chain one = chain;
        one.rpc = {url};
        out.endpoints.push_back(connect(world_, one, alone));
    }
    chains_.push_back(std::move(out));
}

void FinalityWatch::look(const std::function<bool()>& is_asked_to_stop) {
    for (Chain& chain : chains_) {
        if (!is_asked_to_stop() && world_.clock.now() >= chain.due) {
            look_at(chain, is_asked_to_stop);
            chain.due = world_.clock.now() + kEvery;
        }
    }
}

void FinalityWatch::look_at(Chain& chain, const std::function<bool()>& is_asked_to_stop) {
    std::optional<std::uint64_t> lag;
    try {
        auto& rpc = *chain.endpoints[chain.next];
        const auto head = chains::evm::read_head_of(rpc, chain.name, chain.id, "latest");
        if (is_asked_to_stop()) {
            return;
        }
        const auto final = chains::evm::read_head_of(rpc, chain.name, chain.id, "finalized");
        const std::uint64_t newest = head.block.number.value();
        const std::uint64_t number = final.block.number.value();
        lag = newest > number ? newest - number : 0;
    } catch (const core::ChainError&) {
        chain.next = (chain.next + 1) % chain.endpoints.size();
    }
    listener_.saw_final(chain.name, lag);
}

}  // namespace margrave::app
