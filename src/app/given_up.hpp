#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/watch_file.hpp"

namespace margrave::app {

/// Another channel has, or is to have, all that it tells.
[[nodiscard]] bool is_told_elsewhere(store::WatchFile& file, const store::Outgoing& message);

/// What the other channels are told of a message that its own never took: the same alert, and that
/// it was given up, as JSON `given_up`. Where another channel has the alert anyway only the first
/// of a channel within an hour is: who is there hears then that the channel is dead. Of a message
/// that was told in another's place already: nothing.
[[nodiscard]] std::vector<store::Outgoing> tell_others(store::WatchFile& file,
                                                       const store::Outgoing& message,
                                                       const std::string& why,
                                                       const std::vector<std::string>& others,
                                                       std::uint64_t now_s);

}  // namespace margrave::app
