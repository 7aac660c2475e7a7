#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chains/logs.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::adapters {

/// An account as an event names it: in which market, by that market's name, and whose.
struct NamedAccount {
    std::string market;
    core::Address wallet;

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy sees one in the defaulted comparison
    friend auto operator<=>(const NamedAccount&, const NamedAccount&) = default;
};

/// A liquidation as its event tells it.
struct NamedLiquidation {
    NamedAccount account;
    /// nullopt where the market has but one pair.
    std::optional<core::Address> collateral;
    core::U256 seized;  ///< base units of the collateral asset, to the liquidator
};

/// The events by which all borrowers of a deployment are found, and by which those are known whose
/// state is another one at another block.
struct AccountEvents {
    /// Markets that are there whether an event names them or not.
    std::vector<std::string> markets;
    /// No debt begins without one of these.
    chains::LogFilter borrows;
    /// Nothing that a book keeps of an account changes without one of these; the above are among
    /// them. Interest needs none: what is kept does not accrue.
    chains::LogFilter changes;
    /// The accounts that one of either names, borrowers or not; throws chains::abi::DecodeError.
    std::function<std::vector<NamedAccount>(const chains::Log&)> accounts_in;
    /// No account is liquidated without one of these.
    chains::LogFilter liquidations;
    /// What one of them tells; throws chains::abi::DecodeError.
    std::function<NamedLiquidation(const chains::Log&)> liquidation_in;
};

}  // namespace margrave::adapters
