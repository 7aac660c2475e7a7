#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "channels/channel.hpp"
#include "tests/support/simulated_chance.hpp"
#include "tests/support/simulated_time.hpp"

namespace margrave::test {

/// Takes messages, acts once for each key, and fails in all the ways that receivers do.
class SimulatedReceiver {
  public:
    enum class Fault : std::uint64_t {
        None,
        Hangs,      ///< 15 s without an answer; it may have acted
        Busy,       ///< 429, with a time or without
        Broken,     ///< 5xx
        Refuses,    ///< 4xx, for less than an hour
        LosesWord,  ///< acts, and the answer is lost every other time
    };
    static constexpr std::uint64_t kFaults = 5;

    struct Effect {
        std::string body;
        std::uint64_t at_ms = 0;
        std::uint64_t place = 0;       ///< among all effects
        std::uint64_t trouble_ms = 0;  ///< when the receiver failed last before, and its rest
    };

    SimulatedReceiver(std::uint64_t seed, std::uint64_t whose, SimulatedTime& time);

    [[nodiscard]] channels::Delivery take(const channels::Message& message);
    [[nodiscard]] Fault fault() { return static_cast<Fault>(weather_.at(time_.now_ms())); }
    void calm_down() { weather_.calm_down(); }
    /// Its turn was left out, for a reason of the simulation's.
    void hold() { failed_at_ms_ = std::max(failed_at_ms_, time_.now_ms()); }

    [[nodiscard]] const std::map<std::string, Effect>& effects() const { return effects_; }
    /// Keys that came once more with another body.
    [[nodiscard]] const std::vector<std::string>& forged() const { return forged_; }

  private:
    void act(const channels::Message& message);
    [[nodiscard]] channels::Delivery fail(channels::Delivery delivery);

    SimulatedTime& time_;
    Dice dice_;
    Weather weather_;
    std::map<std::string, Effect> effects_;
    std::vector<std::string> forged_;
    std::uint64_t failed_at_ms_ = 0;  ///< or until when it asked to be left alone
};

/// The daemon's way to a receiver that outlives it.
class SimulatedChannel : public channels::Channel {
  public:
    explicit SimulatedChannel(SimulatedReceiver& receiver) : receiver_(receiver) {}
    [[nodiscard]] channels::Delivery send(const channels::Message& message,
                                          std::uint64_t /*now_s*/) override {
        return receiver_.take(message);
    }

  private:
    SimulatedReceiver& receiver_;
};

}  // namespace margrave::test
