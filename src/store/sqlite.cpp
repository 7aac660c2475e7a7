#include "store/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <limits>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::store {
namespace {

/// SQLite takes lengths as int; what a book keeps is bounded far below.
int length(std::size_t size) {
    core::ensure(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
                 "what is stored is bounded");
    return static_cast<int>(size);
}

/// How long another program may hold the file for a moment.
constexpr int kBusyMs = 2'000;

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(const Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(database.handle_.get(), sql.data(), length(sql.size()),
                                        &statement, nullptr);
    statement_.reset(statement);
    if (code != SQLITE_OK) {
        database.fail(code);
    }
}

Statement& Statement::bind(int parameter, std::int64_t value) {
    const int code = sqlite3_bind_int64(statement_.get(), parameter, value);
    core::ensure(code == SQLITE_OK, "a statement has the parameters that are bound");
    return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
    const int code = sqlite3_bind_text(statement_.get(), parameter, text.data(),
                                       length(text.size()), SQLITE_TRANSIENT);  // NOLINT
    core::ensure(code == SQLITE_OK, "a statement has the parameters that are bound");
    return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::uint8_t> bytes) {
    // Without a pointer SQLite would bind NULL.
    const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
    const int code = sqlite3_bind_blob(statement_.get(), parameter, data, length(bytes.size()),
                                       SQLITE_TRANSIENT);  // NOLINT: SQLite's own cast
    core::ensure(code == SQLITE_OK, "a statement has the parameters that are bound");
    return *this;
}

Statement& Statement::bind_null(int parameter) {
    core::ensure(sqlite3_bind_null(statement_.get(), parameter) == SQLITE_OK,
                 "a statement has the parameters that are bound");
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    sqlite3_reset(statement_.get());
    if (code != SQLITE_DONE) {
        database_.fail(code);
    }
    return false;
}

void Statement::run() {
    while (step()) {
    }
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* text =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));  // NOLINT
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

std::span<const std::uint8_t> Statement::bytes(int column) const {
    const auto* bytes =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Database::Database(std::string path, Mode mode) : path_(std::move(path)) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | (mode == Mode::Create ? SQLITE_OPEN_CREATE : 0) |
                      SQLITE_OPEN_NOFOLLOW;
    const int code = sqlite3_open_v2(path_.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) {
        fail(code);
    }
    sqlite3_busy_timeout(handle, kBusyMs);
    // The file may be anybody's: nothing in its schema is run, and its own structure is not
    // believed.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    execute("PRAGMA cell_size_check = ON");
}

void Database::execute(const char* sql) {
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        fail(code);
    }
}

std::int64_t Database::integer(std::string_view sql) const {
    Statement statement(*this, sql);
    return statement.step() ? statement.integer(0) : 0;
}

void Database::fail(int code) const {
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        refuse("another margrave is working on it");
    }
    const std::string why = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    const int kind = code & 0xff;  // the rest says more of the same
    if (kind == SQLITE_CORRUPT) {
        refuse(fmt::format("it is damaged; {}: {}", kWhenDamaged, why));
    }
    if (kind == SQLITE_NOTADB) {
        refuse(fmt::format("it is another file, or damaged; {}: {}", kWhenDamaged, why));
    }
    if (kind == SQLITE_FULL || kind == SQLITE_IOERR) {
        throw StorageError(fmt::format("{}: {}", core::printable(path_), core::printable(why)));
    }
    refuse(why);
}

void Database::check_in_place() const {
    int has_moved = 0;
    const int code =
        sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (code == SQLITE_OK && has_moved != 0) {
        throw StorageError(
            fmt::format("{}: it was moved or deleted while it is used", core::printable(path_)));
    }
}

void Database::refuse(std::string_view why) const {
    throw core::InputError(fmt::format("{}: {}", core::printable(path_), core::printable(why)));
}

Transaction::~Transaction() {
    if (is_open_) {  // a failure is on its way already
        sqlite3_exec(database_.handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Transaction::commit() {
    database_.execute("COMMIT");
    is_open_ = false;
}

}  // namespace margrave::store
