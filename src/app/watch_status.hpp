#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// An alert of the store, as far as its figures go.
struct AlertState {
    std::string rule;
    alert::Phase phase = alert::Phase::Quiet;
    bool is_unknown = false;
    std::uint64_t unknown_since_s = 0;  ///< if it is
    alert::Subject subject = {};
};
[[nodiscard]] std::vector<AlertState> read_alert_states(store::WatchFile& file);

/// What a watch's file says of it at one look.
struct WatchStatus {
    bool is_watched = false;  ///< a daemon has it now
    std::map<std::string, store::WatchedBlock> chains;
    std::map<std::string, store::Schedule> schedules;  ///< by chain
    std::vector<AlertState> alerts;
    std::vector<store::OutboxCount> outbox;
    std::uint64_t at_s = 0;

    [[nodiscard]] std::uint64_t count(alert::Phase phase) const;
    [[nodiscard]] std::uint64_t count_unknown() const;
};

/// `path` is the file's; whether somebody watches is asked of the lock beside it.
[[nodiscard]] WatchStatus read_status(store::WatchFile& file, const std::string& path,
                                      std::uint64_t now_s);

/// JSON "margrave.status/1" (docs/http.md), with a final newline.
[[nodiscard]] std::string to_json(const WatchStatus& status);
/// For a person in a terminal.
[[nodiscard]] std::string to_text(const WatchStatus& status);

}  // namespace margrave::app
