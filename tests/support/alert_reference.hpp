#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "core/keccak.hpp"
#include "core/u256.hpp"

/// What a rule must tell of one subject, worked out from all that was evaluated and not step by
/// step, and from docs/watch.md rather than from the code: it shares none with src/alert.
namespace margrave::test {

/// Something that the daemon did and must not, or did not and must. No std::exception either, so
/// that it comes through the daemon's code.
struct Wrong {
    std::string what;
};

struct ReferenceTerms {
    std::string rule;
    bool fires_below = true;
    core::U256 fires;
    core::U256 clears;
    std::uint64_t for_blocks = 1;
    std::uint64_t for_s = 0;
    std::uint64_t clear_blocks = 0;
    std::uint64_t unknown_after_s = 0;
    bool waits_below_one = true;  ///< false of a health factor: below 1 it fires at once
};

/// A message as the receiver reads it.
struct ToldMessage {
    std::string alert;
    std::string kind;
    std::uint64_t episode = 0;
    std::uint64_t sequence = 0;
    std::uint64_t block = 0;
    core::Hash hash{};
    std::optional<core::U256> value;
    std::uint64_t at_s = 0;
};

/// A block that was evaluated, and when: not before the first second, not after the second.
struct ReferenceMoment {
    std::uint64_t block = 0;
    core::Hash hash{};
    std::uint64_t chain_s = 0;
    std::uint64_t wall_from_s = 0;
    std::uint64_t wall_to_s = 0;
};

class AlertReference {
  public:
    using Told = std::deque<ToldMessage>;  ///< of this alert, those not accounted for yet

    AlertReference(std::string alert, ReferenceTerms terms)
        : alert_(std::move(alert)), terms_(std::move(terms)) {}

    /// Evaluated with this value (nullopt: nothing to watch), or without knowing it. What has to be
    /// told of it is taken from the front of `told`; throws Wrong where it is not there.
    void know(const ReferenceMoment& at, const std::optional<core::U256>& value, Told& told);
    void miss(const ReferenceMoment& at, Told& told);
    /// No block came, and it is still not known: that is told when it is time.
    void wait(const ReferenceMoment& at, Told& told);
    /// Blocks above this one were reorganised away.
    void undo(std::uint64_t after);

    [[nodiscard]] bool is_firing() const { return is_firing_; }
    [[nodiscard]] bool is_unknown() const { return unknown_since_.has_value(); }
    /// It was observed ever: there is something to be blind about.
    [[nodiscard]] bool is_there() const { return is_there_; }
    [[nodiscard]] const ReferenceTerms& terms() const { return terms_; }

  private:
    enum class Finding { Beyond, Between, Safe, Unknown };
    struct Seen {
        std::uint64_t block = 0;
        std::uint64_t chain_s = 0;
        Finding finding = Finding::Unknown;
    };
    /// Of the blocks seen last, one after the other, that were all found so.
    struct Run {
        std::uint64_t evaluations = 0;
        std::uint64_t blocks = 0;  ///< from the first to the last; what was unknown does not count
        std::uint64_t seconds = 0;
    };

    [[nodiscard]] Finding judge(const std::optional<core::U256>& value) const;
    [[nodiscard]] Run run_of(Finding finding, std::size_t floor) const;
    void take(const char* kind, const ReferenceMoment& at, const std::optional<core::U256>& value,
              Told& told);
    [[nodiscard]] static bool is_next(const char* kind, const Told& told);
    [[noreturn]] void complain(const std::string& what, const ReferenceMoment& at) const;

    std::string alert_;
    ReferenceTerms terms_;
    std::deque<Seen> seen_;       ///< of blocks that stand
    std::size_t told_floor_ = 0;  ///< what was seen before it fired or resolved last does not count
    std::size_t undo_floor_ = 0;  ///< seen before blocks were last reorganised away
    bool is_there_ = false;
    bool is_firing_ = false;
    std::uint64_t episode_ = 0;
    std::uint64_t sequence_ = 0;
    struct Range {
        std::uint64_t from_s = 0;
        std::uint64_t to_s = 0;
    };
    std::optional<Range> unknown_since_;
    bool is_unknown_told_ = false;
};

}  // namespace margrave::test
