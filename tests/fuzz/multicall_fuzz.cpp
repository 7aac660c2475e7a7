// Hostile results of the three ways of asking many questions at once: a Multicall3 aggregate, a
// batch, a balance program. They decode to an outcome for each question at the block that was
// asked for, or to one failure.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chains/evm/balance_program.hpp"
#include "chains/evm/wire.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"

namespace {

using namespace margrave;
using namespace margrave::chains;
using evm::RpcOutcome;
using evm::Wire;

Wire wire_at(std::uint64_t number, bool has_multicall) {
    Wire out;
    out.block.number = core::BlockNumber(number);
    out.block.timestamp = core::Timestamp(1'700'000'000);
    if (has_multicall) {
        out.multicall3 = core::Address::parse("0xca11bde05977b3631167028862be2a173976ca11");
    }
    return out;
}

/// The bytes as a node would write them; the text itself where it is to be no hex.
RpcOutcome outcome_of(std::span<const std::uint8_t> bytes, bool as_hex) {
    if (as_hex) {
        return RpcOutcome("\"" + core::to_hex(bytes) + "\"");
    }
    return RpcOutcome(std::string(bytes.begin(), bytes.end()));
}

void decode_answers(std::size_t count, bool has_multicall, const RpcOutcome& outcome) {
    constexpr std::uint64_t kBlock = 20'000'000;
    std::vector<PendingCall> calls(count);
    std::vector<const PendingCall*> questions;
    for (const PendingCall& call : calls) {
        questions.push_back(&call);
    }
    const Wire wire = wire_at(kBlock, has_multicall);
    const std::vector<RpcOutcome> replies(evm::encode(wire, questions).size(), outcome);
    const evm::Answers answers = evm::decode(wire, questions, replies);
    if (!answers) {
        return;
    }
    core::ensure(answers->size() == count, "an outcome for each question");
    core::ensure(!evm::decode(wire_at(kBlock + 1, has_multicall), questions, replies),
                 "what was said at one block is no answer at another");
}

void decode_balances(std::size_t pairs, std::span<const std::uint8_t> bytes) {
    const auto answer = evm::decode_balance_answer({bytes.begin(), bytes.end()}, pairs);
    if (!answer) {
        return;
    }
    core::ensure(answer->pairs <= pairs, "no more pairs than were asked");
    for (std::size_t i = 0; i < answer->found.size(); ++i) {
        core::ensure(answer->found[i].pair < answer->pairs &&
                         (i == 0 || answer->found[i - 1].pair < answer->found[i].pair),
                     "each pair once, by rising place");
    }
}

}  // namespace

/// The first byte picks the way and how the rest is written, the second how much was asked.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::span<const std::uint8_t> rest(data + 2, size - 2);
    const std::size_t asked = std::size_t{1} + data[1] % 8;
    switch (data[0] % 5) {
        case 0:
        case 1:
            decode_answers(asked, true, outcome_of(rest, data[0] % 5 == 0));
            break;
        case 2:
        case 3:
            decode_answers(asked, false, outcome_of(rest, data[0] % 5 == 2));
            break;
        default:
            decode_balances(asked * 8, rest);
    }
    return 0;
}
