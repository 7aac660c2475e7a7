#include "adapters/uniswap_v3/venue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "adapters/uniswap_v3/contracts.hpp"
#include "adapters/uniswap_v3/pool_venue.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"
#include "adapters/venue_reading.hpp"
#include "core/errors.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using chains::Reader;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

constexpr std::uint64_t kBandBps = 5000;
constexpr std::uint64_t kWholeBandBps = 10'000;
constexpr std::uint32_t kPips = 1'000'000;

struct PoolConfig {
    margin::VenueName name;
    std::uint64_t band_bps = kBandBps;
    Routers routers;
};

template <unsigned Bits>
std::int32_t to_int(const Int<Bits>& number) {
    static_assert(Bits <= 24);
    const auto magnitude = static_cast<std::int32_t>(number.magnitude);
    return number.negative ? -magnitude : magnitude;
}

template <unsigned Bits>
Int<Bits> from_int(std::int32_t number) {
    return {.negative = number < 0, .magnitude = U256(std::abs(number))};
}

/// The words that hold every tick from price * (1 - band) to price / (1 - band), and where the
/// search for the one above goes.
void set_words(TickTable& table, std::int32_t tick, std::uint64_t band_bps) {
    std::int32_t low = kTickMin;
    std::int32_t high = kTickMax;
    if (band_bps < kWholeBandBps) {
        const double kept = 1 - static_cast<double>(band_bps) / static_cast<double>(kWholeBandBps);
        const auto ticks = static_cast<std::int32_t>(std::ceil(-std::log(kept) / std::log(1.0001)));
        low = std::max(low, tick - ticks);
        high = std::min(high, tick + ticks);
    }
    table.word_low = word_of(compress(low, table.spacing));
    table.word_high = word_of(compress(high, table.spacing) + 1);
}

Task<U256> read_word(Reader& chain, Address pool, std::int32_t word) {
    const U256 bits = co_await chain.call(pool, TickBitmap{}, from_int<16>(word));
    co_return bits;
}

Task<NetLiquidity> read_net(Reader& chain, Address pool, std::int32_t tick) {
    const TickTuple info = co_await chain.call(pool, Ticks{}, from_int<24>(tick));
    const Int<128>& net = std::get<1>(info);
    NetLiquidity out;
    out.is_negative = net.negative;
    out.amount = net.magnitude;
    co_return out;
}

class PoolReader final : public VenueReader {
  public:
    explicit PoolReader(PoolConfig config) : config_(std::move(config)) {}

    Task<std::unique_ptr<margin::Venue>> read(Reader& chain) override;
    std::vector<margin::Missing> missing() const override { return missing_; }

  private:
    Task<bool> read_pool(Reader& chain);
    Task<bool> read_tokens(Reader& chain);
    Task<bool> read_ticks(Reader& chain);
    Task<bool> check_router(Reader& chain, std::optional<Address> router,
                            std::optional<Address>& into);
    [[nodiscard]] ChainError bad_data(std::string_view what) const {
        return {ErrorKind::BadData, to_string(config_.name), what};
    }

    PoolConfig config_;
    PoolVenue::State state_;
    std::vector<Address> weths_;  ///< what the routers take the coin for
    std::vector<margin::Missing> missing_;
};

Task<bool> PoolReader::read_pool(Reader& chain) {
    const Address pool = config_.name.address;
    auto asked_fee = chain.call(pool, Fee{});
    auto asked_spacing = chain.call(pool, TickSpacing{});
    auto asked_slot = chain.call(pool, Slot0{});
    auto asked_liquidity = chain.call(pool, Liquidity{});
    const std::uint32_t fee = co_await asked_fee;
    const Int<24> spacing = co_await asked_spacing;
    const Slot0Tuple slot = co_await asked_slot;
    const Uint<128> liquidity = co_await asked_liquidity;
    if (fee >= kPips || spacing.negative || spacing.magnitude == 0) {
        throw bad_data("fee or tick spacing is out of range");
    }
    auto table = std::make_shared<TickTable>();
    table->spacing = to_int(spacing);
    state_.pool.fee_pips = fee;
    state_.pool.now = {.sqrt_price_x96 = std::get<0>(slot).value,
                       .tick = to_int(std::get<1>(slot)),
                       .liquidity = liquidity.value};
    set_words(*table, state_.pool.now.tick, config_.band_bps);
    state_.pool.ticks = std::move(table);
    co_return co_await read_ticks(chain);
}

Task<bool> PoolReader::read_tokens(Reader& chain) {
    state_.tokens = co_await read_pair_tokens(chain, config_.name.address);
    co_return true;
}

Task<bool> PoolReader::read_ticks(Reader& chain) {
    const Address pool = config_.name.address;
    TickTable table = *state_.pool.ticks;
    std::vector<Task<U256>> asked_words;
    for (std::int32_t word = table.word_low; word <= table.word_high; ++word) {
        asked_words.push_back(read_word(chain, pool, word));
    }
    const std::vector<U256> words = co_await settle(std::move(asked_words));
    std::vector<Task<NetLiquidity>> asked_nets;
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (std::int32_t bit = 0; bit < kTicksInWord; ++bit) {
            if (bit_test(words[i], static_cast<unsigned>(bit))) {
                const std::int32_t word = table.word_low + static_cast<std::int32_t>(i);
                table.ticks.push_back((word * kTicksInWord + bit) * table.spacing);
                asked_nets.push_back(read_net(chain, pool, table.ticks.back()));
            }
        }
    }
    table.nets = co_await settle(std::move(asked_nets));
    state_.pool.ticks = std::make_shared<const TickTable>(std::move(table));
    co_return true;
}

Task<bool> PoolReader::check_router(Reader& chain, std::optional<Address> router,
                                    std::optional<Address>& into) {
    if (router) {
        const RouterReading reading =
            co_await read_router<Weth9>(chain, *router, config_.name.address);
        if (reading.is_usable) {
            into = router;
            weths_.push_back(reading.weth);
        } else {
            missing_.push_back(reading.missing);
        }
    }
    co_return true;
}

Task<std::unique_ptr<margin::Venue>> PoolReader::read(Reader& chain) {
    state_.name = config_.name;
    const auto& [router, router_02] = config_.routers;
    std::vector<Task<bool>> parts;
    parts.push_back(read_pool(chain));
    parts.push_back(read_tokens(chain));
    parts.push_back(check_router(chain, router, state_.routers.swap_router));
    parts.push_back(check_router(chain, router_02, state_.routers.swap_router_02));
    static_cast<void>(co_await settle(std::move(parts)));
    for (margin::VenueToken& token : state_.tokens) {
        token.wraps_native = std::find(weths_.begin(), weths_.end(), token.address) != weths_.end();
    }
    if (const auto why = contradiction_in(state_.pool)) {
        throw bad_data(*why);
    }
    std::unique_ptr<margin::Venue> venue = std::make_unique<PoolVenue>(std::move(state_));
    co_return venue;
}

}  // namespace

std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool) {
    const settings::Section& section = pool.section;
    PoolConfig config{.name = {.kind = "uniswap_v3", .chain = pool.chain, .address = pool.address},
                      .band_bps = section.optional_integer("band_bps").value_or(kBandBps),
                      .routers = {.swap_router = section.optional_address("swap_router"),
                                  .swap_router_02 = section.optional_address("swap_router_02")}};
    if (config.band_bps == 0 || config.band_bps > kWholeBandBps) {
        throw core::ConfigError(fmt::format("{}: expected basis points from 1 to {}, got {}",
                                            section.where("band_bps"), kWholeBandBps,
                                            config.band_bps));
    }
    section.reject_unknown_keys();
    return std::make_unique<PoolReader>(std::move(config));
}

std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive) {
    return PoolVenue::restore(archive);
}

std::vector<RevisionProof> describe_venue() {
    return {
        {.behaviour = "pool", .proof = "random swaps, equal to the real contracts' to the unit"}};
}

}  // namespace margrave::adapters::uniswap_v3
