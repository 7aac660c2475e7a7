#include "chains/evm/retry_transport.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>

namespace margrave::chains::evm {

namespace {

using std::chrono::milliseconds;

/// A call of the original requests.
struct CallIndex {
    std::size_t request;
    std::size_t call;
};

/// What is sent again, and whose outcomes these are: calls[i][k] is call k of requests[i].
struct Attempt {
    std::vector<RpcRequest> requests;
    std::vector<std::vector<CallIndex>> calls;
    milliseconds retry_after{0};  ///< the longest that an endpoint asked for
};

/// The calls that failed and may succeed later. Calls of one request stay together.
Attempt failed_calls(const std::vector<RpcRequest>& requests,
                     const std::vector<std::vector<RpcOutcome>>& outcomes) {
    Attempt attempt;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        RpcRequest again;
        std::vector<CallIndex> calls;
        for (std::size_t k = 0; k < requests[i].size(); ++k) {
            const RpcOutcome& outcome = outcomes[i][k];
            if (outcome || !is_retryable(outcome.error().kind)) {
                continue;
            }
            again.push_back(requests[i][k]);
            calls.push_back({.request = i, .call = k});
            attempt.retry_after = std::max(attempt.retry_after,
                                           outcome.error().retry_after.value_or(milliseconds(0)));
        }
        if (!again.empty()) {
            attempt.requests.push_back(std::move(again));
            attempt.calls.push_back(std::move(calls));
        }
    }
    return attempt;
}

class RetryTransport final : public RpcTransport {
  public:
    RetryTransport(std::unique_ptr<RpcTransport> inner, const RetryPolicy& policy,
                   core::Clock& clock)
        : inner_(std::move(inner)),
          policy_(policy),
          clock_(clock),
          random_(policy.jitter_seed.value_or(0)) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        const auto deadline = clock_.now() + policy_.total_deadline;
        auto outcomes = inner_->send(requests);
        milliseconds backoff = policy_.first_delay;
        for (unsigned sent = 1; sent < policy_.attempts; ++sent) {
            const Attempt attempt = failed_calls(requests, outcomes);
            const milliseconds delay =
                with_jitter(std::min(std::max(backoff, attempt.retry_after), policy_.delay_max));
            if (attempt.requests.empty() || clock_.now() + delay >= deadline) {
                break;
            }
            clock_.sleep_for(delay);
            send_again(attempt, outcomes);
            backoff = std::min(2 * backoff, policy_.delay_max);
        }
        return outcomes;
    }

    [[nodiscard]] RpcTraffic traffic() const override {
        RpcTraffic traffic = inner_->traffic();
        traffic.retries += retries_;
        return traffic;
    }

    [[nodiscard]] Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override { inner_->abandon(); }

  private:
    /// Never less than asked for: a Retry-After that is cut short costs another refusal.
    milliseconds with_jitter(milliseconds delay) {
        if (!policy_.jitter_seed) {
            return delay;
        }
        const auto most = static_cast<std::uint64_t>(delay.count()) / 4;
        return delay + milliseconds(random_() % (most + 1));
    }

    void send_again(const Attempt& attempt, std::vector<std::vector<RpcOutcome>>& outcomes) {
        auto answers = inner_->send(attempt.requests);
        retries_ += attempt.requests.size();
        for (std::size_t i = 0; i < attempt.calls.size(); ++i) {
            for (std::size_t k = 0; k < attempt.calls[i].size(); ++k) {
                const auto [request, call] = attempt.calls[i][k];
                outcomes[request][call] = std::move(answers[i][k]);
            }
        }
    }

    std::unique_ptr<RpcTransport> inner_;
    RetryPolicy policy_;
    core::Clock& clock_;
    std::mt19937_64 random_;
    std::uint64_t retries_ = 0;
};

}  // namespace

bool is_retryable(core::ErrorKind kind) {
    using core::ErrorKind;
    switch (kind) {
        case ErrorKind::Unreachable:
        case ErrorKind::Timeout:
        case ErrorKind::ServerFault:
        case ErrorKind::RateLimited:
        case ErrorKind::BadReply:
        // Behind one URL are many nodes, and the next one may already have the block.
        case ErrorKind::MissingState:
            return true;
        // Answers of a contract, faults of ours or of the set-up, and refusals that only a smaller
        // request can mend: an execution that timed out is split by the caller, not repeated.
        case ErrorKind::TlsFailed:
        case ErrorKind::QuotaExceeded:
        case ErrorKind::Unauthorized:
        case ErrorKind::RequestTooLarge:
        case ErrorKind::ReplyTooLarge:
        case ErrorKind::OutOfGas:
        case ErrorKind::ExecutionTimeout:
        case ErrorKind::WrongChain:
        case ErrorKind::WrongBlock:
        case ErrorKind::NoAgreement:
        case ErrorKind::UnknownBlock:
        case ErrorKind::Unsupported:
        case ErrorKind::BadRequest:
        case ErrorKind::Reverted:
        case ErrorKind::EmptyReply:
        case ErrorKind::BadData:
        case ErrorKind::NoPrice:
        case ErrorKind::UnknownRevision:
        case ErrorKind::NotRecorded:
        case ErrorKind::OutOfRange:
            return false;
    }
    return false;
}

std::unique_ptr<RpcTransport> make_retry_transport(std::unique_ptr<RpcTransport> inner,
                                                   const RetryPolicy& policy, core::Clock& clock) {
    core::ensure(inner != nullptr, "a retry transport has something to retry");
    return std::make_unique<RetryTransport>(std::move(inner), policy, clock);
}

}  // namespace margrave::chains::evm
