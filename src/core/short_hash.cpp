#include "core/short_hash.hpp"

#include <cstdint>
#include <span>

#include "core/hex.hpp"
#include "core/keccak.hpp"

namespace margrave::core {

std::string short_hash(std::string_view text) {
    constexpr std::size_t kBytes = 16;
    const Hash hash = keccak256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    std::string out;
    append_hex(std::span(hash).first(kBytes), out);
    return out;
}

}  // namespace margrave::core
