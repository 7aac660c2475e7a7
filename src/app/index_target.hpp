#pragma once

#include <optional>
#include <string>
#include <vector>

#include "settings/settings.hpp"

namespace margrave::app {

/// A deployment whose borrowers are looked for, or one market of it.
struct IndexTarget {
    const settings::MarketEntry* entry = nullptr;
    std::string only_market;  ///< "" for all of it
};

/// The chain's deployment of that name; for the id of a market (0x...), that market of the chain's
/// first deployment of the protocol. nullopt when there is none. Points into `settings`.
[[nodiscard]] std::optional<IndexTarget> find_target(const settings::Settings& settings,
                                                     const std::string& chain,
                                                     const std::string& protocol,
                                                     const std::string& name);

/// Each once, and no market beside the whole deployment that it is of: what is read of both would
/// count twice.
void add_target(IndexTarget target, std::vector<IndexTarget>& targets);

}  // namespace margrave::app
