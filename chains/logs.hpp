#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/units.hpp"

namespace margrave::chains {

using Topic = core::Hash;

/// Which events are looked for: those that one of the addresses logged and whose topics match.
struct LogFilter {
    std::vector<core::Address> addresses;  ///< none: whoever logged them; at least one of a scan
    /// By position, any of those listed; an empty list takes every topic, and so do positions after
    /// the last.
    std::vector<std::vector<Topic>> topics;
    core::BlockNumber from;  ///< the first block
};

/// One event as a contract logged it. Checked against the filter and the blocks it was asked for;
/// what the topics and the data mean is for an Event to decode.
struct Log {
    core::Address address;
    core::BlockNumber block;
    std::uint64_t index = 0;  ///< its place among the block's logs
    std::array<Topic, 4> topics{};
    std::size_t topic_count = 0;
    core::Bytes data;
};

/// Takes logs as they are read: in the chain's order, each once, in pieces of any length.
using LogSink = std::function<void(std::span<const Log>)>;

}  // namespace margrave::chains
