#include "tests/support/age_reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/fixed_point.hpp"
#include "core/u256.hpp"

namespace margrave::test {

void AgeReference::boot(std::uint64_t now_ms, std::uint64_t wall_s) {
    since_s_ = is_any_seen_ ? since_s_ : wall_s;
    new_from_ms_ = now_ms;
    new_to_ms_ = now_ms;
}

void AgeReference::see_block(std::uint64_t from_ms, std::uint64_t to_ms, std::uint64_t chain_s) {
    is_any_seen_ = true;
    since_s_ = chain_s;
    new_from_ms_ = from_ms;
    new_to_ms_ = to_ms;
}

void AgeReference::judge(std::uint64_t now_ms, std::uint64_t wall_s, bool is_certain,
                         AlertReference::Told& told) {
    const std::uint64_t by_wall = wall_s > since_s_ ? wall_s - since_s_ : 0;
    const std::uint64_t least = std::max(by_wall, (now_ms - new_to_ms_) / 1000);
    const std::uint64_t most = std::max(by_wall, (now_ms - new_from_ms_) / 1000);
    if (told.empty()) {
        const bool is_right = is_silent_ ? most > above_s_ : least <= above_s_;
        if (is_certain && !is_right) {
            throw Wrong{fmt::format("{}: nothing is told of {} to {} s", alert_, least, most)};
        }
        return;
    }
    const ToldMessage message = told.front();
    told.pop_front();
    is_silent_ = !is_silent_;
    episode_ += is_silent_ ? 1 : 0;
    ++sequence_;
    const core::U256 age = message.value.value_or(0) / core::wad();
    const bool is_right = is_silent_ ? message.kind == "fire" && age > above_s_
                                     : message.kind == "resolve" && age <= above_s_;
    if (!is_right || message.sequence != sequence_ || message.episode != episode_ || age < least ||
        age > most) {
        throw Wrong{fmt::format("{}: \"{}\" {} says {} s, true are {} to {}", alert_, message.kind,
                                message.sequence, core::to_decimal(age), least, most)};
    }
}

}  // namespace margrave::test
