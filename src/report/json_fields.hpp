#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"
#include "margin/liquidation.hpp"
#include "snapshot/snapshot.hpp"

/// How values stand in margrave's JSON. Only for the writers of this folder.
namespace margrave::report {

// Ordered: the fields stand as docs/ lists them. A value that does not exist is null, never left
// out.
using Json = nlohmann::ordered_json;

/// 18 decimals, of a wad and of a dollar.
inline constexpr unsigned kWadDecimals = 18;

/// Chain integers are decimal strings.
[[nodiscard]] Json raw(const core::U256& value);
[[nodiscard]] Json raw(const std::optional<core::U256>& value);
[[nodiscard]] Json raw(const std::optional<core::Wad>& value);
[[nodiscard]] Json raw(const std::optional<core::Timestamp>& time);
/// "1.5"
[[nodiscard]] Json dollars(const std::optional<core::Usd>& value);
[[nodiscard]] Json decimal(const std::optional<core::Wad>& value);
[[nodiscard]] Json bps(const std::optional<core::Bps>& value);
[[nodiscard]] Json text_or_null(const std::string& text);
[[nodiscard]] Json address_or_null(const std::optional<core::Address>& address);
/// The zero address is an oracle that does not say which feed it read.
[[nodiscard]] Json feed_or_null(const core::Address& feed);
/// Keyed by symbol; by address where two of them share one.
[[nodiscard]] Json deficits_json(const std::vector<margin::Deficit>& deficits);
[[nodiscard]] Json gap_json(const snapshot::CoverageGap& gap);

template <class T, class Write>
[[nodiscard]] Json list(const std::vector<T>& values, Write write) {
    Json out = Json::array();
    for (const T& value : values) {
        out.push_back(write(value));
    }
    return out;
}

/// The document's text, indented, with a final newline. Symbols come from chains: ASCII output
/// cannot move a terminal's cursor, and bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string printed(const Json& document);

}  // namespace margrave::report
