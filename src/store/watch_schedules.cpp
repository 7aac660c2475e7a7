#include "store/watch_schedules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "store/numbers.hpp"

namespace margrave::store {

void write_schedule(const Database& database, std::string_view chain, const Schedule& schedule) {
    Statement put(database,
                  "INSERT INTO schedules (chain, far_every, wallets, near) VALUES (?, ?, ?, ?) ON "
                  "CONFLICT DO UPDATE SET far_every = excluded.far_every, wallets = "
                  "excluded.wallets, near = excluded.near");
    const std::string near = fmt::format("{}", fmt::join(schedule.near, " "));
    put.bind(1, chain)
        .bind(2, to_integer(schedule.far_every_s))
        .bind(3, to_integer(schedule.wallets))
        .bind(4, std::string_view(near))
        .run();
}

std::map<std::string, Schedule> read_schedules(const Database& database) {
    Statement rows(database, "SELECT chain, far_every, wallets, near FROM schedules");
    std::map<std::string, Schedule> out;
    while (rows.step()) {
        Schedule& one = out[rows.text(0)];
        one.far_every_s = natural(rows.integer(1));
        one.wallets = natural(rows.integer(2));
        std::istringstream words(rows.text(3));
        for (std::string wallet; words >> wallet;) {
            one.near.push_back(wallet);
        }
    }
    return out;
}

void write_passed(const Database& database, std::string_view chain, const PassedBlock& block) {
    Statement put(database,
                  "INSERT INTO passed (chain, number, time) VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
                  "SET number = excluded.number, time = excluded.time");
    put.bind(1, chain).bind(2, to_integer(block.number)).bind(3, to_integer(block.timestamp)).run();
}

std::optional<PassedBlock> read_passed(const Database& database, std::string_view chain) {
    Statement row(database, "SELECT number, time FROM passed WHERE chain = ?");
    row.bind(1, chain);
    if (!row.step()) {
        return std::nullopt;
    }
    return PassedBlock{.number = natural(row.integer(0)), .timestamp = natural(row.integer(1))};
}

void forget_passed(const Database& database, std::string_view chain, std::uint64_t above) {
    Statement forget(database, "DELETE FROM passed WHERE chain = ? AND number > ?");
    forget.bind(1, chain).bind(2, to_integer(above)).run();
}

}  // namespace margrave::store
