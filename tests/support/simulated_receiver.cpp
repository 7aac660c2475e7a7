#include "tests/support/simulated_receiver.hpp"

namespace margrave::test {
namespace {

using channels::Delivery;
using Outcome = channels::Delivery::Outcome;

constexpr std::uint64_t kHangsMs = 15'000;
constexpr Weather::Climate kClimate{
    .kinds = SimulatedReceiver::kFaults, .calm_s = 3'000, .fault_s = 400, .longest_s = 3'300};

Delivery later(const char* why) {
    return {.outcome = Outcome::Later, .why = why, .retry_after_s = std::nullopt};
}

}  // namespace

SimulatedReceiver::SimulatedReceiver(std::uint64_t seed, std::uint64_t whose, SimulatedTime& time)
    : time_(time), dice_(seed, 100 + 2 * whose), weather_(Dice(seed, 101 + 2 * whose), kClimate) {}

Delivery SimulatedReceiver::take(const channels::Message& message) {
    time_.pause("send");
    switch (fault()) {
        case Fault::Hangs: {
            const bool acts = dice_.one_in(3);
            if (acts) {
                act(message);
            }
            // Meanwhile the daemon's other threads go on.
            const std::uint64_t until_ms = time_.now_ms() + kHangsMs;
            while (time_.now_ms() < until_ms) {
                time_.sleep_for(std::chrono::seconds(1));
                time_.pause("hanging");
            }
            return fail(later("timeout"));
        }
        case Fault::Busy: {
            Delivery busy = later("HTTP 429");
            if (dice_.one_in(2)) {
                busy.retry_after_s = dice_.between(1, 600);
            }
            return fail(busy);
        }
        case Fault::Broken:
            return fail(later("HTTP 503"));
        case Fault::Refuses:
            return fail(
                {.outcome = Outcome::Refused, .why = "HTTP 404", .retry_after_s = std::nullopt});
        case Fault::LosesWord:
            act(message);
            if (dice_.one_in(2)) {
                return fail(later("connection reset"));
            }
            break;
        case Fault::None:
            act(message);
            break;
    }
    time_.pause("sent");
    return {.outcome = Outcome::Delivered, .why = "", .retry_after_s = std::nullopt};
}

Delivery SimulatedReceiver::fail(Delivery delivery) {
    const std::uint64_t rest_ms = 1'000 * delivery.retry_after_s.value_or(0);
    failed_at_ms_ = std::max(failed_at_ms_, time_.now_ms() + rest_ms);
    return delivery;
}

void SimulatedReceiver::act(const channels::Message& message) {
    const auto [effect, is_new] =
        effects_.try_emplace(message.key, Effect{.body = message.body,
                                                 .at_ms = time_.now_ms(),
                                                 .place = effects_.size(),
                                                 .trouble_ms = failed_at_ms_});
    if (!is_new && effect->second.body != message.body) {
        forged_.push_back(message.key);
    }
}

}  // namespace margrave::test
