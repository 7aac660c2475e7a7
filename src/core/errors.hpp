#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace margrave::core {

/// Why something could not be read or believed. docs/errors.md says of each when it occurs and what
/// to do.
enum class ErrorKind {
    Unreachable,       ///< no connection: refused, unknown host, reset
    TlsFailed,         ///< the certificate or the TLS handshake is not acceptable
    Timeout,           ///< the deadline passed
    ServerFault,       ///< HTTP 5xx, or an error answer nobody knows
    RateLimited,       ///< too many requests for now
    QuotaExceeded,     ///< the plan's allowance is used up
    Unauthorized,      ///< the key is missing or refused
    BadReply,          ///< not JSON, truncated, wrong shape, wrong ids
    RequestTooLarge,   ///< the endpoint refused the size of a request or of a batch
    ReplyTooLarge,     ///< the reply is over the endpoint's or our own limit
    OutOfGas,          ///< eth_call ran out of the endpoint's gas allowance
    ExecutionTimeout,  ///< the node gave up executing the call
    MissingState,      ///< the node has not, or no longer, the state of that block
    WrongChain,        ///< the endpoint serves another chain than configured
    WrongBlock,        ///< the reply is for another block than the one asked for
    UnknownBlock,      ///< the block asked for does not exist
    Unsupported,       ///< the endpoint lacks the method or the kind of parameter
    BadRequest,        ///< the endpoint calls our request malformed
    Reverted,          ///< the contract refused the call
    EmptyReply,        ///< success without data: no contract at the address
    BadData,           ///< the data does not decode as the function's result
    NoPrice,           ///< the oracle reverts, or answers zero or less
    UnknownRevision,   ///< the contract is of a revision whose rules margrave does not know
    NotRecorded,       ///< the recording holds no reply to this request
    OutOfRange,        ///< the arithmetic overflows where the contract's would revert
    NoAgreement,       ///< endpoints contradict each other, and too few say the same
};

/// The stable snake_case name used in reports, e.g. "rate_limited".
[[nodiscard]] std::string_view to_string(ErrorKind kind);
/// Its inverse; nullopt for another word.
[[nodiscard]] std::optional<ErrorKind> parse_error_kind(std::string_view name);

/// A read of a chain that failed. `source` says who (an endpoint's host, a contract, a function),
/// never a key. Both texts are made printable() here, since most come from outside; the detail
/// keeps at most 1000 bytes.
class ChainError : public std::runtime_error {
  public:
    ChainError(ErrorKind kind, std::string_view source, std::string_view detail);

    [[nodiscard]] ErrorKind kind() const { return kind_; }
    [[nodiscard]] const std::string& source() const { return source_; }
    [[nodiscard]] const std::string& detail() const { return detail_; }

  private:
    ErrorKind kind_;
    std::string source_;
    std::string detail_;
};

/// Bad configuration: names file, line and key, and how to mend it.
class ConfigError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Bad input of the user: a command line, an address, a file that is not what it should be.
class InputError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A broken invariant: a defect of margrave itself.
class InvariantError : public std::logic_error {
    using std::logic_error::logic_error;
};

/// Throws InvariantError unless `condition` holds, in release builds too. `why` says why it should
/// hold.
inline void ensure(bool condition, const char* why) {
    if (!condition) {
        throw InvariantError(why);
    }
}

}  // namespace margrave::core
