#include "tests/support/fake_log_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chains/evm/log_decoder.hpp"
#include "core/hex.hpp"
#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::test {
namespace {

using chains::Log;
using chains::evm::RpcOutcome;
using nlohmann::json;

std::uint64_t number_of(const std::string& quantity) {
    return static_cast<std::uint64_t>(core::parse_hex_quantity(quantity).value());
}

}  // namespace

chains::Topic topic(std::uint8_t fill) {
    chains::Topic out;
    out.fill(fill);
    return out;
}

std::string log_json(const Log& log, const core::Hash& block_hash) {
    json topics = json::array();
    for (std::size_t i = 0; i < log.topic_count; ++i) {
        topics.push_back(core::to_hex(log.topics.at(i)));
    }
    return json{{"address", core::to_hex(log.address.raw())},
                {"topics", topics},
                {"data", core::to_hex(log.data)},
                {"blockNumber", fmt::format("0x{:x}", log.block.value())},
                {"blockHash", core::to_hex(block_hash)},
                {"transactionHash", core::to_hex(core::Hash{})},
                {"transactionIndex", "0x0"},
                {"logIndex", fmt::format("0x{:x}", log.index)},
                {"removed", false}}
        .dump();
}

void FakeLogNode::add(std::uint64_t at, std::uint64_t index, const core::Address& from,
                      std::uint8_t fill) {
    Log log;
    log.address = from;
    log.block = core::BlockNumber(at);
    log.index = index;
    log.topics[0] = topic(fill);
    log.topic_count = 1;
    log.data = {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(index)};
    logs.push_back(log);
}

chains::Block FakeLogNode::block(std::uint64_t number) const {
    chains::Block out;
    out.number = core::BlockNumber(number);
    out.timestamp = core::Timestamp(1'000'000 + 12 * number);
    const std::uint64_t seed = number * 1000 + (number >= fork_at ? fork : 0);
    core::to_big_endian(core::U256(seed), out.hash.data());
    return out;
}

std::vector<std::vector<RpcOutcome>> FakeLogNode::send(
    const std::vector<chains::evm::RpcRequest>& requests) {
    waves.push_back(requests.size());
    std::vector<std::vector<RpcOutcome>> out;
    for (const auto& request : requests) {
        ++traffic_.requests;
        traffic_.calls += request.size();
        auto& outcomes = out.emplace_back();
        for (const auto& call : request) {
            const bool refused = request.size() > 1 && !has_batches;
            outcomes.push_back(refused ? RpcOutcome(core::Unexpected(
                                             rpc_error(-32600, "batching is not supported")))
                                       : run(call));
        }
    }
    return out;
}

RpcOutcome FakeLogNode::run(const chains::evm::RpcCall& call) {
    if (refuse_call) {
        if (auto error = refuse_call(call)) {
            return core::Unexpected(*error);
        }
    }
    if (call.method == "eth_getLogs") {
        return get_logs(call.params);
    }
    if (call.method == "eth_getBlockByNumber") {
        return get_block(call.params);
    }
    return std::string(R"("0x1")");
}

RpcOutcome FakeLogNode::get_block(const std::string& params) const {
    const auto asked_for = json::parse(params).at(0).get<std::string>();
    if (asked_for == "finalized" && !finalized) {
        return core::Unexpected(rpc_error(-32000, "finalized block not found"));
    }
    const std::uint64_t number = asked_for == "finalized" ? *finalized : number_of(asked_for);
    if (number > head || number >= lags_from) {
        return std::string("null");
    }
    const chains::Block found = block(number);
    return json{{"number", fmt::format("0x{:x}", number)},
                {"hash", core::to_hex(found.hash)},
                {"timestamp", fmt::format("0x{:x}", found.timestamp.value())}}
        .dump();
}

RpcOutcome FakeLogNode::get_logs(const std::string& params) {
    const json filter = json::parse(params).at(0);
    const Range range{number_of(filter.at("fromBlock")), number_of(filter.at("toBlock"))};
    asked.push_back(range);
    if (blocks_max && range.last - range.first >= *blocks_max) {
        return core::Unexpected(rpc_error(code, words, 200, "", "eth_getLogs"));
    }
    chains::LogFilter wanted;
    for (const auto& text : filter.at("address")) {
        wanted.addresses.push_back(core::Address::parse(text.get<std::string>()));
    }
    for (const auto& position : filter.at("topics")) {
        auto& topics = wanted.topics.emplace_back();
        for (const auto& text : position.is_null() ? json::array() : position) {
            const auto bytes = core::parse_hex(text.get<std::string>()).value();
            std::copy(bytes.begin(), bytes.end(), topics.emplace_back().begin());
        }
    }
    std::vector<std::string> found;
    for (const Log& log : logs) {
        const std::uint64_t at = log.block.value();
        if (at >= range.first && at <= range.last && at < lags_from &&
            chains::evm::matches(wanted, log)) {
            found.push_back(log_json(log, block(at).hash));
        }
    }
    if (logs_max && found.size() > *logs_max) {
        return core::Unexpected(
            rpc_error(-32005, fmt::format("query returned more than {} results", *logs_max)));
    }
    found.resize(std::min(found.size(), silent_max.value_or(found.size())));
    std::string result = fmt::format("[{}]", fmt::join(found, ","));
    return alter ? alter(std::move(result)) : result;
}

}  // namespace margrave::test
