#include "evidence/canonical_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::evidence {
namespace {

using nlohmann::json;

/// Where a byte of UTF-8 stands in the order of UTF-16 code units. It is the order of bytes but for
/// one thing: what needs four bytes (from f0 on) is written with surrogates, d800 to dfff, which go
/// before e000 to ffff, whose first bytes are ee and ef.
std::uint8_t utf16_rank(char byte) {
    constexpr std::uint8_t kPrivateFirst = 0xee;
    constexpr std::uint8_t kFourBytesFirst = 0xf0;
    constexpr std::uint8_t kFourBytesCount = 5;  // f0 to f4
    const auto value = static_cast<std::uint8_t>(byte);
    if (value >= kFourBytesFirst) {
        return static_cast<std::uint8_t>(value - kFourBytesFirst + kPrivateFirst);
    }
    return value >= kPrivateFirst ? static_cast<std::uint8_t>(value + kFourBytesCount) : value;
}

bool utf16_less(std::string_view left, std::string_view right) {
    return std::lexicographical_compare(
        left.begin(), left.end(), right.begin(), right.end(),
        [](char a, char b) { return utf16_rank(a) < utf16_rank(b); });
}

void append_character(char character, std::string& out) {
    constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
    constexpr std::string_view kEscapes = "\"\\bfnrt";
    constexpr unsigned char kControlsEnd = 0x20;
    if (const auto at = kPlain.find(character); at != std::string_view::npos) {
        out += '\\';
        out += kEscapes[at];
    } else if (static_cast<unsigned char>(character) < kControlsEnd) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(character));
    } else {
        out += character;
    }
}

void append_string(const std::string& text, std::string& out) {
    out += '"';
    for (const char character : text) {
        append_character(character, out);
    }
    out += '"';
}

void append_value(const json& value, std::string& out);

void append_list(const json& list, std::string& out) {
    char before = '[';
    for (const auto& item : list) {
        out += std::exchange(before, ',');
        append_value(item, out);
    }
    out += list.empty() ? "[]" : "]";
}

void append_object(const json& object, std::string& out) {
    std::vector<json::const_iterator> members;
    members.reserve(object.size());
    for (auto member = object.begin(); member != object.end(); ++member) {
        members.push_back(member);
    }
    std::sort(members.begin(), members.end(), [](const auto& left, const auto& right) {
        return utf16_less(left.key(), right.key());
    });
    char before = '{';
    for (const auto& member : members) {
        out += std::exchange(before, ',');
        append_string(member.key(), out);
        out += ':';
        append_value(member.value(), out);
    }
    out += members.empty() ? "{}" : "}";
}

void append_value(const json& value, std::string& out) {
    switch (value.type()) {
        case json::value_t::object:
            return append_object(value, out);
        case json::value_t::array:
            return append_list(value, out);
        case json::value_t::string:
            return append_string(value.get_ref<const std::string&>(), out);
        case json::value_t::boolean:
            out += value.get<bool>() ? "true" : "false";
            return;
        case json::value_t::number_integer:
        case json::value_t::number_unsigned:
        case json::value_t::number_float:
            out += canonical_number(value.get<double>());
            return;
        default:
            out += "null";
    }
}

/// 0.d1d2d3… times 10^exponent, d1 not 0; zero has no digits.
struct Decimal {
    std::string digits;
    std::int64_t exponent = 0;

    friend bool operator==(const Decimal&, const Decimal&) = default;
};

std::int64_t parse_exponent(std::string_view text) {
    constexpr std::int64_t kBeyondEveryDouble = std::int64_t{1} << 40U;
    text.remove_prefix(text.starts_with('+') ? 1 : 0);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc::result_out_of_range) {
        value = text.starts_with('-') ? -kBeyondEveryDouble : kBeyondEveryDouble;
    }
    return value;
}

/// The value of a JSON number's digits, its sign aside.
Decimal parse_number(std::string_view text) {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    Decimal number;
    if (const auto at = text.find_first_of("eE"); at != std::string_view::npos) {
        number.exponent = parse_exponent(text.substr(at + 1));
        text = text.substr(0, at);
    }
    const auto point = std::min(text.find('.'), text.size());
    number.exponent += static_cast<std::int64_t>(point);
    number.digits = std::string(text.substr(0, point));
    number.digits += text.substr(std::min(point + 1, text.size()));
    const auto first = std::min(number.digits.find_first_not_of('0'), number.digits.size());
    number.digits.erase(0, first);
    number.exponent -= static_cast<std::int64_t>(first);
    number.digits.erase(number.digits.find_last_not_of('0') + 1);
    return number.digits.empty() ? Decimal{} : number;
}

bool is_whole(const Decimal& number) {
    return number.exponent >= static_cast<std::int64_t>(number.digits.size());
}

/// Builds the document while the text is read. nlohmann's own would forget the first of two equal
/// names, and round numbers, before anyone could object.
class StrictBuilder final : public nlohmann::json_sax<json> {
  public:
    [[nodiscard]] json take() && { return std::move(root_); }

    bool null() override { return add(json()); }
    bool boolean(bool flag) override { return add(json(flag)); }
    bool string(string_t& text) override { return add(json(std::move(text))); }
    bool binary(binary_t&) override { throw core::InputError("binary data is not JSON"); }
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return number(text); }

    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        auto& frame = frames_.back();
        frame.name = std::move(name);
        if (frame.value.contains(frame.name)) {
            throw core::InputError(path() + ": this name stands twice in one object");
        }
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        constexpr int kNumberOverflow = 406;  // nlohmann's id
        const auto* what =
            error.id == kNumberOverflow ? "a number beyond every double" : "not JSON";
        const auto where = frames_.empty() ? std::string() : ", near " + path();
        throw core::InputError(fmt::format("{} at byte {}{}", what, position, where));
    }

  private:
    /// An object or list that is still open.
    struct Frame {
        std::string name;  ///< of the member being read
        json value;
    };

    bool open(json empty) {
        if (frames_.size() >= kReportDepthMax) {
            throw core::InputError(
                fmt::format("{}: nested deeper than {} levels", path(), kReportDepthMax));
        }
        frames_.push_back({.name = {}, .value = std::move(empty)});
        return true;
    }

    bool close() {
        json value = std::move(frames_.back().value);
        frames_.pop_back();
        return add(std::move(value));
    }

    bool add(json value) {
        if (frames_.empty()) {
            root_ = std::move(value);
        } else if (frames_.back().value.is_array()) {
            frames_.back().value.push_back(std::move(value));
        } else {
            frames_.back().value.emplace(std::move(frames_.back().name), std::move(value));
        }
        return true;
    }

    /// A fraction is the double next to it for every reader. A whole number is taken for itself by
    /// many: one that a double changes would be another number to them than the one that is signed.
    bool number(const std::string& text) {
        double value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        const auto written = parse_number(text);
        if (is_whole(written) && written != parse_number(canonical_number(value))) {
            throw core::InputError(fmt::format(
                "{}: the number {} is none that a double holds exactly; write it as a string",
                path(), core::printable(text, 40)));
        }
        return add(json(value));
    }

    /// "accounts[2].legs[0].symbol"
    [[nodiscard]] std::string path() const {
        std::string path;
        for (const auto& frame : frames_) {
            if (frame.value.is_array()) {
                path += '[' + std::to_string(frame.value.size()) + ']';
            } else if (!frame.name.empty()) {
                path += (path.empty() ? "" : ".") + frame.name;
            }
        }
        return path.empty() ? "the top" : core::printable(path);
    }

    std::vector<Frame> frames_;
    json root_;
};

}  // namespace

json read_strict_json(std::string_view text) {
    if (text.size() > kReportBytesMax) {
        throw core::InputError(fmt::format("larger than {} bytes", kReportBytesMax));
    }
    // nlohmann skips a byte order mark, and takes NUL for the end of the text.
    if (text.starts_with("\xef\xbb\xbf")) {
        throw core::InputError("it begins with a byte order mark, which JSON does not have");
    }
    if (const auto at = text.find('\0'); at != std::string_view::npos) {
        throw core::InputError(fmt::format("not JSON at byte {}: NUL", at + 1));
    }
    StrictBuilder builder;
    // Every failure throws from the builder; the returned flag says nothing more.
    json::sax_parse(text, &builder);
    return std::move(builder).take();
}

std::string canonical_json(const json& document) {
    std::string out;
    append_value(document, out);
    return out;
}

std::string canonical_number(double value) {
    if (!std::isfinite(value)) {
        throw core::InputError("a number that is not finite has no place in JSON");
    }
    if (value == 0) {
        return "0";  // of either sign
    }
    // The shortest digits that are read back as the same double, and of those the nearest.
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                       std::abs(value), std::chars_format::scientific);
    const auto [digits, exponent] = parse_number({buffer.data(), written.ptr});
    const auto count = static_cast<std::int64_t>(digits.size());
    const std::string sign = value < 0 ? "-" : "";
    constexpr std::int64_t kPlainMax = 21;  // digits before the point
    constexpr std::int64_t kPlainMin = -5;  // zeros after it, negative
    if (exponent >= kPlainMin && exponent <= 0) {
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent), '0') + digits;
    }
    if (exponent > 0 && exponent <= kPlainMax) {
        const auto before = static_cast<std::size_t>(std::min(exponent, count));
        const auto zeros = static_cast<std::size_t>(std::max<std::int64_t>(exponent - count, 0));
        const auto after = digits.substr(before);
        return sign + digits.substr(0, before) + std::string(zeros, '0') +
               (after.empty() ? "" : "." + after);
    }
    const auto fraction = digits.size() > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}{}e{:+}", sign, digits[0], fraction, exponent - 1);
}

}  // namespace margrave::evidence
