#include "settings/section.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::settings {

using core::ConfigError;
using core::printable;

Section::Section(std::string title, Value value)
    : title_(std::move(title)),
      value_(std::make_shared<const Value>(std::move(value))),
      asked_(std::make_shared<std::set<std::string, std::less<>>>()) {
    core::ensure(std::holds_alternative<Table>(value_->content), "a section is made of a table");
}

bool Section::has(std::string_view key) const { return find(key) != nullptr; }

std::string Section::text(std::string_view key) const {
    auto text = optional_text(key);
    if (!text) {
        fail_missing(key, "a text in quotes");
    }
    if (text->empty()) {
        fail(key, "is empty");
    }
    return *std::move(text);
}

std::optional<std::string> Section::optional_text(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* text = std::get_if<std::string>(&value->content)) {
        return *text;
    }
    fail_type(key, "a text in quotes", *value);
}

std::vector<std::string> Section::texts(std::string_view key) const {
    constexpr std::string_view kExpected = "a list of texts, as in [\"…\", \"…\"]";
    const auto* value = find(key);
    if (value == nullptr) {
        return {};
    }
    const auto* list = std::get_if<List>(&value->content);
    if (list == nullptr) {
        fail_type(key, kExpected, *value);
    }
    std::vector<std::string> texts;
    for (const auto& element : *list) {
        const auto* text = std::get_if<std::string>(&element.content);
        if (text == nullptr) {
            fail(key, fmt::format("expected {}, but entry {} is of type {}", kExpected,
                                  texts.size() + 1, element.type_name()));
        }
        texts.push_back(*text);
    }
    return texts;
}

std::uint64_t Section::integer(std::string_view key) const {
    const auto integer = optional_integer(key);
    if (!integer) {
        fail_missing(key, "an integer");
    }
    return *integer;
}

std::optional<std::uint64_t> Section::optional_integer(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto* integer = std::get_if<std::int64_t>(&value->content);
    if (integer == nullptr) {
        fail_type(key, "an integer without quotes", *value);
    }
    if (*integer < 0) {
        fail(key, fmt::format("expected an integer of 0 or more, got {}", *integer));
    }
    return static_cast<std::uint64_t>(*integer);
}

bool Section::flag(std::string_view key, bool otherwise) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return otherwise;
    }
    if (const auto* flag = std::get_if<bool>(&value->content)) {
        return *flag;
    }
    fail_type(key, "true or false without quotes", *value);
}

core::Address Section::address(std::string_view key) const {
    const auto address = optional_address(key);
    if (!address) {
        fail_missing(key, "an address in quotes");
    }
    return *address;
}

std::optional<core::Address> Section::optional_address(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto* text = std::get_if<std::string>(&value->content);
    if (text == nullptr) {
        fail_type(key, "an address in quotes", *value);
    }
    const auto address = core::Address::try_parse(*text);
    if (!address) {
        fail(key, address.error());
    }
    return *address;
}

std::vector<std::string> Section::keys() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : entries()) {
        names.push_back(name);
    }
    return names;
}

std::optional<Section> Section::table(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    auto title = fmt::format("[{}]", key);
    if (!std::holds_alternative<Table>(value->content)) {
        fail_type(key, "a table " + title, *value);
    }
    return Section(std::move(title), *value);
}

std::vector<std::pair<std::string, Section>> Section::tables(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return {};
    }
    const auto expected = fmt::format("tables [{}.NAME]", key);
    const auto* named = std::get_if<Table>(&value->content);
    if (named == nullptr) {
        fail_type(key, expected, *value);
    }
    std::vector<std::pair<std::string, Section>> sections;
    for (const auto& [name, entry] : *named) {
        if (!std::holds_alternative<Table>(entry.content)) {
            throw ConfigError(fmt::format("{}: key `{}` in [{}]: expected {}, got {}",
                                          entry.place.to_string(), printable(name), key, expected,
                                          entry.type_name()));
        }
        sections.emplace_back(name, Section(fmt::format("[{}.{}]", key, printable(name)), entry));
    }
    return sections;
}

std::vector<Section> Section::table_list(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) {
        return {};
    }
    const auto title = fmt::format("[[{}]]", key);
    const auto* list = std::get_if<List>(&value->content);
    if (list == nullptr) {
        fail_type(key, title + " tables", *value);
    }
    std::vector<Section> sections;
    for (const auto& entry : *list) {
        if (!std::holds_alternative<Table>(entry.content)) {
            fail(key, fmt::format("expected {} tables, but entry {} is of type {}", title,
                                  sections.size() + 1, entry.type_name()));
        }
        sections.emplace_back(title, entry);
    }
    return sections;
}

Section Section::merged_with(const Section& over) const {
    Table merged = over.entries();
    merged.insert(entries().begin(), entries().end());  // leaves what `over` has as it is
    return {over.title_, Value{over.value_->place, std::move(merged)}};
}

void Section::reject_unknown_keys() const {
    for (const auto& [key, value] : entries()) {
        if (asked_->contains(key)) {
            continue;
        }
        const std::vector<std::string> known(asked_->begin(), asked_->end());
        const auto near = core::nearest(key, known);
        fail(key, near.empty()
                      ? fmt::format("unknown key; the keys here are {}", fmt::join(known, ", "))
                      : fmt::format("unknown key, did you mean `{}`?", near));
    }
}

std::string Section::where(std::string_view key) const {
    const auto found = entries().find(key);
    if (key.empty() || found == entries().end()) {
        return title_.empty() ? value_->place.to_string()
                              : fmt::format("{}: {}", value_->place.to_string(), title_);
    }
    return fmt::format("{}: key `{}`", found->second.place.to_string(), printable(key));
}

const Place& Section::place() const { return value_->place; }

const Value* Section::find(std::string_view key) const {
    asked_->emplace(key);
    const auto found = entries().find(key);
    return found == entries().end() ? nullptr : &found->second;
}

const Table& Section::entries() const { return std::get<Table>(value_->content); }

void Section::fail(std::string_view key, std::string_view problem) const {
    throw ConfigError(fmt::format("{}: {}", where(key), problem));
}

void Section::fail_missing(std::string_view key, std::string_view expected) const {
    throw ConfigError(fmt::format("{}: key `{}` is missing; it takes {}", where(), key, expected));
}

void Section::fail_type(std::string_view key, std::string_view expected, const Value& found) const {
    fail(key, fmt::format("expected {}, got {}", expected, found.type_name()));
}

}  // namespace margrave::settings
