#include "chains/abi.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "core/address.hpp"
#include "core/hex.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains::abi;
using core::Address;
using core::Bytes;
using core::U256;

namespace {

using Call3 = std::tuple<Address, bool, Bytes>;
using Result3 = std::tuple<bool, Bytes>;
using Aggregate3 = Function<"aggregate3", std::vector<Result3>(std::vector<Call3>)>;

// The examples of the Solidity ABI specification that need only types we have.
using Baz = Function<"baz", bool(std::uint32_t, bool)>;
using Sam = Function<"sam", U256(Bytes, bool, std::vector<U256>)>;
using G = Function<"g", U256(std::vector<std::vector<U256>>, std::vector<std::string>)>;

std::string words(const std::vector<std::string>& hex_words) {
    std::string out;
    for (const std::string& word : hex_words) {
        out += std::string(64 - word.size(), '0') + word;
    }
    return out;
}

/// A word of text, padded on the right.
std::string left(const std::string& hex) { return hex + std::string(64 - hex.size(), '0'); }

Bytes bytes(const std::string& hex) { return core::parse_hex("0x" + hex).value(); }

std::string hex(const Bytes& data) { return core::to_hex(data).substr(2); }

std::string selector(const std::array<std::uint8_t, 4>& raw) { return core::to_hex(raw).substr(2); }

template <class T>
T decode(const Bytes& data) {
    return Codec<T>::decode(Decoder(data), 0);
}

}  // namespace

TEST_CASE("selectors are those of the contracts", "[abi][vectors]") {
    CHECK(selector(chains::erc20::BalanceOf::kSelector) == "70a08231");
    CHECK(selector(chains::erc20::Decimals::kSelector) == "313ce567");
    CHECK(selector(chains::erc20::Symbol::kSelector) == "95d89b41");
    CHECK(selector(chains::evm::oracles::LatestRoundData::kSelector) == "feaf968c");
    CHECK(selector(Aggregate3::kSelector) == "82ad56cb");
    CHECK(selector(Baz::kSelector) == "cdcd77c0");
    CHECK(selector(Sam::kSelector) == "a5643bf2");
    CHECK(selector(G::kSelector) == "2289b18c");
    CHECK(Aggregate3::kSignature.view() == "aggregate3((address,bool,bytes)[])");
    CHECK(G::kSignature.view() == "g(uint256[][],string[])");
    using Widths =
        Function<"w", bool(std::uint8_t, std::uint16_t, std::uint64_t, Uint<24>, Uint<40>,
                           Uint<104>, Uint<248>, Int256, Bytes32, std::tuple<>)>;
    CHECK(Widths::kSignature.view() ==
          "w(uint8,uint16,uint64,uint24,uint40,uint104,uint248,int256,bytes32,())");
}

TEST_CASE("calls are encoded as the specification's examples", "[abi][vectors]") {
    CHECK(hex(Baz::encode(69, true)) == "cdcd77c0" + words({"45", "1"}));
    CHECK(hex(Sam::encode(Bytes{'d', 'a', 'v', 'e'}, true, {1, 2, 3})) ==
          "a5643bf2" + words({"60", "1", "a0", "4"}) + left("64617665") +
              words({"3", "1", "2", "3"}));
    CHECK(hex(G::encode({{1, 2}, {3}}, {"one", "two", "three"})) ==
          "2289b18c" +
              words({"40", "140", "2", "40", "a0", "2", "1", "2", "1", "3", "3", "60", "a0", "e0",
                     "3"}) +
              left("6f6e65") + words({"3"}) + left("74776f") + words({"5"}) + left("7468726565"));
}

TEST_CASE("an aggregate of one call is laid out as worked by hand", "[abi][vectors]") {
    const Address to = Address::parse("0x1111111111111111111111111111111111111111");
    const std::string call =
        words({"20",                                             // the array
               "1",                                              // its length
               "20",                                             // its first tuple
               "1111111111111111111111111111111111111111", "1",  // target, allowFailure
               "60", "4"}) +                                     // calldata: offset, length
        left("aabbccdd");
    CHECK(hex(Aggregate3::encode({{to, true, {0xaa, 0xbb, 0xcc, 0xdd}}})) == "82ad56cb" + call);
    // Two results: (true, 32 bytes) and (false, nothing).
    const Bytes reply =
        bytes(words({"20", "2", "40", "c0", "1", "40", "20", "2a", "0", "40", "0"}));
    const auto results = Aggregate3::decode(reply);
    REQUIRE(results.size() == 2);
    CHECK(std::get<bool>(results[0]));
    CHECK(hex(std::get<Bytes>(results[0])) == words({"2a"}));
    CHECK_FALSE(std::get<bool>(results[1]));
    CHECK(std::get<Bytes>(results[1]).empty());
    CHECK(hex(test::abi_result(std::tuple(results))) == hex(reply));
}

TEST_CASE("static structs stand in place, dynamic ones behind an offset", "[abi][vectors]") {
    using Flat = Function<"flat", std::tuple<std::tuple<U256, bool>, Address>()>;
    const auto flat = Flat::decode(bytes(words({"7", "1", "ff"})));
    CHECK(std::get<0>(std::get<0>(flat)) == 7);
    CHECK(std::get<1>(flat) == test::address(0xff));

    using Nested = Function<"nested", std::tuple<std::tuple<std::uint16_t, std::string>,
                                                 std::vector<std::tuple<std::string>>>()>;
    const auto nested = Nested::decode(bytes(words({"40", "c0",  // the struct, the array
                                                    "9", "40", "2"}) +
                                             left("6869") +  // 9, "hi"
                                             words({"1", "20", "20", "1"}) + left("21")));
    CHECK(std::get<0>(std::get<0>(nested)) == 9);
    CHECK(std::get<1>(std::get<0>(nested)) == "hi");
    REQUIRE(std::get<1>(nested).size() == 1);
    CHECK(std::get<0>(std::get<1>(nested)[0]) == "!");
}

TEST_CASE("a signed number is two's complement", "[abi][vectors]") {
    struct Vector {
        std::string word;
        bool negative;
        std::string magnitude;
    };
    const auto want = GENERATE(values<Vector>({
        {std::string(64, '0'), false, "0"},
        {std::string(63, '0') + "1", false, "1"},
        {std::string(64, 'f'), true, "1"},
        {std::string(63, 'f') + "e", true, "2"},
        // 2^255 - 1 and -2^255
        {"7" + std::string(63, 'f'), false,
         "57896044618658097711785492504343953926634992332820282019728792003956564819967"},
        {"8" + std::string(63, '0'), true,
         "57896044618658097711785492504343953926634992332820282019728792003956564819968"},
    }));
    const auto got = decode<Int256>(bytes(want.word));
    CHECK(got.negative == want.negative);
    CHECK(core::to_decimal(got.magnitude) == want.magnitude);
    CHECK(hex(test::abi_result(got)) == want.word);
}

TEST_CASE("zero has no sign", "[abi]") {
    CHECK(hex(test::abi_result(Int256{.negative = true, .magnitude = 0})) == std::string(64, '0'));
}

TEST_CASE("a value wider than its type is refused, one that fills it is not", "[abi][hostile]") {
    CHECK(decode<bool>(bytes(words({"1"}))));
    CHECK_THROWS_AS(decode<bool>(bytes(words({"2"}))), DecodeError);
    CHECK_THROWS_AS(decode<bool>(bytes("01" + std::string(62, '0'))), DecodeError);
    CHECK(decode<std::uint8_t>(bytes(words({"ff"}))) == 255);
    CHECK_THROWS_AS(decode<std::uint8_t>(bytes(words({"100"}))), DecodeError);
    CHECK(decode<std::uint64_t>(bytes(words({std::string(16, 'f')}))) == 0xffffffffffffffff);
    CHECK_THROWS_AS(decode<std::uint64_t>(bytes(words({"1" + std::string(16, '0')}))), DecodeError);
    CHECK(decode<Uint<40>>(bytes(words({"ffffffffff"}))).value == 0xffffffffff);
    CHECK_THROWS_AS(decode<Uint<40>>(bytes(words({"10000000000"}))), DecodeError);
    CHECK_NOTHROW(decode<Uint<128>>(bytes(words({std::string(32, 'f')}))));
    CHECK_THROWS_AS(decode<Uint<128>>(bytes(words({"1" + std::string(32, '0')}))), DecodeError);
    CHECK_NOTHROW(decode<Address>(bytes(words({std::string(40, 'f')}))));
    CHECK_THROWS_AS(decode<Address>(bytes(words({"1" + std::string(40, '0')}))), DecodeError);
    CHECK_THROWS_AS(decode<Address>(bytes("80" + std::string(62, '0'))), DecodeError);
    CHECK(decode<U256>(bytes(std::string(64, 'f'))) == core::max_u256());
}

TEST_CASE("no data is no result", "[abi][hostile]") {
    CHECK_THROWS_AS(Baz::decode(Bytes{}), DecodeError);
    CHECK_THROWS_AS(Sam::decode(Bytes(31)), DecodeError);
    CHECK_THROWS_AS(Aggregate3::decode(Bytes{}), DecodeError);
    CHECK(Function<"raw", Raw()>::decode(Bytes{}).data.empty());
}

TEST_CASE("bytes behind the result are let pass", "[abi]") {
    CHECK(Sam::decode(bytes(words({"5", "deadbeef"}) + "99")) == 5);
}

TEST_CASE("offsets and lengths that lead outside are refused", "[abi][hostile]") {
    using Text = Function<"text", std::string()>;
    using List = Function<"list", std::vector<U256>()>;
    const std::vector<std::string> heads{
        words({"40"}),                            // nothing there
        words({"20"}),                            // no length
        words({"21", "1"}),                       // half a word short
        words({"20", "1"}),                       // no content
        words({"20", "ffffffff"}),                // the largest that is looked at
        words({"20", "100000000"}),               // over 32 bits
        words({"20", std::string(64, 'f')}),      // 2^256 - 1
        words({"ffffffff", "1", "1"}),            // an offset far away
        words({std::string(64, 'f'), "1", "1"}),  // a negative one, as it were
        words({"7fffffffffffffe0", "1", "1"}),    // to wrap 64 bits
        words({"20", "2", "1"}),                  // one element of two
    };
    for (const std::string& head : heads) {
        CAPTURE(head);
        CHECK_THROWS_AS(List::decode(bytes(head)), DecodeError);
        if (head != words({"20", "2", "1"})) {  // two bytes of text are there
            CHECK_THROWS_AS(Text::decode(bytes(head)), DecodeError);
        }
    }
}

TEST_CASE("an offset to itself ends", "[abi][hostile]") {
    using Deep = Function<"deep", std::vector<std::vector<std::vector<std::vector<U256>>>>()>;
    // Offsets are not negative, so only an offset of 0 can lead to itself, and as a length that is
    // 0 again.
    CHECK(Deep::decode(bytes(words({"0"}))).empty());
    const auto one = Deep::decode(bytes(words({"20", "1", "0"})));
    REQUIRE(one.size() == 1);
    CHECK(one[0].empty());
    // A length of 32 read from the word that is also the offset: 32 heads are not there.
    CHECK_THROWS_AS(Deep::decode(bytes(words({"20", "20"}))), DecodeError);
    CHECK_THROWS_AS(Deep::decode(bytes(words({"20", "1", "20", "20"}))), DecodeError);
}

TEST_CASE("many offsets to one large part are refused", "[abi][hostile]") {
    // 1000 results whose bytes all are the same 64,000: 64 MB out of 100 kB.
    constexpr std::uint64_t kCount = 1000;
    Encoder out;
    out.word(std::uint64_t{32});
    out.word(kCount);
    for (std::uint64_t i = 0; i < kCount; ++i) {
        out.word(32 * kCount);  // the tuple behind the heads
    }
    out.word(std::uint64_t{1});
    out.word(std::uint64_t{64});
    out.word(std::uint64_t{64'000});
    out.out().resize(out.out().size() + 64'000);
    CHECK_THROWS_AS(Aggregate3::decode(out.out()), DecodeError);
}

TEST_CASE("overlapping arrays cannot multiply", "[abi][hostile]") {
    // Every element of every level is the same array of 200: 200^3 numbers out of 200 words.
    using Deep = Function<"deep", std::vector<std::vector<std::vector<U256>>>()>;
    Encoder out;
    out.word(std::uint64_t{32});
    out.word(std::uint64_t{200});
    for (int i = 0; i < 400; ++i) {
        out.word(std::uint64_t{0});
    }
    // Offset 0 counts from behind the length: the zeros are an empty array, so it is honest but for
    // overlaps.
    CHECK(Deep::decode(out.out()).size() == 200);
    Bytes data = out.out();
    for (std::size_t i = 2; i < 202; ++i) {
        core::to_big_endian(U256(200 * 32), data.data() + i * 32);
    }
    core::to_big_endian(U256(150), data.data() + 202 * 32);
    CHECK_THROWS_AS(Deep::decode(data), DecodeError);
}

TEST_CASE("every truncation of an encoding is refused", "[abi][hostile]") {
    using Result =
        std::tuple<std::vector<std::vector<U256>>, std::string, std::vector<Call3>, bool>;
    using F = Function<"f", Result()>;
    // Contents of whole words, so that the last byte belongs to something.
    const Result value{
        {{1, 2}, {}, {3}},
        std::string(32, 'x'),
        {{test::address(1), true, Bytes(64, 7)}, {test::address(2), false, Bytes(32, 9)}},
        true};
    const Bytes whole = test::abi_result(value);
    CHECK(F::decode(whole) == value);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        REQUIRE_THROWS_AS(F::decode(cut), DecodeError);
    }
}

TEST_CASE("the padding behind a text may be missing or dirty, the text may not", "[abi]") {
    using Text = Function<"text", std::string()>;
    const Bytes whole = bytes(words({"20", "4"}) + left("64617665"));
    for (std::size_t size = 64; size <= whole.size(); ++size) {
        CAPTURE(size);
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        if (size >= 68) {
            CHECK(Text::decode(cut) == "dave");
        } else {
            CHECK_THROWS_AS(Text::decode(cut), DecodeError);
        }
    }
    CHECK(Text::decode(bytes(words({"20", "4"}) + "64617665" + std::string(56, 'f'))) == "dave");
}

TEST_CASE("what is encoded decodes to itself", "[abi][property]") {
    using Value =
        std::tuple<U256, std::vector<Call3>, std::string, bool, std::vector<std::vector<U256>>,
                   std::tuple<std::uint16_t, Address>, Bytes32, std::vector<std::uint64_t>>;
    using F = Function<"f", Value()>;
    std::mt19937_64 dice(20'240'601);
    const auto below = [&](std::uint64_t n) { return dice() % n; };
    const auto some_bytes = [&](std::size_t count) {
        Bytes out(count);
        for (auto& byte : out) {
            byte = static_cast<std::uint8_t>(dice());
        }
        return out;
    };
    const auto some_number = [&] {
        return core::from_big_endian(some_bytes(32).data()) >> below(256);
    };
    const auto some_address = [&] {
        Address::Raw raw{};
        const Bytes data = some_bytes(20);
        std::copy(data.begin(), data.end(), raw.begin());
        return Address(raw);
    };
    for (int i = 0; i < 200; ++i) {
        Value value;
        std::get<0>(value) = some_number();
        for (std::uint64_t n = below(4); n > 0; --n) {
            std::get<1>(value).emplace_back(some_address(), below(2) == 1, some_bytes(below(70)));
        }
        const Bytes text = some_bytes(below(70));
        std::get<2>(value).assign(text.begin(), text.end());
        std::get<3>(value) = below(2) == 1;
        for (std::uint64_t n = below(4); n > 0; --n) {
            std::get<4>(value).emplace_back(below(3), some_number());
        }
        std::get<5>(value) = {static_cast<std::uint16_t>(dice()), some_address()};
        const Bytes word = some_bytes(32);
        std::copy(word.begin(), word.end(), std::get<6>(value).begin());
        std::get<7>(value).assign(below(5), dice());
        const Bytes data = test::abi_result(value);
        REQUIRE(data.size() % 32 == 0);
        REQUIRE(F::decode(data) == value);
    }
}

TEST_CASE("flipping any bit of an encoding never does worse than be refused", "[abi][hostile]") {
    const std::vector<Result3> results{{true, Bytes(40, 1)}, {false, {}}, {true, Bytes(1, 2)}};
    const Bytes whole = test::abi_result(std::tuple(results));
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        Bytes dirty = whole;
        dirty[bit / 8] = static_cast<std::uint8_t>(dirty[bit / 8] ^ (1U << (bit % 8)));
        try {
            const auto read = Aggregate3::decode(dirty);
            REQUIRE(read.size() <= whole.size() / 32);
        } catch (const DecodeError&) {
            ++refused;
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("a symbol is a string or 32 bytes, made printable", "[abi][erc20]") {
    using chains::erc20::decode_symbol;
    CHECK(decode_symbol(bytes(words({"20", "4"}) + left("55534443"))) == "USDC");
    CHECK(decode_symbol(bytes(left("4d4b52"))) == "MKR");
    CHECK(decode_symbol(bytes(std::string(64, '4'))) == std::string(32, 'D'));
    CHECK(decode_symbol(bytes(std::string(64, '0'))).empty());
    CHECK(decode_symbol({}).empty());
    CHECK(decode_symbol(bytes("00")).empty());
    CHECK(decode_symbol(bytes(words({"20", "ffffffff"}))).empty());
    CHECK(decode_symbol(bytes(words({"20", "0"}))).empty());
    CHECK(decode_symbol(bytes(words({"20", "3"}) + left("410a42"))) == "A?B");
    CHECK(decode_symbol(bytes(words({"20", "40"}) + std::string(128, '5'))).size() <= 35);
}
