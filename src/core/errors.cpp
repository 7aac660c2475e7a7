#include "core/errors.hpp"

#include "core/text.hpp"

namespace margrave::core {

namespace {

// Longer than text.hpp's default: a revert reason or a node's explanation is worth its length.
constexpr std::size_t kDetailBytesMax = 1000;

}  // namespace

std::string_view to_string(ErrorKind kind) {
    // A switch without default, so that the compiler names a kind that is forgotten here.
    switch (kind) {
        case ErrorKind::Unreachable:
            return "unreachable";
        case ErrorKind::TlsFailed:
            return "tls_failed";
        case ErrorKind::Timeout:
            return "timeout";
        case ErrorKind::ServerFault:
            return "server_fault";
        case ErrorKind::RateLimited:
            return "rate_limited";
        case ErrorKind::QuotaExceeded:
            return "quota_exceeded";
        case ErrorKind::Unauthorized:
            return "unauthorized";
        case ErrorKind::BadReply:
            return "bad_reply";
        case ErrorKind::RequestTooLarge:
            return "request_too_large";
        case ErrorKind::ReplyTooLarge:
            return "reply_too_large";
        case ErrorKind::OutOfGas:
            return "out_of_gas";
        case ErrorKind::ExecutionTimeout:
            return "execution_timeout";
        case ErrorKind::MissingState:
            return "missing_state";
        case ErrorKind::WrongChain:
            return "wrong_chain";
        case ErrorKind::WrongBlock:
            return "wrong_block";
        case ErrorKind::UnknownBlock:
            return "unknown_block";
        case ErrorKind::Unsupported:
            return "unsupported";
        case ErrorKind::BadRequest:
            return "bad_request";
        case ErrorKind::Reverted:
            return "reverted";
        case ErrorKind::EmptyReply:
            return "empty_reply";
        case ErrorKind::BadData:
            return "bad_data";
        case ErrorKind::NoPrice:
            return "no_price";
        case ErrorKind::UnknownRevision:
            return "unknown_revision";
        case ErrorKind::NotRecorded:
            return "not_recorded";
        case ErrorKind::OutOfRange:
            return "out_of_range";
        case ErrorKind::NoAgreement:
            return "no_agreement";
    }
    throw InvariantError("an ErrorKind is one of the list");
}

std::optional<ErrorKind> parse_error_kind(std::string_view name) {
    // Walks the list by number, so that the names stand in one place only.
    constexpr auto kLast = static_cast<int>(ErrorKind::NoAgreement);
    for (int i = 0; i <= kLast; ++i) {
        const auto kind = static_cast<ErrorKind>(i);
        if (to_string(kind) == name) {
            return kind;
        }
    }
    return std::nullopt;
}

ChainError::ChainError(ErrorKind kind, std::string_view source, std::string_view detail)
    : std::runtime_error(printable(source) + ": " + std::string(to_string(kind)) + ": " +
                         printable(detail, kDetailBytesMax)),
      kind_(kind),
      source_(printable(source)),
      detail_(printable(detail, kDetailBytesMax)) {}

}  // namespace margrave::core
