#include "core/utf8.hpp"

#include <array>

namespace margrave::core {

CodePoint decode_utf8(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) {
        return {.value = lead, .bytes = 1};
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return {};
    }
    const std::size_t bytes = lead < 0xe0 ? 2 : (lead < 0xf0 ? 3 : 4);
    if (text.size() < bytes) {
        return {};
    }
    char32_t code_point = lead & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80) {
            return {};
        }
        code_point = code_point << 6 | (next & 0x3fU);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (code_point < kSmallest[bytes] || code_point > 0x10ffff || surrogate) {
        return {};
    }
    return {.value = code_point, .bytes = bytes};
}

}  // namespace margrave::core
