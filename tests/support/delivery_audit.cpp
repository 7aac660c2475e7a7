#include "tests/support/delivery_audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace margrave::test {
namespace {

/// From when on nothing kept the message from being delivered, to when it was.
std::uint64_t lateness(const LedgerRow& row, const SimulatedReceiver::Effect& effect,
                       const std::vector<std::uint64_t>& boots_ms) {
    const auto boot = std::upper_bound(boots_ms.begin(), boots_ms.end(), effect.at_ms);
    const std::uint64_t booted_ms = boot == boots_ms.begin() ? 0 : *std::prev(boot);
    const std::uint64_t since = std::max({row.written_ms, booted_ms, effect.trouble_ms});
    return effect.at_ms - std::min(effect.at_ms, since);
}

}  // namespace

std::uint64_t check_deliveries(const std::string& channel, const SimulatedReceiver& receiver,
                               const std::vector<LedgerRow>& rows,
                               const std::vector<std::uint64_t>& boots_ms) {
    if (!receiver.forged().empty()) {
        throw Wrong{channel + ": a key came with two bodies"};
    }
    std::set<std::string> keys;
    std::map<std::string, std::uint64_t> places;
    std::uint64_t latest_ms = 0;
    for (const LedgerRow& row : rows) {
        if (row.channel != channel) {
            continue;
        }
        const std::string what = channel + ": " + row.message.alert + " " + row.message.kind;
        const auto effect = receiver.effects().find(row.key);
        if (effect == receiver.effects().end() || effect->second.body != row.body) {
            throw Wrong{what + " never came as it was written"};
        }
        if (!keys.insert(row.key).second) {
            throw Wrong{what + " has the key of another one"};
        }
        const std::uint64_t place = effect->second.place + 1;
        if (place <= std::exchange(places[row.message.alert], place)) {
            throw Wrong{what + " came before the message that it follows"};
        }
        const std::uint64_t late_ms = lateness(row, effect->second, boots_ms);
        latest_ms = std::max(latest_ms, late_ms);
        if (late_ms > kAfterTroubleMs) {
            throw Wrong{fmt::format("{} came {} ms late", what, late_ms)};
        }
    }
    if (keys.size() != receiver.effects().size()) {
        throw Wrong{channel + ": something came that was not written"};
    }
    return latest_ms;
}

}  // namespace margrave::test
