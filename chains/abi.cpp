#include "chains/abi.hpp"

#include <algorithm>

namespace margrave::chains::abi {

void Encoder::word(const core::U256& value) {
    out_.resize(out_.size() + 32);
    core::to_big_endian(value, out_.data() + out_.size() - 32);
}

void Encoder::word(std::uint64_t value) {
    out_.resize(out_.size() + 32);
    for (std::size_t i = 0; i < 8; ++i) {
        out_[out_.size() - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

void Encoder::bytes_padded(std::span<const std::uint8_t> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    out_.resize(out_.size() + (32 - bytes.size() % 32) % 32);
}

std::span<const std::uint8_t> Decoder::bytes(std::size_t at, std::size_t count) const {
    if (at > data_.size() || count > data_.size() - at) {
        throw DecodeError("the data ends too early: " + std::to_string(data_.size()) + " bytes");
    }
    return data_.subspan(at, count);
}

std::span<const std::uint8_t> Decoder::content(std::size_t at) const {
    const std::size_t length = small(at);
    charge(length);
    return bytes(at + 32, length);
}

void Decoder::charge(std::size_t count) const {
    copied_ += count;
    if (copied_ > data_.size()) {
        throw DecodeError("its parts overlap");
    }
}

core::U256 Decoder::word(std::size_t at) const {
    return core::from_big_endian(bytes(at, 32).data());
}

core::U256 Decoder::word_of(std::size_t at, unsigned bits) const {
    const std::span<const std::uint8_t> raw = bytes(at, 32);
    core::U256 value = core::from_big_endian(raw.data());
    if (value != 0 && msb(value) >= bits) {
        throw DecodeError("a value is wider than its " + std::to_string(bits) + " bits");
    }
    return value;
}

std::size_t Decoder::small(std::size_t at) const {
    return static_cast<std::size_t>(word_of(at, 32));
}

void Codec<Int256>::encode(const Int256& number, Encoder& out) {
    // Two's complement: 2^256 - magnitude, as max - (magnitude - 1).
    const bool negative = number.negative && number.magnitude != 0;
    out.word(negative ? core::U256(core::max_u256() - (number.magnitude - 1)) : number.magnitude);
}

Int256 Codec<Int256>::decode(const Decoder& in, std::size_t at) {
    const core::U256 word = in.word(at);
    if (word == 0 || msb(word) < 255) {
        return {.negative = false, .magnitude = word};
    }
    const core::U256 complement = core::max_u256() - word;
    return {.negative = true, .magnitude = core::U256(complement + 1)};
}

void Codec<core::Address>::encode(const core::Address& address, Encoder& out) {
    out.out().resize(out.out().size() + 12);
    out.out().insert(out.out().end(), address.raw().begin(), address.raw().end());
}

core::Address Codec<core::Address>::decode(const Decoder& in, std::size_t at) {
    const std::span<const std::uint8_t> raw = in.bytes(at, 32);
    if (std::any_of(raw.begin(), raw.begin() + 12, [](std::uint8_t byte) { return byte != 0; })) {
        throw DecodeError("an address has bits set above its 160");
    }
    core::Address::Raw out{};
    std::copy(raw.begin() + 12, raw.end(), out.begin());
    return core::Address(out);
}

Bytes32 Codec<Bytes32>::decode(const Decoder& in, std::size_t at) {
    const std::span<const std::uint8_t> raw = in.bytes(at, 32);
    Bytes32 out{};
    std::copy(raw.begin(), raw.end(), out.begin());
    return out;
}

void Codec<core::Bytes>::encode(const core::Bytes& bytes, Encoder& out) {
    out.word(std::uint64_t{bytes.size()});
    out.bytes_padded(bytes);
}

core::Bytes Codec<core::Bytes>::decode(const Decoder& in, std::size_t at) {
    const std::span<const std::uint8_t> content = in.content(at);
    return {content.begin(), content.end()};
}

void Codec<std::string>::encode(const std::string& text, Encoder& out) {
    Codec<core::Bytes>::encode(core::Bytes(text.begin(), text.end()), out);
}

std::string Codec<std::string>::decode(const Decoder& in, std::size_t at) {
    const std::span<const std::uint8_t> content = in.content(at);
    return {content.begin(), content.end()};
}

}  // namespace margrave::chains::abi
