#include "store/watch_notes.hpp"

#include "store/numbers.hpp"

namespace margrave::store {
namespace {

Acknowledgement read_acknowledgement(const Statement& row) {
    return {.alert = row.text(0),
            .episode = natural(row.integer(1)),
            .author = row.text(2),
            .reason = row.text(3),
            .at = natural(row.integer(4))};
}

}  // namespace

std::int64_t add_silence(Database& database, const Silence& silence) {
    Statement add(database,
                  "INSERT INTO silences (rule, chain, market, wallet, severity, author, reason, "
                  "begun, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    add.bind(1, std::string_view(silence.rule))
        .bind(2, std::string_view(silence.chain))
        .bind(3, std::string_view(silence.market))
        .bind(4, std::string_view(silence.wallet))
        .bind(5, std::string_view(silence.severity))
        .bind(6, std::string_view(silence.author))
        .bind(7, std::string_view(silence.reason))
        .bind(8, to_integer(silence.begun))
        .bind(9, to_integer(silence.until))
        .run();
    return database.integer("SELECT last_insert_rowid()");
}

bool end_silence(Database& database, std::int64_t id, std::uint64_t now) {
    Statement end(database, "UPDATE silences SET until = ? WHERE id = ? AND until > ?");
    end.bind(1, to_integer(now)).bind(2, id).bind(3, to_integer(now)).run();
    return database.integer("SELECT changes()") == 1;
}

std::vector<Silence> read_silences(const Database& database, std::uint64_t now) {
    Statement rows(database,
                   "SELECT id, rule, chain, market, wallet, severity, author, reason, begun, until "
                   "FROM silences WHERE until > ? ORDER BY id");
    rows.bind(1, to_integer(now));
    std::vector<Silence> out;
    while (rows.step()) {
        out.push_back({.id = rows.integer(0),
                       .rule = rows.text(1),
                       .chain = rows.text(2),
                       .market = rows.text(3),
                       .wallet = rows.text(4),
                       .severity = rows.text(5),
                       .author = rows.text(6),
                       .reason = rows.text(7),
                       .begun = natural(rows.integer(8)),
                       .until = natural(rows.integer(9))});
    }
    return out;
}

void drop_silences(const Database& database, std::uint64_t before) {
    Statement drop(database, "DELETE FROM silences WHERE until < ?");
    drop.bind(1, to_integer(before)).run();
}

void acknowledge(Database& database, const Acknowledgement& acknowledgement) {
    Statement add(database,
                  "INSERT INTO acknowledgements (alert, episode, author, reason, at) VALUES (?, ?, "
                  "?, ?, ?) ON CONFLICT DO NOTHING");
    add.bind(1, std::string_view(acknowledgement.alert))
        .bind(2, to_integer(acknowledgement.episode))
        .bind(3, std::string_view(acknowledgement.author))
        .bind(4, std::string_view(acknowledgement.reason))
        .bind(5, to_integer(acknowledgement.at))
        .run();
}

std::map<std::string, Acknowledgement> read_acknowledgements(const Database& database) {
    Statement rows(database,
                   "SELECT alert, episode, author, reason, at FROM acknowledgements "
                   "ORDER BY alert, episode");
    std::map<std::string, Acknowledgement> out;
    while (rows.step()) {
        Acknowledgement one = read_acknowledgement(rows);
        out.insert_or_assign(one.alert, one);
    }
    return out;
}

std::vector<Acknowledgement> acknowledged_before(const Database& database, std::uint64_t before) {
    Statement rows(database,
                   "SELECT alert, episode, author, reason, at FROM acknowledgements WHERE at < ?");
    rows.bind(1, to_integer(before));
    std::vector<Acknowledgement> out;
    while (rows.step()) {
        out.push_back(read_acknowledgement(rows));
    }
    return out;
}

void drop_acknowledgement(const Database& database, const Acknowledgement& acknowledgement) {
    Statement drop(database, "DELETE FROM acknowledgements WHERE alert = ? AND episode = ?");
    drop.bind(1, std::string_view(acknowledgement.alert))
        .bind(2, to_integer(acknowledgement.episode))
        .run();
}

}  // namespace margrave::store
