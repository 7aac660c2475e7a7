#pragma once

#include <cstddef>
#include <string>

#include "chains/abi.hpp"

/// Signed integers narrower than 256 bits; apart from chains/abi.hpp, because few contracts use
/// them.
namespace margrave::chains::abi {

/// int24, int128 …; `magnitude` is the absolute value.
template <unsigned Bits>
struct Int {
    static_assert(Bits % 8 == 0 && Bits >= 8 && Bits < 256);
    bool negative = false;
    core::U256 magnitude;
};

template <unsigned Bits>
struct Codec<Int<Bits>> {
    static constexpr bool kDynamic = false;
    static constexpr std::size_t kHeadSize = 32;
    static constexpr void name(Signature& out) {
        Signature unsigned_name;
        Codec<Uint<Bits>>::name(unsigned_name);
        out.append(unsigned_name.view().substr(1));  // without the "u"
    }
    static void encode(const Int<Bits>& number, Encoder& out) {
        Codec<Int256>::encode({.negative = number.negative, .magnitude = number.magnitude}, out);
    }
    static Int<Bits> decode(const Decoder& in, std::size_t at) {
        const Int256 wide = Codec<Int256>::decode(in, at);
        // The most negative number has one unit more than the most positive.
        const core::U256 limit = core::U256(1) << (Bits - 1);
        if (wide.magnitude > limit || (wide.magnitude == limit && !wide.negative)) {
            throw DecodeError("a value is wider than its " + std::to_string(Bits) + " bits");
        }
        return {.negative = wide.negative, .magnitude = wide.magnitude};
    }
};

}  // namespace margrave::chains::abi
