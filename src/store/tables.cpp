#include "store/tables.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace margrave::store {

bool is_empty(const Database& database) {
    return database.integer("SELECT count(*) FROM sqlite_schema") == 0 &&
           database.integer("PRAGMA application_id") == 0;
}

void create_tables(Database& database, const Tables& tables) {
    database.execute("PRAGMA journal_mode = WAL");
    Transaction transaction(database);
    for (const char* table : tables.sql) {
        database.execute(table);
    }
    if (tables.first_row != nullptr) {
        database.execute(tables.first_row);
    }
    database.execute(fmt::format("PRAGMA application_id = {}", tables.application_id).c_str());
    database.execute(fmt::format("PRAGMA user_version = {}", tables.version).c_str());
    transaction.commit();
}

void migrate_tables(Database& database, const Tables& tables) {
    const std::int64_t version = database.integer("PRAGMA user_version");
    const bool is_earlier = version >= 1 && version < tables.version &&
                            static_cast<std::size_t>(version) <= tables.tables_before.size();
    if (database.integer("PRAGMA application_id") != tables.application_id || !is_earlier) {
        return;
    }
    Transaction transaction(database);
    const std::size_t has = tables.tables_before[static_cast<std::size_t>(version) - 1];
    for (const char* table : tables.sql.subspan(has)) {
        database.execute(table);
    }
    database.execute(fmt::format("PRAGMA user_version = {}", tables.version).c_str());
    transaction.commit();
}

void check_tables(const Database& database, const Tables& tables) {
    if (database.integer("PRAGMA application_id") != tables.application_id) {
        database.refuse(fmt::format("this is no {} of margrave", tables.what));
    }
    const std::int64_t version = database.integer("PRAGMA user_version");
    if (version != tables.version) {
        database.refuse(fmt::format("it is a {} of version {}, this margrave takes {}; {}",
                                    tables.what, version, tables.version, tables.way_on));
    }
    Statement objects(database,
                      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    std::size_t count = 0;
    bool is_ours = true;
    while (objects.step()) {
        is_ours = is_ours && count < tables.sql.size() && objects.text(0) == tables.sql[count];
        ++count;
    }
    if (!is_ours || count != tables.sql.size()) {
        database.refuse(fmt::format("its tables are not those of a {}", tables.what));
    }
    Statement integrity(database, "PRAGMA quick_check(1)");
    const std::string answer = integrity.step() ? integrity.text(0) : "";
    if (answer != "ok") {
        database.refuse(fmt::format("it is damaged; {}: {}", kWhenDamaged, answer));
    }
}

}  // namespace margrave::store
