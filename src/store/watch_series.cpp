#include "store/watch_series.hpp"

#include "store/numbers.hpp"

namespace margrave::store {
namespace {

void bind_name(Statement& statement, const SeriesName& series) {
    statement.bind(1, std::string_view(series.quantity))
        .bind(2, std::string_view(series.chain))
        .bind(3, std::string_view(series.protocol))
        .bind(4, std::string_view(series.market))
        .bind(5, std::string_view(series.wallet));
}

std::optional<std::int64_t> find_series(const Database& database, const SeriesName& series) {
    Statement find(database,
                   "SELECT id FROM series WHERE quantity = ? AND chain = ? AND protocol = ? AND "
                   "market = ? AND wallet = ?");
    bind_name(find, series);
    return find.step() ? std::optional(find.integer(0)) : std::nullopt;
}

std::int64_t find_or_add_series(const Database& database, const SeriesName& series) {
    if (const auto found = find_series(database, series)) {
        return *found;
    }
    Statement add(database,
                  "INSERT INTO series (quantity, chain, protocol, market, wallet) VALUES (?, ?, ?, "
                  "?, ?)");
    bind_name(add, series);
    add.run();
    return database.integer("SELECT last_insert_rowid()");
}

}  // namespace

void write_point(const Database& database, const SeriesName& series, const Point& point) {
    Statement put(database,
                  "INSERT INTO points (series, block, time, value) VALUES (?, ?, ?, ?) ON CONFLICT "
                  "DO UPDATE SET time = excluded.time, value = excluded.value");
    put.bind(1, find_or_add_series(database, series))
        .bind(2, to_integer(point.block))
        .bind(3, to_integer(point.time));
    if (point.value) {
        put.bind(4, std::string_view(*point.value));
    } else {
        put.bind_null(4);
    }
    put.run();
}

void forget_points(const Database& database, std::string_view chain, std::uint64_t after) {
    Statement forget(database,
                     "DELETE FROM points WHERE block > ? AND series IN (SELECT id FROM series "
                     "WHERE chain = ?)");
    forget.bind(1, to_integer(after)).bind(2, chain).run();
}

void drop_points(const Database& database, std::string_view chain, std::uint64_t before_time) {
    Statement drop(database,
                   "DELETE FROM points WHERE time < ? AND series IN (SELECT id FROM series WHERE "
                   "chain = ?)");
    drop.bind(1, to_integer(before_time)).bind(2, chain).run();
}

std::vector<SeriesName> read_series(const Database& database) {
    Statement rows(database,
                   "SELECT quantity, chain, protocol, market, wallet FROM series ORDER BY wallet, "
                   "chain, protocol, market, quantity");
    std::vector<SeriesName> out;
    while (rows.step()) {
        out.push_back({.quantity = rows.text(0),
                       .chain = rows.text(1),
                       .protocol = rows.text(2),
                       .market = rows.text(3),
                       .wallet = rows.text(4)});
    }
    return out;
}

std::vector<Point> read_points(const Database& database, const SeriesName& series,
                               std::uint64_t from_time) {
    std::vector<Point> out;
    const auto id = find_series(database, series);
    if (!id) {
        return out;
    }
    Statement rows(database,
                   "SELECT block, time, value FROM points WHERE series = ? AND time >= ? ORDER BY "
                   "block");
    rows.bind(1, *id).bind(2, to_integer(from_time));
    while (rows.step()) {
        Point& point = out.emplace_back();
        point.block = natural(rows.integer(0));
        point.time = natural(rows.integer(1));
        if (!rows.is_null(2)) {
            point.value = rows.text(2);
        }
    }
    return out;
}

}  // namespace margrave::store
