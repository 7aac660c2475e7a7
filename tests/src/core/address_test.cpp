#include "core/address.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/errors.hpp"

using namespace margrave::core;
using Catch::Matchers::Contains;
using Catch::Matchers::Message;

namespace {

const std::string kSpelled = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// The error's text, or "" when `parse` takes the text.
template <class Parse>
std::string refusal(Parse parse, std::string_view text) {
    try {
        (void)parse(text);
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

std::string address_refusal(std::string_view text) { return refusal(&Address::parse, text); }
std::string chain_refusal(std::string_view text) { return refusal(&ChainAddress::parse, text); }

std::string changed_case(std::string text, bool upper) {
    for (std::size_t i = 2; i < text.size(); ++i) {
        const char from = upper ? 'a' : 'A';
        if (text[i] >= from && text[i] <= from + 5) {
            text[i] = static_cast<char>(upper ? text[i] - 32 : text[i] + 32);
        }
    }
    return text;
}

}  // namespace

TEST_CASE("the examples of EIP-55 are spelled and read as the standard says", "[core][address]") {
    const std::string text = GENERATE(
        as<std::string>{},
        // all upper case by their checksum
        "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        // all lower case by their checksum
        "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
        // mixed
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb");
    CHECK(Address::parse(text).to_string() == text);
}

TEST_CASE("an address all in lower or all in upper case is taken as it is", "[core][address]") {
    CHECK(Address::parse(changed_case(kSpelled, false)).to_string() == kSpelled);
    CHECK(Address::parse(changed_case(kSpelled, true)).to_string() == kSpelled);
}

TEST_CASE("an address without letters has no case to check", "[core][address]") {
    const std::string text = "0x0000000000000000000000000000000000000001";
    CHECK(Address::parse(text).to_string() == text);
    CHECK_FALSE(Address::parse(text).is_zero());
    CHECK(Address::parse("0x" + std::string(40, '0')).is_zero());
    CHECK(Address().is_zero());
}

TEST_CASE("a wrong checksum is refused and the right spelling shown", "[core][address]") {
    std::string text = kSpelled;
    text[3] = 'A';
    text[4] = 'a';  // The second and third digit change case: 0x5AaE… for 0x5aAe…
    CHECK_THAT(address_refusal(text), Contains(text) && Contains("checksum") && Contains(kSpelled));
}

TEST_CASE("one mistyped digit of a checksummed address is refused", "[core][address]") {
    std::string text = kSpelled;
    text[2] = '6';
    CHECK_THAT(address_refusal(text), Contains("checksum") && !Contains(kSpelled));
}

TEST_CASE("the bytes of an address are in the order of its digits", "[core][address]") {
    const Address address = Address::parse("0x000102030405060708090a0b0c0d0e0f10111213");
    for (std::size_t i = 0; i < address.raw().size(); ++i) {
        CHECK(address.raw()[i] == i);
    }
    CHECK(Address(address.raw()) == address);
}

TEST_CASE("a text of another shape is refused with what is wrong", "[core][address]") {
    CHECK_THAT(address_refusal(""), Contains("empty"));
    CHECK_THAT(address_refusal("vitalik.eth"), Contains("vitalik.eth") && Contains("0x"));
    CHECK_THAT(address_refusal(kSpelled.substr(2)), Contains("0x"));
    CHECK_THAT(address_refusal("0X" + kSpelled.substr(2)), Contains("0x"));
    CHECK_THAT(address_refusal("0x"), Contains("it has 0 hex digits"));
    CHECK_THAT(address_refusal(kSpelled.substr(0, 41)), Contains("it has 39 hex digits"));
    CHECK_THAT(address_refusal(kSpelled + "0"), Contains("it has 41 hex digits"));
    CHECK_THAT(address_refusal("0xg" + kSpelled.substr(3)), Contains("not a hex digit"));
    CHECK_THAT(address_refusal(kSpelled + " "), Contains("not a hex digit"));
    CHECK_THAT(address_refusal(" " + kSpelled), Contains("0x"));
}

TEST_CASE("a hostile text reaches the error short and harmless", "[core][address][hostile]") {
    const std::string escape = address_refusal("0x\x1b[31m\r\nowned\x07");
    CHECK_THAT(escape, Contains("0x?[31m??owned?"));
    const std::string long_text = address_refusal("0x" + std::string(1'000'000, 'z'));
    CHECK(long_text.size() < 300);
    CHECK_THAT(long_text, Contains("…"));
    const std::string zero_byte = address_refusal(std::string("0x\0", 3) + std::string(39, '0'));
    CHECK_THAT(zero_byte, Contains("0x?0") && Contains("not a hex digit"));
    CHECK_THAT(address_refusal("\xe2\x80\xae" + kSpelled), !Contains("\xe2\x80\xae"));
}

TEST_CASE("try_parse says what parse throws", "[core][address]") {
    CHECK(Address::try_parse(kSpelled).value() == Address::parse(kSpelled));
    CHECK(Address::try_parse("0x12").error() == address_refusal("0x12"));
}

TEST_CASE("addresses are ordered by their bytes", "[core][address]") {
    const Address low = Address::parse("0x0000000000000000000000000000000000000002");
    const Address high = Address::parse("0x0100000000000000000000000000000000000001");
    CHECK(low < high);
    CHECK(low != high);
}

TEST_CASE("addresses that differ in one byte hash apart", "[core][address]") {
    const std::hash<Address> hash;
    std::set<std::size_t> seen{hash(Address())};
    for (std::size_t place = 0; place < 20; ++place) {
        for (unsigned value = 1; value < 256; ++value) {
            Address::Raw raw{};
            raw[place] = static_cast<std::uint8_t>(value);
            CHECK(seen.insert(hash(Address(raw))).second);
        }
    }
}

TEST_CASE("a plain address names no chain", "[core][address]") {
    const ChainAddress parsed = ChainAddress::parse(kSpelled);
    CHECK(parsed.address == Address::parse(kSpelled));
    CHECK(parsed.chain_prefix == std::nullopt);
    CHECK(parsed.chain_id == std::nullopt);
}

TEST_CASE("an EIP-3770 prefix is kept with the address", "[core][address]") {
    const std::string name =
        GENERATE(as<std::string>{}, "eth", "arb1", "base", "oeth", "bnb-x", "a_B");
    const ChainAddress parsed = ChainAddress::parse(name + ":" + kSpelled);
    CHECK(parsed.address == Address::parse(kSpelled));
    CHECK(parsed.chain_prefix == name);
    CHECK(parsed.chain_id == std::nullopt);
}

TEST_CASE("a CAIP-10 account of eip155 gives its chain number", "[core][address]") {
    const ChainAddress mainnet = ChainAddress::parse("eip155:1:" + kSpelled);
    CHECK(mainnet.address == Address::parse(kSpelled));
    CHECK(mainnet.chain_prefix == std::nullopt);
    CHECK(mainnet.chain_id == ChainId(1));
    CHECK(ChainAddress::parse("eip155:42161:" + kSpelled).chain_id == ChainId(42161));
    CHECK(ChainAddress::parse("eip155:18446744073709551615:" + kSpelled).chain_id ==
          ChainId(18'446'744'073'709'551'615ULL));
}

TEST_CASE("a CAIP namespace other than eip155 is refused by name", "[core][address]") {
    CHECK_THAT(chain_refusal("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:"
                             "7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv"),
               Contains("\"solana\"") && Contains("eip155"));
    CHECK_THAT(chain_refusal("EIP155:1:" + kSpelled), Contains("\"EIP155\""));
    CHECK_THAT(chain_refusal("::" + kSpelled), Contains("namespace \"\""));
}

TEST_CASE("a CAIP-10 account without a proper chain number is refused", "[core][address]") {
    const std::string reference = GENERATE(as<std::string>{}, "", "0", "01", "-1", "+1", "1 ",
                                           "0x1", "one", "1:1", "18446744073709551616");
    CAPTURE(reference);
    CHECK_THAT(chain_refusal("eip155:" + reference + ":" + kSpelled), Contains("chain number"));
    CHECK_THAT(chain_refusal("eip155:" + kSpelled), Contains("eip155:1:0x"));
}

TEST_CASE("a malformed prefix is refused", "[core][address]") {
    CHECK_THAT(chain_refusal(":" + kSpelled), Contains("chain name"));
    CHECK_THAT(chain_refusal("e th:" + kSpelled), Contains("chain name"));
    CHECK_THAT(chain_refusal(std::string(65, 'a') + ":" + kSpelled), Contains("chain name"));
    CHECK_THAT(chain_refusal("\x1b[2J:" + kSpelled), Contains("?[2J") && !Contains("\x1b"));
    CHECK_THAT(chain_refusal("https://" + kSpelled), Contains("0x"));
}

TEST_CASE("a prefix does not excuse a malformed address", "[core][address]") {
    CHECK_THAT(chain_refusal(""), Contains("empty"));
    CHECK_THAT(chain_refusal("eth:"), Contains("empty"));
    CHECK_THAT(chain_refusal("eth:0x12"), Contains("it has 2 hex digits"));
    CHECK_THAT(chain_refusal("eip155:1:"), Contains("empty"));
    CHECK_THAT(chain_refusal("eth:" + changed_case(kSpelled, false).replace(2, 3, "5Aa")),
               Contains("checksum"));
}
