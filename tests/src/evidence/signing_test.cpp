#include "evidence/signing.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <new>

#include "core/hex.hpp"
#include "core/u256.hpp"
#include "evidence/eip712.hpp"
#include "tests/support/reporting_key.hpp"

namespace margrave::evidence {
namespace {

using core::Address;
using test::cow_key;
using test::fixed_entropy;

/// The message of the standard's example, from Cow to Bob.
core::Hash mail() {
    const auto person = [](std::string_view name, const char* wallet) {
        return struct_hash("Person(string name,address wallet)",
                           {string_word(name), address_word(Address::parse(wallet))});
    };
    return struct_hash(
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)",
        {person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"),
         person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"), string_word("Hello, Bob!")});
}

core::Hash mail_domain() {
    return struct_hash(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        {string_word("Ether Mail"), string_word("1"), uint_word(core::U256(1)),
         address_word(Address::parse("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"))});
}

Signature signature_of(const std::string& hex) {
    const auto bytes = core::parse_hex(hex);
    REQUIRE(bytes.has_value());
    Signature signature{};
    REQUIRE(bytes->size() == signature.size());
    std::copy(bytes->begin(), bytes->end(), signature.begin());
    return signature;
}

const std::string kR = "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d";
const std::string kS = "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562";

// Source: EIP-712, assets/eip-712/Example.js and Example.sol.
TEST_CASE("the standard's Mail is hashed as published", "[evidence][eip712]") {
    CHECK(core::to_hex(mail_domain()) ==
          "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f");
    CHECK(core::to_hex(mail()) ==
          "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e");
    CHECK(core::to_hex(typed_data_digest(mail_domain(), mail())) ==
          "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

// Source: the same. Nonces by RFC 6979 make it the only signature of this key.
TEST_CASE("the standard's Mail is signed as published", "[evidence][signing]") {
    const auto key = cow_key();
    CHECK(key->address().to_string() == "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
    const auto digest = typed_data_digest(mail_domain(), mail());
    CHECK(core::to_hex(key->sign(digest)) == kR + kS + "1c");
    const auto signer = recover(digest, signature_of(kR + kS + "1c"));
    REQUIRE(signer.has_value());
    CHECK(*signer == key->address());
}

TEST_CASE("another digest is somebody else's signature", "[evidence][signing]") {
    auto digest = typed_data_digest(mail_domain(), mail());
    digest[31] ^= 1;
    const auto signer = recover(digest, signature_of(kR + kS + "1c"));
    REQUIRE(signer.has_value());
    CHECK(*signer != cow_key()->address());
}

struct Bad {
    std::string signature;
    const char* why;
};

TEST_CASE("a signature has one spelling, and what is none says why",
          "[evidence][signing][errors]") {
    // The group's order less s, with the other v, verifies for a careless reader.
    const std::string high_s = "f8d666c92cfb3eac09bbc205fa0bf00eb2d7b3d4f8517d33c63c3b76ca7d2bdf";
    const std::string order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const std::string zero(64, '0');
    const auto bad =
        GENERATE_COPY(Bad{kR + high_s + "1b", "its s is in the upper half of the curve's order"},
                      Bad{kR + kS + "00", "its last byte, v, is neither 27 nor 28"},
                      Bad{kR + kS + "01", "its last byte, v, is neither 27 nor 28"},
                      Bad{kR + kS + "1d", "its last byte, v, is neither 27 nor 28"},
                      Bad{kR + kS + "1a", "its last byte, v, is neither 27 nor 28"},
                      Bad{"0x" + order + kS + "1b", "its r or s is beyond the curve's order"},
                      Bad{kR + order + "1b", "its r or s is beyond the curve's order"},
                      Bad{"0x" + zero + kS + "1b", "no key can have made it"},
                      Bad{kR + zero + "1b", "no key can have made it"});
    const auto signer =
        recover(typed_data_digest(mail_domain(), mail()), signature_of(bad.signature));
    REQUIRE_FALSE(signer.has_value());
    CHECK(signer.error() == bad.why);
}

TEST_CASE("zero and the group's order are no keys, their neighbours are", "[evidence][signing]") {
    SecretKey::Raw bytes{};
    CHECK_FALSE(SecretKey::is_key(bytes));
    bytes[31] = 1;
    CHECK(SecretKey::is_key(bytes));
    // Source: SEC 2, 2.4.1.
    const auto order =
        core::parse_hex("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    std::copy(order->begin(), order->end(), bytes.begin());
    CHECK_FALSE(SecretKey::is_key(bytes));
    --bytes[31];
    CHECK(SecretKey::is_key(bytes));
}

TEST_CASE("bytes that are no key are drawn again", "[evidence][signing]") {
    int draws = 0;
    const auto key = SecretKey::generate([&](std::span<std::uint8_t> bytes) {
        std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(draws == 0 ? 0 : 7));
        ++draws;
    });
    CHECK(key->raw()[0] == 7);
    CHECK(draws == 3);  // the third blinds
}

TEST_CASE("the system's entropy makes two different keys", "[evidence][signing]") {
    CHECK(SecretKey::generate(system_entropy())->address() !=
          SecretKey::generate(system_entropy())->address());
}

TEST_CASE("blinding changes no signature", "[evidence][signing]") {
    const auto digest = typed_data_digest(mail_domain(), mail());
    const SecretKey other(cow_key()->raw(), fixed_entropy(0xab));
    CHECK(other.sign(digest) == cow_key()->sign(digest));
}

TEST_CASE("a key that goes leaves nothing of its secret behind", "[evidence][signing]") {
    const auto secret = cow_key()->raw();
    alignas(SecretKey) std::array<std::uint8_t, sizeof(SecretKey)> room{};
    const auto holds_secret = [&] {
        return std::search(room.begin(), room.end(), secret.begin(), secret.end()) != room.end();
    };
    auto* key = new (room.data()) SecretKey(secret, fixed_entropy(1));
    CHECK(holds_secret());
    key->~SecretKey();
    CHECK_FALSE(holds_secret());
}

TEST_CASE("bytes are wiped", "[evidence][signing]") {
    SecretKey::Raw bytes{};
    bytes.fill(9);
    wipe(bytes);
    CHECK(bytes == SecretKey::Raw{});
}

}  // namespace
}  // namespace margrave::evidence
