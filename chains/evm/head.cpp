#include "chains/evm/head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"

namespace margrave::chains::evm {
namespace {

using core::ChainError;
using core::ErrorKind;

[[noreturn]] void throw_bad_reply(std::string_view method, std::string_view what) {
    throw ChainError(ErrorKind::BadReply, std::string(method), std::string(what));
}

const std::string& checked(const RpcOutcome& outcome, std::string_view method) {
    if (!outcome) {
        throw to_chain_error(outcome.error(), method);
    }
    return outcome.value();
}

std::uint64_t parse_u64(const nlohmann::json& value, std::string_view method) {
    const auto number = value.is_string()
                            ? core::parse_hex_quantity(value.get_ref<const std::string&>())
                            : std::nullopt;
    if (!number || *number > std::numeric_limits<std::uint64_t>::max()) {
        throw_bad_reply(method, "the result holds no quantity of at most 64 bits");
    }
    return static_cast<std::uint64_t>(*number);
}

core::ChainId parse_chain_id(const std::string& result) {
    const auto value = nlohmann::json::parse(result, nullptr, false);
    return core::ChainId(parse_u64(value, "eth_chainId"));
}

Block parse_block(const std::string& result, std::string_view method) {
    const auto block = nlohmann::json::parse(result, nullptr, false);
    if (block.is_null()) {
        throw ChainError(ErrorKind::UnknownBlock, std::string(method),
                         "the node knows no such block");
    }
    if (!block.is_object() || !block.contains("hash") || !block.contains("number") ||
        !block.contains("timestamp") || !block["hash"].is_string()) {
        throw_bad_reply(method, "the result is no block");
    }
    const auto hash = core::parse_hex(block["hash"].get_ref<const std::string&>());
    if (!hash || hash->size() != 32) {
        throw_bad_reply(method, "the block's hash is not 32 bytes");
    }
    Block out;
    out.number = core::BlockNumber(parse_u64(block["number"], method));
    out.timestamp = core::Timestamp(parse_u64(block["timestamp"], method));
    std::copy(hash->begin(), hash->end(), out.hash.begin());
    // Nitro's NUMBER is this field, and not the block's number. OffchainLabs/go-ethereum
    // internal/ethapi/api.go, fillArbitrumHeaderInfo.
    if (block.contains("l1BlockNumber") && !block["l1BlockNumber"].is_null()) {
        out.number_in_calls = core::BlockNumber(parse_u64(block["l1BlockNumber"], method));
    }
    return out;
}

std::optional<core::Hash> parse_parent(const std::string& result) {
    const auto block = nlohmann::json::parse(result, nullptr, false);
    if (!block.contains("parentHash") || !block["parentHash"].is_string()) {
        return std::nullopt;
    }
    const auto bytes = core::parse_hex(block["parentHash"].get_ref<const std::string&>());
    core::Hash out{};
    if (!bytes || bytes->size() != out.size()) {
        return std::nullopt;
    }
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t number_of(std::string_view digits) {
    const auto number = core::parse_u64(digits);
    core::ensure(number.has_value(), "a block's number has at most 64 bits");
    return *number;
}

RpcCall block_call(std::string_view block) {
    if (block.size() == 66) {
        return {"eth_getBlockByHash", fmt::format(R"(["{}",false])", block)};
    }
    if (is_digits(block)) {
        return {"eth_getBlockByNumber",
                fmt::format(R"(["{}",false])", to_quantity(number_of(block)))};
    }
    return {"eth_getBlockByNumber", fmt::format(R"(["{}",false])", block)};
}

/// Endpoints exist that refuse batches; they get the two calls one by one.
bool may_be_about_batches(const RpcError& error) {
    return error.kind == ErrorKind::Unsupported || error.kind == ErrorKind::RequestTooLarge ||
           error.kind == ErrorKind::BadRequest || error.kind == ErrorKind::BadReply;
}

std::pair<RpcOutcome, RpcOutcome> send_both(RpcTransport& rpc, const RpcCall& first,
                                            const RpcCall& second) {
    auto replies = rpc.send({{first, second}}).at(0);
    if (!replies[0] && !replies[1] && may_be_about_batches(replies[0].error())) {
        auto singly = rpc.send({{first}, {second}});
        return {std::move(singly[0][0]), std::move(singly[1][0])};
    }
    return {std::move(replies[0]), std::move(replies[1])};
}

void ensure_is_the_block(const Block& got, std::string_view asked, std::string_view method) {
    const bool wrong_number = is_digits(asked) && got.number.value() != number_of(asked);
    const auto hash = asked.size() == 66 ? core::parse_hex(asked) : std::nullopt;
    if (wrong_number || (hash && !std::equal(hash->begin(), hash->end(), got.hash.begin()))) {
        throw ChainError(
            ErrorKind::WrongBlock, std::string(method),
            fmt::format("asked for block {}, the reply is block {}", asked, got.number.value()));
    }
}

}  // namespace

std::string to_quantity(std::uint64_t value) { return fmt::format("0x{:x}", value); }

ChainError to_chain_error(const RpcError& error, std::string_view what) {
    std::string detail = core::printable(error.message);
    if (error.code != 0) {
        detail += fmt::format(" (code {})", error.code);
    }
    return {error.kind, fmt::format("{} {}", error.source, what), std::move(detail)};
}

RpcCall block_by_number(std::uint64_t number) { return block_call(std::to_string(number)); }

RpcCall block_by_tag(std::string_view tag) { return block_call(tag); }

bool is_block_question(const RpcCall& call) {
    return call.method == "eth_getBlockByNumber" || call.method == "eth_getBlockByHash";
}

core::Result<Block, ChainError> parse_block_reply(const RpcOutcome& outcome) {
    constexpr std::string_view kMethod = "eth_getBlockByNumber";
    // A parsing edge: the failure is an answer here.
    try {
        return parse_block(checked(outcome, kMethod), kMethod);
    } catch (const ChainError& error) {
        return core::Unexpected(error);
    }
}

core::ChainId read_chain_id(RpcTransport& rpc) {
    const auto replies = rpc.send({{RpcCall{"eth_chainId", "[]"}}});
    return parse_chain_id(checked(replies.at(0).at(0), "eth_chainId"));
}

Block read_block(RpcTransport& rpc, core::BlockNumber number) {
    const RpcCall call = block_call(std::to_string(number.value()));
    const auto replies = rpc.send({{call}});
    const Block block = parse_block(checked(replies.at(0).at(0), call.method), call.method);
    ensure_is_the_block(block, std::to_string(number.value()), call.method);
    return block;
}

std::vector<Block> read_blocks(RpcTransport& rpc, std::span<const core::BlockNumber> numbers) {
    constexpr std::size_t kBatch = 100;
    std::vector<RpcRequest> requests;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i % kBatch == 0) {
            requests.emplace_back();
        }
        requests.back().push_back(block_by_number(numbers[i].value()));
    }
    const auto replies =
        requests.empty() ? std::vector<std::vector<RpcOutcome>>{} : rpc.send(requests);
    std::vector<Block> out;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const RpcOutcome& reply = replies[i / kBatch][i % kBatch];
        if (!reply && may_be_about_batches(reply.error())) {
            out.push_back(read_block(rpc, numbers[i]));
            continue;
        }
        const RpcCall& call = requests[i / kBatch][i % kBatch];
        out.push_back(parse_block(checked(reply, call.method), call.method));
        ensure_is_the_block(out.back(), std::to_string(numbers[i].value()), call.method);
    }
    return out;
}

Head read_head(RpcTransport& rpc, std::string_view block) {
    const RpcCall call = block_call(block);
    const auto [id, found] = send_both(rpc, RpcCall{"eth_chainId", "[]"}, call);
    Head head;
    head.chain_id = parse_chain_id(checked(id, "eth_chainId"));
    head.block = parse_block(checked(found, call.method), call.method);
    head.parent = parse_parent(*found);
    ensure_is_the_block(head.block, block, call.method);
    return head;
}

Head read_head_of(RpcTransport& rpc, const std::string& chain, core::ChainId chain_id,
                  std::string_view block) {
    const Head head = read_head(rpc, block);
    if (head.chain_id != chain_id) {
        throw ChainError(ErrorKind::WrongChain, chain,
                         fmt::format("the endpoint serves chain {}, configured is {}",
                                     head.chain_id.value(), chain_id.value()));
    }
    return head;
}

core::Result<std::optional<Block>, ChainError> last_final_block(RpcTransport& rpc,
                                                                const Block& head) {
    /// Two epochs of Ethereum.
    constexpr std::uint64_t kDepth = 64;
    auto block = parse_block_reply(rpc.send({{block_by_tag("finalized")}})[0][0]);
    if (!block && head.number.value() < kDepth) {
        return std::optional<Block>();
    }
    if (!block) {
        block =
            parse_block_reply(rpc.send({{block_by_number(head.number.value() - kDepth)}})[0][0]);
    }
    if (!block) {
        return core::Unexpected(block.error());
    }
    return std::optional(head.number < block->number ? head : *block);
}

}  // namespace margrave::chains::evm
