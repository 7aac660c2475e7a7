#include "store/compress.hpp"

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/errors.hpp"

namespace margrave::store {
namespace {

constexpr std::size_t kHead = 8;  // the text's length, big end first
constexpr std::uint64_t kTextMax = std::uint64_t{1} << 30U;
constexpr unsigned kByte = 8;

}  // namespace

core::Bytes compress(std::string_view text) {
    uLongf size = ::compressBound(text.size());
    core::Bytes out(kHead + size);
    for (std::size_t i = 0; i < kHead; ++i) {
        out[i] = static_cast<std::uint8_t>(text.size() >> (kByte * (kHead - 1 - i)));
    }
    const int code =
        ::compress2(out.data() + kHead, &size, reinterpret_cast<const Bytef*>(text.data()),
                    text.size(), Z_BEST_SPEED);
    core::ensure(code == Z_OK, "there is memory to compress in");
    out.resize(kHead + size);
    return out;
}

std::string uncompress(std::span<const std::uint8_t> bytes) {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < kHead && i < bytes.size(); ++i) {
        length = length << kByte | bytes[i];
    }
    if (bytes.size() < kHead || length > kTextMax) {
        throw core::InputError("what is kept compressed is damaged");
    }
    std::string out(length, '\0');
    uLongf size = length;
    const auto body = bytes.subspan(kHead);
    const int code =
        ::uncompress(reinterpret_cast<Bytef*>(out.data()), &size, body.data(), body.size());
    if (code != Z_OK || size != length) {
        throw core::InputError("what is kept compressed is damaged");
    }
    return out;
}

}  // namespace margrave::store
