#include "core/keccak.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/hex.hpp"
#include "core/short_hash.hpp"

using namespace margrave::core;

namespace {

Hash hash_of(std::string_view text) {
    return keccak256(std::vector<std::uint8_t>(text.begin(), text.end()));
}

/// `N` bytes of which no two neighbours are alike, so that a misplaced byte shows.
template <std::size_t N>
struct Text {
    std::array<char, N> characters{};
    constexpr Text() {
        for (std::size_t i = 0; i < N; ++i) {
            characters[i] = static_cast<char>(i * 7 % 251);
        }
    }
    [[nodiscard]] constexpr std::string_view view() const { return {characters.data(), N}; }
};

template <std::size_t N>
void check_both_agree() {
    static constexpr Text<N> kText{};
    constexpr Hash kHash = keccak256_constant(kText.view());
    CAPTURE(N);
    CHECK(hash_of(kText.view()) == kHash);
}

}  // namespace

TEST_CASE("Keccak-256 gives Ethereum's known hashes", "[core][keccak]") {
    CHECK(to_hex(hash_of("")) ==
          "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(to_hex(hash_of("abc")) ==
          "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    CHECK(to_hex(hash_of("Transfer(address,address,uint256)")) ==
          "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

TEST_CASE("the compiler's Keccak-256 gives the same", "[core][keccak]") {
    constexpr Hash kEmpty = keccak256_constant("");
    constexpr Hash kAbc = keccak256_constant("abc");
    CHECK(to_hex(kEmpty) == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(to_hex(kAbc) == "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST_CASE("both agree around the length of a block", "[core][keccak]") {
    check_both_agree<1>();
    check_both_agree<7>();
    check_both_agree<8>();
    check_both_agree<134>();
    check_both_agree<135>();  // The first and the last bit of the padding share a byte.
    check_both_agree<136>();  // The padding is a block of its own.
    check_both_agree<137>();
    check_both_agree<271>();
    check_both_agree<272>();
    check_both_agree<273>();
}

TEST_CASE("a short hash is the beginning of the hash, in digits", "[core][keccak]") {
    CHECK(short_hash("") == "c5d2460186f7233c927e7db2dcc703c0");
    CHECK(short_hash("abc") == "4e03657aea45a94fc7d47ba826c8d667");
}

TEST_CASE("a selector is the first four bytes of the signature's hash", "[core][keccak]") {
    constexpr auto kBalanceOf = selector("balanceOf(address)");
    constexpr auto kTransfer = selector("transfer(address,uint256)");
    CHECK(to_hex(kBalanceOf) == "0x70a08231");
    CHECK(to_hex(kTransfer) == "0xa9059cbb");
}
