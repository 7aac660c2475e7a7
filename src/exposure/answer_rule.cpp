#include "exposure/answer_rule.hpp"

#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::exposure {

AnswerRule::AnswerRule(std::shared_ptr<const margin::OracleModel> model,
                       std::vector<std::size_t> leaves)
    : model_(std::move(model)), leaves_(std::move(leaves)) {
    core::ensure(model_ != nullptr && model_->is_confirmed(),
                 "an answer moves by a composition only where that is confirmed");
    for (const margin::OracleLeaf& leaf : model_->leaves()) {
        today_.push_back(leaf.answer);
        fast_today_.push_back(leaf.answer.convert_to<double>());
    }
    fast_answer_ = model_->fast_answer(fast_today_, model_->source().read_at);
}

std::optional<core::U256> AnswerRule::moved(const core::U256& multiplier) const {
    return moved_together({{.rule = this, .multiplier = multiplier}});
}

std::optional<core::U256> AnswerRule::moved_together(const std::vector<Move>& moves) {
    core::ensure(!moves.empty(), "whose answer it is, a rule says");
    return moved_together(moves, moves.front().rule->model_->source().read_at);
}

std::optional<core::U256> AnswerRule::moved_together(const std::vector<Move>& moves,
                                                     core::Timestamp at) {
    core::ensure(!moves.empty(), "whose answer it is, a rule says");
    const AnswerRule& first = *moves.front().rule;
    const auto values = margin::value_or_nothing([&] {
        std::vector<core::U256> out = first.today_;
        for (const auto& [rule, multiplier] : moves) {
            core::ensure(rule->model_ == first.model_, "together move the parts of one answer");
            for (const std::size_t leaf : rule->leaves_) {
                out[leaf] =
                    core::mul_div_wide<core::Rounding::Down>(out[leaf], multiplier, core::wad());
            }
        }
        return out;
    });
    return values ? first.model_->answer(*values, at) : std::nullopt;
}

double AnswerRule::fast_moved(double multiplier) const {
    return fast_moved_together({{.rule = this, .multiplier = multiplier}});
}

double AnswerRule::fast_moved_together(const std::vector<FastMove>& moves) {
    core::ensure(!moves.empty(), "whose answer it is, a rule says");
    const AnswerRule& first = *moves.front().rule;
    std::vector<double> values = first.fast_today_;
    for (const auto& [rule, multiplier] : moves) {
        for (const std::size_t leaf : rule->leaves_) {
            values[leaf] *= multiplier;
        }
    }
    return first.model_->fast_answer(values, first.model_->source().read_at) / first.fast_answer_;
}

}  // namespace margrave::exposure
