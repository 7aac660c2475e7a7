#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapters/aave_v3/deployment.hpp"
#include "adapters/aave_v3/state.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"

/// Reading e-mode categories. Nothing lists them: they have ids from 1 to 255, with gaps.
namespace margrave::adapters::aave_v3 {

/// Which ids there are, as far as one round tells.
struct EmodeIds {
    /// Since 3.2 those that exist; until 3.1 the first few, whether they exist or not.
    std::vector<std::uint64_t> candidates;
    std::map<std::uint64_t, std::string> unread;  ///< and why
    std::uint64_t asked = 0;                      ///< from 1 to this
};

[[nodiscard]] chains::Task<EmodeIds> read_emode_ids(chains::Reader& chain, EntryPoints entry,
                                                    const Behaviour& behaviour);

/// One category; without a threshold it does not exist.
[[nodiscard]] chains::Task<EmodeCategory> read_emode(chains::Reader& chain, EntryPoints entry,
                                                     const Behaviour& behaviour,
                                                     std::uint64_t category);

}  // namespace margrave::adapters::aave_v3
