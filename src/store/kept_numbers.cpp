#include "store/kept_numbers.hpp"

#include <algorithm>
#include <array>

namespace margrave::store {
namespace {

constexpr std::size_t kBytesMax = 32;

}  // namespace

core::Bytes pack(std::span<const core::U256> numbers) {
    core::Bytes out;
    std::array<std::uint8_t, kBytesMax> bytes{};
    for (const core::U256& number : numbers) {
        core::to_big_endian(number, bytes.data());
        const auto* const first =
            std::find_if(bytes.cbegin(), bytes.cend(), [](std::uint8_t byte) { return byte != 0; });
        out.push_back(static_cast<std::uint8_t>(bytes.cend() - first));
        out.insert(out.end(), first, bytes.cend());
    }
    return out;
}

std::optional<std::vector<core::U256>> unpack(std::span<const std::uint8_t> bytes) {
    std::vector<core::U256> out;
    while (!bytes.empty()) {
        const std::size_t size = bytes[0];
        if (size > kBytesMax || size >= bytes.size() || (size > 0 && bytes[1] == 0)) {
            return std::nullopt;
        }
        std::array<std::uint8_t, kBytesMax> number{};
        std::copy_n(bytes.begin() + 1, size, number.end() - static_cast<std::ptrdiff_t>(size));
        out.push_back(core::from_big_endian(number.data()));
        bytes = bytes.subspan(1 + size);
    }
    return out;
}

}  // namespace margrave::store
