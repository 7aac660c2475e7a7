#pragma once

#include <cstdint>
#include <limits>
#include <random>

namespace margrave::test {

/// All chance of a simulation comes from one seed; everything in it throws dice of its own, so that
/// one that throws more often does not change what the others see.
class Dice {
  public:
    Dice(std::uint64_t seed, std::uint64_t whose) : engine_(seed * 1'000'003 + whose) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t count) { return engine_() % count; }
    [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    [[nodiscard]] bool one_in(std::uint64_t count) { return below(count) == 0; }

  private:
    std::mt19937_64 engine_;
};

/// What is wrong with something at a time: nothing for a while, then one of the faults, 1 to
/// `kinds`, and so on.
class Weather {
  public:
    struct Climate {
        std::uint64_t kinds = 1;
        std::uint64_t calm_s = 3600;  ///< on average
        std::uint64_t fault_s = 300;  ///< on average; now and then ten times as long
        std::uint64_t longest_s = 3000;
    };
    Weather(Dice dice, Climate climate) : dice_(dice), climate_(climate) { change(0); }

    /// 0: nothing.
    [[nodiscard]] std::uint64_t at(std::uint64_t now_ms) {
        while (now_ms >= until_ms_) {
            change(until_ms_);
        }
        return fault_;
    }
    /// From now on there is nothing wrong.
    void calm_down() {
        fault_ = 0;
        until_ms_ = std::numeric_limits<std::uint64_t>::max();
    }

  private:
    void change(std::uint64_t from_ms) {
        const bool begins = fault_ == 0 && from_ms > 0;
        fault_ = begins ? dice_.between(1, climate_.kinds) : 0;
        std::uint64_t length_s = dice_.below(2 * (begins ? climate_.fault_s : climate_.calm_s)) + 1;
        if (begins && dice_.one_in(6)) {
            length_s *= 10;
        }
        if (begins && length_s > climate_.longest_s) {
            length_s = climate_.longest_s;
        }
        until_ms_ = from_ms + 1000 * length_s;
    }

    Dice dice_;
    Climate climate_;
    std::uint64_t fault_ = 0;
    std::uint64_t until_ms_ = 0;
};

}  // namespace margrave::test
