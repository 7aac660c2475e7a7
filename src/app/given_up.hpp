#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/watch_file.hpp"

namespace margrave::app {

/// Another channel has, or is to have, all that it tells.
[[nodiscard]] bool is_told_elsewhere(store::WatchFile& file, const store::Outgoing& message);

/// Another channel delivered all that it tells, its own or in its place.
[[nodiscard]] bool is_delivered_elsewhere(store::WatchFile& file, const store::Outgoing& message);

/// Something that it tells of is so still: it fires, in the same episode, or is not known.
[[nodiscard]] bool still_stands(store::WatchFile& file, const store::Outgoing& message);

/// One that was given up may wait again: it tells of what is so still, or of what its channel was
/// told nothing of since.
[[nodiscard]] bool may_be_retried(store::WatchFile& file, const store::Outgoing& message);

/// What the other channels are told of a message that its own never took: the same alert, and that
/// it was given up, as JSON `given_up`. Where another channel has the alert anyway, or it was told
/// as late, only the first of a channel within an hour is: who is there hears then that the channel
/// is dead. Of a message that was told in another's place already: nothing.
[[nodiscard]] std::vector<store::Outgoing> tell_others(store::WatchFile& file,
                                                       const store::Outgoing& message,
                                                       const std::string& why,
                                                       const std::vector<std::string>& others,
                                                       std::uint64_t now_s);

/// So long a message may wait for its own channel before the others are told.
inline constexpr store::WatchFile::Patience kPatience{.urgent_s = 120, .others_s = 3'600};

/// The same of a message that waits for longer, and is tried still, as JSON `late`; where another
/// channel delivered it, only the first within an hour.
[[nodiscard]] std::vector<store::Outgoing> tell_of_late(store::WatchFile& file,
                                                        const store::Outgoing& message,
                                                        const std::vector<std::string>& others,
                                                        std::uint64_t now_s);

/// It was delivered after all: nobody who was not told of it as late yet needs to be.
void take_back_late(store::WatchFile& file, const store::Outgoing& message,
                    const std::vector<std::string>& others, std::uint64_t now_s);

}  // namespace margrave::app
