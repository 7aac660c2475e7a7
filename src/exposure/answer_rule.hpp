#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/oracle.hpp"

namespace margrave::exposure {

/// How an answer moves with a factor where its composition is confirmed on chain: the parts that
/// are the factor are multiplied, the rest stands, and the source's own arithmetic gives the answer
/// at the block. So a capped ratio does not follow its ratio beyond the cap.
class AnswerRule {
  public:
    /// `leaves`: the places of the parts that are the factor. The model is confirmed.
    AnswerRule(std::shared_ptr<const margin::OracleModel> model, std::vector<std::size_t> leaves);

    /// The integer answer with those parts at floor(today's * multiplier / 1e18); nullopt where the
    /// source would revert, and above 256 bits.
    [[nodiscard]] std::optional<core::U256> moved(const core::U256& multiplier) const;
    /// The same with several factors at once, by rules of one answer; there is one at least, and a
    /// multiplier for each.
    struct Move {
        const AnswerRule* rule;
        core::U256 multiplier;
    };
    [[nodiscard]] static std::optional<core::U256> moved_together(const std::vector<Move>& moves);
    /// The same at a later time, when a growing cap has grown.
    [[nodiscard]] static std::optional<core::U256> moved_together(const std::vector<Move>& moves,
                                                                  core::Timestamp at);
    /// The answer over today's, in doubles; no step rounds.
    [[nodiscard]] double fast_moved(double multiplier) const;
    struct FastMove {
        const AnswerRule* rule;
        double multiplier;
    };
    [[nodiscard]] static double fast_moved_together(const std::vector<FastMove>& moves);

  private:
    std::shared_ptr<const margin::OracleModel> model_;
    std::vector<std::size_t> leaves_;
    std::vector<core::U256> today_;
    std::vector<double> fast_today_;
    double fast_answer_ = 0;
};

/// How one answer follows a factor: answer * factor^power, or by its rule where there is one.
struct Follow {
    int power = 0;
    std::shared_ptr<const AnswerRule> rule = nullptr;  ///< nullptr: the power is all that is known

    friend bool operator==(const Follow&, const Follow&) = default;
};

}  // namespace margrave::exposure
