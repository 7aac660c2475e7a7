// The reply to an eth_getLogs and the file of kept events: nothing that an endpoint or a file may
// hold makes margrave crash, and what is believed is what was asked for.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "chains/evm/log_cache.hpp"
#include "chains/evm/log_decoder.hpp"

namespace {

using margrave::chains::Log;
using margrave::chains::LogFilter;
using margrave::chains::evm::BlockRange;

const BlockRange kRange{.first = 16, .last = 4096};

LogFilter filter() {
    margrave::core::Address::Raw address{};
    address.fill(0x11);
    margrave::chains::Topic topic{};
    topic.fill(0x22);
    return {.addresses = {margrave::core::Address(address)},
            .topics = {{topic}},
            .from = margrave::core::BlockNumber(kRange.first)};
}

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check(const std::vector<Log>& logs, std::uint64_t first, std::uint64_t last) {
    std::optional<std::tuple<std::uint64_t, std::uint64_t>> before;
    for (const Log& log : logs) {
        const std::tuple place(log.block.value(), log.index);
        require(margrave::chains::evm::matches(filter(), log));
        require(log.block.value() >= first && log.block.value() <= last);
        require(!before || *before < place);
        before = place;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const margrave::core::ChainId chain_id(1);
    if (const auto logs =
            margrave::chains::evm::decode_logs(text, filter(), kRange, std::nullopt)) {
        check(*logs, kRange.first, kRange.last);
    }
    const auto kept = margrave::chains::evm::parse_kept_logs(text, chain_id, filter());
    if (kept) {
        check(kept->logs, kept->filter.from.value(), kept->through.value());
        require(margrave::chains::evm::parse_kept_logs(margrave::chains::evm::to_text(*kept),
                                                       chain_id, filter())
                    .has_value());
    }
    return 0;
}
