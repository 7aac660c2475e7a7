#pragma once

#include <optional>
#include <string>
#include <utility>

#include "chains/evm/oracles/source_book.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"

/// What the two ways of looking into a source share. Only for the files of this folder.
namespace margrave::chains::evm::oracles {

/// The value, or nothing where the source does not have the function: it reverts, says nothing, or
/// says what is none of its values. Throws every other failure: it says nothing about the source.
template <class T>
[[nodiscard]] std::optional<T> answered(const core::Result<T, core::ChainError>& outcome) {
    if (outcome) {
        return *outcome;
    }
    switch (outcome.error().kind()) {
        case core::ErrorKind::Reverted:
        case core::ErrorKind::EmptyReply:
        case core::ErrorKind::BadData:
            return std::nullopt;
        default:
            throw core::ChainError(outcome.error());
    }
}

/// Adds a part that is a number.
inline void take_number(Probed& out, std::string role, core::Address source, core::U256 answer) {
    out.source.parts.push_back({.role = std::move(role),
                                .source = source,
                                .answer = std::move(answer),
                                .updated_at = std::nullopt,
                                .made_of = nullptr});
    out.is_source.push_back(false);
}

/// By latestAnswer, latestRoundData and the functions of price adapters.
[[nodiscard]] Task<Probed> probe_adapter(Reader& chain, core::Address address);
/// By price() and the functions of Morpho's oracles.
[[nodiscard]] Task<Probed> probe_morpho(Reader& chain, core::Address address);

}  // namespace margrave::chains::evm::oracles
