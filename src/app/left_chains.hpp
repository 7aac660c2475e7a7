#pragma once

#include <set>
#include <string>
#include <vector>

#include "store/watch_file.hpp"

namespace margrave::app {

/// Alerts of chains that are not watched any more are forgotten, as nobody would end them. Of those
/// that fired or were not known: sentences.
[[nodiscard]] std::vector<std::string> forget_left_chains(store::WatchFile& file,
                                                          const std::set<std::string>& watched);

}  // namespace margrave::app
