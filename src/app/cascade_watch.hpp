#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "alert/rule.hpp"
#include "app/gather.hpp"
#include "app/playbook_file.hpp"
#include "app/world.hpp"
#include "core/address.hpp"
#include "report/report.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// A playbook that a watch carries out again and again.
struct CascadePlan {
    std::string playbook;  ///< its file, as the rules name it
    PlaybookFile file;
    std::uint64_t every_s = 0;       ///< of the chain's time
    settings::Settings settings;     ///< of what the playbook speaks of
    std::vector<std::string> rules;  ///< names of those that watch it
};

/// The plans of all rules that watch a cascade's distance, by chain. Throws ConfigError for a
/// playbook that cannot be, InputError for a file that cannot be read.
[[nodiscard]] std::map<std::string, CascadePlan> make_cascade_plans(
    const std::vector<alert::Rule>& rules, const settings::Settings& settings);

/// What came of a playbook: falls, gaps and the accounts that fall, alone of a report.
struct CascadeFound {
    report::Report report;
    /// What it was carried out on, as a snapshot's file; "" over a book, which is a file itself.
    std::string reading = {};
};

/// Finds where the watched wallets of one chain really fall, by reading its whole market.
class CascadeWatch {
  public:
    /// `source` says how to read; the playbook's own accounts are `wallets` where it names none.
    CascadeWatch(World& world, CascadePlan plan, SourceOptions source,
                 const std::vector<core::Address>& wallets);

    /// At the block of `watched`, or of the playbook's book. Where it could not be found out, all
    /// that `watched` has of the playbook's markets is unknown. It may take minutes: whoever
    /// `is_asked_to_stop` waits for one search at most.
    [[nodiscard]] CascadeFound carry_out(const snapshot::Snapshot& watched,
                                         const std::function<bool()>& is_asked_to_stop) const;

    [[nodiscard]] std::uint64_t every_s() const { return plan_.every_s; }

    /// A book tells of its own block: of one that is older than this nothing is known of today.
    static constexpr std::uint64_t kBookAgeMaxS = 86'400;

  private:
    /// Throws what reading and carrying out throw.
    [[nodiscard]] CascadeFound find(const snapshot::ChainCut& at,
                                    const std::function<bool()>& is_asked_to_stop) const;
    [[nodiscard]] report::Report unknown(const snapshot::Snapshot& watched,
                                         const std::string& why) const;

    World& world_;
    CascadePlan plan_;
    SourceOptions source_;
};

}  // namespace margrave::app
