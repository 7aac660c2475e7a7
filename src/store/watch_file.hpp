#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "store/sqlite.hpp"
#include "store/watch_facts.hpp"
#include "store/watch_schedules.hpp"
#include "store/watch_series.hpp"
#include "store/watch_snapshots.hpp"

namespace margrave::store {

/// A block of a chain that was evaluated.
struct WatchedBlock {
    std::uint64_t number = 0;
    core::Hash hash{};
    std::uint64_t timestamp = 0;
};

/// An alert as it is kept; what the state says is its owner's business.
struct KeptAlert {
    std::string key;  ///< rule and subject
    std::string rule;
    std::string subject;  ///< as JSON
    std::string state;    ///< as JSON
};

/// A message for one channel. The body is made once: retries send the same bytes.
struct Outgoing {
    std::int64_t id = 0;
    std::string key;    ///< the same for ever: a receiver that has seen it need not act again
    std::string alert;  ///< or name_of_several()
    std::string channel;
    std::string body;
    bool is_urgent = false;
    std::uint64_t created_at = 0;  ///< wall seconds, as all times here
    std::uint64_t attempts = 0;
    std::string last_error = {};
    /// When it was delivered or given up, or, of one that waits, told of as late; 0: nothing of it.
    std::uint64_t done_at = 0;
};

/// What a message has as its `alert` that tells of several alerts of a rule on a chain.
[[nodiscard]] std::string name_of_several(std::string_view rule, std::string_view chain);

/// How many messages of a channel and lane wait, or were given up.
struct OutboxCount {
    std::string channel;
    bool is_urgent = false;
    bool is_dead = false;
    std::uint64_t count = 0;
    std::uint64_t oldest = 0;  ///< when the first of them was written
};

/// What a watch must not forget: the blocks that it evaluated, alerts, and messages that are not
/// delivered yet. One SQLite file that one daemon writes; others may read it meanwhile.
class WatchFile {
  public:
    /// Reorganisations are followed to this depth.
    static constexpr std::uint64_t kBlocksKept = 256;
    /// Delivered messages are kept so long, for those who ask later, and longer beside one that was
    /// given up and is kept.
    static constexpr std::uint64_t kSentKeptS = 2'592'000;  // 30 days
    /// Points of history are, by their blocks' own time.
    static constexpr std::uint64_t kPointsKeptS = 2'592'000;  // 30 days
    /// So are changes of facts; the row that held then stays.
    static constexpr std::uint64_t kFactsKeptS = 2'592'000;  // 30 days
    /// So are silences and acknowledgements that are over, and messages that were given up and tell
    /// of nothing that still stands.
    static constexpr std::uint64_t kNotesKeptS = 2'592'000;  // 30 days

    /// Throws core::InputError where it is no such file, or another daemon has it open.
    [[nodiscard]] static WatchFile open_or_create(const std::string& path);
    /// Only to look at it, and to acknowledge; also while a daemon runs.
    [[nodiscard]] static WatchFile open(const std::string& path);
    [[nodiscard]] static WatchFile in_memory();
    ~WatchFile();
    WatchFile(WatchFile&&) noexcept;
    WatchFile& operator=(WatchFile&&) = delete;

    /// Made by chance with the file: what another file calls its first alert is another one.
    [[nodiscard]] std::string instance();
    [[nodiscard]] std::optional<WatchedBlock> last_block(const std::string& chain);
    /// Of every chain.
    [[nodiscard]] std::map<std::string, WatchedBlock> last_blocks();
    /// Newest first.
    [[nodiscard]] std::vector<WatchedBlock> blocks(const std::string& chain);
    [[nodiscard]] std::vector<KeptAlert> alerts(const std::string& chain);
    [[nodiscard]] std::vector<KeptAlert> alerts();
    [[nodiscard]] std::optional<KeptAlert> alert(std::string_view key);

    /// What one evaluation of a chain changes, written as a whole or not at all.
    struct Evaluation {
        std::string chain;
        /// Blocks above this one were reorganised away.
        std::optional<std::uint64_t> forget_after = std::nullopt;
        std::optional<WatchedBlock> block = std::nullopt;  ///< nullopt: no new one was read
        std::vector<KeptAlert> alerts = {};                ///< those that changed
        std::vector<Outgoing> messages = {};
        std::vector<std::pair<SeriesName, Point>> points = {};
        std::vector<Fact> facts = {};  ///< rows that are new
        std::optional<PackedSnapshot> snapshot = std::nullopt;
        std::optional<Schedule> schedule = std::nullopt;  ///< where it is another one
        std::optional<PassedBlock> passed = std::nullopt;
        std::uint64_t at = 0;
    };
    /// Throws StorageError where it cannot be.
    void write(const Evaluation& evaluation);

    /// For what stands beside alerts and messages: notes and history (watch_notes.hpp,
    /// watch_series.hpp).
    [[nodiscard]] Database& database() { return database_; }

    /// The channel's message whose turn it is: urgent ones first, else in the order in which they
    /// were written; an alert's next message waits for the one before it, and for one of a group
    /// that may hold it. None while one that failed rests, as the channel rests then; but those
    /// that are in `resting` rest alone, and a group among them is in nobody's way.
    [[nodiscard]] std::optional<Outgoing> next(const std::string& channel, std::uint64_t now,
                                               const std::vector<std::int64_t>& resting = {});
    void mark_sent(std::int64_t id, std::uint64_t now);
    /// Delivered ones of a channel, in the order in which they were written.
    [[nodiscard]] std::vector<Outgoing> sent(const std::string& channel);
    /// A delivered one that was told again: it is kept for another 30 days.
    void mark_repeated(std::int64_t id, std::uint64_t now);
    /// To be tried again; until then its channel rests.
    void mark_failed(std::int64_t id, std::string_view error, std::uint64_t not_before);
    /// The receiver will never take it; others get in its place what `instead` says, which is asked
    /// while nobody else changes the file.
    void mark_dead(std::int64_t id, std::string_view error, std::uint64_t now,
                   const std::function<std::vector<Outgoing>()>& instead = {});
    /// So long urgent messages, and others, may wait before others are told.
    struct Patience {
        std::uint64_t urgent_s = 0;
        std::uint64_t others_s = 0;
    };
    /// Of a channel, those that have waited so long and were not marked as late yet.
    [[nodiscard]] std::vector<Outgoing> late(const std::string& channel, std::uint64_t now,
                                             const Patience& patience);
    /// It goes on waiting, and others get `instead`.
    void mark_late(std::int64_t id, std::uint64_t now, const std::vector<Outgoing>& instead);
    /// Where one of this key waits still, nobody needs it any more: it counts as delivered.
    void mark_needless(std::string_view key, std::uint64_t now);
    /// One that was given up waits again, under the same key and where it was.
    void mark_queued(std::int64_t id);
    /// One that was given up is forgotten.
    void drop_dead(std::int64_t id);
    /// Those of other channels that were written in the same second, and not given up.
    [[nodiscard]] std::vector<Outgoing> written_beside(const Outgoing& message);
    /// Of these the ones that were delivered.
    [[nodiscard]] std::vector<Outgoing> delivered_beside(const Outgoing& message);
    [[nodiscard]] bool is_delivered(std::string_view key);
    /// A later one of the same alert was delivered by its channel, or one of a group that may hold
    /// it.
    [[nodiscard]] bool is_followed(const Outgoing& message);
    /// Of all messages that are kept.
    [[nodiscard]] std::vector<std::string> channels();
    /// One of an alert whose name begins so was written from the first second to the last.
    [[nodiscard]] bool was_written(std::string_view alert_begins, std::uint64_t from,
                                   std::uint64_t to);
    /// No message rests for longer by the clock on the wall: one that was set back would make it
    /// wait for years.
    static constexpr std::uint64_t kRestMaxS = 60;
    /// Whether a message names the block of this hash, "0x…".
    [[nodiscard]] bool is_told_of(std::string_view hash);
    /// Whether the file has a message for a channel of this name.
    [[nodiscard]] bool has_messages_for(std::string_view channel);
    /// Those that wait, oldest first, and those that were given up.
    [[nodiscard]] std::vector<Outgoing> waiting();
    [[nodiscard]] std::vector<Outgoing> dead();
    /// The same in numbers, by channel and lane.
    [[nodiscard]] std::vector<OutboxCount> outbox_counts();

    /// Writes what stands there already, and throws InputError where that cannot be done.
    void check_writable();
    /// Whether a daemon watches with the file at that path now.
    [[nodiscard]] static bool is_watched(const std::string& path);

    /// Held by a daemon beside its file, "FILE.lock"; the system lets go of it when the daemon
    /// ends, however that is.
    class Lock;

  private:
    explicit WatchFile(Database database);
    [[nodiscard]] static WatchFile open(const std::string& path, Database::Mode mode);
    void queue(const std::vector<Outgoing>& messages, std::uint64_t now);
    void write_history(const Evaluation& evaluation);
    [[nodiscard]] std::vector<Outgoing> in_state(std::string_view state);

    std::unique_ptr<Lock> lock_;
    Database database_;
    std::uint64_t blocks_written_ = 0;
};

}  // namespace margrave::store
