#pragma once

#include <functional>
#include <vector>

#include "app/playbook_file.hpp"
#include "cascade/state.hpp"
#include "collect/collect.hpp"
#include "margin/market.hpp"
#include "report/cascade.hpp"
#include "report/report.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// Settings by which only what the playbook speaks of is read. A market that no entry is called is
/// one inside an entry of its protocol, as Morpho's are: all entries of that protocol are read
/// then. Throws ConfigError for a protocol or a pool that is not configured.
[[nodiscard]] settings::Settings playbook_settings(settings::Settings settings,
                                                   const PlaybookFile& file);

/// Pools, and the tokens of the own wallets alone: what they may be claims on in the markets.
[[nodiscard]] collect::CollectOptions playbook_reading(const PlaybookFile& file);

/// The playbook's markets and its chain's pools, taken out of what was read.
[[nodiscard]] cascade::State take_state(snapshot::Snapshot& snapshot, const PlaybookFile& file,
                                        const settings::Settings& settings);

/// The playbook names the market itself, or the deployment that it is in.
[[nodiscard]] bool is_of_playbook(const PlaybookFile& file, const settings::Settings& settings,
                                  const margin::MarketName& market);

/// Where own accounts really fall by a playbook, and nothing else of a run: its shock is not
/// carried out. Markets and pools are taken out of the snapshot. Throws ConfigError as a run does;
/// `pause` is called between searches, and may throw.
[[nodiscard]] std::vector<report::CascadeFall> own_falls(snapshot::Snapshot& snapshot,
                                                         const PlaybookFile& file,
                                                         const settings::Settings& settings,
                                                         const std::function<void()>& pause);

/// A playbook carried out on what was read: the engine's outcome and where own accounts really
/// fall.
class CascadeRun {
  public:
    /// Of a snapshot with at least one chain. Throws ConfigError for words of the playbook that
    /// name nothing in it.
    CascadeRun(snapshot::Snapshot snapshot, const PlaybookFile& file,
               const settings::Settings& settings);

    CascadeRun(const CascadeRun&) = delete;
    CascadeRun& operator=(const CascadeRun&) = delete;

    /// Speaks of this run's state: no longer than it.
    [[nodiscard]] const report::CascadeReport& report() const { return report_; }

  private:
    cascade::State state_;
    report::CascadeReport report_;
};

}  // namespace margrave::app
