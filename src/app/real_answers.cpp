#include "app/real_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using chains::Block;
using core::Address;
using core::ErrorKind;
using core::U256;

snapshot::CoverageGap gap_of(const margin::Market& market, ErrorKind kind, std::string detail) {
    return {.chain = market.name().chain,
            .protocol = market.name().protocol,
            .market = market.name().name,
            .wallet = std::nullopt,
            .kind = kind,
            .detail = std::move(detail)};
}

U256 today(const margin::Market& market, const Address& asset) {
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (answer.asset == asset && answer.quote) {
            return answer.quote->answer;
        }
    }
    throw core::InvariantError("only answers that are there are asked for");
}

}  // namespace

RealAnswers::RealAnswers(const cascade::State& state, const ConnectedChain& connected,
                         const collect::HistoryRange& range, Progress& progress)
    : state_(state) {
    for (std::size_t i = 0; i < state_.markets.size(); ++i) {
        add_questions(i);
    }
    read(connected, range, progress);
    carry_forward();
}

std::vector<cascade::PathStep> RealAnswers::path() const {
    std::vector<cascade::PathStep> out;
    for (std::size_t at = 1; at < history_.size(); ++at) {
        const Block& block = history_[at].block;
        cascade::PathStep step{.block = (block.number - history_.front().block.number).value(),
                               .sales = {},
                               .moves = {},
                               .answers = {},
                               .time = block.timestamp};
        for (std::size_t i = 0; i < calls_.size(); ++i) {
            if (history_[at].answers[i] != history_[at - 1].answers[i]) {
                step.answers.push_back({.market = markets_[i],
                                        .asset = calls_[i].asset,
                                        .answer = *history_[at].answers[i]});
            }
        }
        out.push_back(std::move(step));
    }
    return out;
}

std::vector<margin::OracleAnswer> RealAnswers::of(std::size_t market,
                                                  core::BlockNumber block) const {
    const collect::AnswersAt& then = at(block);
    auto out = state_.markets[market]->answers();
    for (margin::OracleAnswer& answer : out) {
        for (std::size_t i = 0; i < calls_.size(); ++i) {
            if (markets_[i] == market && calls_[i].asset == answer.asset) {
                answer.quote->answer = *then.answers[i];
            }
        }
    }
    return out;
}

cascade::Moment RealAnswers::moment(core::BlockNumber block) const {
    const collect::AnswersAt& then = at(block);
    core::ensure(then.block.number == block, "a prediction acts at blocks that were looked at");
    return {.block = block, .time = then.block.timestamp};
}

/// The last block looked at that is not behind it.
const collect::AnswersAt& RealAnswers::at(core::BlockNumber block) const {
    const auto later = std::upper_bound(history_.begin(), history_.end(), block,
                                        [](core::BlockNumber one, const collect::AnswersAt& then) {
                                            return one < then.block.number;
                                        });
    return later == history_.begin() ? history_.front() : *std::prev(later);
}

/// Those that there are at the first block; who depends on another has an unknown health.
void RealAnswers::add_questions(std::size_t market) {
    const margin::Market& asked = *state_.markets[market];
    const auto* calls = dynamic_cast<const margin::AnswerCalls*>(&asked);
    if (calls == nullptr) {
        gaps_.push_back(gap_of(asked, ErrorKind::Unsupported,
                               "its oracle's later answers cannot be asked for yet: those of "
                               "the first block stand"));
        return;
    }
    const auto answers = asked.answers();
    for (margin::AnswerCall& call : calls->answer_calls()) {
        const bool is_there = std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
            return answer.asset == call.asset && answer.quote && answer.quote->answer != 0;
        });
        if (is_there) {
            calls_.push_back(std::move(call));
            markets_.push_back(market);
        }
    }
}

void RealAnswers::read(const ConnectedChain& connected, const collect::HistoryRange& range,
                       Progress& progress) {
    std::uint64_t all = 0;
    history_ = collect::read_answer_history(*connected.transport, connected.chain, calls_, range,
                                            [&](std::uint64_t done, std::uint64_t total) {
                                                if (total != std::exchange(all, total)) {
                                                    progress.begin("blocks for oracle answers",
                                                                   done, total);
                                                }
                                                progress.at(done);
                                            });
    progress.end();
}

/// Where an oracle answers nothing the contract judges nobody; the last answer stands here, and
/// the gap says so.
void RealAnswers::carry_forward() {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        const margin::Market& market = *state_.markets[markets_[i]];
        std::size_t unanswered = 0;
        core::BlockNumber first;
        std::optional<U256> last;
        for (collect::AnswersAt& at : history_) {
            if (!at.answers[i]) {
                first = unanswered++ == 0 ? at.block.number : first;
                at.answers[i] = last ? last : today(market, calls_[i].asset);
            }
            changes_ += last && *last != *at.answers[i] ? 1 : 0;
            last = at.answers[i];
        }
        if (unanswered > 0) {
            gaps_.push_back(
                gap_of(market, ErrorKind::NoPrice,
                       fmt::format("the oracle gives no answer for {} at {} of {} blocks, first at "
                                   "block {}: the last one before stands there",
                                   calls_[i].asset.to_string(), unanswered, history_.size(),
                                   first.value())));
        }
    }
}

}  // namespace margrave::app
