#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/simulated_receiver.hpp"
#include "tests/support/watch_ledger.hpp"

namespace margrave::test {

/// A receiver that is well again may still be left alone for a minute, have hung before it, and
/// simulated couriers look for mail every five seconds only.
inline constexpr std::uint64_t kAfterTroubleMs = 61'000 + 15'000 + 5'000;

/// What was written for the channel came to its receiver: all of it and nothing else, each message
/// once and with its own bytes, an alert's in their order, and in time. `boots_ms` is when the
/// daemon was started, in order. Returns how late the latest was, the receiver's own trouble and
/// the daemon's absence not counted; throws Wrong.
[[nodiscard]] std::uint64_t check_deliveries(const std::string& channel,
                                             const SimulatedReceiver& receiver,
                                             const std::vector<LedgerRow>& rows,
                                             const std::vector<std::uint64_t>& boots_ms);

}  // namespace margrave::test
