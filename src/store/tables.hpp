#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "store/sqlite.hpp"

namespace margrave::store {

/// What a file of margrave's consists of.
struct Tables {
    std::string_view what;             ///< "book"
    std::int64_t application_id = 0;   ///< four letters
    std::int64_t version = 0;          ///< of the tables
    std::span<const char* const> sql;  ///< in SQLite's order of making them
    const char* first_row = nullptr;   ///< what is put in with them; null: nothing
    std::string_view way_on;           ///< what to do with a file of another version
    /// How many of `sql` the files of version 1, 2, … had: each version only added some.
    std::span<const std::size_t> tables_before = {};
};

/// Whether nothing was ever made in it.
[[nodiscard]] bool is_empty(const Database& database);
/// In one transaction, with a write-ahead log.
void create_tables(Database& database, const Tables& tables);
/// Adds what a file of an earlier version has not got; leaves every other file alone.
void migrate_tables(Database& database, const Tables& tables);
/// Throws core::InputError unless the file is of this version, with these tables and no other
/// object, and whole.
void check_tables(const Database& database, const Tables& tables);

}  // namespace margrave::store
