#include <array>
#include <utility>

#include "snapshot/snapshot.hpp"

namespace margrave::snapshot {

namespace {

constexpr std::array<std::pair<PriceSource, std::string_view>, 3> kNames{{
    {PriceSource::None, "none"},
    {PriceSource::ProtocolOracle, "protocol_oracle"},
    {PriceSource::ChainlinkFeed, "chainlink_feed"},
}};

}  // namespace

std::string_view to_string(PriceSource source) {
    for (const auto& [known, name] : kNames) {
        if (known == source) {
            return name;
        }
    }
    throw core::InvariantError("a PriceSource is one of the list");
}

std::optional<PriceSource> parse_price_source(std::string_view name) {
    for (const auto& [source, known] : kNames) {
        if (known == name) {
            return source;
        }
    }
    return std::nullopt;
}

}  // namespace margrave::snapshot
