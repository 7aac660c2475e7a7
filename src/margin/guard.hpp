#pragma once

#include <optional>
#include <stdexcept>
#include <utility>

#include "margin/account.hpp"

namespace margrave::margin {

/// The value of `compute()`, or an unknown health where its arithmetic leaves the 256 bits in which
/// the contract would revert: nothing can be said of such an account, also not by the protocol
/// itself.
template <class F>
[[nodiscard]] Health health_or_unknown(F&& compute) {
    const auto unknown = [](const char* why) {
        Health health;
        health.unknown_because = why;
        return health;
    };
    try {
        return std::forward<F>(compute)();
    } catch (const std::overflow_error&) {
        return unknown("the arithmetic leaves 256 bits: the contract's own health check reverts");
    } catch (const std::range_error&) {
        return unknown("the arithmetic falls below zero: the contract's own health check reverts");
    }
}

/// The value of `compute()`, or nullopt where its arithmetic leaves the 256 bits.
template <class F>
[[nodiscard]] auto value_or_nothing(F&& compute) -> std::optional<decltype(compute())> {
    try {
        return std::forward<F>(compute)();
    } catch (const std::overflow_error&) {
        return std::nullopt;
    } catch (const std::range_error&) {
        return std::nullopt;
    }
}

}  // namespace margrave::margin
