#pragma once

#include <cstddef>
#include <string_view>

namespace margrave::core {

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0;  ///< 0 when there is no valid sequence here
};

/// The one that `text`, which is not empty, begins with, by the strict UTF-8 of RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] CodePoint decode_utf8(std::string_view text);

}  // namespace margrave::core
