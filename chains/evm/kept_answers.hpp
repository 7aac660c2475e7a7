#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chains/reader.hpp"
#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

[[nodiscard]] inline bool is_about_held_tokens(PendingCall::Kind kind) {
    return kind == PendingCall::Kind::HeldTokens;
}

/// What a reading asked at its block, and the answers that may stand at later ones.
struct KeptAnswers {
    struct List {
        std::array<std::uint8_t, 4> selector{};
        std::string function;
        std::vector<core::Address> tokens;
        TokenList::Stands stands = TokenList::Stands::Nothing;

        friend bool operator==(const List&, const List&) = default;
    };
    struct Question {
        PendingCall::Kind kind = PendingCall::Kind::Contract;
        core::Address to;
        core::Bytes data;
        std::size_t list = 0;  ///< of held tokens: a place in `lists`
        std::string function;
        bool may_revert = false;
        bool was_refused = false;  ///< for certain, where it may not revert
    };
    /// An account's, as Reader::call_of() and held_tokens() mean it.
    struct Answer {
        core::Address account;
        Question question;
        core::Bytes data;
    };

    Block block;
    /// When all of this was last asked itself: what stands on something kept is no older.
    core::Timestamp read_whole_at;
    /// Events up to here need not be looked at again: what was asked at the block itself has seen
    /// them, what stood is not so sure of the last ones.
    core::BlockNumber events_after;
    std::vector<List> lists;
    std::vector<Answer> of_accounts;
    std::vector<Question> others;  ///< any block may change what was answered
    /// Accounts that those answers named: state of contracts, which may change theirs.
    std::set<core::Address> named;

    /// Whose answers are here.
    [[nodiscard]] std::set<core::Address> accounts() const;
};

/// The account as a word, of a topic or of a call's data.
[[nodiscard]] core::Hash topic_word(const core::Address& account);

/// As CBOR, for a file of the cache.
[[nodiscard]] std::string to_bytes(const KeptAnswers& kept);
/// nullopt where that is none.
[[nodiscard]] std::optional<KeptAnswers> parse_kept_answers(const std::string& bytes);

}  // namespace margrave::chains::evm
