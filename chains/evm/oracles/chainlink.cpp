#include "chains/evm/oracles/chainlink.hpp"

#include <limits>

#include "chains/erc20.hpp"

namespace margrave::chains::evm::oracles {
namespace {

std::optional<core::Timestamp> completed_at(const RoundData& round) {
    const core::U256& updated_at = std::get<3>(round);
    if (updated_at == 0 || updated_at > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return core::Timestamp(static_cast<std::uint64_t>(updated_at));
}

}  // namespace

Task<FeedAnswer> read_feed(Reader& chain, core::Address feed) {
    auto asked_round = chain.call(feed, LatestRoundData{});
    auto asked_decimals = chain.call(feed, FeedDecimals{});
    const RoundData round = co_await asked_round;
    const unsigned decimals = co_await asked_decimals;
    const auto refuse = [&](const char* why) {
        return core::ChainError(core::ErrorKind::NoPrice, feed.to_string() + " latestRoundData",
                                why);
    };
    const abi::Int256& answer = std::get<1>(round);
    const auto updated_at = completed_at(round);
    if (answer.negative || answer.magnitude == 0) {
        throw refuse("the feed answers zero or less");
    }
    if (!updated_at || *updated_at > chain.block().timestamp) {
        throw refuse("the feed's round is not complete, or lies after the block");
    }
    if (decimals > erc20::kDecimalsMax) {
        throw refuse("the feed has more than 36 decimals");
    }
    FeedAnswer out;
    out.quote = {.answer = answer.magnitude, .source = feed, .updated_at = updated_at};
    out.unit = core::pow10(decimals);
    co_return out;
}

Task<std::optional<core::Timestamp>> read_updated_at(Reader& chain, core::Address feed) {
    const auto round = co_await chain.try_call(feed, LatestRoundData{});
    std::optional<core::Timestamp> when;
    if (round) {
        when = completed_at(round.value());
    }
    co_return when;
}

}  // namespace margrave::chains::evm::oracles
