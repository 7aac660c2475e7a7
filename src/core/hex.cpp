#include "core/hex.hpp"

#include "core/hex_digit.hpp"

namespace margrave::core {

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string text = "0x";
    append_hex(bytes, text);
    return text;
}

void append_hex(std::span<const std::uint8_t> bytes, std::string& out) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::size_t at = out.size();
    out.resize(at + 2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        out[at++] = kDigits[byte >> 4];
        out[at++] = kDigits[byte & 15];
    }
}

std::optional<Bytes> parse_hex(std::string_view text) {
    if (!text.starts_with("0x") || text.size() % 2 != 0) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    Bytes bytes(text.size() / 2);
    std::uint8_t refused =
        0;  // Looked at once at the end: a branch per digit would halve the speed.
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint8_t high = detail::hex_value(text[2 * i]);
        const std::uint8_t low = detail::hex_value(text[2 * i + 1]);
        refused = static_cast<std::uint8_t>(refused | high | low);
        bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (refused > 15) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace margrave::core
