#pragma once

#include <cstddef>
#include <vector>

#include "app/gather_parts.hpp"
#include "app/progress.hpp"
#include "cascade/oracles.hpp"
#include "cascade/state.hpp"
#include "collect/answer_history.hpp"
#include "margin/answer_calls.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// The oracle answers of the state's markets from one block to another, as the chain had them.
/// Where an oracle gives none, the last one stands and a gap says so. `state` outlives it.
class RealAnswers {
  public:
    /// Throws core::ChainError.
    RealAnswers(const cascade::State& state, const ConnectedChain& connected,
                const collect::HistoryRange& range, Progress& progress);

    [[nodiscard]] const std::vector<collect::AnswersAt>& blocks() const { return history_; }
    [[nodiscard]] const std::vector<snapshot::CoverageGap>& gaps() const { return gaps_; }
    [[nodiscard]] std::size_t changes() const { return changes_; }

    /// A step for each block behind the first.
    [[nodiscard]] std::vector<cascade::PathStep> path() const;
    /// As they stood at the end of that block.
    [[nodiscard]] std::vector<margin::OracleAnswer> of(std::size_t market,
                                                       core::BlockNumber block) const;
    /// Of a block that was looked at.
    [[nodiscard]] cascade::Moment moment(core::BlockNumber block) const;

  private:
    void add_questions(std::size_t market);
    void read(const ConnectedChain& connected, const collect::HistoryRange& range,
              Progress& progress);
    void carry_forward();
    [[nodiscard]] const collect::AnswersAt& at(core::BlockNumber block) const;

    const cascade::State& state_;
    std::vector<margin::AnswerCall> calls_;
    std::vector<std::size_t> markets_;  ///< of each call
    std::vector<collect::AnswersAt> history_;
    std::vector<snapshot::CoverageGap> gaps_;
    std::size_t changes_ = 0;
};

}  // namespace margrave::app
