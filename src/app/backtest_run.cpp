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

#include "app/real_answers.hpp"
#include "cascade/exact_engine.hpp"
#include "chains/evm/head.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
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
        watched_ = out_.known.size() + out_.unknown.size();
    }

    [[nodiscard]] std::size_t watched() const { return watched_; }
    [[nodiscard]] std::size_t unnamed() const { return unnamed_; }

    void predict(const cascade::Outcome& outcome) {
        for (const auto& market : outcome.end.markets) {
            for (std::size_t row = 0; row < market->account_count(); ++row) {
                if (market->health(row).status == margin::Status::Unknown) {
                    out_.unknown.insert(name_of(*market, row));
                }
            }
        }
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

    void happen(const BacktestStart& start) {
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
            if (is_unread(one.account, start)) {
                out_.unread.insert(one.account);
            }
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

    /// The book or a gap names it, or a gap of all accounts the market, or the deployment, that is
    /// not there.
    [[nodiscard]] bool is_unread(const AccountName& name, const BacktestStart& start) const {
        const bool is_missing = !find_market(name);
        const auto is_deployment = [&](const snapshot::CoverageGap& gap) {
            return std::any_of(
                source_.targets.begin(), source_.targets.end(), [&](const auto& one) {
                    return one.entry->protocol == gap.protocol && one.entry->name == gap.market;
                });
        };
        return start.unread.contains(name) ||
               std::any_of(start.gaps.begin(), start.gaps.end(), [&](const auto& gap) {
                   const bool is_its = gap.market == name.market ||
                                       (is_missing && (gap.market.empty() || is_deployment(gap)));
                   return gap.protocol == name.protocol && is_its &&
                          (gap.wallet == name.wallet || (is_missing && !gap.wallet));
               });
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
    std::size_t watched_ = 0;
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
                                           "the chain was reorganised; take blocks that are final",
                                           block.number.value()));
    }
}

}  // namespace

report::BacktestReport backtest(const BacktestSource& source, const BacktestSpan& span) {
    BacktestStart start = read_start(source, span.from);
    const RealAnswers answers(start.state, source.connected,
                              {.first = span.from, .last = span.to, .every = span.every},
                              source.progress);
    const cascade::Playbook playbook = replayed(source.file.playbook);
    const cascade::ExactEngine engine(start.state, playbook,
                                      {.block = span.from.number, .time = span.from.timestamp});
    const cascade::Outcome outcome = engine.run({.sales = {}, .moves = {}, .path = answers.path()});
    EvidenceMaker maker(start.state, source, span, answers);
    maker.predict(outcome);
    maker.happen(start);
    confirm(source, span.from);
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
    for (const std::string& why : outcome.unknown_because) {
        out.gaps.push_back({.chain = source.connected.chain.name,
                            .protocol = "",
                            .market = "",
                            .wallet = std::nullopt,
                            .kind = ErrorKind::MissingState,
                            .detail = "from there on the prediction is unknown: " + why});
    }
    return out;
}

}  // namespace margrave::app
