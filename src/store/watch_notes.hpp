#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.hpp"

/// What people say of a watch's alerts: they write it beside the daemon, into the same file.
namespace margrave::store {

/// Of all alerts whose words are these; an empty one is any. Times are wall seconds.
struct Silence {
    std::int64_t id = 0;
    std::string rule = {};
    std::string chain = {};
    std::string market = {};    ///< "aave_v3/core"
    std::string wallet = {};    ///< EIP-55
    std::string severity = {};  ///< the highest that it silences
    std::string author = {};
    std::string reason = {};
    std::uint64_t begun = 0;
    std::uint64_t until = 0;
};

struct Acknowledgement {
    std::string alert = {};
    std::uint64_t episode = 0;
    std::string author = {};
    std::string reason = {};
    std::uint64_t at = 0;
};

/// Its id.
std::int64_t add_silence(Database& database, const Silence& silence);
/// False where there is none of this id that is not over.
[[nodiscard]] bool end_silence(Database& database, std::int64_t id, std::uint64_t now);
/// Those that are not over.
[[nodiscard]] std::vector<Silence> read_silences(const Database& database, std::uint64_t now);
/// Those that were over before that.
void drop_silences(const Database& database, std::uint64_t before);

/// A second one of the same episode changes nothing.
void acknowledge(Database& database, const Acknowledgement& acknowledgement);
/// The newest of every alert.
[[nodiscard]] std::map<std::string, Acknowledgement> read_acknowledgements(
    const Database& database);
/// All that were given before that.
[[nodiscard]] std::vector<Acknowledgement> acknowledged_before(const Database& database,
                                                               std::uint64_t before);
void drop_acknowledgement(const Database& database, const Acknowledgement& acknowledgement);

}  // namespace margrave::store
