#include "chains/evm/balance_program.hpp"

#include <algorithm>

#include "core/errors.hpp"

namespace margrave::chains::evm {
namespace {

using core::Bytes;
using core::U256;

constexpr std::size_t kAddressBytes = 20;
constexpr std::size_t kCreationCodeMax = 49'152;  // EIP-3860
constexpr std::size_t kReturnedMax = 24'576;      // EIP-170: what creation code returns is code
constexpr std::size_t kPairsMax = 65'535;

// Memory. The word at 0 takes a token's answer.
constexpr std::uint32_t kCall = 0x20;    ///< selector, then the wallet as a word at 0x24
constexpr std::uint32_t kResult = 0x80;  ///< four words, then entries
constexpr std::uint32_t kEntries = kResult + 4 * 32;
constexpr std::uint32_t kEntryBytes = 16;
/// The last place at which an entry still fits.
constexpr std::uint32_t kLastEntry = kResult + kReturnedMax - kEntryBytes;
/// Behind the result, and behind the 16 bytes by which the word of a last entry overhangs it.
constexpr std::uint32_t kLists = kResult + kReturnedMax + 32;

// Gas. A balance costs a token some thousand, behind proxies and cold storage some ten thousand; a
// token that wants more is asked by itself later.
constexpr std::uint32_t kGasForToken = 300'000;
/// Must be left before a token is asked: its gas, of which a call passes on 63/64, and what it
/// takes to come to an end.
constexpr std::uint32_t kGasToGoOn = 400'000;
/// For every byte that creation code returns (EIP-2).
constexpr std::uint32_t kGasForByte = 200;

enum class Op : std::uint8_t {
    Add = 0x01,
    Mul = 0x02,
    Sub = 0x03,
    Div = 0x04,
    Mod = 0x06,
    Lt = 0x10,
    Gt = 0x11,
    IsZero = 0x15,
    And = 0x16,
    Or = 0x17,
    Shl = 0x1b,
    Shr = 0x1c,
    CodeSize = 0x38,
    CodeCopy = 0x39,
    ReturnDataSize = 0x3d,
    Timestamp = 0x42,
    Number = 0x43,
    MLoad = 0x51,
    MStore = 0x52,
    Jump = 0x56,
    JumpI = 0x57,
    Gas = 0x5a,
    JumpDest = 0x5b,
    Push1 = 0x60,
    Push2 = 0x61,
    Push3 = 0x62,
    Push4 = 0x63,
    Dup1 = 0x80,
    Dup2 = 0x81,
    Dup3 = 0x82,
    Dup4 = 0x83,
    Dup6 = 0x85,
    Swap1 = 0x90,
    Swap2 = 0x91,
    Return = 0xf3,
    StaticCall = 0xfa,
};

/// What a push puts there: a number of the table, or one that is known only when the program is
/// written.
enum class Value { Number, Lists, Loop, Done, Selector, Tokens, Pairs, Wallets };

struct Step {
    Op op;
    std::uint32_t number = 0;
    Value value = Value::Number;
};

constexpr std::size_t width(Op op) {
    return op >= Op::Push1 && op <= Op::Push4
               ? static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::Push1) + 1
               : 0;
}

// The stack behind each step is written with its top to the right: p is where the next entry goes,
// i the next pair's place. SUB, DIV, MOD, LT and GT take their left operand from the top; MSTORE,
// SHL, SHR and RETURN take place or width from there.
// clang-format off
constexpr auto kSteps = std::to_array<Step>({
    // Tokens and wallets stand behind the program: into memory with them.
    {Op::Push2, 0, Value::Lists},     // s                 where they begin, the program's size
    {Op::Dup1},                       // s s
    {Op::CodeSize},                   // s s size
    {Op::Sub},                        // s n               n = size - s
    {Op::Swap1},                      // n s
    {Op::Push2, kLists},              // n s to
    {Op::CodeCopy},                   //
    // Which block this is, and the call's first four bytes.
    {Op::Number},                     // number
    {Op::Push1, kResult},
    {Op::MStore},                     //
    {Op::Timestamp},                  // time
    {Op::Push1, kResult + 32},
    {Op::MStore},                     //
    {Op::Push4, 0, Value::Selector},  // f
    {Op::Push1, 224},
    {Op::Shl},                        // f << 224
    {Op::Push1, kCall},
    {Op::MStore},                     //
    {Op::Push2, kEntries},            // p
    {Op::Push1, 0},                   // p i
    // For each pair, unless all are asked …
    {Op::JumpDest},                   // p i               loop
    {Op::Push2, 0, Value::Pairs},     // p i pairs
    {Op::Dup2},                       // p i pairs i
    {Op::Lt},                         // p i (i < pairs)
    {Op::IsZero},
    {Op::Push2, 0, Value::Done},
    {Op::JumpI},                      // p i
    // … or no further entry fits …
    {Op::Push2, kLastEntry},          // p i last
    {Op::Dup3},                       // p i last p
    {Op::Gt},                         // p i (p > last)
    {Op::Push2, 0, Value::Done},
    {Op::JumpI},                      // p i
    // … or gas runs short: going on needs some, returning what is there some for each byte.
    {Op::Dup2},                       // p i p
    {Op::Push1, kGasForByte},
    {Op::Mul},
    {Op::Push3, kGasToGoOn},
    {Op::Add},                        // p i needed
    {Op::Gas},                        // p i needed gas
    {Op::Lt},                         // p i (gas < needed)
    {Op::Push2, 0, Value::Done},
    {Op::JumpI},                      // p i
    // The argument: wallet number i / tokens.
    {Op::Push2, 0, Value::Tokens},    // p i tokens
    {Op::Dup2},                       // p i tokens i
    {Op::Div},                        // p i w
    {Op::Push1, kAddressBytes},
    {Op::Mul},
    {Op::Push2, 0, Value::Wallets},   // p i 20w wallets
    {Op::Add},
    {Op::MLoad},                      // p i word          its first 20 bytes are the address
    {Op::Push1, 96},
    {Op::Shr},                        // p i wallet
    {Op::Push1, kCall + 4},
    {Op::MStore},                     // p i
    // The call: token number i % tokens, one word of its answer.
    {Op::Push1, 32},                  // p i 32
    {Op::Push1, 0},                   // p i 32 0
    {Op::Push1, 36},                  // p i 32 0 36
    {Op::Push1, kCall},               // p i 32 0 36 call
    {Op::Push2, 0, Value::Tokens},    // p i 32 0 36 call tokens
    {Op::Dup6},                       // p i 32 0 36 call tokens i
    {Op::Mod},                        // p i 32 0 36 call t
    {Op::Push1, kAddressBytes},
    {Op::Mul},
    {Op::Push2, kLists},
    {Op::Add},
    {Op::MLoad},
    {Op::Push1, 96},
    {Op::Shr},                        // p i 32 0 36 call token
    {Op::Push3, kGasForToken},        // p i 32 0 36 call token gas
    {Op::StaticCall},                 // p i ok
    {Op::Push1, 31},                  // p i ok 31
    {Op::ReturnDataSize},             // p i ok 31 size
    {Op::Gt},                         // p i ok (size > 31)
    {Op::And},                        // p i usable
    // The balance; all ones when the answer is not usable (0 - 1), or longer than 112 bits.
    {Op::Push1, 1},                   // p i usable 1
    {Op::Swap1},                      // p i 1 usable
    {Op::Sub},                        // p i (usable - 1)
    {Op::Push1, 0},
    {Op::MLoad},                      // p i (usable - 1) word
    {Op::Or},                         // p i v
    {Op::Dup1},                       // p i v v
    {Op::Push1, 112},
    {Op::Shr},                        // p i v (v >> 112)
    {Op::IsZero},                     // p i v fits
    {Op::Push1, 1},
    {Op::Swap1},                      // p i v 1 fits
    {Op::Sub},                        // p i v (fits - 1)
    {Op::Or},                         // p i v
    // Written in any case, kept when it is not zero: the next entry goes behind it, or over it.
    {Op::Dup1},                       // p i v v
    {Op::IsZero},
    {Op::IsZero},
    {Op::Push1, kEntryBytes},
    {Op::Mul},                        // p i v d           d = 16 or 0
    {Op::Swap1},                      // p i d v
    {Op::Push1, 144},
    {Op::Shl},                        // p i d (v << 144)  14 bytes
    {Op::Dup3},                       // p i d (v << 144) i
    {Op::Push1, 128},
    {Op::Shl},                        // p i d (v << 144) (i << 128)
    {Op::Or},                         // p i d entry
    {Op::Dup4},                       // p i d entry p
    {Op::MStore},                     // p i d
    {Op::Swap1},                      // p d i
    {Op::Push1, 1},
    {Op::Add},                        // p d i             i + 1 from here on
    {Op::Swap2},                      // i d p
    {Op::Add},                        // i p               p + d from here on
    {Op::Swap1},                      // p i
    {Op::Push2, 0, Value::Loop},
    {Op::Jump},                       // p i
    // How far it came and how much it is.
    {Op::JumpDest},                   // p i               done
    {Op::Push1, kResult + 64},
    {Op::MStore},                     // p
    {Op::Push1, kResult},             // p result
    {Op::Swap1},                      // result p
    {Op::Sub},                        // n                 n = p - result
    {Op::Dup1},                       // n n
    {Op::Push1, kResult + 96},
    {Op::MStore},                     // n
    {Op::Push1, kResult},             // n result
    {Op::Return},
});
// clang-format on

/// Where the count-th JUMPDEST stands, or the size when there are fewer.
constexpr std::uint32_t place_of_jump(std::size_t count) {
    std::uint32_t at = 0;
    for (const Step& step : kSteps) {
        if (step.op == Op::JumpDest && count-- == 0) {
            return at;
        }
        at += static_cast<std::uint32_t>(1 + width(step.op));
    }
    return at;
}

constexpr std::uint32_t kLoop = place_of_jump(0);
constexpr std::uint32_t kDone = place_of_jump(1);
constexpr std::uint32_t kProgramBytes = place_of_jump(2);

std::uint32_t value_of(const Step& step, const BalanceQuestion& question) {
    const auto tokens = static_cast<std::uint32_t>(question.tokens.size());
    switch (step.value) {
        case Value::Number:
            break;
        case Value::Lists:
            return kProgramBytes;
        case Value::Loop:
            return kLoop;
        case Value::Done:
            return kDone;
        case Value::Selector:
            return std::uint32_t{question.selector[0]} << 24U |
                   std::uint32_t{question.selector[1]} << 16U |
                   std::uint32_t{question.selector[2]} << 8U | std::uint32_t{question.selector[3]};
        case Value::Tokens:
            return tokens;
        case Value::Pairs:
            return tokens * static_cast<std::uint32_t>(question.wallets.size());
        case Value::Wallets:
            return kLists + static_cast<std::uint32_t>(kAddressBytes) * tokens;
    }
    return step.number;
}

void append(std::span<const core::Address> addresses, Bytes& out) {
    for (const core::Address& address : addresses) {
        out.insert(out.end(), address.raw().begin(), address.raw().end());
    }
}

U256 number_at(const Bytes& data, std::size_t from, std::size_t bytes) {
    U256 out = 0;
    for (std::size_t i = from; i < from + bytes; ++i) {
        out = (out << 8) | data[i];
    }
    return out;
}

}  // namespace

std::size_t balance_program_size(std::size_t tokens, std::size_t wallets) {
    return kProgramBytes + kAddressBytes * (tokens + wallets);
}

std::size_t balance_program_wallets_max(std::size_t tokens) {
    if (tokens == 0 || balance_program_size(tokens, 0) > kCreationCodeMax) {
        return 0;
    }
    return std::min((kCreationCodeMax - balance_program_size(tokens, 0)) / kAddressBytes,
                    kPairsMax / tokens);
}

Bytes encode_balance_program(const BalanceQuestion& question) {
    core::ensure(!question.wallets.empty() &&
                     question.wallets.size() <= balance_program_wallets_max(question.tokens.size()),
                 "a program's tokens and wallets fit into it");
    Bytes out;
    out.reserve(balance_program_size(question.tokens.size(), question.wallets.size()));
    for (const Step& step : kSteps) {
        out.push_back(static_cast<std::uint8_t>(step.op));
        const std::uint32_t value = value_of(step, question);
        for (std::size_t left = width(step.op); left > 0; --left) {
            out.push_back(static_cast<std::uint8_t>(value >> (8 * (left - 1))));
        }
    }
    append(question.tokens, out);
    append(question.wallets, out);
    return out;
}

std::optional<BalanceAnswer> decode_balance_answer(const Bytes& data, std::size_t pairs_asked) {
    constexpr std::size_t kHead = kEntries - kResult;
    constexpr std::size_t kAmountBytes = 14;
    if (data.size() < kHead || data.size() > kReturnedMax ||
        (data.size() - kHead) % kEntryBytes != 0 || number_at(data, 96, 32) != data.size() ||
        number_at(data, 64, 32) > pairs_asked) {
        return std::nullopt;
    }
    BalanceAnswer out;
    out.block_number = number_at(data, 0, 32);
    out.timestamp = number_at(data, 32, 32);
    out.pairs = static_cast<std::size_t>(number_at(data, 64, 32));
    const U256 unusable = (U256(1) << (8 * kAmountBytes)) - 1;
    for (std::size_t at = kHead; at < data.size(); at += kEntryBytes) {
        FoundBalance found;
        found.pair = static_cast<std::size_t>(number_at(data, at + kAmountBytes, 2));
        const U256 amount = number_at(data, at, kAmountBytes);
        const bool rises = out.found.empty() || found.pair > out.found.back().pair;
        if (amount == 0 || !rises || found.pair >= out.pairs) {
            return std::nullopt;
        }
        if (amount != unusable) {
            found.amount = amount;
        }
        out.found.push_back(found);
    }
    return out;
}

}  // namespace margrave::chains::evm
