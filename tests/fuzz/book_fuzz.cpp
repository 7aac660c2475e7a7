// An exported book and an account's bytes: nothing that a file may hold makes margrave crash, and
// what is accepted is written back as it means.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "store/book_text.hpp"
#include "store/kept_numbers.hpp"

namespace {

using margrave::store::BookFile;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// With the checksum that the body should have: without it nothing else would be looked at.
std::string with_checksum(std::span<const std::uint8_t> body) {
    return "margrave.book/1\nkeccak " + margrave::core::to_hex(margrave::core::keccak256(body)) +
           '\n' + std::string(body.begin(), body.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span input(data, size);
    if (const auto numbers = margrave::store::unpack(input)) {
        const auto packed = margrave::store::pack(*numbers);
        require(std::equal(packed.begin(), packed.end(), input.begin(), input.end()));
    }
    try {
        auto book = BookFile::in_memory();
        margrave::store::read_text(with_checksum(input), book);
        const std::string text = margrave::store::to_text(book);
        auto again = BookFile::in_memory();
        margrave::store::read_text(text, again);
        require(margrave::store::to_text(again) == text);
    } catch (const margrave::core::InputError&) {
        // Refused, as most are.
    }
    return 0;
}
