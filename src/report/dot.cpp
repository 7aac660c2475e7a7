#include "report/dot.hpp"

#include <cstddef>

#include "core/text.hpp"

namespace margrave::report {

std::string dot_quoted(const std::string& text) {
    constexpr std::size_t kBytesMax = 400;
    std::string out = "\"";
    for (const char letter : core::printable(text, kBytesMax)) {
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    return out + '"';
}

}  // namespace margrave::report
