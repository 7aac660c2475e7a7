#include "chains/evm/answer_book.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace margrave::chains::evm {
namespace {

/// Who must be sure does not take a doubtful refusal.
bool is_answer_to(const PendingCall& call, const CallOutcome& outcome) {
    return is_contracts_own(outcome) && (outcome || call.may_revert || !outcome.error().doubtful);
}

}  // namespace

std::string question_identity(PendingCall::Kind kind, const core::Address& to, std::uint64_t list,
                              const core::Bytes& data) {
    std::string key;
    key.reserve(to.raw().size() + 1 + sizeof(list) + data.size());
    key.append(to.raw().begin(), to.raw().end());
    key += static_cast<char>(kind);
    for (std::size_t byte = 0; byte < sizeof(list); ++byte) {
        key += static_cast<char>(list >> (8 * byte));
    }
    key.append(data.begin(), data.end());
    return key;
}

bool is_contracts_own(const CallOutcome& outcome) {
    return outcome || outcome.error().kind == core::ErrorKind::Reverted ||
           outcome.error().kind == core::ErrorKind::EmptyReply;
}

std::size_t AnswerBook::number_of(const KeptAnswers::List& list) {
    const auto found = std::find(lists_.begin(), lists_.end(), list);
    const auto number = static_cast<std::size_t>(found - lists_.begin());
    if (found == lists_.end()) {
        lists_.push_back(list);
    }
    return number;
}

std::size_t AnswerBook::number_of(const std::shared_ptr<const TokenList>& list) {
    const auto met = met_.find(list);
    if (met != met_.end()) {
        return met->second;
    }
    const std::size_t number = number_of(KeptAnswers::List{.selector = list->selector,
                                                           .function = std::string(list->function),
                                                           .tokens = list->tokens,
                                                           .stands = list->stands});
    return met_.emplace(list, number).first->second;
}

std::string AnswerBook::identity(const PendingCall& call) {
    return question_identity(call.kind, call.to,
                             is_about_held_tokens(call.kind) ? number_of(call.list) : 0, call.data);
}

/// Who needs the answer decides how sure it must be, and who takes it for an account's whose it is.
void AnswerBook::mark_asked(const PendingCall& call, Entry& entry) {
    entry.question.may_revert = call.may_revert && (!entry.is_asked || entry.question.may_revert);
    entry.account = entry.is_asked && entry.account != call.account ? std::nullopt : call.account;
    entry.is_asked = true;
}

bool AnswerBook::answer(PendingCall& call) {
    if (entries_.empty()) {
        return false;
    }
    const auto found = entries_.find(identity(call));
    if (found == entries_.end() || !is_answer_to(call, found->second.outcome)) {
        return false;
    }
    mark_asked(call, found->second);
    call.outcome = found->second.outcome;
    call.answered = true;
    return true;
}

void AnswerBook::note(const PendingCall& call, const CallOutcome& outcome) {
    Entry& entry = entries_[identity(call)];
    if (!entry.is_asked) {
        entry.question = {.kind = call.kind,
                          .to = call.to,
                          .data = call.data,
                          .list = is_about_held_tokens(call.kind) ? number_of(call.list) : 0,
                          .function = std::string(call.function)};
    }
    mark_asked(call, entry);
    entry.outcome = outcome;
}

void AnswerBook::know(const KeptAnswers::Question& question,
                      const std::vector<KeptAnswers::List>& lists, CallOutcome outcome) {
    KeptAnswers::Question mine = question;
    mine.list = is_about_held_tokens(question.kind) ? number_of(lists.at(question.list)) : 0;
    Entry& entry = entries_[question_identity(mine.kind, mine.to, mine.list, mine.data)];
    entry.question = std::move(mine);
    entry.outcome = std::move(outcome);
}

KeptAnswers AnswerBook::take(const Block& block, const KeptAnswers* stood_on) const {
    // An endpoint may know a block before it knows its events: the last ones are asked for twice.
    // So many are more than any lag that still counts as serving the chain.
    constexpr std::uint64_t kBlocksAgain = 64;
    KeptAnswers out;
    out.block = block;
    out.read_whole_at = stood_on != nullptr ? stood_on->read_whole_at : block.timestamp;
    out.events_after = block.number;
    if (stood_on != nullptr) {
        const std::uint64_t again = std::min(kBlocksAgain, block.number.value());
        out.events_after =
            std::max(stood_on->events_after, core::BlockNumber(block.number.value() - again));
    }
    out.lists = lists_;
    std::set<core::Address> accounts;
    for (const auto& [key, entry] : entries_) {
        if (entry.is_asked && entry.account && entry.outcome) {
            out.of_accounts.push_back(
                {.account = *entry.account, .question = entry.question, .data = *entry.outcome});
            accounts.insert(*entry.account);
        } else if (entry.is_asked) {
            out.others.push_back(entry.question);
            const CallOutcome& outcome = entry.outcome;
            out.others.back().was_refused = !outcome && !outcome.error().doubtful &&
                                            outcome.error().kind == core::ErrorKind::Reverted;
        }
    }
    for (const auto& [key, entry] : entries_) {
        if (entry.is_asked && !entry.account && entry.outcome) {
            add_named(*entry.outcome, accounts, out.named);
        }
    }
    return out;
}

void add_named(const core::Bytes& data, const std::set<core::Address>& accounts,
               std::set<core::Address>& into) {
    constexpr std::size_t kWord = 32;
    constexpr std::size_t kZeros = 12;
    constexpr std::size_t kNumber = 20;  // zeros of what fits eight bytes
    for (std::size_t at = 0; at + kWord <= data.size(); at += kWord) {
        const auto* const word = data.data() + at;
        const auto* const begin =
            std::find_if(word, word + kWord, [](std::uint8_t byte) { return byte != 0; });
        if (begin < word + kZeros || begin >= word + kNumber) {
            continue;
        }
        core::Address::Raw raw{};
        std::copy(word + kZeros, word + kWord, raw.begin());
        if (accounts.contains(core::Address(raw))) {
            into.insert(core::Address(raw));
        }
    }
}

}  // namespace margrave::chains::evm
