#pragma once

#include <cstdint>
#include <limits>

#include "core/errors.hpp"

/// Whole numbers as SQLite has them: signed.
namespace margrave::store {

inline std::int64_t to_integer(std::uint64_t value) {
    core::ensure(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
                 "blocks and seconds fit 63 bits");
    return static_cast<std::int64_t>(value);
}

/// Nothing that this program wrote is below zero.
inline std::uint64_t natural(std::int64_t value) {
    return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

}  // namespace margrave::store
