#include "chains/ens.hpp"

#include <catch2/catch.hpp>

#include "core/hex.hpp"

namespace margrave::chains::ens {
namespace {

TEST_CASE("names hash as ERC-137 says", "[ens]") {
    CHECK(core::to_hex(namehash("")) == "0x" + std::string(64, '0'));
    CHECK(core::to_hex(namehash("eth")) ==
          "0x93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae");
    CHECK(core::to_hex(namehash("foo.eth")) ==
          "0xde9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f");
}

TEST_CASE("plain names are those that no normaliser changes", "[ens]") {
    for (const char* name : {"vitalik.eth", "a-b.c1.eth", "_x.eth", "1.2"}) {
        CAPTURE(name);
        CHECK(is_plain_name(name));
    }
    for (const char* name : {"eth", "", ".", "a.", ".eth", "A.eth", "xn--a.eth", "a_b.eth",
                             "\xc3\xa4.eth", "a b.eth", "__.eth"}) {
        CAPTURE(name);
        CHECK_FALSE(is_plain_name(name));
    }
    CHECK_FALSE(is_plain_name(std::string(64, 'a') + ".eth"));
    CHECK_FALSE(is_plain_name("a." + std::string(300, 'b')));
}

}  // namespace
}  // namespace margrave::chains::ens
