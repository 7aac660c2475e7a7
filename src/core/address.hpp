#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/units.hpp"

namespace margrave::core {

/// A 20-byte EVM address.
class Address {
  public:
    using Raw = std::array<std::uint8_t, 20>;

    constexpr Address() = default;
    constexpr explicit Address(const Raw& raw) : raw_(raw) {}

    /// "0x" and 40 hex digits. All lower or all upper case is taken as it is; mixed case must carry
    /// the right EIP-55 checksum. Throws InputError that quotes the text (shortened, control
    /// characters removed) and, for a wrong checksum, shows the right spelling.
    [[nodiscard]] static Address parse(std::string_view text);
    /// The same for a caller with its own error to throw: on failure what parse() would have said.
    [[nodiscard]] static Result<Address, std::string> try_parse(std::string_view text);

    [[nodiscard]] constexpr const Raw& raw() const { return raw_; }
    [[nodiscard]] constexpr bool is_zero() const { return raw_ == Raw{}; }
    /// The EIP-55 spelling.
    [[nodiscard]] std::string to_string() const;

    // clang-tidy 14 sees a 0 that the compiler compares with. NOLINTNEXTLINE(modernize-use-nullptr)
    friend constexpr auto operator<=>(const Address&, const Address&) = default;

  private:
    Raw raw_{};
};

/// An address with the chain its text names, if it names one.
struct ChainAddress {
    Address address;
    std::optional<std::string> chain_prefix;  ///< EIP-3770 short name, as in "eth:0x…"
    std::optional<ChainId> chain_id;          ///< CAIP-10 reference, as in "eip155:1:0x…"

    /// "0x…", "eth:0x…" or "eip155:1:0x…"; throws InputError.
    [[nodiscard]] static ChainAddress parse(std::string_view text);
};

}  // namespace margrave::core

template <>
struct std::hash<margrave::core::Address> {
    std::size_t operator()(const margrave::core::Address& address) const noexcept {
        // All 20 bytes count: precompiles differ only in the last, vanity addresses share the
        // first.
        std::uint64_t first = 0;
        std::uint64_t middle = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, address.raw().data(), sizeof(first));
        std::memcpy(&middle, address.raw().data() + 8, sizeof(middle));
        std::memcpy(&last, address.raw().data() + 16, sizeof(last));
        const std::uint64_t mixed = mix(mix(mix(first) ^ middle) ^ last);
        return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }

  private:
    /// A product moves bits up only; the shift brings the high ones down first.
    static constexpr std::uint64_t mix(std::uint64_t bits) {
        constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
        return (bits ^ (bits >> 32)) * kOdd;
    }
};
