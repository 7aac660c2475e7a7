#include "store/watch_facts.hpp"

#include "store/numbers.hpp"

namespace margrave::store {

void write_fact(const Database& database, std::string_view chain, const Fact& fact) {
    Statement put(database,
                  "INSERT INTO facts (chain, protocol, market, wallet, part, name, block, time, "
                  "value, news) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                  "time = excluded.time, value = excluded.value, news = excluded.news");
    put.bind(1, chain)
        .bind(2, std::string_view(fact.protocol))
        .bind(3, std::string_view(fact.market))
        .bind(4, std::string_view(fact.wallet))
        .bind(5, std::string_view(fact.part))
        .bind(6, std::string_view(fact.name))
        .bind(7, to_integer(fact.block))
        .bind(8, to_integer(fact.time));
    if (fact.value) {
        put.bind(9, std::string_view(*fact.value));
    } else {
        put.bind_null(9);
    }
    put.bind(10, std::int64_t{fact.is_news ? 1 : 0}).run();
}

void forget_facts(const Database& database, std::string_view chain, std::uint64_t after) {
    Statement forget(database, "DELETE FROM facts WHERE chain = ? AND block > ?");
    forget.bind(1, chain).bind(2, to_integer(after)).run();
}

void drop_facts(const Database& database, std::string_view chain, std::uint64_t before_time) {
    Statement drop(database,
                   "DELETE FROM facts AS old WHERE chain = ? AND time < ? AND EXISTS (SELECT 1 "
                   "FROM facts AS next WHERE next.chain = old.chain AND next.protocol = "
                   "old.protocol AND next.market = old.market AND next.wallet = old.wallet AND "
                   "next.part = old.part AND next.name = old.name AND next.block > old.block AND "
                   "next.time < ?)");
    drop.bind(1, chain).bind(2, to_integer(before_time)).bind(3, to_integer(before_time)).run();
}

std::vector<Fact> read_facts(const Database& database, std::string_view chain) {
    Statement rows(database,
                   "SELECT protocol, market, wallet, part, name, block, time, value, news FROM "
                   "facts WHERE chain = ? ORDER BY protocol, market, wallet, part, name, block");
    rows.bind(1, chain);
    std::vector<Fact> out;
    while (rows.step()) {
        out.push_back({.protocol = rows.text(0),
                       .market = rows.text(1),
                       .wallet = rows.text(2),
                       .part = rows.text(3),
                       .name = rows.text(4),
                       .block = natural(rows.integer(5)),
                       .time = natural(rows.integer(6)),
                       .value = rows.is_null(7) ? std::nullopt : std::optional(rows.text(7)),
                       .is_news = rows.integer(8) != 0});
    }
    return out;
}

}  // namespace margrave::store
