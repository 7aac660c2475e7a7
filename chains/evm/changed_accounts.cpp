#include "chains/evm/changed_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "chains/evm/head.hpp"
#include "chains/evm/log_decoder.hpp"
#include "chains/evm/log_span.hpp"
#include "chains/evm/range_scanner.hpp"
#include "core/errors.hpp"

namespace margrave::chains::evm {
namespace {

using core::Address;

/// Nodes limit the blocks of a request for logs, some to so many.
constexpr std::uint64_t kBlocksMax = 500;
/// What stands on something kept is never older than this.
constexpr std::uint64_t kSecondsMax = 3'600;
/// geth takes so many topics at one position (its --rpc.logquerylimit).
constexpr std::size_t kTopicsMax = 1'000;
/// Calls of a request, so that topics are two megabytes at most.
constexpr std::size_t kFiltersMax = 32;

/// Whoever logs it: those that name an account in the second topic, the third or the fourth. The
/// first is the event's own.
std::vector<LogFilter> filters_for(const std::set<Address>& accounts, core::BlockNumber from) {
    std::vector<LogFilter> out;
    for (auto at = accounts.begin(); at != accounts.end();) {
        std::vector<Topic> topics;
        for (; at != accounts.end() && topics.size() < kTopicsMax; ++at) {
            topics.push_back(topic_word(*at));
        }
        for (std::size_t position = 1; position <= 3; ++position) {
            LogFilter filter;
            filter.topics.resize(position);
            filter.topics.push_back(topics);
            filter.from = from;
            out.push_back(std::move(filter));
        }
    }
    return out;
}

void add_accounts(const Log& log, const std::set<Address>& accounts, std::set<Address>& into) {
    for (std::size_t i = 1; i < log.topic_count; ++i) {
        Address::Raw raw{};
        std::copy(log.topics.at(i).begin() + 12, log.topics.at(i).end(), raw.begin());
        if (accounts.contains(Address(raw))) {
            into.insert(Address(raw));
        }
    }
}

/// Why the block is another one for the node now, or unknown to it.
std::optional<std::string> check_block(const RpcOutcome& reply, const Block& block) {
    const auto now = parse_block_reply(reply);
    if (!now) {
        return fmt::format("block {} could not be read again: {}", block.number.value(),
                           now.error().what());
    }
    if (now->hash != block.hash) {
        return fmt::format("block {} is another one now", block.number.value());
    }
    return std::nullopt;
}

}  // namespace

bool may_stand(const KeptAnswers& kept, const Block& head) {
    const std::uint64_t last = kept.block.number.value();
    return head.number.value() >= last && head.number.value() - last <= kBlocksMax &&
           head.timestamp.value() <= kept.read_whole_at.value() + kSecondsMax;
}

Changes changed_since(RpcTransport& rpc, const KeptAnswers& kept, const Block& head) {
    const BlockRange range{.first = kept.events_after.value() + 1, .last = head.number.value()};
    const std::set<Address> accounts = kept.accounts();
    const auto filters = range.first > range.last
                             ? std::vector<LogFilter>{}
                             : filters_for(accounts, core::BlockNumber(range.first));
    // A node that lags knows no events either: in each request it must know the block.
    std::vector<RpcRequest> requests{
        {block_by_number(head.number.value()), block_by_number(kept.block.number.value())}};
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const LogFilter& filter : filters) {
        if (requests.back().size() >= kFiltersMax) {
            requests.push_back({block_by_number(head.number.value())});
        }
        places.emplace_back(requests.size() - 1, requests.back().size());
        requests.back().push_back({"eth_getLogs", logs_params(filter, range)});
    }
    const std::uint64_t retries = rpc.traffic().retries;
    const auto replies = rpc.send(requests);
    Changes out;
    out.requests = requests.size();
    out.unknown_because = check_block(replies[0].at(1), kept.block);
    if (rpc.traffic().retries != retries) {
        // What failed was asked alone then, perhaps of a node that lags.
        out.unknown_because = "events were not answered beside the block";
    }
    for (std::size_t i = 0; i < replies.size() && !out.unknown_because; ++i) {
        out.unknown_because = check_block(replies[i].at(0), head);
    }
    for (std::size_t i = 0; i < filters.size() && !out.unknown_because; ++i) {
        const RpcOutcome& reply = replies[places[i].first].at(places[i].second);
        if (!reply) {
            out.unknown_because = to_chain_error(reply.error(), "eth_getLogs").what();
            break;
        }
        const auto logs = decode_logs(*reply, filters[i], range, head);
        if (!logs) {
            out.unknown_because = "eth_getLogs: " + logs.error().detail;
            break;
        }
        if (is_suspicious_count(logs->size())) {
            out.unknown_because = "eth_getLogs: events may have been cut short";
        }
        for (const Log& log : *logs) {
            add_accounts(log, accounts, out.accounts);
        }
    }
    return out;
}

}  // namespace margrave::chains::evm
