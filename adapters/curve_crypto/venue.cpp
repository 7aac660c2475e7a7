#include "adapters/curve_crypto/venue.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "adapters/curve_crypto/contracts.hpp"
#include "adapters/curve_crypto/sampled_pool.hpp"
#include "adapters/venue_reading.hpp"
#include "core/errors.hpp"

namespace margrave::adapters::curve_crypto {
namespace {

using chains::Reader;
using chains::Task;
using core::Address;
using core::ChainError;
using core::ErrorKind;
using core::U256;

/// Samples of a direction: each a quarter of a doubling larger, from a millionth of the balance of
/// what is sold to four times all of it.
constexpr std::size_t kPerDoubling = 4;
constexpr std::size_t kDoublings = 22;
constexpr unsigned kSmallestPart = 1'000'000;

/// 2^(k/4), 1e4 is one.
constexpr std::array<unsigned, kPerDoubling> kSteps{10'000, 11'892, 14'142, 16'818};
constexpr unsigned kStepScale = 10'000;

std::vector<U256> amounts(const U256& balance) {
    std::vector<U256> out;
    for (std::size_t i = 0; i <= kPerDoubling * kDoublings; ++i) {
        const U256 amount = ((balance / kSmallestPart + 1) << (i / kPerDoubling)) *
                            kSteps.at(i % kPerDoubling) / kStepScale;
        if (out.empty() || amount > out.back()) {
            out.push_back(amount);
        }
    }
    return out;
}

/// Nothing where the pool refuses the sale.
Task<Sample> read_sample(Reader& chain, Address pool, U256 sell, U256 amount) {
    const auto bought = co_await chain.try_call(pool, GetDy{}, sell, U256(1 - sell), amount);
    if (!bought && bought.error().kind() != ErrorKind::Reverted) {
        throw bought.error();
    }
    const Sample sample{.sold = amount, .bought = bought ? *bought : U256(0)};
    co_return sample;
}

Task<std::vector<Sample>> read_samples(Reader& chain, Address pool, U256 sell) {
    const U256 balance = co_await chain.call(pool, Balances{}, sell);
    std::vector<Task<Sample>> asked;
    for (const U256& amount : amounts(balance)) {
        asked.push_back(read_sample(chain, pool, sell, amount));
    }
    auto samples = co_await settle(std::move(asked));
    co_return samples;
}

Task<margin::VenueToken> read_coin(Reader& chain, Address pool, U256 place) {
    const Address coin = co_await chain.call(pool, Coins{}, place);
    auto token = co_await read_venue_token(chain, coin);
    co_return token;
}

/// A coin, and what sales of it fetch.
struct SideReading {
    margin::VenueToken token;
    std::vector<Sample> samples;
};

Task<SideReading> read_side(Reader& chain, Address pool, U256 place) {
    auto token = read_coin(chain, pool, place);
    token.start();
    SideReading out;
    out.samples = co_await read_samples(chain, pool, place);
    out.token = co_await token;
    co_return out;
}

class PoolReader final : public VenueReader {
  public:
    explicit PoolReader(margin::VenueName name) { state_.name = std::move(name); }

    Task<std::unique_ptr<margin::Venue>> read(Reader& chain) override {
        const Address pool = state_.name.address;
        auto asked_third = chain.try_call(pool, Coins{}, U256(2));
        std::vector<Task<SideReading>> asked;
        asked.push_back(read_side(chain, pool, U256(0)));
        asked.push_back(read_side(chain, pool, U256(1)));
        const auto sides = co_await settle(std::move(asked));
        const auto third = co_await asked_third;
        if (third) {
            throw bad_data("it has more than two coins");
        }
        if (third.error().kind() != ErrorKind::Reverted) {
            throw third.error();
        }
        state_.tokens = {sides[0].token, sides[1].token};
        state_.curve = curve_of(sides[0].samples, sides[1].samples);
        state_.now = begin_of(sides[0].samples, sides[1].samples);
        if (const auto why = contradiction_in(state_)) {
            throw bad_data(*why);
        }
        std::unique_ptr<margin::Venue> venue = std::make_unique<SampledPool>(std::move(state_));
        co_return venue;
    }

  private:
    [[nodiscard]] ChainError bad_data(std::string_view what) const {
        return {ErrorKind::BadData, margin::to_string(state_.name), what};
    }

    SampledPool::State state_;
};

}  // namespace

std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool) {
    pool.section.reject_unknown_keys();
    return std::make_unique<PoolReader>(
        margin::VenueName{.kind = "curve_crypto", .chain = pool.chain, .address = pool.address});
}

std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive) {
    return SampledPool::restore(archive);
}

std::vector<RevisionProof> describe_venue() {
    return {{.behaviour = "sampled", .proof = "an approximation from each pool's own get_dy"}};
}

}  // namespace margrave::adapters::curve_crypto
