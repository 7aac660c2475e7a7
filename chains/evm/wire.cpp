#include "chains/evm/wire.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "chains/abi.hpp"
#include "chains/evm/aggregate.hpp"
#include "chains/evm/head.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {
namespace {

using core::Address;
using core::Bytes;
using core::ErrorKind;

// Multicall3, the same contract at 0xcA11bde05977b3631167028862bE2a173976CA11 on most chains.
using Call3 = std::tuple<Address, bool, Bytes>;
using Result3 = std::tuple<bool, Bytes>;
using Aggregate3 = abi::Function<"aggregate3", std::vector<Result3>(std::vector<Call3>)>;
using GetBlockNumber = abi::Function<"getBlockNumber", core::U256()>;
using GetCurrentBlockTimestamp = abi::Function<"getCurrentBlockTimestamp", core::U256()>;
using GetEthBalance = abi::Function<"getEthBalance", core::U256(Address)>;

// How a contract says why it reverted.
using ErrorString = abi::Function<"Error", std::string(std::string)>;
using Panic = abi::Function<"Panic", core::U256(core::U256)>;

/// A program for a call without a recipient, which runs as creation code and returns (block number,
/// timestamp): NUMBER, PUSH1 0, MSTORE, TIMESTAMP, PUSH1 32, MSTORE, PUSH1 64, PUSH1 0, RETURN.
constexpr std::string_view kSayBlock =
    "0x4360005242602052604060"
    "00f3";
using SayBlock = abi::Function<"block", std::tuple<core::U256, core::U256>()>;

/// The questions that open every aggregate: number and timestamp.
constexpr std::size_t kAggregateChecks = 2;

std::string block_parameter(const Wire& wire) {
    if (wire.pin == Pin::Number) {
        return fmt::format(R"("{}")", to_quantity(wire.block.number.value()));
    }
    return fmt::format(R"({{"blockHash":"{}","requireCanonical":true}})",
                       core::to_hex(wire.block.hash));
}

RpcCall eth_call(const Wire& wire, const Address& to, const Bytes& data) {
    std::string params = R"([{"to":")" + core::to_hex(to.raw()) + R"(","data":"0x)";
    core::append_hex(data, params);
    params += "\"}," + block_parameter(wire) + "]";
    return {"eth_call", std::move(params)};
}

RpcCall plain_call(const Wire& wire, const PendingCall& question) {
    if (question.kind == PendingCall::Kind::NativeBalance) {
        return {"eth_getBalance", fmt::format(R"(["{}",{}])", core::to_hex(question.to.raw()),
                                              block_parameter(wire))};
    }
    return eth_call(wire, question.to, question.data);
}

RpcRequest encode_aggregate(const Wire& wire, std::span<const PendingCall* const> questions) {
    const Address& multicall = *wire.multicall3;
    std::vector<Call3> calls;
    calls.reserve(questions.size() + kAggregateChecks);
    calls.emplace_back(multicall, true, GetBlockNumber::encode());
    calls.emplace_back(multicall, true, GetCurrentBlockTimestamp::encode());
    for (const PendingCall* question : questions) {
        if (question->kind == PendingCall::Kind::NativeBalance) {
            calls.emplace_back(multicall, true, GetEthBalance::encode(question->to));
        } else {
            calls.emplace_back(question->to, true, question->data);
        }
    }
    return {eth_call(wire, multicall, Aggregate3::encode(calls))};
}

/// A call without a recipient: its data runs as creation code.
RpcCall run_program(const Wire& wire, std::string_view hex) {
    return {"eth_call", fmt::format(R"([{{"data":"{}"}},{}])", hex, block_parameter(wire))};
}

RpcCall say_block(const Wire& wire) { return run_program(wire, kSayBlock); }

RpcRequest encode_batch(const Wire& wire, std::span<const PendingCall* const> questions) {
    RpcRequest request;
    request.reserve(questions.size() + 1);
    request.push_back(say_block(wire));
    for (const PendingCall* question : questions) {
        request.push_back(plain_call(wire, *question));
    }
    return request;
}

bool starts_with(const Bytes& data, const std::array<std::uint8_t, 4>& selector) {
    return data.size() >= 4 && std::equal(selector.begin(), selector.end(), data.begin());
}

/// The contract's own words, or what is known of them.
std::string revert_reason(const Bytes& data) {
    try {
        const std::span<const std::uint8_t> body = std::span(data).subspan(data.size() < 4 ? 0 : 4);
        if (starts_with(data, ErrorString::kSelector)) {
            return "reverted: " + core::printable(ErrorString::decode(body));
        }
        if (starts_with(data, Panic::kSelector)) {
            return "reverted: panic code " + core::to_decimal(Panic::decode(body));
        }
    } catch (const abi::DecodeError&) {
        // Malformed revert data says no more than its hex.
    }
    return data.empty() ? "reverted without a reason"
                        : "reverted with " + core::printable(core::to_hex(data), 80);
}

/// Without data a reason may stand in the node's message, as in "execution reverted: reason". Any
/// other words are the node's own, and an aggregate would not have them.
std::string revert_reason(std::string_view message) {
    constexpr std::string_view kBefore = "reverted: ";
    const std::size_t at = core::lower(message).find(kBefore);
    const std::string_view reason =
        at == std::string_view::npos ? "" : message.substr(at + kBefore.size());
    return reason.empty() || reason == "0x" ? revert_reason(Bytes{})
                                            : "reverted: " + core::printable(reason);
}

CallFailure failure_of(const RpcError& error) {
    if (error.kind == ErrorKind::Reverted) {
        const auto data = core::parse_hex(error.data);
        return {
            .kind = error.kind,
            .detail = data && !data->empty() ? revert_reason(*data) : revert_reason(error.message)};
    }
    return {.kind = error.kind, .detail = to_chain_error(error, "eth_call").what()};
}

/// The bytes of a JSON string "0x…", into `into`; why it is none, nullopt where it is.
std::optional<CallFailure> read_hex(const RpcOutcome& outcome, Bytes& into) {
    if (!outcome) {
        return failure_of(outcome.error());
    }
    const std::string_view text = outcome.value();
    const bool is_text = text.size() >= 4 && text.front() == '"' && text.back() == '"';
    auto data = is_text ? core::parse_hex(text.substr(1, text.size() - 2)) : std::nullopt;
    if (!data) {
        return CallFailure{ErrorKind::BadReply, "the result is no hex string"};
    }
    if (is_revert_in_disguise(*data)) {
        return CallFailure{ErrorKind::Reverted, revert_reason(*data)};
    }
    into = std::move(*data);
    return std::nullopt;
}

CallOutcome hex_result(const RpcOutcome& outcome) {
    Bytes data;
    if (auto failure = read_hex(outcome, data)) {
        return core::Unexpected(std::move(*failure));
    }
    return data;
}

CallOutcome inner_outcome(bool success, Bytes&& data) {
    if (success) {
        return std::move(data);
    }
    return core::Unexpected(CallFailure{ErrorKind::Reverted, revert_reason(data), data.empty()});
}

CallFailure disputed(const std::string& detail) {
    return {ErrorKind::NoAgreement, core::printable(detail, 600)};
}

/// A reply in which endpoints contradict each other about some of the calls.
Answers decode_disputed(const Wire& wire, std::size_t count, const std::string& result) {
    auto reply = parse_aggregate(result);
    if (!reply || reply->items.size() != count + kAggregateChecks) {
        return core::Unexpected(CallFailure{ErrorKind::BadReply, "the result is no hex string"});
    }
    const auto& first = *reply->disputed.begin();
    if (first.first < kAggregateChecks) {
        return core::Unexpected(disputed(first.second));
    }
    try {
        if (auto wrong = check_block(wire, GetBlockNumber::decode(reply->items[0].data),
                                     GetCurrentBlockTimestamp::decode(reply->items[1].data))) {
            return core::Unexpected(*wrong);
        }
    } catch (const abi::DecodeError& bad) {
        return core::Unexpected(
            CallFailure{ErrorKind::BadData, std::string("the reply of Multicall3: ") + bad.what()});
    }
    std::vector<CallOutcome> outcomes;
    outcomes.reserve(count);
    for (std::size_t i = kAggregateChecks; i < reply->items.size(); ++i) {
        const auto dispute = reply->disputed.find(i);
        outcomes.push_back(
            dispute != reply->disputed.end()
                ? CallOutcome(core::Unexpected(disputed(dispute->second)))
                : inner_outcome(reply->items[i].success, std::move(reply->items[i].data)));
    }
    return outcomes;
}

Answers decode_aggregate(const Wire& wire, std::size_t count, const RpcOutcome& outcome) {
    if (outcome && outcome->starts_with('{')) {
        return decode_disputed(wire, count, outcome.value());
    }
    Bytes raw;
    if (auto failure = read_hex(outcome, raw)) {
        return core::Unexpected(std::move(*failure));
    }
    if (raw.empty()) {
        return core::Unexpected(CallFailure{ErrorKind::EmptyReply, "Multicall3 returned no data"});
    }
    try {
        std::vector<Result3> results = Aggregate3::decode(raw);
        if (results.size() != count + kAggregateChecks || !std::get<bool>(results[0]) ||
            !std::get<bool>(results[1])) {
            return core::Unexpected(
                CallFailure{ErrorKind::BadData, "Multicall3 returned another number of results"});
        }
        if (auto wrong =
                check_block(wire, GetBlockNumber::decode(std::get<Bytes>(results[0])),
                            GetCurrentBlockTimestamp::decode(std::get<Bytes>(results[1])))) {
            return core::Unexpected(*wrong);
        }
        std::vector<CallOutcome> outcomes;
        outcomes.reserve(count);
        for (std::size_t i = kAggregateChecks; i < results.size(); ++i) {
            auto& [success, data] = results[i];
            outcomes.push_back(inner_outcome(success, std::move(data)));
        }
        return outcomes;
    } catch (const abi::DecodeError& bad) {
        return core::Unexpected(
            CallFailure{ErrorKind::BadData, std::string("the reply of Multicall3: ") + bad.what()});
    }
}

/// A balance comes as a quantity, everything else as bytes.
CallOutcome plain_outcome(const PendingCall& question, const RpcOutcome& outcome) {
    if (question.kind != PendingCall::Kind::NativeBalance || !outcome) {
        return hex_result(outcome);
    }
    const std::string_view text = outcome.value();
    const auto wei =
        text.size() < 2 ? std::nullopt : core::parse_hex_quantity(text.substr(1, text.size() - 2));
    if (!wei) {
        return core::Unexpected(CallFailure{ErrorKind::BadReply, "the balance is no quantity"});
    }
    Bytes word(32);
    core::to_big_endian(*wei, word.data());
    return word;
}

bool is_refusal_of_size(ErrorKind kind) {
    return kind == ErrorKind::RequestTooLarge || kind == ErrorKind::ReplyTooLarge;
}

Answers decode_batch(const Wire& wire, std::span<const PendingCall* const> questions,
                     const std::vector<RpcOutcome>& outcomes) {
    Bytes said;
    if (auto failure = read_hex(outcomes.at(0), said)) {
        return core::Unexpected(std::move(*failure));
    }
    if (said.size() != 64) {
        return core::Unexpected(
            CallFailure{ErrorKind::EmptyReply, "the node did not say its block"});
    }
    const auto [number, timestamp] = SayBlock::decode(said);
    if (auto wrong = check_block(wire, number, timestamp)) {
        return core::Unexpected(*wrong);
    }
    std::vector<CallOutcome> answers;
    answers.reserve(questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
        answers.push_back(plain_outcome(*questions[i], outcomes.at(i + 1)));
        // One item refused for the size of the whole: the batch is asked again in halves.
        if (!answers.back() && is_refusal_of_size(answers.back().error().kind)) {
            return core::Unexpected(answers.back().error());
        }
    }
    return answers;
}

}  // namespace

bool is_revert_in_disguise(const Bytes& data) {
    return data.size() % 32 == 4 &&
           (starts_with(data, ErrorString::kSelector) || starts_with(data, Panic::kSelector));
}

std::optional<CallFailure> check_block(const Wire& wire, const core::U256& number,
                                       const core::U256& timestamp) {
    const std::uint64_t expected = wire.block.number_in_calls.value_or(wire.block.number).value();
    if (number == expected && timestamp == wire.block.timestamp.value()) {
        return std::nullopt;
    }
    return CallFailure{
        ErrorKind::WrongBlock,
        fmt::format("asked at block {} (timestamp {}), the node executed at block {} "
                    "(timestamp {})",
                    expected, wire.block.timestamp.value(), core::to_decimal(number),
                    core::to_decimal(timestamp))};
}

RpcRequest encode(const Wire& wire, std::span<const PendingCall* const> questions) {
    return wire.multicall3 ? encode_aggregate(wire, questions) : encode_batch(wire, questions);
}

Answers decode(const Wire& wire, std::span<const PendingCall* const> questions,
               const std::vector<RpcOutcome>& outcomes) {
    return wire.multicall3 ? decode_aggregate(wire, questions.size(), outcomes.at(0))
                           : decode_batch(wire, questions, outcomes);
}

RpcRequest encode_block_check(const Wire& wire) { return {say_block(wire)}; }

bool passes_block_check(const Wire& wire, const RpcOutcome& outcome) {
    const CallOutcome said = hex_result(outcome);
    if (!said || said->size() != 64) {
        return false;
    }
    const auto [number, timestamp] = SayBlock::decode(said.value());
    return !check_block(wire, number, timestamp);
}

RpcRequest encode_program(const Wire& wire, const Bytes& program) {
    return {run_program(wire, core::to_hex(program))};
}

CallOutcome decode_program(const RpcOutcome& outcome) { return hex_result(outcome); }

RpcRequest encode_alone(const Wire& wire, const PendingCall& question) {
    return {plain_call(wire, question)};
}

CallOutcome decode_alone(const PendingCall& question, const RpcOutcome& outcome) {
    return plain_outcome(question, outcome);
}

}  // namespace margrave::chains::evm
