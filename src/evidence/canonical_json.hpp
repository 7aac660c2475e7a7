#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace margrave::evidence {

/// Bounds for a report that is signed or verified.
inline constexpr std::size_t kReportBytesMax = std::size_t{128} << 20U;
inline constexpr std::size_t kReportDepthMax = 64;

/// The document of a text that every reader of JSON understands alike (I-JSON, RFC 7493). Throws
/// InputError that says where, for what they do not: a name twice in one object, a whole number
/// that a double would change or any beyond every double, a lone surrogate, bytes that are not
/// UTF-8, a byte order mark, NUL; and for what is no JSON, nested deeper than kReportDepthMax, or
/// larger than kReportBytesMax.
[[nodiscard]] nlohmann::json read_strict_json(std::string_view text);

/// The one text of a document that read_strict_json() has read, by RFC 8785 (JCS): no space, names
/// in the order of their UTF-16 code units, numbers and strings as ECMAScript writes them, in
/// UTF-8.
[[nodiscard]] std::string canonical_json(const nlohmann::json& document);

/// A finite number as ECMAScript's Number::toString writes it; throws InputError for another.
[[nodiscard]] std::string canonical_number(double value);

}  // namespace margrave::evidence
