#include "evidence/eip712.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace margrave::evidence {

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Word string_word(std::string_view text) { return core::keccak256(bytes_of(text)); }

Word uint_word(const core::U256& value) {
    Word word{};
    core::to_big_endian(value, word.data());
    return word;
}

Word address_word(const core::Address& address) {
    Word word{};
    std::copy(address.raw().begin(), address.raw().end(), word.end() - address.raw().size());
    return word;
}

core::Hash struct_hash(std::string_view type, std::initializer_list<Word> members) {
    const Word type_hash = string_word(type);
    std::vector<std::uint8_t> encoded(type_hash.begin(), type_hash.end());
    for (const Word& member : members) {
        encoded.insert(encoded.end(), member.begin(), member.end());
    }
    return core::keccak256(encoded);
}

core::Hash typed_data_digest(const core::Hash& domain, const core::Hash& message) {
    std::array<std::uint8_t, 2 + 2 * sizeof(core::Hash)> encoded{0x19, 0x01};
    std::copy(domain.begin(), domain.end(), encoded.begin() + 2);
    std::copy(message.begin(), message.end(), encoded.begin() + 2 + sizeof(core::Hash));
    return core::keccak256(encoded);
}

}  // namespace margrave::evidence
