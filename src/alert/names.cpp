#include "alert/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/text.hpp"

namespace margrave::alert {

std::string named(const std::string& symbol) {
    constexpr std::size_t kBytesMax = 24;
    return core::printable(symbol, kBytesMax);
}

std::string named(const std::string& symbol, const core::Address& asset) {
    return named(symbol) + " " + asset.to_string();
}

std::string listed(const std::vector<std::string>& symbols) {
    constexpr std::size_t kShown = 3;
    const std::size_t shown = std::min(kShown, symbols.size());
    std::string out;
    for (std::size_t i = 0; i < shown; ++i) {
        out += (i == 0 ? "" : ", ") + named(symbols[i]);
    }
    return shown < symbols.size() ? out + fmt::format(" and {} more", symbols.size() - shown) : out;
}

}  // namespace margrave::alert
