#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "chains/evm/rpc.hpp"
#include "core/time.hpp"

namespace margrave::chains::evm {

struct RetryPolicy {
    unsigned attempts = 4;  ///< the first one included
    std::chrono::milliseconds first_delay{
        200};  ///< doubles each time; a Retry-After is honoured up to delay_max
    std::chrono::milliseconds delay_max{5'000};
    std::chrono::milliseconds total_deadline{
        60'000};  ///< of one send(), all attempts and waits included
    /// Lengthens each wait by a random part of it, up to a quarter, so that clients which failed
    /// together do not come back together; nullopt: by nothing.
    std::optional<std::uint64_t> jitter_seed = std::nullopt;
};

/// Whether sending the same call again may help: a deterministic answer (revert, bad request, out
/// of gas …) is final.
[[nodiscard]] bool is_retryable(core::ErrorKind kind);

/// Sends the failed calls of `inner` again, with exponential backoff, when their failure is
/// retryable; calls that were answered are never sent twice.
[[nodiscard]] std::unique_ptr<RpcTransport> make_retry_transport(
    std::unique_ptr<RpcTransport> inner, const RetryPolicy& policy, core::Clock& clock);

}  // namespace margrave::chains::evm
