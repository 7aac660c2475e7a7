#include "app/left_chains.hpp"

#include <map>
#include <utility>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "app/alert_book.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {

std::vector<std::string> forget_left_chains(store::WatchFile& file,
                                            const std::set<std::string>& watched) {
    std::vector<std::string> notes;
    std::map<std::string, std::vector<store::KeptAlert>> left;
    for (store::KeptAlert& kept : file.alerts()) {
        const std::string chain =
            alert::restore_subject(snapshot::parse_json(kept.subject, {})).chain;
        alert::State state = alert::restore_state(snapshot::parse_json(kept.state, {}));
        const bool is_quiet = state.phase == alert::Phase::Quiet && !state.unknown_since_s;
        if (watched.contains(chain) || is_quiet) {
            continue;
        }
        notes.push_back(not_watched_any_more(kept.key));
        alert::forget(state);
        kept.state = to_json(alert::to_archive(state));
        left[chain].push_back(std::move(kept));
    }
    for (auto& [chain, alerts] : left) {
        file.write({.chain = chain, .alerts = std::move(alerts)});
    }
    return notes;
}

}  // namespace margrave::app
