#include "chains/evm/rpc_faults.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "chains/evm/json_rpc.hpp"

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;
using enum FaultGroup;

constexpr FaultRule on_text(FaultGroup group, ErrorKind kind, std::string_view text) {
    return {.group = group, .kind = kind, .text = text};
}
constexpr FaultRule on_code(FaultGroup group, ErrorKind kind, std::int64_t code) {
    return {.group = group, .kind = kind, .code = code};
}
/// A code that means something else, or something at all, as an answer to this method.
constexpr FaultRule on_method(FaultGroup group, ErrorKind kind, std::int64_t code,
                              std::string_view method) {
    return {.group = group, .kind = kind, .code = code, .method = method};
}
constexpr FaultRule on_status(FaultGroup group, ErrorKind kind, int status) {
    return {.group = group, .kind = kind, .status = status};
}

// Texts and codes as public threads show them. Texts are as long as they must be to mean one thing:
// a revert reason is the contract's own text and goes through the same table.
constexpr auto kRules = std::to_array<FaultRule>({
    on_text(Size, ErrorKind::ReplyTooLarge, "response size exceeded"),
    on_text(Size, ErrorKind::ReplyTooLarge, "response is too big"),
    on_text(Size, ErrorKind::ReplyTooLarge, "response too large"),
    on_text(Size, ErrorKind::ReplyTooLarge, "query returned more than"),
    on_text(Size, ErrorKind::RequestTooLarge, "request is too big"),
    on_text(Size, ErrorKind::RequestTooLarge, "request too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "request body too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "request entity too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "content too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "payload too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "batch limit"),
    on_text(Size, ErrorKind::RequestTooLarge, "batch size"),
    on_text(Size, ErrorKind::RequestTooLarge, "batch too large"),
    on_text(Size, ErrorKind::RequestTooLarge, "batch requests are"),
    on_text(Size, ErrorKind::RequestTooLarge, "batched requests are"),
    on_text(Size, ErrorKind::RequestTooLarge, "block range"),
    on_text(Size, ErrorKind::RequestTooLarge, "range limit"),
    on_text(Size, ErrorKind::RequestTooLarge, "blocks distance"),
    on_text(Size, ErrorKind::RequestTooLarge, "exceeds limit of"),
    on_text(Size, ErrorKind::RequestTooLarge, "is limited to a"),
    on_text(Size, ErrorKind::RequestTooLarge, "specify less number of address"),
    on_text(Size, ErrorKind::RequestTooLarge, "max addresses or topics"),
    on_text(Size, ErrorKind::RequestTooLarge, "this query contains"),
    on_code(Size, ErrorKind::RequestTooLarge, -32202),
    on_code(Size, ErrorKind::RequestTooLarge, -32614),
    on_status(Size, ErrorKind::RequestTooLarge, 413),

    on_text(Quota, ErrorKind::QuotaExceeded, "monthly"),
    on_text(Quota, ErrorKind::QuotaExceeded, "capacity limit exceeded"),
    on_text(Quota, ErrorKind::QuotaExceeded, "reached the free tier"),
    on_text(Quota, ErrorKind::QuotaExceeded, "quota exceeded"),
    on_text(Quota, ErrorKind::QuotaExceeded, "payment required"),
    on_text(Quota, ErrorKind::QuotaExceeded, "billing"),
    on_status(Quota, ErrorKind::QuotaExceeded, 402),

    on_text(Rate, ErrorKind::RateLimited, "rate limit"),
    on_text(Rate, ErrorKind::RateLimited, "rate exceeded"),
    on_text(Rate, ErrorKind::RateLimited, "too many requests"),
    on_text(Rate, ErrorKind::RateLimited, "request limit reached"),
    on_text(Rate, ErrorKind::RateLimited, "request count exceeded"),
    on_text(Rate, ErrorKind::RateLimited, "per second"),
    on_text(Rate, ErrorKind::RateLimited, "/sec"),
    on_text(Rate, ErrorKind::RateLimited, "throttled"),
    on_text(Rate, ErrorKind::RateLimited, "error code: 1015"),  // a CDN's limiter page
    on_code(Rate, ErrorKind::RateLimited, 429),
    on_code(Rate, ErrorKind::RateLimited, -32029),
    on_status(Rate, ErrorKind::RateLimited, 429),

    on_text(BlockTag, ErrorKind::UnknownBlock, "safe block not found"),
    on_text(BlockTag, ErrorKind::UnknownBlock, "finalized block not found"),
    on_text(BlockTag, ErrorKind::UnknownBlock, "\"safe\" not available"),
    on_text(BlockTag, ErrorKind::UnknownBlock, "\"finalized\" not available"),
    // The same inside JSON, where the data is looked at before its escapes are undone.
    on_text(BlockTag, ErrorKind::UnknownBlock, R"(\"safe\" not available)"),
    on_text(BlockTag, ErrorKind::UnknownBlock, R"(\"finalized\" not available)"),
    on_text(BlockTag, ErrorKind::UnknownBlock, "not currently canonical"),
    on_code(BlockTag, ErrorKind::UnknownBlock, -39001),

    on_text(MissingData, ErrorKind::MissingState, "missing trie node"),
    on_text(MissingData, ErrorKind::MissingState, "header not found"),
    on_text(MissingData, ErrorKind::MissingState, "header for hash not found"),
    on_text(MissingData, ErrorKind::MissingState, "block not found"),
    on_text(MissingData, ErrorKind::MissingState, "unknown block"),
    on_text(MissingData, ErrorKind::MissingState, "historical state"),
    on_text(MissingData, ErrorKind::MissingState, "no state available"),
    on_text(MissingData, ErrorKind::MissingState, "state unavailable"),
    on_text(MissingData, ErrorKind::MissingState, "state pruning"),
    on_text(MissingData, ErrorKind::MissingState, "pruned"),
    on_text(MissingData, ErrorKind::MissingState, "proof window"),
    on_text(MissingData, ErrorKind::MissingState, "block is too old"),
    on_text(MissingData, ErrorKind::MissingState, "resource not found"),
    on_text(MissingData, ErrorKind::MissingState, "resource unavailable"),
    on_text(MissingData, ErrorKind::MissingState, "resource not available"),
    on_code(MissingData, ErrorKind::MissingState, 4444),
    on_code(MissingData, ErrorKind::MissingState, -32014),

    on_text(NodeTimeout, ErrorKind::ExecutionTimeout, "timed out"),
    on_text(NodeTimeout, ErrorKind::ExecutionTimeout, "timeout"),
    on_text(NodeTimeout, ErrorKind::ExecutionTimeout, "execution aborted"),
    on_text(NodeTimeout, ErrorKind::ExecutionTimeout, "deadline exceeded"),
    on_text(NodeTimeout, ErrorKind::ExecutionTimeout, "too slow"),

    on_text(Revert, ErrorKind::Reverted, "revert"),
    // Only of a call that runs a contract: one vendor says "no such block" with it.
    on_method(Revert, ErrorKind::Reverted, 3, "eth_call"),

    // A halt refuses the call as a revert does, except that more gas may help.
    on_text(Halt, ErrorKind::OutOfGas, "out of gas"),
    on_text(Halt, ErrorKind::OutOfGas, "outofgas"),
    on_text(Halt, ErrorKind::OutOfGas, "gas required exceeds allowance"),
    on_text(Halt, ErrorKind::Reverted, "invalid opcode"),
    on_text(Halt, ErrorKind::Reverted, "bad instruction"),
    on_text(Halt, ErrorKind::Reverted, "stack underflow"),
    on_text(Halt, ErrorKind::Reverted, "stack limit reached"),
    on_text(Halt, ErrorKind::Reverted, "invalid jump"),
    on_text(Halt, ErrorKind::Reverted, "evm error"),
    on_text(Halt, ErrorKind::Reverted, "vm execution error"),

    on_text(NotSupported, ErrorKind::Unsupported, "does not exist/is not available"),
    on_text(NotSupported, ErrorKind::Unsupported, "method not found"),
    on_text(NotSupported, ErrorKind::Unsupported, "not whitelisted"),
    on_text(NotSupported, ErrorKind::Unsupported, "not included in your current plan"),
    on_text(NotSupported, ErrorKind::Unsupported, "not supported"),
    on_text(NotSupported, ErrorKind::Unsupported, "unsupported"),
    // An EIP-1898 block object that the node wants to be a string.
    on_text(NotSupported, ErrorKind::Unsupported, "cannot unmarshal object"),
    on_text(NotSupported, ErrorKind::Unsupported, "only supports 0x-prefixed hex strings"),
    on_code(NotSupported, ErrorKind::Unsupported, -32601),
    on_code(NotSupported, ErrorKind::Unsupported, -32004),
    on_status(NotSupported, ErrorKind::Unsupported, 404),
    on_status(NotSupported, ErrorKind::Unsupported, 405),
    on_status(NotSupported, ErrorKind::Unsupported, 415),

    on_text(BadParams, ErrorKind::BadRequest, "invalid params"),
    on_text(BadParams, ErrorKind::BadRequest, "invalid argument"),
    on_text(BadParams, ErrorKind::BadRequest, "missing value for required argument"),
    on_text(BadParams, ErrorKind::BadRequest, "intrinsic gas too high"),
    on_code(BadParams, ErrorKind::BadRequest, -32602),
    on_code(BadParams, ErrorKind::BadRequest, -32700),

    on_text(Auth, ErrorKind::Unauthorized, "must be authenticated"),
    on_text(Auth, ErrorKind::Unauthorized, "unauthorized"),
    on_text(Auth, ErrorKind::Unauthorized, "access key"),
    on_text(Auth, ErrorKind::Unauthorized, "api key"),
    on_text(Auth, ErrorKind::Unauthorized, "project id"),
    on_text(Auth, ErrorKind::Unauthorized, "token is invalid"),
    on_status(Auth, ErrorKind::Unauthorized, 401),
    on_status(Auth, ErrorKind::Unauthorized, 403),

    // Too many results: the codes that elsewhere are limits of rate.
    on_method(Fallback, ErrorKind::ReplyTooLarge, -32005, "eth_getLogs"),
    on_method(Fallback, ErrorKind::RequestTooLarge, -32012, "eth_getLogs"),
    on_code(Fallback, ErrorKind::RateLimited, -32005),
    on_code(Fallback, ErrorKind::RateLimited, -32007),
    on_code(Fallback, ErrorKind::RateLimited, -32009),
    on_code(Fallback, ErrorKind::RateLimited, -32012),
    on_code(Fallback, ErrorKind::ExecutionTimeout, -32015),
    on_code(Fallback, ErrorKind::MissingState, -32001),
    on_code(Fallback, ErrorKind::MissingState, -32002),
    on_code(Fallback, ErrorKind::BadRequest, -32600),
});

/// Enough of a text to know it by; what an endpoint adds after that is not searched.
constexpr std::size_t kSearchedBytesMax = 4096;

std::string lower_case(std::string_view text) {
    std::string lower(text.substr(0, kSearchedBytesMax));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return lower;
}

}  // namespace

std::span<const FaultRule> fault_rules() { return kRules; }

core::ErrorKind classify_by(std::span<const FaultRule> rules, int http_status, std::int64_t code,
                            std::string_view message, std::string_view data,
                            std::string_view method) {
    const std::string words = lower_case(message);
    const std::string details = lower_case(data);
    const auto applies = [&](const FaultRule& rule) {
        return (!rule.status || *rule.status == http_status) &&
               (!rule.code || *rule.code == code) &&
               (rule.method.empty() || rule.method == method) &&
               (words.find(rule.text) != std::string::npos ||
                details.find(rule.text) != std::string::npos);
    };
    const auto rule = std::find_if(rules.begin(), rules.end(), applies);
    return rule == rules.end() ? ErrorKind::ServerFault : rule->kind;
}

core::ErrorKind classify(int http_status, std::int64_t code, std::string_view message,
                         std::string_view data, std::string_view method) {
    return classify_by(fault_rules(), http_status, code, message, data, method);
}

}  // namespace margrave::chains::evm
