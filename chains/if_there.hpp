#pragma once

#include <optional>

#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"

/// For asking a contract what it is: no such function is an answer.
namespace margrave::chains {

/// The answer of Reader::try_call(); nullopt when the contract has no such function. Throws what
/// says nothing about it.
template <class T>
[[nodiscard]] std::optional<T> if_there(const core::Result<T, core::ChainError>& answer) {
    if (answer) {
        return *answer;
    }
    const core::ErrorKind kind = answer.error().kind();
    if (kind == core::ErrorKind::Reverted || kind == core::ErrorKind::EmptyReply ||
        kind == core::ErrorKind::BadData) {
        return std::nullopt;
    }
    throw answer.error();
}

/// The same for an address; the zero address is none.
[[nodiscard]] inline std::optional<core::Address> address_if_there(
    const core::Result<core::Address, core::ChainError>& answer) {
    const auto address = if_there(answer);
    return address && !address->is_zero() ? address : std::nullopt;
}

}  // namespace margrave::chains
