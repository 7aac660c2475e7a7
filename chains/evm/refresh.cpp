#include "chains/evm/refresh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "chains/abi.hpp"
#include "chains/evm/held_tokens.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"

namespace margrave::chains::evm {
namespace {

using core::Address;
using Held = Reader::HeldTokens::Result;

std::optional<core::U256> figure_of(const CallOutcome& outcome) {
    constexpr std::size_t kWord = 32;
    if (!outcome || outcome->size() != kWord) {
        return std::nullopt;
    }
    return core::from_big_endian(outcome->data());
}

/// Questions and what becomes of their answers; all of them are asked at once.
class Round {
  public:
    using Take = std::function<void(const CallOutcome&)>;

    void add(PendingCall call, Take take) {
        calls_.push_back(std::move(call));
        takes_.push_back(std::move(take));
    }
    void ask(BatchReader& reader) {
        const std::vector<CallOutcome> outcomes = reader.ask_at_once(calls_);
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            takes_[i](outcomes[i]);
        }
    }

  private:
    std::vector<PendingCall> calls_;
    std::vector<Take> takes_;
};

/// An answer that may stand; what is held of it may be amended.
struct Standing {
    const KeptAnswers::Answer* kept = nullptr;
    Held held;
    bool is_dropped = false;
};

/// One refresh under way.
class Refresh {
  public:
    Refresh(BatchReader& reader, const KeptAnswers& kept, std::set<Address> changed)
        : reader_(reader), kept_(kept), accounts_(kept.accounts()), changed_(std::move(changed)) {
        changed_.insert(kept.named.begin(), kept.named.end());
        for (const KeptAnswers::List& list : kept.lists) {
            auto shared = std::make_shared<TokenList>();
            shared->selector = list.selector;
            shared->function = list.function;
            shared->tokens = list.tokens;
            lists_.push_back(std::move(shared));
        }
    }

    std::optional<std::string> run(AnswerBook& book) {
        for (const KeptAnswers::Question& other : kept_.others) {
            add_other(other);
        }
        for (const KeptAnswers::Answer& answer : kept_.of_accounts) {
            if (changed_.contains(answer.account)) {
                add_changed(answer);
            } else {
                add_standing(answer);
            }
        }
        for (Standing& one : standing_) {
            add_figures(one);
        }
        add_controls();
        add_sample();
        round_.ask(reader_);
        if (why_nothing_stands_) {
            return why_nothing_stands_;
        }
        tell(book);
        return std::nullopt;
    }

  private:
    [[nodiscard]] PendingCall call_of(const KeptAnswers::Question& question) const {
        PendingCall out;
        out.kind = question.kind;
        out.to = question.to;
        out.data = question.data;
        out.function = question.function;
        out.may_revert = question.may_revert || question.was_refused;
        if (is_about_held_tokens(question.kind)) {
            out.list = lists_.at(question.list);
        }
        return out;
    }
    /// What the account holds of one token of a list, of the token itself.
    [[nodiscard]] PendingCall balance_call(const KeptAnswers::Answer& answer,
                                           std::size_t token) const {
        const KeptAnswers::List& list = list_of(answer);
        PendingCall out;
        out.to = list.tokens.at(token);
        out.data.assign(list.selector.begin(), list.selector.end());
        const Topic word = topic_word(answer.account);
        out.data.insert(out.data.end(), word.begin(), word.end());
        out.function = list.function;
        return out;
    }
    [[nodiscard]] const KeptAnswers::List& list_of(const KeptAnswers::Answer& answer) const {
        return kept_.lists.at(answer.question.list);
    }

    /// What is nobody's. A failure that is no contract's answer is left for whoever asks.
    void add_other(const KeptAnswers::Question& question) {
        round_.add(call_of(question), [this, &question](const CallOutcome& outcome) {
            CallOutcome said = outcome;
            if (!said && question.was_refused && !question.may_revert) {
                // Refused for certain before: this refusal is looked at a second time like those
                // that may be, at the block before.
                CallFailure why = said.error();
                why.doubtful = false;
                said = core::Unexpected(std::move(why));
            }
            if (said) {
                add_named(*said, accounts_, named_);
            }
            known_.emplace_back(&question, std::move(said));
        });
    }

    /// A program is a request of its own: of few accounts tokens are asked one by one beside all
    /// else. So many accounts with a list of 60 tokens are a thousand calls.
    void add_changed(const KeptAnswers::Answer& answer) {
        constexpr std::size_t kAccountsMax = 16;
        if (!is_about_held_tokens(answer.question.kind) || changed_.size() > kAccountsMax) {
            round_.add(call_of(answer.question), [this, &answer](const CallOutcome& outcome) {
                known_.emplace_back(&answer.question, outcome);
            });
            return;
        }
        Held& held = asked_singly_.emplace_back(&answer.question, Held{}).second;
        for (std::size_t token = 0; token < list_of(answer).tokens.size(); ++token) {
            round_.add(balance_call(answer, token), [&held, token](const CallOutcome& outcome) {
                const auto amount = figure_of(outcome);
                if (!amount || *amount != 0) {
                    held.emplace_back(static_cast<std::uint16_t>(token), amount.has_value(),
                                      amount.value_or(0));
                }
            });
        }
    }

    void add_standing(const KeptAnswers::Answer& answer) {
        Standing one{.kept = &answer, .held = {}, .is_dropped = false};
        if (is_about_held_tokens(answer.question.kind)) {
            // A parsing edge: what does not decode is asked again.
            try {
                one.held = Reader::HeldTokens::decode(answer.data);
            } catch (const abi::DecodeError&) {
                return;
            }
            const std::size_t tokens = list_of(answer).tokens.size();
            if (std::any_of(one.held.begin(), one.held.end(),
                            [&](const auto& entry) { return std::get<0>(entry) >= tokens; })) {
                return;
            }
        }
        standing_.push_back(std::move(one));
    }

    /// Of tokens that may do as they like only zeros stand.
    void add_figures(Standing& one) {
        const bool are_asked = is_about_held_tokens(one.kept->question.kind) &&
                               list_of(*one.kept).stands != TokenList::Stands::All;
        if (!are_asked) {
            return;
        }
        for (auto& entry : one.held) {
            round_.add(balance_call(*one.kept, std::get<0>(entry)),
                       [&one, &entry](const CallOutcome& outcome) {
                           const auto amount = figure_of(outcome);
                           std::get<2>(entry) = amount.value_or(std::get<2>(entry));
                           one.is_dropped |= std::get<1>(entry) && !amount;
                       });
        }
    }

    /// One answer of each function and token, which no event changed. Zeros are many contracts'
    /// answer to anything, and so no control.
    void add_controls() {
        std::map<std::pair<Address, core::Bytes>, std::vector<const Standing*>> by_function;
        std::map<std::pair<std::size_t, std::size_t>, std::vector<Figure>> by_token;
        for (const Standing& one : standing_) {
            const KeptAnswers::Question& question = one.kept->question;
            if (!is_about_held_tokens(question.kind)) {
                const bool is_zero = std::all_of(one.kept->data.begin(), one.kept->data.end(),
                                                 [](std::uint8_t byte) { return byte == 0; });
                if (!is_zero) {
                    by_function[{question.to, selector_of(question)}].push_back(&one);
                }
            } else if (list_of(*one.kept).stands == TokenList::Stands::All) {
                for (const auto& [token, is_certain, amount] : one.held) {
                    if (is_certain) {
                        by_token[{question.list, token}].push_back({&one, token, amount});
                    }
                }
            }
        }
        for (const auto& [function, candidates] : by_function) {
            control_answer(*candidates[pick(candidates.size(), function.first)]);
        }
        for (const auto& [token, figures] : by_token) {
            const Address& address = kept_.lists[token.first].tokens[token.second];
            control_figure(figures[pick(figures.size(), address)]);
        }
    }

    /// One account, all of whose answers are asked again.
    void add_sample() {
        std::set<Address> all;
        for (const Standing& one : standing_) {
            all.insert(one.kept->account);
        }
        if (all.empty()) {
            return;
        }
        const Address account =
            *std::next(all.begin(), static_cast<std::ptrdiff_t>(pick(all.size(), Address())));
        for (const Standing& one : standing_) {
            if (one.kept->account != account) {
                continue;
            }
            if (!is_about_held_tokens(one.kept->question.kind)) {
                control_answer(one);
                continue;
            }
            std::vector<std::optional<core::U256>> held(list_of(*one.kept).tokens.size(),
                                                        core::U256(0));
            for (const auto& [token, is_certain, amount] : one.held) {
                const bool stands =
                    is_certain && list_of(*one.kept).stands == TokenList::Stands::All;
                held.at(token) = stands ? std::optional(amount) : std::nullopt;
            }
            for (std::size_t token = 0; token < held.size(); ++token) {
                if (held[token]) {
                    control_figure({&one, token, *held[token]});
                }
            }
        }
    }

    /// What an account was found to hold of a token.
    struct Figure {
        const Standing* of = nullptr;
        std::size_t token = 0;
        core::U256 amount;
    };

    void control_answer(const Standing& one) {
        const KeptAnswers::Answer& kept = *one.kept;
        round_.add(call_of(kept.question), [this, &kept](const CallOutcome& now) {
            if (is_asked(kept.question.function, kept.question.to, now) &&
                (!now || *now != kept.data)) {
                differs(kept.question.function, kept.question.to);
            }
        });
    }
    void control_figure(const Figure& figure) {
        const KeptAnswers::Answer& kept = *figure.of->kept;
        round_.add(balance_call(kept, figure.token),
                   [this, &kept, figure](const CallOutcome& outcome) {
                       const std::string& function = list_of(kept).function;
                       const Address& token = list_of(kept).tokens[figure.token];
                       // Not every token that is asked about nothing answers.
                       const auto now = figure_of(outcome);
                       if (is_asked(function, token, outcome) &&
                           (now ? *now != figure.amount : figure.amount != 0)) {
                           differs(function, token);
                       }
                   });
    }

    /// Whether the contract had its say.
    [[nodiscard]] bool is_asked(const std::string& function, const Address& contract,
                                const CallOutcome& outcome) {
        const bool is_said = is_contracts_own(outcome);
        if (!is_said) {
            why_nothing_stands_ = fmt::format("{} of {} could not be asked again: {}", function,
                                              contract.to_string(), outcome.error().detail);
        }
        return is_said;
    }
    void differs(const std::string& function, const Address& contract) {
        why_nothing_stands_ =
            fmt::format("{} of {} is not what was kept up to block {}, and no event says why",
                        function, contract.to_string(), kept_.block.number.value());
    }

    /// Of so many the one that this block's hash picks: whoever comes by at fixed times meets
    /// others, too.
    [[nodiscard]] std::size_t pick(std::size_t count, const Address& what) const {
        core::Bytes text(reader_.block().hash.begin(), reader_.block().hash.end());
        text.insert(text.end(), what.raw().begin(), what.raw().end());
        const core::Hash hash = core::keccak256(text);
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < sizeof(number); ++i) {
            number = number << 8U | hash[i];
        }
        return number % count;
    }

    static core::Bytes selector_of(const KeptAnswers::Question& question) {
        const std::size_t size = std::min<std::size_t>(4, question.data.size());
        return {question.data.begin(), question.data.begin() + static_cast<std::ptrdiff_t>(size)};
    }

    void tell(AnswerBook& book) const {
        for (const auto& [question, outcome] : known_) {
            book.know(*question, kept_.lists, outcome);
        }
        for (const auto& [question, held] : asked_singly_) {
            book.know(*question, kept_.lists, encode_held(held));
        }
        for (const Standing& one : standing_) {
            const KeptAnswers::Answer& kept = *one.kept;
            if (!one.is_dropped && !named_.contains(kept.account)) {
                book.know(
                    kept.question, kept_.lists,
                    is_about_held_tokens(kept.question.kind) ? encode_held(one.held) : kept.data);
            }
        }
    }

    BatchReader& reader_;
    const KeptAnswers& kept_;
    std::set<Address> accounts_;  ///< all
    std::set<Address> changed_;   ///< by events, or by what contracts' state named the last time
    std::set<Address> named_;     ///< by contracts' state now
    std::vector<std::shared_ptr<const TokenList>> lists_;
    // Lambdas of the round refer to what is in these; it stays where it is.
    std::deque<Standing> standing_;
    std::deque<std::pair<const KeptAnswers::Question*, Held>> asked_singly_;
    Round round_;
    std::vector<std::pair<const KeptAnswers::Question*, CallOutcome>> known_;  ///< asked anew
    std::optional<std::string> why_nothing_stands_;
};

}  // namespace

std::optional<std::string> refresh(BatchReader& reader, const KeptAnswers& kept,
                                   std::set<Address> changed, AnswerBook& book) {
    return Refresh(reader, kept, std::move(changed)).run(book);
}

}  // namespace margrave::chains::evm
