#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/errors.hpp"
#include "core/hex.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with owners. Every failure throws core::InputError that names the file: it is damaged,
/// locked, not writable, or the disk is full.
namespace margrave::store {

/// What is no mistake in what was asked: the disk is full or fails, or the file was taken away
/// while it is used. It may pass.
class StorageError : public core::InputError {
    using core::InputError::InputError;
};

/// What to do about a file of which SQLite finds that it is damaged.
inline constexpr std::string_view kWhenDamaged =
    "move it away, and its -wal and -shm, then put a backup there or begin anew "
    "(docs/operations.md, backup)";

class Database;

/// A prepared statement; its parameters are numbered from 1, its columns from 0.
class Statement {
  public:
    Statement(const Database& database, std::string_view sql);

    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, std::string_view text);
    Statement& bind(int parameter, std::span<const std::uint8_t> bytes);
    Statement& bind_null(int parameter);
    /// True when there is a row; after the last one the statement can be bound anew.
    [[nodiscard]] bool step();
    /// Runs it to its end, ready to be bound anew.
    void run();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;
    /// Valid until the next step().
    [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    const Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    enum class Mode { Existing, Create };

    /// ":memory:" lives as long as this.
    Database(std::string path, Mode mode);

    void execute(const char* sql);
    /// The single integer that a pragma or a query answers with.
    [[nodiscard]] std::int64_t integer(std::string_view sql) const;
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Throws StorageError where the file was moved or deleted: what is written would be lost.
    void check_in_place() const;
    [[noreturn]] void fail(int code) const;
    [[noreturn]] void refuse(std::string_view why) const;

  private:
    friend class Statement;
    friend class Transaction;
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
};

/// Everything until commit() happens, or nothing.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(database) {
        database_.execute("BEGIN IMMEDIATE");
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    void commit();

  private:
    Database& database_;
    bool is_open_ = true;
};

}  // namespace margrave::store
