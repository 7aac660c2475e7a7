#include "store/watch_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "core/descriptor.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "store/numbers.hpp"
#include "store/watch_tables.hpp"

namespace margrave::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, \"key\", alert, channel, body, urgent, created, attempts, error, done FROM outbox ";

constexpr std::string_view kBlockColumns =
    "SELECT number, hash, time FROM blocks WHERE chain = ? ORDER BY number DESC ";

WatchedBlock read_block(const Database& database, const Statement& row) {
    WatchedBlock block{
        .number = natural(row.integer(0)), .hash = {}, .timestamp = natural(row.integer(2))};
    const auto hash = row.bytes(1);
    if (hash.size() != block.hash.size()) {
        database.refuse("a block's hash in it has another length");
    }
    std::copy(hash.begin(), hash.end(), block.hash.begin());
    return block;
}

std::vector<Outgoing> read_messages(Statement& rows) {
    std::vector<Outgoing> out;
    while (rows.step()) {
        out.push_back({.id = rows.integer(0),
                       .key = rows.text(1),
                       .alert = rows.text(2),
                       .channel = rows.text(3),
                       .body = rows.text(4),
                       .is_urgent = rows.integer(5) != 0,
                       .created_at = natural(rows.integer(6)),
                       .attempts = natural(rows.integer(7)),
                       .last_error = rows.text(8),
                       .done_at = natural(rows.integer(9))});
    }
    return out;
}

std::vector<KeptAlert> read_alerts(Statement& rows) {
    std::vector<KeptAlert> out;
    while (rows.step()) {
        out.push_back({.key = rows.text(0),
                       .rule = rows.text(1),
                       .subject = rows.text(2),
                       .state = rows.text(3)});
    }
    return out;
}

/// How the names of what tells of several alerts end.
constexpr std::string_view kSeveral = " +";

/// SQL: whether the row of the outbox tells of several alerts.
std::string is_of_several(std::string_view row) {
    return fmt::format("{}.alert LIKE '%{}'", row, kSeveral);
}

/// SQL: whether it does, and the other one's alerts may be among them: "RULE CHAIN +" holds what
/// begins with "RULE CHAIN ".
std::string holds(std::string_view row, std::string_view other) {
    return fmt::format(
        "({0} AND substr({1}.alert || ' ', 1, length({2}.alert) - 1) = substr({2}.alert, 1, "
        "length({2}.alert) - 1))",
        is_of_several(row), other, row);
}

}  // namespace

std::string name_of_several(std::string_view rule, std::string_view chain) {
    return fmt::format("{} {}{}", rule, chain, kSeveral);
}

class WatchFile::Lock {
  public:
    explicit Lock(const std::string& path)
        : file_(::open((path + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW,
                       S_IRUSR | S_IWUSR)) {
        if (!file_.is_open() || !take()) {
            throw core::InputError(fmt::format("{}: {}", core::printable(path),
                                               file_.is_open()
                                                   ? "another margrave watches with it"
                                                   : "its lock cannot be made beside it"));
        }
    }

  private:
    /// Who only looks whether somebody holds it has it for a moment.
    [[nodiscard]] bool take() const {
        constexpr int kTries = 5;
        constexpr useconds_t kMoment = 20'000;  // microseconds
        for (int i = 0; i < kTries; ++i) {
            if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
                return true;
            }
            ::usleep(kMoment);
        }
        return false;
    }

    core::Descriptor file_;
};

WatchFile::WatchFile(Database database) : database_(std::move(database)) {}
WatchFile::~WatchFile() = default;
WatchFile::WatchFile(WatchFile&&) noexcept = default;

WatchFile WatchFile::open(const std::string& path, Database::Mode mode) {
    WatchFile file{Database(path, mode)};
    // A message that was promised must outlive a power cut.
    file.database_.execute("PRAGMA synchronous = FULL");
    // Chains and channels write one after the other, and somebody may copy the file.
    file.database_.execute("PRAGMA busy_timeout = 30000");
    if (mode == Database::Mode::Create && is_empty(file.database_)) {
        create_tables(file.database_, watch_tables());
    } else {
        if (mode == Database::Mode::Create) {
            migrate_tables(file.database_, watch_tables());
        }
        check_tables(file.database_, watch_tables());
    }
    return file;
}

WatchFile WatchFile::open_or_create(const std::string& path) {
    auto lock = std::make_unique<Lock>(path);
    WatchFile file = open(path, Database::Mode::Create);
    file.lock_ = std::move(lock);
    return file;
}

WatchFile WatchFile::open(const std::string& path) { return open(path, Database::Mode::Existing); }
WatchFile WatchFile::in_memory() { return open(":memory:", Database::Mode::Create); }

std::string WatchFile::instance() {
    Statement row(database_, "SELECT instance FROM watch");
    return row.step() ? row.text(0) : "";
}

std::optional<WatchedBlock> WatchFile::last_block(const std::string& chain) {
    Statement rows(database_, std::string(kBlockColumns) + "LIMIT 1");
    rows.bind(1, std::string_view(chain));
    return rows.step() ? std::optional(read_block(database_, rows)) : std::nullopt;
}

std::map<std::string, WatchedBlock> WatchFile::last_blocks() {
    Statement chains(database_, "SELECT DISTINCT chain FROM blocks");
    std::map<std::string, WatchedBlock> out;
    while (chains.step()) {
        const std::string chain = chains.text(0);
        if (const auto last = last_block(chain)) {
            out.emplace(chain, *last);
        }
    }
    return out;
}

std::vector<WatchedBlock> WatchFile::blocks(const std::string& chain) {
    Statement rows(database_, kBlockColumns);
    rows.bind(1, std::string_view(chain));
    std::vector<WatchedBlock> out;
    while (rows.step()) {
        out.push_back(read_block(database_, rows));
    }
    return out;
}

std::vector<KeptAlert> WatchFile::alerts(const std::string& chain) {
    Statement rows(database_,
                   "SELECT \"key\", rule, subject, state FROM alerts WHERE chain = ? "
                   "ORDER BY \"key\"");
    rows.bind(1, std::string_view(chain));
    return read_alerts(rows);
}

std::vector<KeptAlert> WatchFile::alerts() {
    Statement rows(database_, R"(SELECT "key", rule, subject, state FROM alerts ORDER BY "key")");
    return read_alerts(rows);
}

std::optional<KeptAlert> WatchFile::alert(std::string_view key) {
    Statement rows(database_, R"(SELECT "key", rule, subject, state FROM alerts WHERE "key" = ?)");
    rows.bind(1, key);
    auto found = read_alerts(rows);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

void WatchFile::write(const Evaluation& evaluation) {
    const bool is_nothing = !evaluation.forget_after && !evaluation.block &&
                            evaluation.alerts.empty() && evaluation.messages.empty() &&
                            evaluation.points.empty() && evaluation.facts.empty() &&
                            !evaluation.snapshot && !evaluation.schedule && !evaluation.passed;
    if (is_nothing) {
        return;
    }
    database_.check_in_place();
    const std::string_view chain = evaluation.chain;
    Transaction transaction(database_);
    if (evaluation.forget_after) {
        Statement forget(database_, "DELETE FROM blocks WHERE chain = ? AND number > ?");
        forget.bind(1, chain).bind(2, to_integer(*evaluation.forget_after)).run();
        forget_points(database_, chain, *evaluation.forget_after);
        forget_facts(database_, chain, *evaluation.forget_after);
        forget_passed(database_, chain, *evaluation.forget_after);
    }
    if (evaluation.block) {
        const WatchedBlock& block = *evaluation.block;
        Statement add(database_,
                      "INSERT INTO blocks (chain, number, hash, time) VALUES (?, ?, ?, ?) "
                      "ON CONFLICT DO UPDATE SET hash = excluded.hash, time = excluded.time");
        add.bind(1, chain)
            .bind(2, to_integer(block.number))
            .bind(3, std::span<const std::uint8_t>(block.hash))
            .bind(4, to_integer(block.timestamp))
            .run();
        // Not all blocks are evaluated: those that were are counted.
        Statement drop(database_,
                       "DELETE FROM blocks WHERE chain = ?1 AND number <= (SELECT number FROM "
                       "blocks WHERE chain = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)");
        drop.bind(1, chain).bind(2, to_integer(kBlocksKept)).run();
    }
    Statement put(
        database_,
        "INSERT INTO alerts (\"key\", chain, rule, subject, state) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET state = excluded.state");
    for (const KeptAlert& alert : evaluation.alerts) {
        put.bind(1, std::string_view(alert.key))
            .bind(2, chain)
            .bind(3, std::string_view(alert.rule))
            .bind(4, std::string_view(alert.subject))
            .bind(5, std::string_view(alert.state))
            .run();
    }
    queue(evaluation.messages, evaluation.at);
    write_history(evaluation);
    // What tells that another channel has what one gave up stays with that.
    Statement old(database_,
                  "DELETE FROM outbox WHERE state = 'sent' AND done < ? AND created NOT IN (SELECT "
                  "created FROM outbox WHERE state = 'dead' UNION SELECT done FROM outbox WHERE "
                  "state = 'dead')");
    old.bind(1, to_integer(evaluation.at) - to_integer(kSentKeptS)).run();
    transaction.commit();
}

/// A key that is there already was written by an evaluation of the same block: it is the same.
void WatchFile::queue(const std::vector<Outgoing>& messages, std::uint64_t now) {
    Statement queue(database_,
                    "INSERT INTO outbox (\"key\", alert, channel, body, urgent, created, "
                    "not_before, attempts, state, error) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 'queued', "
                    "'') ON CONFLICT DO NOTHING");
    for (const Outgoing& message : messages) {
        queue.bind(1, std::string_view(message.key))
            .bind(2, std::string_view(message.alert))
            .bind(3, std::string_view(message.channel))
            .bind(4, std::string_view(message.body))
            .bind(5, std::int64_t{message.is_urgent ? 1 : 0})
            .bind(6, to_integer(now))
            .run();
    }
}

/// What is old is looked for now and then only: it takes a pass over all of it.
void WatchFile::write_history(const Evaluation& evaluation) {
    constexpr std::uint64_t kDropEvery = 1000;
    for (const auto& [series, point] : evaluation.points) {
        write_point(database_, series, point);
    }
    for (const Fact& fact : evaluation.facts) {
        write_fact(database_, evaluation.chain, fact);
    }
    if (evaluation.snapshot) {
        write_snapshot(database_, *evaluation.snapshot);
    }
    if (evaluation.schedule) {
        write_schedule(database_, evaluation.chain, *evaluation.schedule);
    }
    if (evaluation.passed) {
        write_passed(database_, evaluation.chain, *evaluation.passed);
    }
    if (evaluation.block && blocks_written_++ % kDropEvery == 0) {
        const std::uint64_t time = evaluation.block->timestamp;
        drop_points(database_, evaluation.chain, time - std::min(time, kPointsKeptS));
        drop_facts(database_, evaluation.chain, time - std::min(time, kFactsKeptS));
    }
}

std::optional<Outgoing> WatchFile::next(const std::string& channel, std::uint64_t now,
                                        const std::vector<std::int64_t>& resting) {
    Statement failed(database_,
                     "SELECT 1 FROM outbox WHERE state = 'queued' AND channel = ? AND "
                     "not_before > ? AND not_before <= ? LIMIT 1");
    failed.bind(1, std::string_view(channel))
        .bind(2, to_integer(now))
        .bind(3, to_integer(now + kRestMaxS));
    if (failed.step()) {
        return std::nullopt;
    }
    const std::string is_in_the_way =
        fmt::format("earlier.alert = mine.alert OR {} OR {}", holds("earlier", "mine"),
                    holds("mine", "earlier"));
    const std::string sql = fmt::format(
        "{0}AS mine WHERE state = 'queued' AND channel = ? AND id NOT IN ({1}) AND NOT EXISTS "
        "(SELECT 1 FROM outbox AS earlier WHERE earlier.state = 'queued' AND earlier.channel = "
        "mine.channel AND earlier.id < mine.id AND ({2}) AND NOT ({3} AND earlier.id IN ({1}))) "
        "ORDER BY urgent DESC, id LIMIT 1",
        kColumns, fmt::join(resting, ","), is_in_the_way, is_of_several("earlier"));
    Statement rows(database_, sql);
    rows.bind(1, std::string_view(channel));
    auto found = read_messages(rows);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

void WatchFile::mark_sent(std::int64_t id, std::uint64_t now) {
    Statement mark(database_,
                   "UPDATE outbox SET state = 'sent', attempts = attempts + 1, error = '', "
                   "done = ? WHERE id = ?");
    mark.bind(1, to_integer(now)).bind(2, id).run();
}

std::vector<Outgoing> WatchFile::sent(const std::string& channel) {
    Statement rows(database_,
                   std::string(kColumns) + "WHERE state = 'sent' AND channel = ? ORDER BY id");
    rows.bind(1, std::string_view(channel));
    return read_messages(rows);
}

void WatchFile::mark_repeated(std::int64_t id, std::uint64_t now) {
    Statement mark(database_, "UPDATE outbox SET done = ? WHERE id = ? AND state = 'sent'");
    mark.bind(1, to_integer(now)).bind(2, id).run();
}

void WatchFile::mark_failed(std::int64_t id, std::string_view error, std::uint64_t not_before) {
    Statement mark(database_,
                   "UPDATE outbox SET attempts = attempts + 1, error = ?, not_before = ? "
                   "WHERE id = ?");
    mark.bind(1, error).bind(2, to_integer(not_before)).bind(3, id).run();
}

void WatchFile::mark_dead(std::int64_t id, std::string_view error, std::uint64_t now,
                          const std::function<std::vector<Outgoing>()>& instead) {
    Transaction transaction(database_);
    const auto others = instead ? instead() : std::vector<Outgoing>{};
    Statement mark(database_,
                   "UPDATE outbox SET state = 'dead', attempts = attempts + 1, error = ?, "
                   "done = ? WHERE id = ?");
    mark.bind(1, error).bind(2, to_integer(now)).bind(3, id).run();
    queue(others, now);
    transaction.commit();
}

std::vector<Outgoing> WatchFile::late(const std::string& channel, std::uint64_t now,
                                      const Patience& patience) {
    Statement rows(database_, std::string(kColumns) +
                                  "WHERE state = 'queued' AND channel = ? AND done IS NULL AND "
                                  "created + iif(urgent, ?, ?) <= ? ORDER BY id");
    rows.bind(1, std::string_view(channel))
        .bind(2, to_integer(patience.urgent_s))
        .bind(3, to_integer(patience.others_s))
        .bind(4, to_integer(now));
    return read_messages(rows);
}

void WatchFile::mark_late(std::int64_t id, std::uint64_t now,
                          const std::vector<Outgoing>& instead) {
    Transaction transaction(database_);
    Statement mark(database_, "UPDATE outbox SET done = ? WHERE id = ? AND state = 'queued'");
    mark.bind(1, to_integer(now)).bind(2, id).run();
    queue(instead, now);
    transaction.commit();
}

void WatchFile::mark_needless(std::string_view key, std::uint64_t now) {
    Statement mark(database_,
                   "UPDATE outbox SET state = 'sent', done = ? WHERE \"key\" = ? AND state = "
                   "'queued'");
    mark.bind(1, to_integer(now)).bind(2, key).run();
}

void WatchFile::mark_queued(std::int64_t id) {
    Statement mark(database_,
                   "UPDATE outbox SET state = 'queued', attempts = 0, not_before = 0 WHERE id = ? "
                   "AND state = 'dead'");
    mark.bind(1, id).run();
}

void WatchFile::drop_dead(std::int64_t id) {
    Statement drop(database_, "DELETE FROM outbox WHERE id = ? AND state = 'dead'");
    drop.bind(1, id).run();
}

std::vector<Outgoing> WatchFile::written_beside(const Outgoing& message) {
    Statement rows(database_, std::string(kColumns) +
                                  "WHERE created = ? AND channel <> ? AND state <> 'dead'");
    rows.bind(1, to_integer(message.created_at)).bind(2, std::string_view(message.channel));
    return read_messages(rows);
}

std::vector<Outgoing> WatchFile::delivered_beside(const Outgoing& message) {
    Statement rows(database_,
                   std::string(kColumns) + "WHERE created = ? AND channel <> ? AND state = 'sent'");
    rows.bind(1, to_integer(message.created_at)).bind(2, std::string_view(message.channel));
    return read_messages(rows);
}

bool WatchFile::is_delivered(std::string_view key) {
    Statement row(database_, R"(SELECT 1 FROM outbox WHERE "key" = ? AND state = 'sent')");
    row.bind(1, key);
    return row.step();
}

bool WatchFile::is_followed(const Outgoing& message) {
    const std::string sql = fmt::format(
        "SELECT 1 FROM outbox AS mine, outbox AS later WHERE mine.id = ? AND later.id > mine.id "
        "AND later.channel = mine.channel AND later.state = 'sent' AND (later.alert = mine.alert "
        "OR {} OR {}) LIMIT 1",
        holds("later", "mine"), holds("mine", "later"));
    Statement row(database_, sql);
    row.bind(1, message.id);
    return row.step();
}

std::vector<std::string> WatchFile::channels() {
    Statement rows(database_, "SELECT DISTINCT channel FROM outbox");
    std::vector<std::string> out;
    while (rows.step()) {
        out.push_back(rows.text(0));
    }
    return out;
}

bool WatchFile::was_written(std::string_view alert_begins, std::uint64_t from, std::uint64_t to) {
    Statement row(database_,
                  "SELECT 1 FROM outbox WHERE created BETWEEN ?1 AND ?2 AND "
                  "substr(alert, 1, length(?3)) = ?3 LIMIT 1");
    row.bind(1, to_integer(from)).bind(2, to_integer(to)).bind(3, alert_begins);
    return row.step();
}

bool WatchFile::is_told_of(std::string_view hash) {
    Statement row(database_, "SELECT 1 FROM outbox WHERE instr(body, ?) > 0 LIMIT 1");
    row.bind(1, hash);
    return row.step();
}

bool WatchFile::has_messages_for(std::string_view channel) {
    Statement row(database_, "SELECT 1 FROM outbox WHERE channel = ? LIMIT 1");
    row.bind(1, channel);
    return row.step();
}

std::vector<Outgoing> WatchFile::in_state(std::string_view state) {
    Statement rows(database_, std::string(kColumns) + "WHERE state = ? ORDER BY id");
    rows.bind(1, state);
    return read_messages(rows);
}

std::vector<Outgoing> WatchFile::waiting() { return in_state("queued"); }
std::vector<Outgoing> WatchFile::dead() { return in_state("dead"); }

std::vector<OutboxCount> WatchFile::outbox_counts() {
    Statement rows(database_,
                   "SELECT channel, urgent, state = 'dead', count(*), min(created) FROM outbox "
                   "WHERE state IN ('queued', 'dead') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
    std::vector<OutboxCount> out;
    while (rows.step()) {
        out.push_back({.channel = rows.text(0),
                       .is_urgent = rows.integer(1) != 0,
                       .is_dead = rows.integer(2) != 0,
                       .count = natural(rows.integer(3)),
                       .oldest = natural(rows.integer(4))});
    }
    return out;
}

void WatchFile::check_writable() {
    // SQLite writes no row that stays the same; of this number it writes its page in any case.
    const std::int64_t version = database_.integer("PRAGMA user_version");
    database_.execute(fmt::format("PRAGMA user_version = {}", version).c_str());
}

bool WatchFile::is_watched(const std::string& path) {
    const core::Descriptor file(
        ::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return file.is_open() && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

}  // namespace margrave::store
