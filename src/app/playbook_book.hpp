#pragma once

#include "app/book.hpp"
#include "app/playbook_file.hpp"

namespace margrave::app {

/// The playbook's book with those of its markets that the playbook speaks of. Throws ConfigError
/// for one that it does not hold, InputError for a book that cannot be used.
[[nodiscard]] OpenBook read_named_book(const PlaybookFile& file);

}  // namespace margrave::app
