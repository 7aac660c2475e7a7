#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "settings/document.hpp"

namespace margrave::settings {

/// One table of a TOML file, read by typed getters that name file, line and key when they throw
/// ConfigError. A key that nobody asked for is an error too, with the nearest known key, so call
/// reject_unknown_keys() at the end. Copies share one table.
class Section {
  public:
    /// `title` is how the table is written, "[chains.devnet]"; `value` must hold a table.
    Section(std::string title, Value value);

    [[nodiscard]] bool has(std::string_view key) const;
    /// Throws also for an empty text.
    [[nodiscard]] std::string text(std::string_view key) const;
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view key) const;
    /// Empty when the key is absent.
    [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
    [[nodiscard]] std::uint64_t integer(std::string_view key) const;
    [[nodiscard]] std::optional<std::uint64_t> optional_integer(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key, bool otherwise) const;
    [[nodiscard]] core::Address address(std::string_view key) const;
    [[nodiscard]] std::optional<core::Address> optional_address(std::string_view key) const;
    /// All keys of the table, sorted, for a table whose keys are names; none of them counts as
    /// asked.
    [[nodiscard]] std::vector<std::string> keys() const;
    /// The section of [key]; nullopt when it is absent.
    [[nodiscard]] std::optional<Section> table(std::string_view key) const;
    /// Sections of the tables in [key], by name: [chains.devnet] is one of the tables of "chains".
    [[nodiscard]] std::vector<std::pair<std::string, Section>> tables(std::string_view key) const;
    /// Sections of a [[key]] list, in its order.
    [[nodiscard]] std::vector<Section> table_list(std::string_view key) const;

    /// The same table with `over`'s keys added and, where both have one, replacing; messages about
    /// a key name the file that it came from.
    [[nodiscard]] Section merged_with(const Section& over) const;

    /// Throws ConfigError for the first key that no getter has asked for.
    void reject_unknown_keys() const;
    /// "FILE:LINE: key `K`", or of the table itself for an empty key; the beginning of every
    /// message about it.
    [[nodiscard]] std::string where(std::string_view key = "") const;
    [[nodiscard]] const Place& place() const;

  private:
    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] const Table& entries() const;
    [[noreturn]] void fail(std::string_view key, std::string_view problem) const;
    [[noreturn]] void fail_missing(std::string_view key, std::string_view expected) const;
    [[noreturn]] void fail_type(std::string_view key, std::string_view expected,
                                const Value& found) const;

    std::string title_;
    std::shared_ptr<const Value> value_;
    std::shared_ptr<std::set<std::string, std::less<>>> asked_;
};

}  // namespace margrave::settings
