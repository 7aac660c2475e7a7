#include "margin/venue_token.hpp"

namespace margrave::margin {

core::Archive archive(const VenueToken& token) {
    core::Archive out;
    out.set("address", token.address);
    out.set("decimals", std::uint64_t{token.decimals});
    out.set("symbol", token.symbol);
    out.set("wraps_native", token.wraps_native);
    return out;
}

VenueToken restore_venue_token(const core::Archive& archive) {
    constexpr std::uint64_t kDecimalsMax = 255;
    const std::uint64_t decimals = archive.u64("decimals");
    if (decimals > kDecimalsMax) {
        throw core::InputError("\"decimals\" should be at most 255");
    }
    return {.address = archive.address("address"),
            .symbol = archive.text("symbol"),
            .decimals = static_cast<unsigned>(decimals),
            .wraps_native = archive.flag("wraps_native")};
}

}  // namespace margrave::margin
