#pragma once

#include <string>
#include <string_view>

#include "store/book_file.hpp"

namespace margrave::store {

/// The book as a file to hand on, "margrave.book/1" (docs/book.md): what holds at its block, and
/// from where a scan goes on. The same book is the same text, however it came about. Throws
/// InputError while a part of it is unread.
[[nodiscard]] std::string to_text(const BookFile& book);

/// Fills a new book with it; throws InputError that says what is wrong with the text.
void read_text(std::string_view text, BookFile& book);

}  // namespace margrave::store
