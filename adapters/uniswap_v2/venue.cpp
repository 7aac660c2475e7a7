#include "adapters/uniswap_v2/venue.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "adapters/uniswap_v2/contracts.hpp"
#include "adapters/uniswap_v2/pair.hpp"
#include "adapters/venue_reading.hpp"
#include "core/errors.hpp"

namespace margrave::adapters::uniswap_v2 {
namespace {

using chains::Reader;
using chains::Task;

constexpr std::uint64_t kFeeBps = 30;
constexpr std::uint64_t kWholeBps = 10'000;

class PairReader final : public VenueReader {
  public:
    explicit PairReader(PairVenue::State state) : state_(std::move(state)) {}

    Task<std::unique_ptr<margin::Venue>> read(Reader& chain) override;
    std::vector<margin::Missing> missing() const override { return missing_; }

  private:
    Task<bool> read_tokens(Reader& chain);
    Task<bool> read_reserves(Reader& chain);
    Task<bool> check_router(Reader& chain);

    PairVenue::State state_;
    std::optional<Address> weth_;
    std::vector<margin::Missing> missing_;
};

Task<bool> PairReader::read_tokens(Reader& chain) {
    state_.tokens = co_await read_pair_tokens(chain, state_.name.address);
    co_return true;
}

Task<bool> PairReader::read_reserves(Reader& chain) {
    const ReservesTuple reserves = co_await chain.call(state_.name.address, GetReserves{});
    state_.reserves = {std::get<0>(reserves).value, std::get<1>(reserves).value};
    co_return true;
}

Task<bool> PairReader::check_router(Reader& chain) {
    if (state_.router) {
        const RouterReading reading =
            co_await read_router<Weth>(chain, *state_.router, state_.name.address);
        if (reading.is_usable) {
            weth_ = reading.weth;
        } else {
            state_.router.reset();
            missing_.push_back(reading.missing);
        }
    }
    co_return true;
}

Task<std::unique_ptr<margin::Venue>> PairReader::read(Reader& chain) {
    std::vector<Task<bool>> parts;
    parts.push_back(read_tokens(chain));
    parts.push_back(read_reserves(chain));
    parts.push_back(check_router(chain));
    static_cast<void>(co_await settle(std::move(parts)));
    for (margin::VenueToken& token : state_.tokens) {
        token.wraps_native = weth_ == token.address;
    }
    std::unique_ptr<margin::Venue> venue = std::make_unique<PairVenue>(std::move(state_));
    co_return venue;
}

}  // namespace

std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool) {
    const settings::Section& section = pool.section;
    const std::uint64_t fee_bps = section.optional_integer("fee_bps").value_or(kFeeBps);
    if (fee_bps >= kWholeBps) {
        throw core::ConfigError(fmt::format("{}: expected basis points below {}, got {}",
                                            section.where("fee_bps"), kWholeBps, fee_bps));
    }
    PairVenue::State state;
    state.name = {.kind = "uniswap_v2", .chain = pool.chain, .address = pool.address};
    state.fee_bps = static_cast<std::uint32_t>(fee_bps);
    state.router = section.optional_address("router");
    section.reject_unknown_keys();
    return std::make_unique<PairReader>(std::move(state));
}

std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive) {
    return PairVenue::restore(archive);
}

std::vector<RevisionProof> describe_venue() {
    return {
        {.behaviour = "pair", .proof = "random swaps, equal to the real contracts' to the unit"}};
}

}  // namespace margrave::adapters::uniswap_v2
