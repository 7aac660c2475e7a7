#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tests/support/alert_reference.hpp"

namespace margrave::test {

/// What a rule on the age of blocks must tell: by the clock on the wall since the last evaluated
/// block's own time, or, where that clock goes wrong, since this process evaluated one.
class AgeReference {
  public:
    AgeReference(std::string alert, std::uint64_t above_s)
        : alert_(std::move(alert)), above_s_(above_s) {}

    void boot(std::uint64_t now_ms, std::uint64_t wall_s);
    /// A block of that time was evaluated, at some moment from the first to the second.
    void see_block(std::uint64_t from_ms, std::uint64_t to_ms, std::uint64_t chain_s);
    /// Blocks were reorganised away: this is the last one's time now.
    void step_back(std::uint64_t chain_s) { since_s_ = chain_s; }
    /// After a look. Of one that was broken off it is not certain that the age was looked at. Takes
    /// what was told from the front of `told`; throws Wrong.
    void judge(std::uint64_t now_ms, std::uint64_t wall_s, bool is_certain,
               AlertReference::Told& told);

    [[nodiscard]] const std::string& alert() const { return alert_; }

  private:
    std::string alert_;
    std::uint64_t above_s_;
    bool is_silent_ = false;
    std::uint64_t sequence_ = 0;
    std::uint64_t episode_ = 0;
    bool is_any_seen_ = false;
    std::uint64_t since_s_ = 0;  ///< the last block's time; before the first the start's
    std::uint64_t new_from_ms_ = 0;
    std::uint64_t new_to_ms_ = 0;
};

}  // namespace margrave::test
