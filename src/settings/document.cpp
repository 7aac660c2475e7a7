// The only file that sees the TOML library: its header takes seconds to compile.
#include "settings/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::settings {
namespace {

Value convert(const toml::node& node, const Place& place);

Place place_of(const Place& file, const toml::source_region& region) {
    return {.file = file.file, .line = region.begin.line};
}

Table convert_table(const toml::table& table, const Place& place) {
    Table converted;
    for (const auto& [key, node] : table) {
        converted.emplace(std::string(key.str()), convert(node, place_of(place, key.source())));
    }
    return converted;
}

List convert_list(const toml::array& array, const Place& place) {
    List converted;
    for (const auto& node : array) {
        converted.push_back(convert(node, place_of(place, node.source())));
    }
    return converted;
}

Value convert(const toml::node& node, const Place& place) {
    if (const auto* table = node.as_table()) {
        // The key of [a.b] may be implied by [a.b.c]; the table itself knows where it really
        // begins.
        const Place begin =
            table->source().begin.line > 0 ? place_of(place, table->source()) : place;
        return {begin, convert_table(*table, begin)};
    }
    if (const auto* array = node.as_array()) {
        return {place, convert_list(*array, place)};
    }
    if (const auto* text = node.as_string()) {
        return {place, text->get()};
    }
    if (const auto* integer = node.as_integer()) {
        return {place, integer->get()};
    }
    if (const auto* number = node.as_floating_point()) {
        return {place, number->get()};
    }
    if (const auto* flag = node.as_boolean()) {
        return {place, flag->get()};
    }
    return {place, Moment{}};
}

/// The library bounds how deep values nest, but not the parts of a dotted key, each of which is a
/// table in a table: a megabyte of them ends in a stack overflow. More dots than keys and host
/// names on one line ever need are refused, wherever they stand.
void refuse_deep_keys(const Source& source) {
    constexpr std::size_t kDotsMax = 100;
    std::size_t line = 1;
    std::size_t dots = 0;
    for (const char c : source.text) {
        dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
        if (dots > kDotsMax) {
            throw core::ConfigError(fmt::format("{}:{}: more than {} dots in one line",
                                                core::printable(source.name), line, kDotsMax));
        }
        line += c == '\n' ? 1 : 0;
    }
}

}  // namespace

std::string Place::to_string() const { return fmt::format("{}:{}", core::printable(file), line); }

std::string_view Value::type_name() const {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"string", "integer", "number", "boolean", "date or time", "list", "table"});
    static_assert(kNames.size() == std::variant_size_v<decltype(content)>);
    return kNames.at(content.index());
}

Value parse_document(const Source& source) {
    const Place file{.file = source.name, .line = 1};
    refuse_deep_keys(source);
    try {
        return {file, convert_table(toml::parse(std::string_view(source.text)), file)};
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        throw core::ConfigError(fmt::format("{}:{}:{}: {}", core::printable(source.name), at.line,
                                            at.column, core::printable(error.description())));
    }
}

}  // namespace margrave::settings
