#include "chains/evm/paced_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace margrave::chains::evm {
namespace {

using std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

constexpr milliseconds kWindow{1'000};
constexpr milliseconds kWindowMax{5'000};
/// Groups in a row that were accepted whole, after which one more is tried.
constexpr unsigned kCalm = 8;
/// A wait is cut into these, so that abandon() ends it soon.
constexpr milliseconds kSlice{100};

/// `burst` requests until nothing was sent for a `window`: an endpoint may count those of the last
/// moments whenever it likes.
class Bucket {
  public:
    Bucket(std::size_t burst, milliseconds window, Time now)
        : burst_(burst), window_(window), last_(now) {}

    [[nodiscard]] std::size_t burst() const { return burst_; }
    [[nodiscard]] std::size_t available(Time now) const {
        return now - last_ >= window_ ? burst_ : left_;
    }
    void take(std::size_t count, Time now) {
        left_ = available(now) - count;
        last_ = now;
    }
    void add_one() { ++burst_; }

  private:
    std::size_t burst_;
    milliseconds window_;
    std::size_t left_ = 0;
    Time last_;  ///< when something was sent
};

class PacedTransport final : public RpcTransport {
  public:
    PacedTransport(std::unique_ptr<RpcTransport> inner, milliseconds total, core::Clock& clock)
        : inner_(std::move(inner)), total_(total), clock_(clock) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        is_abandoned_ = false;
        const Time deadline = clock_.now() + total_;
        std::vector<std::vector<RpcOutcome>> out;
        while (out.size() < requests.size()) {
            const std::size_t left = requests.size() - out.size();
            const std::size_t count = bucket_ ? wait_for(left, deadline) : left;
            if (count == 0) {
                refuse_rest(requests, out);
                break;
            }
            const auto begin = requests.begin() + static_cast<std::ptrdiff_t>(out.size());
            auto some = inner_->send({begin, begin + static_cast<std::ptrdiff_t>(count)});
            learn(some);
            std::move(some.begin(), some.end(), std::back_inserter(out));
        }
        return out;
    }

    [[nodiscard]] RpcTraffic traffic() const override { return inner_->traffic(); }
    [[nodiscard]] Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override {
        is_abandoned_ = true;
        inner_->abandon();
    }

  private:
    /// How many may be sent now, taken out of the bucket: as many as there are, or a whole bucket;
    /// 0 when it is too late.
    std::size_t wait_for(std::size_t left, Time deadline) {
        const std::size_t wanted = std::min(left, bucket_->burst());
        while (bucket_->available(clock_.now()) < wanted) {
            if (is_abandoned_ || clock_.now() + kSlice >= deadline) {
                return 0;
            }
            clock_.sleep_for(kSlice);
        }
        bucket_->take(wanted, clock_.now());
        return wanted;
    }

    void learn(const std::vector<std::vector<RpcOutcome>>& outcomes) {
        std::size_t refused = 0;
        milliseconds window = kWindow;
        for (const auto& request : outcomes) {
            bool is_refused = false;
            for (const RpcOutcome& outcome : request) {
                if (!outcome && outcome.error().kind == core::ErrorKind::RateLimited) {
                    is_refused = true;
                    window = std::max(window, outcome.error().retry_after.value_or(kWindow));
                }
            }
            refused += is_refused ? 1 : 0;
        }
        if (refused == 0) {
            calm_ = bucket_ ? calm_ + 1 : 0;
            if (calm_ == kCalm) {
                bucket_->add_one();
                calm_ = 0;
            }
            return;
        }
        calm_ = 0;
        // Of one request alone nothing is learned but to wait, which whoever sends it again does.
        if (!bucket_ && outcomes.size() == 1) {
            return;
        }
        const std::size_t most = bucket_ ? bucket_->burst() / 2 : outcomes.size();
        bucket_.emplace(std::max<std::size_t>(1, std::min(most, outcomes.size() - refused)),
                        std::min(window, kWindowMax), clock_.now());
    }

    void refuse_rest(const std::vector<RpcRequest>& requests,
                     std::vector<std::vector<RpcOutcome>>& out) const {
        for (std::size_t i = out.size(); i < requests.size(); ++i) {
            const RpcOutcome refused = core::Unexpected(RpcError{
                .kind = core::ErrorKind::RateLimited,
                .source = "pace",
                .message = fmt::format("the endpoint takes {} requests at once, and {} more would "
                                       "take longer than is left",
                                       bucket_->burst(), requests.size() - out.size()),
                .data = ""});
            out.emplace_back(requests[i].size(), refused);
        }
    }

    std::unique_ptr<RpcTransport> inner_;
    milliseconds total_;
    core::Clock& clock_;
    std::optional<Bucket> bucket_;  ///< once something was refused
    unsigned calm_ = 0;
    std::atomic<bool> is_abandoned_ = false;
};

}  // namespace

std::unique_ptr<RpcTransport> make_paced_transport(std::unique_ptr<RpcTransport> inner,
                                                   milliseconds total, core::Clock& clock) {
    core::ensure(inner != nullptr, "a paced transport has something to pace");
    return std::make_unique<PacedTransport>(std::move(inner), total, clock);
}

}  // namespace margrave::chains::evm
