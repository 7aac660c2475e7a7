#include "chains/evm/log_span.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <vector>

namespace margrave::chains::evm {
namespace {

using core::ErrorKind;

/// A reply is best some hundreds of KiB long: larger ones take memory for every request in flight.
constexpr std::uint64_t kBytesToGrow = std::uint64_t{1} << 20U;
constexpr std::uint64_t kBytesToShrink = std::uint64_t{8} << 20U;
/// After too many logs in a range: the next ranges are likely to hold as many.
constexpr unsigned kPatience = 8;
/// Refusals in a row that no text explains; each asks for an eighth of the last.
constexpr unsigned kDoubtsMax = 6;
/// Each silence costs a whole deadline.
constexpr unsigned kDoubtsOfSilence = 3;
constexpr std::uint64_t kDoubtDivisor = 8;
constexpr std::uint64_t kBlocksMax = std::uint64_t{1} << 40U;

/// What an endpoint says when the blocks, and not what is in them, are too many.
bool is_about_blocks(const RpcError& error) { return error.kind == ErrorKind::RequestTooLarge; }

/// What it says when there is too much in them, which may be otherwise in others.
bool is_about_content(const RpcError& error) {
    return error.kind == ErrorKind::ReplyTooLarge || error.kind == ErrorKind::ExecutionTimeout;
}

/// Failures that an endpoint's unknown words, or its silence, may have meant for the size.
bool may_be_about_size(const RpcError& error) {
    switch (error.kind) {
        case ErrorKind::ServerFault:
        case ErrorKind::Timeout:
        case ErrorKind::BadRequest:
        case ErrorKind::Unsupported:
        case ErrorKind::QuotaExceeded:
        case ErrorKind::OutOfGas:
        case ErrorKind::BadReply:
            return true;
        default:
            return false;
    }
}

std::optional<std::uint64_t> number_of(std::string_view digits, int base) {
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole ? std::optional(value) : std::nullopt;
}

/// "[0x1be4213, 0x1be4406]", both blocks included.
std::optional<std::uint64_t> bracketed(std::string_view message) {
    const std::size_t open = message.find("[0x");
    const std::size_t comma = message.find(',', open == std::string_view::npos ? 0 : open);
    const std::size_t close = message.find(']', comma == std::string_view::npos ? 0 : comma);
    if (open == std::string_view::npos || comma == std::string_view::npos ||
        close == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t second = message.find("0x", comma);
    if (second == std::string_view::npos || second > close) {
        return std::nullopt;
    }
    const auto first = number_of(message.substr(open + 3, comma - open - 3), 16);
    const auto last = number_of(message.substr(second + 2, close - second - 2), 16);
    const bool is_range = first && last && *last >= *first && *last - *first < kBlocksMax;
    return is_range ? std::optional(*last - *first + 1) : std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Decimal numbers in the text: "10,000" and "10K" are one each; digits of words are none.
std::vector<std::uint64_t> numbers_in(std::string_view message) {
    std::vector<std::uint64_t> out;
    for (std::size_t at = 0; at < message.size();) {
        const bool begins =
            is_digit(message[at]) &&
            (at == 0 || std::isalnum(static_cast<unsigned char>(message[at - 1])) == 0);
        if (!begins) {
            ++at;
            continue;
        }
        std::string digits;
        std::size_t end = at;
        while (end < message.size() &&
               (is_digit(message[end]) ||
                (message[end] == ',' && end + 1 < message.size() && is_digit(message[end + 1])))) {
            digits += is_digit(message[end]) ? std::string(1, message[end]) : std::string();
            ++end;
        }
        const bool is_thousands =
            end < message.size() && (message[end] == 'k' || message[end] == 'K');
        const std::size_t after = end + (is_thousands ? 1 : 0);
        const bool is_word =
            after < message.size() && std::isalpha(static_cast<unsigned char>(message[after])) != 0;
        const auto number = number_of(digits, 10);
        if (number && !is_word && *number < kBlocksMax) {
            out.push_back(*number * (is_thousands ? 1000 : 1));
        }
        at = after + 1;
    }
    return out;
}

}  // namespace

void LogSpan::begin_with(std::uint64_t blocks) {
    blocks_ = std::clamp<std::uint64_t>(blocks, 1, kBlocksMax);
}

void LogSpan::accepted(std::uint64_t blocks, std::uint64_t bytes) {
    doubts_ = 0;
    best_ = std::max(best_, blocks);
    if (bytes > kBytesToShrink) {
        blocks_ = std::max<std::uint64_t>(1, std::min(blocks_, blocks) / 2);
        patience_ = kPatience;
        return;
    }
    if (patience_ > 0) {
        --patience_;
        return;
    }
    if (blocks < blocks_ || bytes > kBytesToGrow) {
        return;  // a smaller request than the present ones says nothing about larger ones
    }
    std::uint64_t next = std::min(2 * blocks_, kBlocksMax);
    if (limit_ && next > *limit_) {
        // Half of the way to what is known to be refused, until little is left to win.
        const std::uint64_t room = *limit_ - std::min(*limit_, blocks_);
        next = room > blocks_ / 8 ? blocks_ + room / 2 : blocks_;
    }
    blocks_ = next;
}

bool LogSpan::refused(std::uint64_t blocks, const RpcError& error) {
    const bool explained = is_about_blocks(error) || is_about_content(error);
    doubts_ += explained ? 0 : error.kind == ErrorKind::Timeout ? kDoubtsOfSilence : 1;
    if (!explained && (!may_be_about_size(error) || doubts_ > kDoubtsMax)) {
        return false;
    }
    if (blocks < 2) {
        return false;
    }
    std::uint64_t next =
        explained ? blocks / 2 : std::max<std::uint64_t>(1, blocks / kDoubtDivisor);
    if (is_about_blocks(error)) {
        limit_ = std::min(limit_.value_or(blocks - 1), blocks - 1);
        const auto suggested = suggested_blocks(error.message, blocks);
        if (suggested) {
            limit_ = suggested;
            next = *suggested;
        } else if (best_ > next && best_ < blocks) {
            next = best_;
        }
    } else {
        patience_ = kPatience;
        const auto suggested = bracketed(error.message);
        next = suggested && *suggested < blocks ? *suggested : next;
    }
    blocks_ = std::min(blocks_, std::max<std::uint64_t>(1, next));
    return true;
}

std::optional<std::uint64_t> suggested_blocks(std::string_view message, std::uint64_t blocks) {
    if (const auto range = bracketed(message); range && *range < blocks) {
        return range;
    }
    std::optional<std::uint64_t> best;
    for (const std::uint64_t number : numbers_in(message)) {
        if (number > 0 && number < blocks && number > best.value_or(0)) {
            best = number;
        }
    }
    return best;
}

bool is_suspicious_count(std::size_t logs) {
    constexpr auto kCounts =
        std::to_array<std::size_t>({100, 256, 500, 1000, 1024, 2000, 5000, 10'000, 20'000});
    return std::find(kCounts.begin(), kCounts.end(), logs) != kCounts.end();
}

}  // namespace margrave::chains::evm
