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
#include "chains/evm/head.hpp"
#include "chains/evm/held_tokens.hpp"
#include "chains/evm/log_decoder.hpp"
#include "chains/evm/log_span.hpp"
#include "chains/evm/range_scanner.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"

namespace margrave::chains::evm {
namespace {

using core::Address;
using Held = Reader::HeldTokens::Result;

/// Nodes limit the blocks of a request for logs, some to so many.
constexpr std::uint64_t kBlocksMax = 500;
/// What stands on something kept is never older than this.
constexpr std::uint64_t kSecondsMax = 3'600;
/// geth takes so many topics at one position (its --rpc.logquerylimit).
constexpr std::size_t kTopicsMax = 1'000;
/// Calls of a request, so that topics are two megabytes at most.
constexpr std::size_t kFiltersMax = 32;

Topic topic_of(const Address& account) {
    Topic out{};
    std::copy(account.raw().begin(), account.raw().end(), out.begin() + 12);
    return out;
}

std::set<Address> accounts_of(const KeptAnswers& kept) {
    std::set<Address> out;
    for (const KeptAnswers::Answer& answer : kept.of_accounts) {
        out.insert(answer.account);
    }
    return out;
}

/// Whoever logs it: those that name an account in the second topic, the third or the fourth. The
/// first is the event's own.
std::vector<LogFilter> filters_for(const std::set<Address>& accounts, core::BlockNumber from) {
    std::vector<LogFilter> out;
    for (auto at = accounts.begin(); at != accounts.end();) {
        std::vector<Topic> topics;
        for (; at != accounts.end() && topics.size() < kTopicsMax; ++at) {
            topics.push_back(topic_of(*at));
        }
        for (std::size_t position = 1; position <= 3; ++position) {
            LogFilter filter;
            filter.topics.resize(position);
            filter.topics.push_back(topics);
            filter.from = from;
            out.push_back(std::move(filter));
        }
    }
    return out;
}

void add_accounts(const Log& log, const std::set<Address>& accounts, std::set<Address>& into) {
    for (std::size_t i = 1; i < log.topic_count; ++i) {
        Address::Raw raw{};
        std::copy(log.topics.at(i).begin() + 12, log.topics.at(i).end(), raw.begin());
        if (accounts.contains(Address(raw))) {
            into.insert(Address(raw));
        }
    }
}

std::optional<core::U256> figure_of(const CallOutcome& outcome) {
    constexpr std::size_t kWord = 32;
    if (!outcome || outcome->size() != kWord) {
        return std::nullopt;
    }
    return core::from_big_endian(outcome->data());
}

bool is_about_held_tokens(const KeptAnswers::Question& question) {
    return question.kind == PendingCall::Kind::HeldTokens;
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
        : reader_(reader), kept_(kept), changed_(std::move(changed)) {
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
        if (is_about_held_tokens(question)) {
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
        const Topic word = topic_of(answer.account);
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
                add_named(*said, accounts(), named_);
            }
            known_.emplace_back(&question, std::move(said));
        });
    }

    /// A program is a request of its own: of few accounts tokens are asked one by one beside all
    /// else.
    void add_changed(const KeptAnswers::Answer& answer) {
        constexpr std::size_t kAccountsMax = 16;
        if (!is_about_held_tokens(answer.question) || changed_.size() > kAccountsMax) {
            round_.add(call_of(answer.question), [this, &answer](const CallOutcome& outcome) {
                known_.emplace_back(&answer.question, outcome);
            });
            return;
        }
        const auto held = std::make_shared<Held>();
        const std::size_t tokens = list_of(answer).tokens.size();
        for (std::size_t token = 0; token < tokens; ++token) {
            const bool is_last = token + 1 == tokens;
            round_.add(balance_call(answer, token),
                       [this, &answer, held, token, is_last](const CallOutcome& outcome) {
                           const auto amount = figure_of(outcome);
                           if (!amount || *amount != 0) {
                               held->emplace_back(static_cast<std::uint16_t>(token),
                                                  amount.has_value(), amount.value_or(0));
                           }
                           if (is_last) {
                               known_.emplace_back(&answer.question, encode_held(*held));
                           }
                       });
        }
    }

    void add_standing(const KeptAnswers::Answer& answer) {
        Standing one{.kept = &answer, .held = {}, .is_dropped = false};
        if (is_about_held_tokens(answer.question)) {
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
        const bool are_asked = is_about_held_tokens(one.kept->question) &&
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
            if (!is_about_held_tokens(question)) {
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
            if (!is_about_held_tokens(one.kept->question)) {
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
        const bool is_said = outcome || outcome.error().kind == core::ErrorKind::Reverted ||
                             outcome.error().kind == core::ErrorKind::EmptyReply;
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

    [[nodiscard]] const std::set<Address>& accounts() {
        if (accounts_.empty()) {
            accounts_ = accounts_of(kept_);
        }
        return accounts_;
    }

    void tell(AnswerBook& book) const {
        for (const auto& [question, outcome] : known_) {
            book.know(*question, kept_.lists, outcome);
        }
        for (const Standing& one : standing_) {
            const KeptAnswers::Answer& kept = *one.kept;
            if (!one.is_dropped && !named_.contains(kept.account)) {
                book.know(kept.question, kept_.lists,
                          is_about_held_tokens(kept.question) ? encode_held(one.held) : kept.data);
            }
        }
    }

    BatchReader& reader_;
    const KeptAnswers& kept_;
    std::set<Address> changed_;   ///< by events, or by what contracts' state named the last time
    std::set<Address> accounts_;  ///< all
    std::set<Address> named_;     ///< by contracts' state now
    std::vector<std::shared_ptr<const TokenList>> lists_;
    std::deque<Standing> standing_;  ///< they stay where they are
    Round round_;
    std::vector<std::pair<const KeptAnswers::Question*, CallOutcome>> known_;  ///< asked anew
    std::optional<std::string> why_nothing_stands_;
};

/// Why the block is another one for the node now, or unknown to it.
std::optional<std::string> check_block(const RpcOutcome& reply, const Block& block) {
    const auto now = parse_block_reply(reply);
    if (!now) {
        return fmt::format("block {} could not be read again: {}", block.number.value(),
                           now.error().what());
    }
    if (now->hash != block.hash) {
        return fmt::format("block {} is another one now", block.number.value());
    }
    return std::nullopt;
}

}  // namespace

bool may_stand(const KeptAnswers& kept, const Block& head) {
    const std::uint64_t last = kept.block.number.value();
    return head.number.value() >= last && head.number.value() - last <= kBlocksMax &&
           head.timestamp.value() <= kept.read_whole_at.value() + kSecondsMax;
}

Changes changed_since(RpcTransport& rpc, const KeptAnswers& kept, const Block& head) {
    const BlockRange range{.first = kept.events_after.value() + 1, .last = head.number.value()};
    const std::set<Address> accounts = accounts_of(kept);
    const auto filters = range.first > range.last
                             ? std::vector<LogFilter>{}
                             : filters_for(accounts, core::BlockNumber(range.first));
    // A node that lags knows no events either: in each request it must know the block.
    std::vector<RpcRequest> requests{
        {block_by_number(head.number.value()), block_by_number(kept.block.number.value())}};
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const LogFilter& filter : filters) {
        if (requests.back().size() >= kFiltersMax) {
            requests.push_back({block_by_number(head.number.value())});
        }
        places.emplace_back(requests.size() - 1, requests.back().size());
        requests.back().push_back({"eth_getLogs", logs_params(filter, range)});
    }
    const std::uint64_t retries = rpc.traffic().retries;
    const auto replies = rpc.send(requests);
    Changes out;
    out.requests = requests.size();
    out.unknown_because = check_block(replies[0].at(1), kept.block);
    if (rpc.traffic().retries != retries) {
        // What failed was asked alone then, perhaps of a node that lags.
        out.unknown_because = "events were not answered beside the block";
    }
    for (std::size_t i = 0; i < replies.size() && !out.unknown_because; ++i) {
        out.unknown_because = check_block(replies[i].at(0), head);
    }
    for (std::size_t i = 0; i < filters.size() && !out.unknown_because; ++i) {
        const RpcOutcome& reply = replies[places[i].first].at(places[i].second);
        if (!reply) {
            out.unknown_because = to_chain_error(reply.error(), "eth_getLogs").what();
            break;
        }
        const auto logs = decode_logs(*reply, filters[i], range, head);
        if (!logs) {
            out.unknown_because = "eth_getLogs: " + logs.error().detail;
            break;
        }
        if (is_suspicious_count(logs->size())) {
            out.unknown_because = "eth_getLogs: events may have been cut short";
        }
        for (const Log& log : *logs) {
            add_accounts(log, accounts, out.accounts);
        }
    }
    return out;
}

std::optional<std::string> refresh(BatchReader& reader, const KeptAnswers& kept,
                                   std::set<Address> changed, AnswerBook& book) {
    return Refresh(reader, kept, std::move(changed)).run(book);
}

}  // namespace margrave::chains::evm
