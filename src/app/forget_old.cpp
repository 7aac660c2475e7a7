#include "app/forget_old.hpp"

#include <algorithm>

#include "alert/alert.hpp"
#include "app/given_up.hpp"
#include "snapshot/archive_json.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {
namespace {

bool is_over(store::WatchFile& file, const store::Acknowledgement& acknowledgement) {
    const auto kept = file.alert(acknowledgement.alert);
    if (!kept) {
        return true;
    }
    const alert::State state = alert::restore_state(snapshot::parse_json(kept->state, {}));
    return !state.fires_still() || state.episode != acknowledgement.episode;
}

}  // namespace

void forget_old(store::WatchFile& file, std::uint64_t now_s) {
    const std::uint64_t before = now_s - std::min(now_s, store::WatchFile::kNotesKeptS);
    store::drop_silences(file.database(), before);
    for (const auto& one : store::acknowledged_before(file.database(), before)) {
        if (is_over(file, one)) {
            store::drop_acknowledgement(file.database(), one);
        }
    }
    for (const store::Outgoing& message : file.dead()) {
        if (message.done_at < before && !still_stands(file, message)) {
            file.drop_dead(message.id);
        }
    }
}

}  // namespace margrave::app
