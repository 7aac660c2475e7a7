#pragma once

#include <optional>
#include <set>
#include <string>

#include "chains/evm/answer_book.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/kept_answers.hpp"
#include "core/address.hpp"

/// A reading that begins with what an earlier one was answered. Three things are held against it:
/// events, which name whose answers changed; contracts' own state, which may name an account whose
/// answers change without an event; and controls, one answer of each function and all of one
/// account, which are asked anew.
namespace margrave::chains::evm {

/// Puts into the book what stands of the kept answers but for those accounts, and what all else is
/// at the reader's block, which is asked for at once. Why nothing stands, or nullopt.
[[nodiscard]] std::optional<std::string> refresh(BatchReader& reader, const KeptAnswers& kept,
                                                 std::set<core::Address> changed, AnswerBook& book);

}  // namespace margrave::chains::evm
