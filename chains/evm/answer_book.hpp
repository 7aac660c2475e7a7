#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "chains/evm/kept_answers.hpp"
#include "chains/reader.hpp"
#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

/// Same question, same text. Of held tokens `list` is a number that stands for the list.
[[nodiscard]] std::string question_identity(PendingCall::Kind kind, const core::Address& to,
                                            std::uint64_t list, const core::Bytes& data);

/// Data or a refusal, and not a failure on the way to the contract.
[[nodiscard]] bool is_contracts_own(const CallOutcome& outcome);

/// What a reader knows at its block before it is asked, and notes of all that it is asked.
class AnswerBook {
  public:
    /// Where the call's answer is known: puts it in, and takes note that it was asked for.
    [[nodiscard]] bool answer(PendingCall& call);
    /// Takes note of a question and what was answered.
    void note(const PendingCall& call, const CallOutcome& outcome);
    /// To be known from now on. The list of a question about held tokens is one of `lists`.
    void know(const KeptAnswers::Question& question, const std::vector<KeptAnswers::List>& lists,
              CallOutcome outcome);

    /// All that was asked for, as what may be kept of it: asked at the block, or standing on what
    /// was kept before.
    [[nodiscard]] KeptAnswers take(const Block& block, const KeptAnswers* stood_on) const;

  private:
    struct Entry {
        KeptAnswers::Question question;
        std::optional<core::Address> account;
        CallOutcome outcome = core::Unexpected(CallFailure{});
        bool is_asked = false;
    };

    [[nodiscard]] std::string identity(const PendingCall& call);
    [[nodiscard]] std::size_t number_of(const std::shared_ptr<const TokenList>& list);
    [[nodiscard]] std::size_t number_of(const KeptAnswers::List& list);
    static void mark_asked(const PendingCall& call, Entry& entry);

    std::unordered_map<std::string, Entry> entries_;
    std::map<std::shared_ptr<const TokenList>, std::size_t> met_;
    std::vector<KeptAnswers::List> lists_;
};

/// Of the accounts those that are words of the data; what fits eight bytes is a number.
void add_named(const core::Bytes& data, const std::set<core::Address>& accounts,
               std::set<core::Address>& into);

}  // namespace margrave::chains::evm
