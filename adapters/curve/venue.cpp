#include "adapters/curve/venue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "adapters/curve/contracts.hpp"
#include "adapters/curve/pool_venue.hpp"
#include "adapters/venue_reading.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "margin/guard.hpp"

namespace margrave::adapters::curve {
namespace {

using chains::Reader;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

constexpr std::size_t kCoinsMax = 8;
constexpr unsigned kRateDecimals = 36;  // a rate and its token's decimals together

Task<std::optional<Address>> read_coin(Reader& chain, Address pool, std::size_t place) {
    const auto coin = co_await chain.try_call(pool, Coins{}, U256(place));
    std::optional<Address> out;
    if (coin) {
        out = *coin;
    } else if (coin.error().kind() != ErrorKind::Reverted) {
        throw coin.error();  // a revert is how the pool says that there are no more
    }
    co_return out;
}

Task<U256> read_balance(Reader& chain, Address pool, std::size_t place) {
    const U256 balance = co_await chain.call(pool, Balances{}, U256(place));
    co_return balance;
}

class PoolReader final : public VenueReader {
  public:
    PoolReader(margin::VenueName name, Generation generation) {
        state_.name = std::move(name);
        state_.pool.generation = generation;
    }

    Task<std::unique_ptr<margin::Venue>> read(Reader& chain) override;

  private:
    [[nodiscard]] const Address& address() const { return state_.name.address; }
    [[nodiscard]] bool is_ng() const { return state_.pool.generation == Generation::Ng; }
    [[nodiscard]] ChainError bad_data(std::string_view what) const {
        return {ErrorKind::BadData, margin::to_string(state_.name), what};
    }

    Task<bool> read_coins(Reader& chain);
    Task<bool> read_parameters(Reader& chain);
    Task<bool> read_ng(Reader& chain);
    Task<bool> check_view(Reader& chain, CoinPair coins);

    PoolVenue::State state_;
};

/// The coins, and what plain pools keep of them.
Task<bool> PoolReader::read_coins(Reader& chain) {
    std::vector<Task<std::optional<Address>>> asked;
    for (std::size_t place = 0; place < kCoinsMax; ++place) {
        asked.push_back(read_coin(chain, address(), place));
    }
    const auto coins = co_await settle(std::move(asked));
    const auto end = std::find(coins.begin(), coins.end(), std::nullopt);
    std::vector<Task<margin::VenueToken>> tokens;
    std::vector<Task<U256>> balances;
    for (auto coin = coins.begin(); coin != end; ++coin) {
        tokens.push_back(read_venue_token(chain, **coin));
        if (!is_ng()) {
            balances.push_back(
                read_balance(chain, address(), static_cast<std::size_t>(coin - coins.begin())));
            balances.back().start();
        }
    }
    state_.tokens = co_await settle(std::move(tokens));
    for (Task<U256>& balance : balances) {
        state_.pool.balances.push_back(co_await balance);
    }
    if (!is_ng()) {
        for (const margin::VenueToken& token : state_.tokens) {
            state_.pool.rates.push_back(core::pow10(kRateDecimals - token.decimals));
        }
    }
    co_return true;
}

Task<bool> PoolReader::read_parameters(Reader& chain) {
    auto asked_fee = chain.call(address(), Fee{});
    auto asked_admin_fee = chain.call(address(), AdminFee{});
    if (state_.pool.generation == Generation::Early) {
        state_.pool.amp = co_await chain.call(address(), Amp{});
    } else {
        state_.pool.amp = co_await chain.call(address(), AmpPrecise{});
    }
    state_.pool.fee = co_await asked_fee;
    state_.pool.admin_fee = co_await asked_admin_fee;
    co_return true;
}

Task<bool> PoolReader::read_ng(Reader& chain) {
    if (is_ng()) {
        auto asked_balances = chain.call(address(), NgBalances{});
        auto asked_rates = chain.call(address(), StoredRates{});
        state_.pool.offpeg_multiplier = co_await chain.call(address(), OffpegMultiplier{});
        state_.pool.balances = co_await asked_balances;
        state_.pool.rates = co_await asked_rates;
    }
    co_return true;
}

/// Generations look alike from outside, so the pool's own view of a sale decides whether it is the
/// one that is configured.
Task<bool> PoolReader::check_view(Reader& chain, CoinPair coins) {
    constexpr unsigned kPart = 1000;
    const U256 amount = state_.pool.balances[coins.sell] / kPart + 1;
    const Int<128> sell{.negative = false, .magnitude = coins.sell};
    const Int<128> buy{.negative = false, .magnitude = coins.buy};
    const auto theirs = co_await chain.try_call(address(), GetDy{}, sell, buy, amount);
    const auto ours = margin::value_or_nothing([&] { return get_dy(state_.pool, coins, amount); });
    if (!theirs && theirs.error().kind() != ErrorKind::Reverted) {
        throw theirs.error();
    }
    const bool is_same = theirs ? ours && *ours == *theirs : !ours;
    if (!is_same) {
        throw bad_data(fmt::format(
            "the pool's get_dy({}, {}, {}) is {}, of generation {} it would "
            "be {}",
            coins.sell, coins.buy, core::to_decimal(amount),
            theirs ? core::to_decimal(*theirs) : "refused", to_string(state_.pool.generation),
            ours ? core::to_decimal(*ours) : "refused"));
    }
    co_return true;
}

Task<std::unique_ptr<margin::Venue>> PoolReader::read(Reader& chain) {
    std::vector<Task<bool>> parts;
    parts.push_back(read_coins(chain));
    parts.push_back(read_parameters(chain));
    parts.push_back(read_ng(chain));
    static_cast<void>(co_await settle(std::move(parts)));
    if (state_.tokens.size() != state_.pool.balances.size()) {
        throw bad_data("it has not as many balances as coins");
    }
    if (const auto why = contradiction_in(state_.pool)) {
        throw bad_data(*why);
    }
    std::vector<Task<bool>> checks;
    for (std::size_t i = 0; i < state_.tokens.size(); ++i) {
        checks.push_back(check_view(chain, {.sell = i, .buy = (i + 1) % state_.tokens.size()}));
    }
    static_cast<void>(co_await settle(std::move(checks)));
    std::unique_ptr<margin::Venue> venue = std::make_unique<PoolVenue>(std::move(state_));
    co_return venue;
}

}  // namespace

std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool) {
    const std::string name = pool.section.text("generation");
    const auto generation = parse_generation(name);
    if (!generation) {
        throw core::ConfigError(fmt::format("{}: expected early, template or ng, got \"{}\"",
                                            pool.section.where("generation"),
                                            core::printable(name)));
    }
    pool.section.reject_unknown_keys();
    return std::make_unique<PoolReader>(
        margin::VenueName{.kind = "curve", .chain = pool.chain, .address = pool.address},
        *generation);
}

std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive) {
    return PoolVenue::restore(archive);
}

std::vector<RevisionProof> describe_venue() {
    const std::string proof = "read in the source; each pool's get_dy is asked and must agree";
    return {{.behaviour = "early", .proof = proof},
            {.behaviour = "template", .proof = proof},
            {.behaviour = "ng", .proof = proof}};
}

}  // namespace margrave::adapters::curve
