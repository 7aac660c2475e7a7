#include "core/address.hpp"

#include <algorithm>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/hex_digit.hpp"
#include "core/keccak.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"

namespace margrave::core {

namespace {

constexpr std::size_t kDigits = 40;
// An address with a chain prefix fits; anything longer is not worth showing whole.
constexpr std::size_t kQuotedBytesMax = 100;

std::string quote(std::string_view text) { return '"' + printable(text, kQuotedBytesMax) + '"'; }

bool is_lower(char letter) { return letter >= 'a' && letter <= 'z'; }
bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// Why `text` is not "0x" and 40 hex digits, or "" when it is.
std::string shape_fault(std::string_view text) {
    if (text.empty()) {
        return "an address is empty: it needs 0x and 40 hex digits";
    }
    if (!text.starts_with("0x")) {
        return quote(text) + " is not an address: it does not begin with 0x";
    }
    const std::string_view digits = text.substr(2);
    const bool hex = std::all_of(digits.begin(), digits.end(), [](char digit) {
        return detail::hex_value(digit) != detail::kNotHex;
    });
    if (!hex) {
        return quote(text) + " is not an address: a character after 0x is not a hex digit";
    }
    if (digits.size() != kDigits) {
        return quote(text) + " is not an address: it has " + std::to_string(digits.size()) +
               " hex digits after 0x, not 40";
    }
    return {};
}

/// A name of EIP-3770, as the chain list at chainid.network spells them.
bool is_short_name(std::string_view name) {
    constexpr std::size_t kBytesMax = 64;
    const bool spelled = std::all_of(name.begin(), name.end(), [](char letter) {
        return is_lower(letter) || is_upper(letter) || is_digit(letter) || letter == '-' ||
               letter == '_';
    });
    return !name.empty() && name.size() <= kBytesMax && spelled;
}

/// The reference of CAIP-2's eip155 namespace: a positive decimal number without leading zeros.
std::optional<ChainId> parse_chain_id(std::string_view digits) {
    if (digits.starts_with('0')) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> number = parse_u64(digits);
    return number ? std::optional<ChainId>(ChainId(*number)) : std::nullopt;
}

/// "namespace:reference:address"; `text` is the whole, for the error.
ChainAddress parse_caip10(std::string_view text, std::size_t first_colon, std::size_t last_colon) {
    const std::string_view chain_namespace = text.substr(0, first_colon);
    const std::string_view reference = text.substr(first_colon + 1, last_colon - first_colon - 1);
    if (chain_namespace != "eip155") {
        throw InputError(quote(text) + " names the chain namespace " + quote(chain_namespace) +
                         ", which margrave does not read: only eip155, as in eip155:1:0x…");
    }
    const std::optional<ChainId> chain_id = parse_chain_id(reference);
    if (!chain_id) {
        throw InputError(quote(text) + " has no chain number between its colons: " +
                         quote(reference) + " should be like the 1 in eip155:1:0x…");
    }
    return {.address = Address::parse(text.substr(last_colon + 1)),
            .chain_prefix = std::nullopt,
            .chain_id = chain_id};
}

/// "name:address".
ChainAddress parse_eip3770(std::string_view text, std::size_t colon) {
    const std::string_view name = text.substr(0, colon);
    if (name == "eip155") {
        throw InputError(quote(text) + " lacks the chain number: write eip155:1:0x…");
    }
    if (!is_short_name(name)) {
        throw InputError(quote(text) + " has no chain name before its colon: " + quote(name) +
                         " should be like the eth in eth:0x…");
    }
    return {.address = Address::parse(text.substr(colon + 1)),
            .chain_prefix = std::string(name),
            .chain_id = std::nullopt};
}

}  // namespace

Result<Address, std::string> Address::try_parse(std::string_view text) {
    if (std::string fault = shape_fault(text); !fault.empty()) {
        return Unexpected(std::move(fault));
    }
    const std::string_view digits = text.substr(2);
    Raw raw{};
    for (std::size_t i = 0; i < raw.size(); ++i) {
        raw[i] = static_cast<std::uint8_t>(detail::hex_value(digits[2 * i]) << 4 |
                                           detail::hex_value(digits[2 * i + 1]));
    }
    const Address address(raw);
    const bool mixed_case = std::any_of(digits.begin(), digits.end(), is_lower) &&
                            std::any_of(digits.begin(), digits.end(), is_upper);
    if (mixed_case) {
        if (const std::string spelling = address.to_string(); spelling != text) {
            return Unexpected(quote(text) + " has a wrong checksum, so a digit may be mistyped; " +
                              "if every digit is right, it is spelled " + spelling);
        }
    }
    return address;
}

Address Address::parse(std::string_view text) {
    const Result<Address, std::string> address = try_parse(text);
    if (!address) {
        throw InputError(address.error());
    }
    return *address;
}

std::string Address::to_string() const {
    // A letter is upper case where the hash of the lower-case digits has a digit of 8 or more:
    // EIP-55.
    std::string text = to_hex(raw_);
    const std::string_view digits = std::string_view(text).substr(2);
    std::array<std::uint8_t, kDigits> bytes{};
    std::copy(digits.begin(), digits.end(), bytes.begin());
    const Hash hash = keccak256(bytes);
    for (std::size_t i = 0; i < kDigits; ++i) {
        const unsigned nibble = i % 2 == 0 ? hash[i / 2] >> 4U : hash[i / 2] & 15U;
        char& digit = text[i + 2];
        if (nibble >= 8 && is_lower(digit)) {
            digit = static_cast<char>(digit - 'a' + 'A');
        }
    }
    return text;
}

ChainAddress ChainAddress::parse(std::string_view text) {
    const std::size_t first_colon = text.find(':');
    if (first_colon == std::string_view::npos) {
        return {.address = Address::parse(text),
                .chain_prefix = std::nullopt,
                .chain_id = std::nullopt};
    }
    const std::size_t last_colon = text.rfind(':');
    return first_colon == last_colon ? parse_eip3770(text, first_colon)
                                     : parse_caip10(text, first_colon, last_colon);
}

}  // namespace margrave::core
