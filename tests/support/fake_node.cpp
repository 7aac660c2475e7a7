#include "tests/support/fake_node.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "chains/evm/json_rpc.hpp"
#include "core/errors.hpp"
#include "core/u256.hpp"
#include "tests/support/mini_evm.hpp"

namespace margrave::test {
namespace {

using chains::Block;
using chains::evm::RpcCall;
using chains::evm::RpcError;
using chains::evm::RpcOutcome;
using chains::evm::RpcRequest;
using core::Address;
using core::Bytes;
using core::U256;
using nlohmann::json;

using Call3 = std::tuple<Address, bool, Bytes>;
using Result3 = std::tuple<bool, Bytes>;

constexpr std::array<std::uint8_t, 4> kAggregate3{0x82, 0xad, 0x56, 0xcb};
constexpr std::array<std::uint8_t, 4> kGetBlockNumber{0x42, 0xcb, 0xb1, 0x5c};
constexpr std::array<std::uint8_t, 4> kGetTimestamp{0x0f, 0x28, 0xc9, 0x7d};
constexpr std::array<std::uint8_t, 4> kGetEthBalance{0x4d, 0x23, 0x01, 0xcc};

bool selects(const Bytes& data, const std::array<std::uint8_t, 4>& selector) {
    return data.size() >= 4 && std::equal(selector.begin(), selector.end(), data.begin());
}

std::string quantity(std::uint64_t value) {
    std::string digits;
    for (; value != 0; value /= 16) {
        digits.insert(digits.begin(), "0123456789abcdef"[value % 16]);
    }
    return "0x" + (digits.empty() ? "0" : digits);
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

json block_json(const Block& block) {
    return {{"hash", core::to_hex(block.hash)},
            {"number", quantity(block.number.value())},
            {"timestamp", quantity(block.timestamp.value())},
            {"transactions", json::array()}};
}

Block make_block(std::uint64_t number, std::uint64_t timestamp, std::uint8_t fill) {
    Block out;
    out.number = core::BlockNumber(number);
    out.timestamp = core::Timestamp(timestamp);
    out.hash.fill(fill);
    return out;
}

}  // namespace

Address address(std::uint64_t n) {
    Address::Raw raw{};
    for (std::size_t i = 0; i < 8; ++i) {
        raw[19 - i] = static_cast<std::uint8_t>(n >> (8 * i));
    }
    return Address(raw);
}

RpcError rpc_error(std::int64_t code, std::string_view message, int http_status,
                   std::string_view data, std::string_view method) {
    RpcError error;
    error.kind = chains::evm::classify(http_status, code, message, data, method);
    error.source = "node.test";
    error.code = code;
    error.message = message;
    error.data = data;
    return error;
}

FakeNode::FakeNode()
    : block(make_block(20'000'000, 1'717'281'407, 0xab)),
      latest(make_block(20'000'007, 1'717'281'491, 0xcd)),
      multicall3(Address::parse("0xcA11bde05977b3631167028862bE2a173976CA11")) {}

void FakeNode::set(const Address& to, Bytes calldata, Answer answer) {
    contracts_.insert(to);
    hungry_.erase({to, calldata});
    answers_[{to, std::move(calldata)}] = std::move(answer);
}

void FakeNode::starve_balance(const Address& wallet) {
    Bytes calldata(kGetEthBalance.begin(), kGetEthBalance.end());
    const Bytes argument = abi_result(wallet);
    calldata.insert(calldata.end(), argument.begin(), argument.end());
    hungry_.insert({multicall3, std::move(calldata)});
}

std::vector<std::vector<RpcOutcome>> FakeNode::send(const std::vector<RpcRequest>& requests) {
    ++sends_;
    std::vector<std::vector<RpcOutcome>> out;
    for (const RpcRequest& request : requests) {
        ++traffic_.requests;
        traffic_.calls += request.size();
        largest_batch_ = std::max(largest_batch_, request.size());
        std::vector<RpcOutcome>& outcomes = out.emplace_back();
        const auto fault = fault_of(request);
        for (const RpcCall& call : request) {
            outcomes.push_back(fault ? RpcOutcome(core::Unexpected(*fault)) : run(call));
        }
    }
    return out;
}

std::optional<RpcError> FakeNode::fault_of(const RpcRequest& request) const {
    if (refuse_request) {
        if (auto error = refuse_request(request)) {
            return error;
        }
    }
    std::size_t bytes = 0;
    for (const RpcCall& call : request) {
        bytes += call.params.size();
    }
    if (request_bytes_max && bytes > *request_bytes_max) {
        return rpc_error(0, "Request Entity Too Large", 413);
    }
    if (request.size() > 1 && !has_batches) {
        return rpc_error(-32600, "batching is not supported");
    }
    if (request.size() > 1 && batch_calls_max && request.size() > *batch_calls_max) {
        return rpc_error(-32000, "batch too large");
    }
    return std::nullopt;
}

RpcOutcome FakeNode::run(const RpcCall& call) {
    if (refuse_call) {
        if (const auto error = refuse_call(call)) {
            return core::Unexpected(*error);
        }
    }
    if (call.method == "eth_chainId") {
        return quoted(quantity(chain_id.value()));
    }
    if (call.method == "eth_getBlockByNumber" || call.method == "eth_getBlockByHash") {
        return find_block(call);
    }
    if (call.method == "eth_call" || call.method == "eth_getBalance") {
        return execute(call);
    }
    if (other_methods) {
        return other_methods(call);
    }
    return core::Unexpected(
        rpc_error(-32601, "the method " + call.method + " does not exist/is not available"));
}

Block FakeNode::before() const {
    return make_block(block.number.value() - 1, block.timestamp.value() - 12, 0x99);
}

RpcOutcome FakeNode::find_block(const RpcCall& call) const {
    const json params = json::parse(call.params);
    const auto asked = params.at(0).get<std::string>();
    const auto is = [&](const Block& known) {
        return asked == quantity(known.number.value()) ||
               core::parse_hex(asked) == core::Bytes(known.hash.begin(), known.hash.end());
    };
    if (block_before && is(before())) {
        return block_json(before()).dump();
    }
    if (is(block) && !pinned_block_is_gone) {
        return block_json(block).dump();
    }
    if (is(latest) || asked == "latest" || asked == "safe" || asked == "finalized") {
        return block_json(latest).dump();
    }
    return std::string("null");
}

RpcOutcome FakeNode::execute(const RpcCall& call) {
    const json params = json::parse(call.params);
    const json& pin = params.at(1);
    Block at = block;
    if (pin.is_object()) {
        if (by_hash == ByHash::Refused) {
            return core::Unexpected(rpc_error(
                -32602,
                "invalid argument 1: json: cannot unmarshal object into Go value of type string"));
        }
        if (by_hash == ByHash::Empty) {
            return std::string(R"("0x")");
        }
        if (by_hash == ByHash::Ignored) {
            at = latest;
        } else if (pin.at("blockHash") != core::to_hex(block.hash) || !pin.at("requireCanonical")) {
            return core::Unexpected(rpc_error(-32000, "header for hash not found"));
        }
    } else if (pin == quantity(before().number.value()) && block_before) {
        at = before();
    } else if (pin != quantity(block.number.value())) {
        return core::Unexpected(rpc_error(-32000, "header not found"));
    }
    at = executes_on.value_or(at);
    if (call.method == "eth_getBalance") {
        const auto found = balances_.find(Address::parse(params.at(0).get<std::string>()));
        const U256 wei = found == balances_.end() ? U256(0) : found->second;
        std::string digits;
        for (U256 rest = wei; rest != 0; rest /= 16) {
            digits.insert(digits.begin(),
                          "0123456789abcdef"[static_cast<std::size_t>(U256(rest % 16))]);
        }
        return quoted("0x" + (digits.empty() ? "0" : digits));
    }
    const Bytes data = core::parse_hex(params.at(0).at("data").get<std::string>()).value();
    if (!params.at(0).contains("to")) {
        return run_program(data, at);
    }
    const Address to = Address::parse(params.at(0).at("to").get<std::string>());
    const bool is_aggregate = to == multicall3 && has_multicall3 && selects(data, kAggregate3);
    const Answer answer = is_aggregate ? aggregate(data, at) : execute(to, data, at, false);
    switch (answer.outcome) {
        case Outcome::Data:
            return quoted(core::to_hex(answer.data));
        case Outcome::OutOfGas:
            return core::Unexpected(rpc_error(-32000, "out of gas"));
        case Outcome::Revert:
            break;
    }
    return core::Unexpected(rpc_error(3, "execution reverted", 200, core::to_hex(answer.data)));
}

RpcOutcome FakeNode::run_program(const Bytes& code, const Block& at) {
    constexpr std::size_t kSayBlockBytes = 13;
    programs_ += code.size() > kSayBlockBytes ? 1 : 0;
    MiniWorld world{.block = at.number.value(),
                    .timestamp = at.timestamp.value(),
                    .gas = program_gas,
                    .call = [&](const Address& to, const Bytes& data) {
                        const Answer answer = execute(to, data, at, true);
                        return answer.outcome == Outcome::Data ? std::optional(answer.data)
                                                               : std::nullopt;
                    }};
    const auto returned = run_creation_code(code, world);
    if (!returned) {
        return core::Unexpected(rpc_error(-32000, "invalid opcode"));
    }
    return quoted(core::to_hex(*returned));
}

FakeNode::Answer FakeNode::aggregate(const Bytes& data, const Block& at) {
    constexpr std::size_t kAboutTheBlock = 2;
    const chains::abi::Decoder in(std::span<const std::uint8_t>(data).subspan(4));
    const auto calls =
        std::get<0>(chains::abi::Codec<std::tuple<std::vector<Call3>>>::decode(in, 0));
    if (aggregate_calls_max && calls.size() > *aggregate_calls_max + kAboutTheBlock) {
        return {Outcome::OutOfGas, {}};
    }
    std::vector<Result3> results;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto& [to, allow_failure, calldata] = calls[i];
        core::ensure(allow_failure, "one failing call must not fail the others");
        Answer inner = execute(to, calldata, at, true);
        if (aggregate_gas_for && i >= *aggregate_gas_for + kAboutTheBlock) {
            inner = {Outcome::OutOfGas, {}};
        }
        results.emplace_back(inner.outcome == Outcome::Data, std::move(inner.data));
    }
    return {Outcome::Data, abi_result(std::tuple<std::vector<Result3>>(std::move(results)))};
}

FakeNode::Answer FakeNode::execute(const Address& to, const Bytes& data, const Block& at,
                                   bool in_aggregate) {
    if (to == multicall3 && has_multicall3) {
        if (selects(data, kGetBlockNumber)) {
            return {Outcome::Data, abi_result(U256(at.number.value()))};
        }
        if (selects(data, kGetTimestamp)) {
            return {Outcome::Data, abi_result(U256(at.timestamp.value()))};
        }
        if (selects(data, kGetEthBalance)) {
            const chains::abi::Decoder in(std::span<const std::uint8_t>(data).subspan(4));
            const auto found = balances_.find(chains::abi::Codec<Address>::decode(in, 0));
            if (in_aggregate && hungry_.contains({to, data})) {
                return {Outcome::OutOfGas, {}};
            }
            return {Outcome::Data, abi_result(found == balances_.end() ? U256(0) : found->second)};
        }
        return {Outcome::Revert, {}};
    }
    ++asked_[{to, data}];
    if (reverts_now && reverts_now(to, at)) {
        return {Outcome::Revert, {}};
    }
    if (!contracts_.contains(to)) {
        return {Outcome::Data, {}};  // no code there: the call succeeds and returns nothing
    }
    const auto found = answers_.find({to, data});
    if (found == answers_.end()) {
        return {Outcome::Revert, {}};
    }
    if (in_aggregate &&
        (found->second.outcome == Outcome::OutOfGas || hungry_.contains({to, data}))) {
        return {Outcome::OutOfGas, {}};
    }
    return found->second;
}

}  // namespace margrave::test
