#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"

/// The contract ABI of Ethereum as C++ types: a function is a type whose arguments and result say
/// their ABI types, so its selector is computed by the compiler and cannot disagree with what is
/// encoded.
namespace margrave::chains::abi {

/// uint40, uint128 …; widths up to 64 with a C++ integer of that width use that.
template <unsigned Bits>
struct Uint {
    static_assert(Bits % 8 == 0 && Bits >= 8 && Bits < 256);
    core::U256 value;
};

/// int256. `magnitude` is the absolute value.
struct Int256 {
    bool negative = false;
    core::U256 magnitude;
};

using Bytes32 = std::array<std::uint8_t, 32>;

/// A result taken as it came, for functions of which contracts disagree about the type (symbol:
/// string or bytes32).
struct Raw {
    core::Bytes data;
};

/// Thrown by decoding alone, turned into a core::ChainError where the contract and function are
/// known.
class DecodeError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A text of known size at compile time, to be a template argument and to build signatures from.
template <std::size_t N>
struct Text {
    // NOLINTNEXTLINE(google-explicit-constructor, modernize-avoid-c-arrays): takes string literals
    constexpr Text(const char (&literal)[N]) {
        for (std::size_t i = 0; i < N; ++i) {
            chars[i] = literal[i];
        }
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars.data(), N - 1}; }
    std::array<char, N> chars{};
};

/// A canonical signature under construction.
struct Signature {
    constexpr void append(std::string_view text) {
        for (const char c : text) {
            chars[size++] = c;
        }
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars.data(), size}; }
    std::array<char, 512> chars{};
    std::size_t size = 0;
};

/// Bytes of an encoding: the heads of one tuple, then the tails its dynamic members went to.
class Encoder {
  public:
    void word(const core::U256& value);
    void word(std::uint64_t value);
    void bytes_padded(std::span<const std::uint8_t> bytes);
    [[nodiscard]] core::Bytes& out() { return out_; }

  private:
    core::Bytes out_;
};

/// Hostile bytes being read. Every offset, length and count is checked against what is there before
/// it is used or anything is allocated; padding bits that should be zero must be. Throws
/// DecodeError.
class Decoder {
  public:
    explicit Decoder(std::span<const std::uint8_t> data) : data_(data) {}

    [[nodiscard]] core::U256 word(std::size_t at) const;
    /// A word that must fit in `bits` bits.
    [[nodiscard]] core::U256 word_of(std::size_t at, unsigned bits) const;
    /// An offset or count: a word of at most 32 bits.
    [[nodiscard]] std::size_t small(std::size_t at) const;
    [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t at, std::size_t count) const;
    /// The content of a `bytes` or `string` whose length stands at `at`.
    [[nodiscard]] std::span<const std::uint8_t> content(std::size_t at) const;
    /// Counts `count` bytes as copied. Parts of an honest encoding never overlap, so what is copied
    /// never exceeds what is there; without this, a small reply of many offsets to one large part
    /// would fill the memory.
    void charge(std::size_t count) const;

  private:
    std::span<const std::uint8_t> data_;
    mutable std::size_t copied_ = 0;
};

/// How a C++ type is an ABI type: its canonical name, whether it is dynamic, the bytes of its head,
/// and its two directions. decode() reads the value whose head (static) or content (dynamic) starts
/// at `at`.
template <class T>
struct Codec;

namespace detail {

template <class T, unsigned Bits>
struct UnsignedCodec {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) {
        out.append("uint");
        if (Bits >= 100) {
            const char digit = static_cast<char>('0' + Bits / 100);
            out.append({&digit, 1});
        }
        if (Bits >= 10) {
            const char digit = static_cast<char>('0' + Bits / 10 % 10);
            out.append({&digit, 1});
        }
        const char digit = static_cast<char>('0' + Bits % 10);
        out.append({&digit, 1});
    }
};

template <class T>
struct NativeUnsignedCodec : UnsignedCodec<T, sizeof(T) * 8> {
    static void encode(const T& value, Encoder& out) { out.word(std::uint64_t{value}); }
    static T decode(const Decoder& in, std::size_t at) {
        return static_cast<T>(in.word_of(at, sizeof(T) * 8));
    }
};

/// Encodes a sequence of values as a tuple's content: heads first, then the tails of dynamic ones.
template <class... Ts>
void encode_members(Encoder& out, const Ts&... values);

/// Decodes the member whose head stands at `head`; offsets of dynamic ones count from `base`.
template <class T>
T decode_member(const Decoder& in, std::size_t base, std::size_t head) {
    if constexpr (Codec<T>::kDynamic) {
        return Codec<T>::decode(in, base + in.small(head));
    } else {
        return Codec<T>::decode(in, head);
    }
}

template <class T>
constexpr std::size_t head_size() {
    return Codec<T>::kDynamic ? 32 : Codec<T>::kHeadSize;
}

}  // namespace detail

template <>
struct Codec<std::uint8_t> : detail::NativeUnsignedCodec<std::uint8_t> {};
template <>
struct Codec<std::uint16_t> : detail::NativeUnsignedCodec<std::uint16_t> {};
template <>
struct Codec<std::uint32_t> : detail::NativeUnsignedCodec<std::uint32_t> {};
template <>
struct Codec<std::uint64_t> : detail::NativeUnsignedCodec<std::uint64_t> {};

template <>
struct Codec<core::U256> : detail::UnsignedCodec<core::U256, 256> {
    static void encode(const core::U256& value, Encoder& out) { out.word(value); }
    static core::U256 decode(const Decoder& in, std::size_t at) { return in.word(at); }
};

template <unsigned Bits>
struct Codec<Uint<Bits>> : detail::UnsignedCodec<Uint<Bits>, Bits> {
    static void encode(const Uint<Bits>& number, Encoder& out) { out.word(number.value); }
    static Uint<Bits> decode(const Decoder& in, std::size_t at) { return {in.word_of(at, Bits)}; }
};

template <>
struct Codec<Int256> {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("int256"); }
    static void encode(const Int256& number, Encoder& out);
    static Int256 decode(const Decoder& in, std::size_t at);
};

template <>
struct Codec<bool> {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("bool"); }
    static void encode(bool flag, Encoder& out) { out.word(std::uint64_t{flag ? 1U : 0U}); }
    static bool decode(const Decoder& in, std::size_t at) { return in.word_of(at, 1) == 1; }
};

template <>
struct Codec<core::Address> {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("address"); }
    static void encode(const core::Address& address, Encoder& out);
    static core::Address decode(const Decoder& in, std::size_t at);
};

template <>
struct Codec<Bytes32> {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("bytes32"); }
    static void encode(const Bytes32& bytes, Encoder& out) { out.bytes_padded(bytes); }
    static Bytes32 decode(const Decoder& in, std::size_t at);
};

template <>
struct Codec<core::Bytes> {
    static constexpr bool kDynamic = true;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("bytes"); }
    static void encode(const core::Bytes& bytes, Encoder& out);
    static core::Bytes decode(const Decoder& in, std::size_t at);
};

template <>
struct Codec<std::string> {
    static constexpr bool kDynamic = true;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) { out.append("string"); }
    static void encode(const std::string& text, Encoder& out);
    /// The bytes as they are: not necessarily UTF-8.
    static std::string decode(const Decoder& in, std::size_t at);
};

template <class T>
struct Codec<std::vector<T>> {
    static constexpr bool kDynamic = true;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) {
        Codec<T>::name(out);
        out.append("[]");
    }
    static void encode(const std::vector<T>& items, Encoder& out) {
        out.word(std::uint64_t{items.size()});
        const std::size_t base = out.out().size();
        if constexpr (Codec<T>::kDynamic) {
            out.out().resize(base + 32 * items.size());
        }
        std::size_t index = 0;
        for (const T& item : items) {
            if constexpr (Codec<T>::kDynamic) {
                core::to_big_endian(core::U256(out.out().size() - base),
                                    out.out().data() + base + 32 * index++);
            }
            Codec<T>::encode(item, out);
        }
    }
    static std::vector<T> decode(const Decoder& in, std::size_t at) {
        const std::size_t count = in.small(at);
        const std::size_t base = at + 32;
        // The heads must be there before anything is allocated for them.
        static_cast<void>(in.bytes(base, count * detail::head_size<T>()));
        in.charge(count * detail::head_size<T>());
        std::vector<T> items;
        items.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            items.push_back(detail::decode_member<T>(in, base, base + i * detail::head_size<T>()));
        }
        return items;
    }
};

template <class... Ts>
struct Codec<std::tuple<Ts...>> {
    static constexpr bool kDynamic = (Codec<Ts>::kDynamic || ...);
    static constexpr std::size_t kHeadSize = (detail::head_size<Ts>() + ... + 0);
    static constexpr void name(Signature& out) {
        out.append("(");
        bool first = true;
        ((first ? void() : out.append(","), first = false, Codec<Ts>::name(out)), ...);
        out.append(")");
    }
    static void encode(const std::tuple<Ts...>& members, Encoder& out) {
        std::apply([&](const Ts&... values) { detail::encode_members(out, values...); }, members);
    }
    static std::tuple<Ts...> decode(const Decoder& in, std::size_t at) {
        std::size_t head = at;
        [[maybe_unused]] const auto next = [&]<class T>(std::type_identity<T> /*type*/) {
            const std::size_t mine = head;
            head += detail::head_size<T>();
            return detail::decode_member<T>(in, at, mine);
        };
        return std::tuple<Ts...>{next(std::type_identity<Ts>{})...};
    }
};

namespace detail {

template <class... Ts>
void encode_members(Encoder& out, const Ts&... values) {
    const std::size_t base = out.out().size();
    if constexpr (!(Codec<Ts>::kDynamic || ...)) {
        (Codec<Ts>::encode(values, out), ...);
        return;
    }
    [[maybe_unused]] std::size_t head = base;
    out.out().resize(base + (head_size<Ts>() + ... + 0));
    [[maybe_unused]] const auto place = [&]<class T>(const T& value) {
        if constexpr (Codec<T>::kDynamic) {
            core::to_big_endian(core::U256(out.out().size() - base), out.out().data() + head);
            Codec<T>::encode(value, out);
        } else {
            Encoder one;
            Codec<T>::encode(value, one);
            std::copy(one.out().begin(), one.out().end(),
                      out.out().begin() + static_cast<std::ptrdiff_t>(head));
        }
        head += head_size<T>();
    };
    (place(values), ...);
}

/// Outside of Function, whose own members are no constants yet where its constants are initialised.
template <Text Name, class... Args>
[[nodiscard]] consteval Signature function_signature() {
    Signature out;
    out.append(Name.view());
    Codec<std::tuple<Args...>>::name(out);
    return out;
}

template <Text Name, class... Args>
[[nodiscard]] consteval std::array<std::uint8_t, 4> function_selector() {
    const Signature signature = function_signature<Name, Args...>();
    return core::selector(signature.view());
}

}  // namespace detail

/// A contract's function, as in Function<"balanceOf", core::U256(core::Address)>. Several results,
/// or a struct that is not dynamic, are a std::tuple; a dynamic struct is a tuple in a tuple.
template <Text Name, class Type>
class Function;

template <Text Name, class Return, class... Args>
class Function<Name, Return(Args...)> {
  public:
    using Result = Return;

    static constexpr Signature kSignature = detail::function_signature<Name, Args...>();
    static constexpr std::array<std::uint8_t, 4> kSelector =
        detail::function_selector<Name, Args...>();

    [[nodiscard]] static std::string_view name() { return Name.view(); }

    /// Selector and arguments.
    [[nodiscard]] static core::Bytes encode(const Args&... args) {
        Encoder out;
        out.out().reserve(kSelector.size() + (detail::head_size<Args>() + ... + 0));
        out.out().assign(kSelector.begin(), kSelector.end());
        detail::encode_members(out, args...);
        return std::move(out.out());
    }

    /// Throws DecodeError unless `data` begins with the whole result; more bytes behind it are let
    /// pass.
    [[nodiscard]] static Return decode(std::span<const std::uint8_t> data) {
        const Decoder in(data);
        if constexpr (std::is_same_v<Return, Raw>) {
            return {{data.begin(), data.end()}};
        } else if constexpr (IsTuple<Return>::value) {
            return Codec<Return>::decode(in, 0);
        } else {
            return detail::decode_member<Return>(in, 0, 0);
        }
    }

  private:
    template <class T>
    struct IsTuple : std::false_type {};
    template <class... Ts>
    struct IsTuple<std::tuple<Ts...>> : std::true_type {};
};

}  // namespace margrave::chains::abi
