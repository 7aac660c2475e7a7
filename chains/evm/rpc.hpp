#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/result.hpp"

namespace margrave::chains::evm {

/// One JSON-RPC call. `params` is JSON text, an array, written the same way for the same call every
/// time, so that method and params together name the call in a recording.
struct RpcCall {
    std::string method;
    std::string params;

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy sees one in the defaulted comparison
    friend auto operator<=>(const RpcCall&, const RpcCall&) = default;
};

/// Calls that travel in one HTTP request: a single object when there is one, a JSON-RPC batch
/// otherwise.
using RpcRequest = std::vector<RpcCall>;

/// Why a call has no result. `code`, `message` and `data` are the endpoint's own words when it sent
/// a JSON-RPC error (message shortened and made printable); `kind` is what they mean.
struct RpcError {
    core::ErrorKind kind = core::ErrorKind::ServerFault;
    std::string source;     ///< the endpoint's host, never its path, query or user part
    std::int64_t code = 0;  ///< 0 when the failure has no JSON-RPC code
    std::string message;
    std::string data;  ///< revert data as 0x hex, "" when there is none
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

/// The `result` member as JSON text (a string keeps its quotes), or why there is none.
using RpcOutcome = core::Result<std::string, RpcError>;

/// What crossed the wire so far, counted where requests are really sent.
struct RpcTraffic {
    std::uint64_t requests = 0;
    std::uint64_t calls = 0;  ///< JSON-RPC calls in those requests
    std::uint64_t retries = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;  ///< as they crossed the wire, before decompression
};

/// How an endpoint stands among those of its chain.
struct EndpointStanding {
    enum class State {
        InUse,
        Distrusted,  ///< failed, lagged or was outvoted, and comes behind the others
        Resting,     ///< asked to be left alone for a while
        Excluded,    ///< serves another chain
    };
    State state = State::InUse;
    std::uint64_t outvoted = 0;   ///< answers that enough others contradict
    std::uint64_t far_heads = 0;  ///< times that its newest block was not near the others'
};

/// How sure the answers of a transport are.
struct Agreement {
    std::size_t endpoints = 1;  ///< how many had to say the same
    /// Who was outvoted, and in what: a sentence each, of hosts and shortened values.
    std::vector<std::string> disagreements = {};
    std::uint64_t disputes = 0;  ///< questions to which different answers came, so far
    /// Of the endpoints that were asked for the newest block last, two had different ones of the
    /// same number.
    bool is_split = false;
    std::vector<EndpointStanding> standings = {};  ///< in the order of the list; empty for one
};

/// Something that answers JSON-RPC calls. Transports compose: record(retry(quorum(http, http))).
/// Not thread-safe, abandon() aside.
class RpcTransport {
  public:
    virtual ~RpcTransport() = default;

    /// Sends all requests at once and waits for all of them. Outcome [i][k] belongs to call k of
    /// request i. A failure is an outcome; only broken invariants throw.
    [[nodiscard]] virtual std::vector<std::vector<RpcOutcome>> send(
        const std::vector<RpcRequest>& requests) = 0;

    [[nodiscard]] virtual RpcTraffic traffic() const = 0;

    [[nodiscard]] virtual Agreement agreement() const { return {}; }

    /// From any thread: has a send() that is under way return soon, with Timeout where nothing came
    /// yet. Without effect on later ones.
    virtual void abandon() {}
};

}  // namespace margrave::chains::evm
