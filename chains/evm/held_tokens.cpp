#include "chains/evm/held_tokens.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "chains/abi.hpp"
#include "chains/evm/balance_program.hpp"

namespace margrave::chains::evm {
namespace {

using core::ErrorKind;
using Held = Reader::HeldTokens::Result;

}  // namespace

core::Bytes encode_held(const Reader::HeldTokens::Result& held) {
    abi::Encoder out;
    abi::Codec<std::tuple<Held>>::encode(std::tuple<Held>(held), out);
    return std::move(out.out());
}

std::size_t held_tokens_wallets_max(std::size_t tokens, std::size_t pairs_max,
                                    std::size_t request_bytes_max) {
    const std::size_t by_pairs = pairs_max / tokens;
    const std::size_t bytes = balance_program_size(tokens, 0);
    const std::size_t each = balance_program_size(tokens, 1) - bytes;
    const std::size_t hex_max = request_bytes_max / 2;
    const std::size_t by_bytes = hex_max > bytes ? (hex_max - bytes) / each : 0;
    return std::max<std::size_t>(
        1, std::min({by_pairs, by_bytes, balance_program_wallets_max(tokens)}));
}

RpcRequest encode_held_tokens(const Wire& wire, std::span<const PendingCall* const> questions) {
    const TokenList& list = *questions.front()->list;
    std::vector<core::Address> wallets;
    wallets.reserve(questions.size());
    for (const PendingCall* question : questions) {
        wallets.push_back(question->to);
    }
    return encode_program(
        wire, encode_balance_program(
                  {.selector = list.selector, .tokens = list.tokens, .wallets = wallets}));
}

HeldTokensAnswers decode_held_tokens(const Wire& wire,
                                     std::span<const PendingCall* const> questions,
                                     const RpcOutcome& outcome) {
    const CallOutcome raw = decode_program(outcome);
    if (!raw) {
        return core::Unexpected(raw.error());
    }
    const std::size_t tokens = questions.front()->list->tokens.size();
    const auto answer = decode_balance_answer(*raw, tokens * questions.size());
    if (!answer) {
        return core::Unexpected(
            CallFailure{ErrorKind::BadData, "the node does not run programs as it should"});
    }
    if (auto wrong = check_block(wire, answer->block_number, answer->timestamp)) {
        return core::Unexpected(*wrong);
    }
    const std::size_t wallets = answer->pairs / tokens;
    std::vector<Held> held(wallets);
    for (const FoundBalance& found : answer->found) {
        if (found.pair / tokens < wallets) {
            held[found.pair / tokens].emplace_back(static_cast<std::uint16_t>(found.pair % tokens),
                                                   found.amount.has_value(),
                                                   found.amount.value_or(0));
        }
    }
    std::vector<CallOutcome> out;
    out.reserve(wallets);
    for (const Held& of : held) {
        out.emplace_back(encode_held(of));
    }
    return out;
}

}  // namespace margrave::chains::evm
