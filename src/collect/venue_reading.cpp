#include "collect/venue_reading.hpp"

#include <fmt/format.h>

#include <utility>

namespace margrave::collect {

using chains::Task;
using core::ChainError;
using core::ErrorKind;

Task<bool> read_venue(VenueReading& reading, chains::Reader& reader) {
    try {
        reading.venue = co_await reading.reader->read(reader);
    } catch (const ChainError& error) {
        reading.failure = error;
    }
    co_return true;
}

std::vector<VenueReading> make_venue_readings(const settings::Settings& settings,
                                              const std::string& chain) {
    std::vector<VenueReading> out;
    for (const settings::Pool& pool : settings.pools) {
        if (pool.chain != chain) {
            continue;
        }
        const adapters::VenueKind* kind = adapters::find_venue_kind(pool.kind);
        if (kind == nullptr) {
            throw core::ConfigError(fmt::format("{}: margrave knows no pools of kind \"{}\"",
                                                pool.section.where("kind"), pool.kind));
        }
        VenueReading& reading = out.emplace_back();
        reading.pool = &pool;
        reading.reader = kind->make_reader(pool);
    }
    return out;
}

void take(VenueReading& reading, snapshot::Snapshot& into) {
    const auto add_gap = [&](ErrorKind kind, std::string detail) {
        into.gaps.push_back({.chain = reading.pool->chain,
                             .protocol = reading.pool->kind,
                             .market = reading.pool->address.to_string(),
                             .wallet = std::nullopt,
                             .kind = kind,
                             .detail = std::move(detail)});
    };
    if (reading.failure) {
        add_gap(reading.failure->kind(), reading.failure->what());
        return;
    }
    for (const margin::Missing& missing : reading.reader->missing()) {
        add_gap(missing.kind, missing.what + ": " + missing.detail);
    }
    into.venues.push_back(std::move(reading.venue));
}

}  // namespace margrave::collect
