#pragma once

#include "store/sqlite.hpp"

namespace margrave::store {

/// Makes an empty file a book: its tables, and what tells that it is one.
void create_book_tables(Database& database);

/// Throws core::InputError unless the file is a book of this version, with these tables and no
/// other object, and whole.
void check_book_tables(const Database& database);

}  // namespace margrave::store
