#include "app/backtest_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cascade/exact_engine.hpp"
#include "chains/evm/head.hpp"
#include "collect/answer_history.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "margin/answer_calls.hpp"
#include "margin/valuation.hpp"

namespace margrave::app {
namespace {

using cascade::AccountName;
using cascade::Moment;
using cascade::Seizure;
using chains::Block;
using core::Address;
using core::ErrorKind;
using core::U256;
using core::Wad;

AccountName name_of(const margin::Market& market, std::size_t row) {
    return {.protocol = market.name().protocol,
            .market = market.name().name,
            .wallet = market.wallet(row)};
}

snapshot::CoverageGap gap_of(const margin::Market& market, ErrorKind kind, std::string detail) {
    return {.chain = market.name().chain,
            .protocol = market.name().protocol,
            .market = market.name().name,
            .wallet = std::nullopt,
            .kind = kind,
            .detail = std::move(detail)};
}

/// What values of each market count in: its own word for it, or the address where two assets share
/// the word.
std::vector<std::string> quotes_of(const cascade::State& state) {
    std::map<std::string, std::set<Address>> assets;
    std::vector<Address> denominators;
    for (const auto& market : state.markets) {
        const auto answers = market->answers();
        denominators.push_back(answers.empty() ? Address()
                                               : answers.front().denominator.value_or(Address()));
        assets[market->quote()].insert(denominators.back());
    }
    std::vector<std::string> out;
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        const std::string word = state.markets[i]->quote();
        out.push_back(assets[word].size() > 1 && !denominators[i].is_zero()
                          ? denominators[i].to_string()
                          : word);
    }
    return out;
}

/// The oracle answers of the state's markets from one block to another, as the chain had them.
class RealAnswers {
  public:
    RealAnswers(const cascade::State& state, const BacktestSource& source, const BacktestSpan& span)
        : state_(state) {
        for (std::size_t i = 0; i < state_.markets.size(); ++i) {
            add_questions(i);
        }
        read(source, span);
        carry_forward();
    }

    [[nodiscard]] const std::vector<collect::AnswersAt>& blocks() const { return history_; }
    [[nodiscard]] const std::vector<snapshot::CoverageGap>& gaps() const { return gaps_; }
    [[nodiscard]] std::size_t changes() const { return changes_; }

    /// A step for each block behind the first.
    [[nodiscard]] std::vector<cascade::PathStep> path() const {
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

    /// As they stood at the end of that block.
    [[nodiscard]] std::vector<margin::OracleAnswer> of(std::size_t market,
                                                       core::BlockNumber block) const {
        const auto later = std::upper_bound(
            history_.begin(), history_.end(), block,
            [](core::BlockNumber one, const auto& at) { return one < at.block.number; });
        const auto& at = later == history_.begin() ? history_.front() : *std::prev(later);
        auto out = state_.markets[market]->answers();
        for (margin::OracleAnswer& answer : out) {
            for (std::size_t i = 0; i < calls_.size(); ++i) {
                if (markets_[i] == market && calls_[i].asset == answer.asset) {
                    answer.quote->answer = *at.answers[i];
                }
            }
        }
        return out;
    }

    /// Of a block that was looked at.
    [[nodiscard]] Moment moment(core::BlockNumber block) const {
        const auto found = std::find_if(history_.begin(), history_.end(),
                                        [&](const auto& at) { return at.block.number == block; });
        core::ensure(found != history_.end(), "a prediction acts at blocks that were looked at");
        return {.block = block, .time = found->block.timestamp};
    }

  private:
    /// Those that there are at the first block; who depends on another has an unknown health.
    void add_questions(std::size_t market) {
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
            const bool is_there =
                std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
                    return answer.asset == call.asset && answer.quote && answer.quote->answer != 0;
                });
            if (is_there) {
                calls_.push_back(std::move(call));
                markets_.push_back(market);
            }
        }
    }

    void read(const BacktestSource& source, const BacktestSpan& span) {
        std::uint64_t all = 0;
        history_ = collect::read_answer_history(
            *source.connected.transport, source.connected.chain, calls_,
            {.first = span.from, .last = span.to, .every = span.every},
            [&](std::uint64_t done, std::uint64_t total) {
                if (total != std::exchange(all, total)) {
                    source.progress.begin("blocks for oracle answers", done, total);
                }
                source.progress.at(done);
            });
        source.progress.end();
    }

    /// Where an oracle answers nothing the contract judges nobody; the last answer stands here, and
    /// the gap says so.
    void carry_forward() {
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
                gaps_.push_back(gap_of(
                    market, ErrorKind::NoPrice,
                    fmt::format("the oracle gives no answer for {} at {} of {} blocks, first at "
                                "block {}: the last one before stands there",
                                calls_[i].asset.to_string(), unanswered, history_.size(),
                                first.value())));
            }
        }
    }

    static U256 today(const margin::Market& market, const Address& asset) {
        for (const margin::OracleAnswer& answer : market.answers()) {
            if (answer.asset == asset && answer.quote) {
                return answer.quote->answer;
            }
        }
        throw core::InvariantError("only answers that are there are asked for");
    }

    const cascade::State& state_;
    std::vector<margin::AnswerCall> calls_;
    std::vector<std::size_t> markets_;  ///< of each call
    std::vector<collect::AnswersAt> history_;
    std::vector<snapshot::CoverageGap> gaps_;
    std::size_t changes_ = 0;
};

/// Nothing is sold and nothing follows: the answers are the real ones, whatever moved them. Time is
/// the chain's.
cascade::Playbook replayed(const cascade::Playbook& written) {
    cascade::Playbook out;
    out.order = written.order;
    out.pair = written.pair;
    out.selling = cascade::Selling::Keep;
    out.rounds_max = std::numeric_limits<std::size_t>::max();
    out.accrues = true;
    out.liquidators.only_when_paying = written.liquidators.only_when_paying;
    out.liquidators.gas_usd = written.liquidators.gas_usd;
    out.liquidators.flash_fee = written.liquidators.flash_fee;
    return out;
}

std::string liquidators_text(const cascade::Liquidators& liquidators) {
    return liquidators.only_when_paying
               ? fmt::format(
                     "act when the oracle's value of what they seize is more than what they "
                     "repay, ${} gas and {} bps for the flash loan",
                     core::format_fixed(liquidators.gas_usd.value(), 18, 2),
                     liquidators.flash_fee.value())
               : "act on every eligible account, at any cost";
}

std::vector<std::pair<std::string, std::string>> assumptions_of(const cascade::Playbook& playbook,
                                                                const BacktestSpan& span) {
    return {
        {"accounts", fmt::format("as they were at block {}; what their owners do later is not "
                                 "predicted",
                                 span.from.number.value())},
        {"prices",
         span.every == 1
             ? "the oracles' own answers at the end of every block"
             : fmt::format("the oracles' own answers every {} blocks and, where two of these "
                           "differ, at the block of each change; what changes and changes back "
                           "between two is not seen",
                           span.every)},
        {"timing",
         "an account is liquidated at the end of the first block looked at in which its "
         "health check fails, again and again until it passes"},
        {"interest",
         fmt::format("accrues by the blocks' own times, at the rates of block {} as the "
                     "predicted liquidations change them",
                     span.from.number.value())},
        {"parameters", fmt::format("as at block {}", span.from.number.value())},
        {"order", cascade::to_string(playbook.order)},
        {"pair", cascade::to_string(playbook.pair)},
        {"repay", "max"},
        {"sell", "nothing: the answers are the real ones, whatever moved them"},
        {"liquidators", liquidators_text(playbook.liquidators)},
        {"value", "at the market's oracle answers of the block of each liquidation"},
        {"engine", "the contracts' own integers"},
    };
}

/// Everything that is compared.
class EvidenceMaker {
  public:
    EvidenceMaker(const cascade::State& state, const BacktestSource& source,
                  const BacktestSpan& span, const RealAnswers& answers)
        : state_(state),
          source_(source),
          span_(span),
          answers_(answers),
          quotes_(quotes_of(state)) {
        out_.from = span.from.number;
        for (const auto& market : state_.markets) {
            for (std::size_t row = 0; row < market->account_count(); ++row) {
                const margin::Status status = market->health(row).status;
                if (status != margin::Status::NoDebt) {
                    (status == margin::Status::Unknown ? out_.unknown : out_.known)
                        .insert(name_of(*market, row));
                }
            }
        }
    }

    [[nodiscard]] std::size_t watched() const { return out_.known.size() + out_.unknown.size(); }
    [[nodiscard]] std::size_t unnamed() const { return unnamed_; }

    void predict(const cascade::Outcome& outcome) {
        for (const cascade::Round& round : outcome.rounds) {
            const core::BlockNumber block = span_.from.number + core::BlockNumber(round.block);
            for (const cascade::Call& call : round.calls) {
                const margin::Market& market = *state_.markets[call.place.market];
                const AccountName name = name_of(market, call.place.row);
                if (!call.ok) {
                    out_.refused.try_emplace(name, call.reason);
                    continue;
                }
                out_.predicted.push_back({.account = name,
                                          .at = answers_.moment(block),
                                          .value = value(call.place.market, block,
                                                         call.pair.collateral, call.outcome.seized),
                                          .quote = quotes_[call.place.market]});
            }
        }
    }

    void happen() {
        std::set<AccountName> watched_accounts = out_.known;
        watched_accounts.insert(out_.unknown.begin(), out_.unknown.end());
        RealEvents real = read_real_events(source_, span_.from, span_.to, watched_accounts);
        std::erase_if(real.liquidations, [&](const RealLiquidation& one) {
            const bool is_unnamed = !is_named(one.account.wallet);
            unnamed_ += is_unnamed ? 1 : 0;
            return is_unnamed;
        });
        const std::map<std::uint64_t, core::Timestamp> times = times_of(real.liquidations);
        for (const RealLiquidation& one : real.liquidations) {
            const auto market = find_market(one.account);
            out_.actual.push_back({.account = one.account,
                                   .at = {.block = one.block, .time = times.at(one.block.value())},
                                   .value = market ? value(*market, one.block,
                                                           collateral_of(*market, one), one.seized)
                                                   : std::nullopt,
                                   .quote = market ? quotes_[*market] : ""});
        }
        out_.named_in = std::move(real.named_in);
    }

    [[nodiscard]] const cascade::Evidence& evidence() const { return out_; }

  private:
    /// A playbook with a list speaks of those alone.
    [[nodiscard]] bool is_named(const Address& wallet) const {
        const auto& named = source_.file.wallets;
        return !source_.file.has_wallets ||
               std::find(named.begin(), named.end(), wallet) != named.end();
    }

    [[nodiscard]] std::map<std::uint64_t, core::Timestamp> times_of(
        const std::vector<RealLiquidation>& liquidations) const {
        std::vector<core::BlockNumber> numbers;
        for (const RealLiquidation& one : liquidations) {
            if (numbers.empty() || numbers.back() != one.block) {
                numbers.push_back(one.block);
            }
        }
        std::map<std::uint64_t, core::Timestamp> out;
        for (const Block& block : chains::evm::read_blocks(*source_.connected.transport, numbers)) {
            out[block.number.value()] = block.timestamp;
        }
        return out;
    }

    [[nodiscard]] std::optional<std::size_t> find_market(const AccountName& name) const {
        for (std::size_t i = 0; i < state_.markets.size(); ++i) {
            const margin::MarketName& known = state_.markets[i]->name();
            if (known.protocol == name.protocol && known.name == name.market) {
                return i;
            }
        }
        return std::nullopt;
    }

    /// Of a market with one pair the oracle prices its collateral, and nothing else.
    [[nodiscard]] Address collateral_of(std::size_t market, const RealLiquidation& one) const {
        const auto answers = state_.markets[market]->answers();
        return one.collateral.value_or(answers.empty() ? Address() : answers.front().asset);
    }

    [[nodiscard]] std::optional<Wad> value(std::size_t market, core::BlockNumber block,
                                           const Address& collateral, const U256& seized) const {
        return margin::oracle_value(answers_.of(market, block), collateral, seized,
                                    core::Rounding::Down);
    }

    const cascade::State& state_;
    const BacktestSource& source_;
    const BacktestSpan& span_;
    const RealAnswers& answers_;
    std::vector<std::string> quotes_;
    cascade::Evidence out_;
    std::size_t unnamed_ = 0;
};

snapshot::ChainCut cut_of(const settings::Chain& chain, const Block& block) {
    return {.chain = chain.name,
            .chain_id = chain.chain_id,
            .number = block.number,
            .hash = block.hash,
            .timestamp = block.timestamp};
}

/// All of it was read by number, or at blocks below.
void confirm(const BacktestSource& source, const Block& block) {
    const Block now = chains::evm::read_block(*source.connected.transport, block.number);
    if (now.hash != block.hash) {
        throw core::ChainError(ErrorKind::WrongBlock, source.connected.chain.name,
                               fmt::format("block {} is another one than when the backtest began: "
                                           "the chain was reorganised; take a --to that is final",
                                           block.number.value()));
    }
}

}  // namespace

report::BacktestReport backtest(const BacktestSource& source, const BacktestSpan& span) {
    BacktestStart start = read_start(source, span.from);
    const RealAnswers answers(start.state, source, span);
    const cascade::Playbook playbook = replayed(source.file.playbook);
    const cascade::ExactEngine engine(start.state, playbook,
                                      {.block = span.from.number, .time = span.from.timestamp});
    const cascade::Outcome outcome = engine.run({.sales = {}, .moves = {}, .path = answers.path()});
    EvidenceMaker maker(start.state, source, span, answers);
    maker.predict(outcome);
    maker.happen();
    confirm(source, span.to);
    report::BacktestReport out{.from = cut_of(source.connected.chain, span.from),
                               .to = cut_of(source.connected.chain, span.to),
                               .every = span.every,
                               .blocks_read = answers.blocks().size(),
                               .price_changes = answers.changes(),
                               .watched = maker.watched(),
                               .unnamed = maker.unnamed(),
                               .limits = {},
                               .test = {},
                               .assumptions = assumptions_of(playbook, span),
                               .notes = outcome.notes,
                               .gaps = std::move(start.gaps)};
    out.test = cascade::compare(maker.evidence(), out.limits);
    out.gaps.insert(out.gaps.end(), answers.gaps().begin(), answers.gaps().end());
    return out;
}

}  // namespace margrave::app
