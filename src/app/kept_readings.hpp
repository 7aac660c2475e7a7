#pragma once

#include <memory>
#include <string>

#include "collect/collect.hpp"

namespace margrave::app {

/// Readings in files of a folder that only its owner may read, the newest of each chain and set of
/// wallets, for a day. `questions` is all else that what is read depends on. A file that cannot be
/// written or read is none.
[[nodiscard]] std::unique_ptr<collect::ReadingStore> make_kept_readings(std::string folder,
                                                                        std::string questions);

}  // namespace margrave::app
