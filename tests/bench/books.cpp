#include "tests/bench/books.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/fixed_point.hpp"

namespace margrave::bench {
namespace {

using core::U256;

constexpr std::uint64_t kDay = 86'400;
constexpr unsigned kReserves = 40;
constexpr std::uint64_t kEmodes = 4;

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    std::uint64_t between(std::uint64_t from, std::uint64_t to) {
        return std::uniform_int_distribution<std::uint64_t>(from, to)(random_);
    }
    double real(double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random_);
    }

  private:
    std::mt19937_64 random_;
};

U256 configuration(std::uint64_t threshold_bps, std::uint64_t decimals, std::uint64_t emode) {
    U256 word = threshold_bps - 300;
    word += U256(threshold_bps) << 16;
    word += U256(10'500) << 32;
    word += U256(decimals) << 48;
    word += U256(1) << 56;
    word += U256(emode) << 168;
    return word;
}

adapters::aave_v3::Reserve reserve(unsigned id, Dice& dice) {
    adapters::aave_v3::Reserve out;
    out.id = id;
    out.asset = address(0xa000 + id);
    out.symbol = "R" + std::to_string(id);
    const std::uint64_t decimals = std::vector<std::uint64_t>{6, 8, 18, 18}[id % 4];
    out.configuration = adapters::aave_v3::ReserveConfiguration(
        configuration(dice.between(6500, 8500), decimals, id % (2 * kEmodes)));
    out.liquidity_index = core::ray() + core::ray() / dice.between(5, 100);
    out.borrow_index = core::ray() + core::ray() / dice.between(5, 100);
    out.liquidity_rate = core::ray() / 1000 * dice.between(1, 50);
    out.borrow_rate = core::ray() / 1000 * dice.between(10, 90);
    out.last_update = core::Timestamp(kBlockTime - dice.between(0, kDay));
    out.price = margin::PriceQuote{.answer = U256(std::exp(dice.real(18, 29))),
                                   .source = address(0xf000 + id),
                                   .updated_at = std::nullopt};
    return out;
}

}  // namespace

core::Address address(std::uint64_t n) {
    core::Address::Raw raw{};
    for (std::size_t i = 0; i < 8; ++i) {
        raw[19 - i] = static_cast<std::uint8_t>(n >> (8 * i));
    }
    return core::Address(raw);
}

adapters::aave_v3::State aave_borrowers(std::size_t count, const std::string& behaviour,
                                        std::uint64_t seed) {
    Dice dice(seed);
    adapters::aave_v3::State out;
    out.chain = "bench";
    out.market = "core";
    out.behaviour = adapters::aave_v3::find_behaviour(behaviour);
    out.base_currency_unit = 100'000'000;
    out.block_time = core::Timestamp(kBlockTime);
    for (unsigned id = 0; id < kReserves; ++id) {
        out.reserves[id] = reserve(id, dice);
    }
    for (std::uint64_t id = 1; id <= kEmodes; ++id) {
        adapters::aave_v3::EmodeCategory category;
        category.id = id;
        category.liquidation_threshold_bps = dice.between(9000, 9600);
        category.ltv_bps = category.liquidation_threshold_bps - 200;
        for (unsigned reserve_id = 0; reserve_id < kReserves; ++reserve_id) {
            category.collateral[reserve_id] = reserve_id % (2 * kEmodes) == id;
        }
        out.emodes[id] = category;
    }
    for (std::size_t n = 0; n < count; ++n) {
        adapters::aave_v3::Account account;
        account.wallet = address(0x10'0000 + n);
        account.emode_category = dice.between(0, 2) == 0 ? dice.between(1, kEmodes) : 0;
        U256 bits = 0;
        std::map<unsigned, adapters::aave_v3::Balance> balances;
        // `worth` in base currency as scaled units of a reserve.
        const auto scaled = [&](unsigned id, double worth) {
            const auto& held = out.reserves.at(id);
            return U256(worth / held.price->answer.convert_to<double>() *
                        std::pow(10, held.configuration.decimals()));
        };
        const double worth = std::exp(dice.real(20, 32));
        const std::uint64_t collaterals = dice.between(1, 3);
        double limit = 0;
        for (std::uint64_t k = 0; k < collaterals; ++k) {
            const auto id = static_cast<unsigned>(dice.between(0, kReserves - 1));
            balances[id].scaled_supply = scaled(id, worth);
            bits |= U256(1) << (2 * id + 1);
        }
        limit = worth * static_cast<double>(collaterals) * 0.75;
        const std::uint64_t debts = dice.between(1, 3);
        const double health = std::exp(dice.real(-0.05, 1.4));
        for (std::uint64_t k = 0; k < debts; ++k) {
            const auto id = static_cast<unsigned>(dice.between(0, kReserves - 1));
            balances[id].scaled_debt = scaled(id, limit / health / static_cast<double>(debts));
            bits |= U256(1) << (2 * id);
        }
        for (auto& [id, balance] : balances) {
            balance.reserve_id = id;
            account.balances.push_back(balance);
        }
        account.configuration = adapters::aave_v3::UserConfiguration(bits);
        out.accounts.push_back(std::move(account));
    }
    return out;
}

adapters::morpho_blue::State morpho_borrowers(std::size_t count, std::uint64_t seed) {
    Dice dice(seed);
    const U256 usdc = 1'000'000;
    adapters::morpho_blue::State out;
    out.name = {.protocol = "morpho_blue", .chain = "bench", .name = "market"};
    out.block_time = core::Timestamp(kBlockTime);
    out.params = {.loan_token = address(1),
                  .collateral_token = address(2),
                  .oracle = address(3),
                  .irm = address(4),
                  .lltv = core::wad() / 100 * 86};
    out.totals = {.supply_assets = U256(1'000'000'000) * usdc,
                  .supply_shares = U256(950'000'000) * usdc * 1'000'000,
                  .borrow_assets = U256(870'000'000) * usdc,
                  .borrow_shares = U256(820'000'000) * usdc * 1'000'000};
    out.last_update = core::Timestamp(kBlockTime - kDay);
    out.fee = core::wad() / 10;
    out.price = margin::PriceQuote{
        .answer = U256(2500) * core::pow10(24), .source = address(3), .updated_at = std::nullopt};
    out.model.kind = adapters::morpho_blue::RateModel::Kind::AdaptiveCurve;
    out.model.rate_at_target = 1'268'391'679;  // 4 % a year
    for (std::size_t n = 0; n < count; ++n) {
        adapters::morpho_blue::Account account;
        account.wallet = address(0x10'0000 + n);
        const double debt = std::exp(dice.real(18, 30));  // base units of USDC
        const double health = std::exp(dice.real(-0.05, 1.4));
        account.borrow_shares = U256(debt * 0.94e6);
        account.collateral = U256(debt * health / 0.86 / 2500 * 1e12);
        out.accounts.push_back(std::move(account));
    }
    return out;
}

}  // namespace margrave::bench
