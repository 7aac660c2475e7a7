#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace margrave::settings {

/// A TOML text and the name to show for it in messages.
struct Source {
    std::string name;
    std::string text;
};

/// Where something stands in a file.
struct Place {
    std::string file;
    unsigned line = 0;

    /// "FILE:LINE"
    [[nodiscard]] std::string to_string() const;
};

/// A date or time of day: TOML has them, no key of ours takes one.
struct Moment {};

struct Value;
using List = std::vector<Value>;
using Table = std::map<std::string, Value, std::less<>>;

/// One value of a TOML file, with the line of its key; an element of a list with its own line.
struct Value {
    Place place;
    std::variant<std::string, std::int64_t, double, bool, Moment, List, Table> content;

    /// What it is called in messages: "string", "integer", "table" …
    [[nodiscard]] std::string_view type_name() const;
};

/// The whole file as a table. Throws ConfigError with file, line and column when it is not TOML.
[[nodiscard]] Value parse_document(const Source& source);

}  // namespace margrave::settings
