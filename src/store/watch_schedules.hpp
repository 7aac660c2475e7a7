#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.hpp"

/// How often a watch looks at whom, for those who look at the watch.
namespace margrave::store {

struct Schedule {
    std::uint64_t far_every_s = 0;  ///< 0: all wallets with every block
    std::uint64_t wallets = 0;
    std::vector<std::string> near = {};  ///< with every block; EIP-55

    friend bool operator==(const Schedule&, const Schedule&) = default;
};

/// In the place of the chain's one before.
void write_schedule(const Database& database, std::string_view chain, const Schedule& schedule);
/// By chain.
[[nodiscard]] std::map<std::string, Schedule> read_schedules(const Database& database);

/// The newest block with which nobody had to be looked at: its number, and its time.
struct PassedBlock {
    std::uint64_t number = 0;
    std::uint64_t timestamp = 0;
};
/// In the place of the chain's one before.
void write_passed(const Database& database, std::string_view chain, const PassedBlock& block);
[[nodiscard]] std::optional<PassedBlock> read_passed(const Database& database,
                                                     std::string_view chain);
/// Blocks above this one were reorganised away.
void forget_passed(const Database& database, std::string_view chain, std::uint64_t above);

}  // namespace margrave::store
