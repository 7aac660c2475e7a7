#include "chains/evm/gunzip.hpp"

#include <zlib.h>

#include <array>

#include "core/errors.hpp"

namespace margrave::chains::evm {

struct Gunzip::Stream {
    z_stream z{};
};

Gunzip::Gunzip(std::size_t decoded_bytes_max)
    : stream_(std::make_unique<Stream>()), decoded_bytes_max_(decoded_bytes_max) {
    constexpr int kGzipOnly = 16;  // added to the window size; zlib.h, inflateInit2
    core::ensure(inflateInit2(&stream_->z, MAX_WBITS + kGzipOnly) == Z_OK,
                 "zlib accepts its own constants");
}

Gunzip::~Gunzip() { inflateEnd(&stream_->z); }

Gunzip::State Gunzip::feed(std::string_view bytes, std::string& out) {
    if (state_ == State::Finished && !bytes.empty()) {
        state_ = State::Broken;
    }
    std::array<char, std::size_t{16} << 10U> chunk{};
    z_stream& z = stream_->z;
    // zlib never writes through next_in; its type lacks the const.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    // A full chunk may mean that more is waiting inside zlib, even with no input left.
    bool more = !bytes.empty();
    while (state_ == State::Running && more) {
        z.next_out = reinterpret_cast<Bytef*>(chunk.data());
        z.avail_out = static_cast<uInt>(chunk.size());
        const int status = inflate(&z, Z_NO_FLUSH);
        const std::size_t decoded = chunk.size() - z.avail_out;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
            state_ = State::Broken;
        } else if (decoded > decoded_bytes_max_ - out.size()) {
            state_ = State::TooLarge;
        } else {
            out.append(chunk.data(), decoded);
            more = z.avail_in > 0 || z.avail_out == 0;
            if (status == Z_STREAM_END) {
                state_ = z.avail_in == 0 ? State::Finished : State::Broken;
            }
        }
    }
    return state_;
}

}  // namespace margrave::chains::evm
