#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rates.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

/// What administrators, not users, do to a market in a what-if; and what it still takes and gives.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::ParameterShock;
using margin::Refusal;
using Shocked = core::Result<std::monostate, Refusal>;

constexpr unsigned kThresholdFrom = 16;
constexpr unsigned kThresholdBits = 16;
constexpr unsigned kPausedBit = 60;

Shocked refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

ReserveConfiguration with_threshold(const ReserveConfiguration& configuration,
                                    std::uint64_t threshold_bps) {
    const U256 mask = ((U256(1) << kThresholdBits) - 1) << kThresholdFrom;
    const U256 others = configuration.word() - (configuration.word() & mask);
    return ReserveConfiguration(others + (U256(threshold_bps) << kThresholdFrom));
}

ReserveConfiguration paused(const ReserveConfiguration& configuration) {
    U256 word = configuration.word();
    return ReserveConfiguration(bit_set(word, kPausedBit));
}

/// A strategy that answers the same borrow rate at any usage; lenders go on earning by usage.
RateParameters constant_rate(const U256& rate, const std::optional<RateParameters>& before) {
    RateParameters out;
    out.optimal_usage = core::ray();
    out.base_variable_rate = rate;
    if (before) {
        out.stable = before->stable;
    }
    return out;
}

std::optional<U256> in_base_units(std::uint64_t whole_tokens, unsigned decimals) {
    return whole_tokens == 0 ? std::nullopt
                             : std::optional(U256(whole_tokens * core::pow10(decimals)));
}

}  // namespace

Reserve* AaveMarket::find_reserve(const core::Address& asset) {
    for (auto& [id, reserve] : state_.reserves) {
        if (reserve.asset == asset) {
            return &reserve;
        }
    }
    return nullptr;
}

const Reserve* AaveMarket::find_reserve(const core::Address& asset) const {
    for (const auto& [id, reserve] : state_.reserves) {
        if (reserve.asset == asset) {
            return &reserve;
        }
    }
    return nullptr;
}

Shocked AaveMarket::shock(const ParameterShock& shock) {
    if (shock.kind == ParameterShock::Kind::Pause && !shock.asset) {
        for (auto& [id, reserve] : state_.reserves) {
            reserve.configuration = paused(reserve.configuration);
        }
        return std::monostate{};
    }
    Reserve* const reserve = shock.asset ? find_reserve(*shock.asset) : nullptr;
    if (reserve == nullptr) {
        return refuse("unknown_asset", shock.asset ? shock.asset->to_string() + " is no reserve"
                                                   : "the shock names no asset");
    }
    switch (shock.kind) {
        case ParameterShock::Kind::BorrowRate:
            return shock_borrow_rate(*reserve, shock.value);
        case ParameterShock::Kind::LiquidationThreshold:
            return shock_threshold(*reserve, shock.value);
        case ParameterShock::Kind::Pause:
            break;
    }
    reserve->configuration = paused(reserve->configuration);
    return std::monostate{};
}

/// Interest up to now is of the old rate. Later changes of the reserve leave the new one.
Shocked AaveMarket::shock_borrow_rate(Reserve& reserve, const U256& rate) {
    if (!reserve.totals) {
        return refuse("not_read", "what is borrowed of " + reserve.symbol + " is not known");
    }
    Reserve next = reserve;
    const auto moved = margin::value_or_nothing([&] {
        update_state(*state_.behaviour, next, time_);
        next.totals->rates = constant_rate(rate, next.totals->rates);
        update_rates(*state_.behaviour, next, time_, {});
        return true;
    });
    if (!moved) {
        return refuse("out_of_range", "such a rate leaves the 128 bits it is stored in");
    }
    reserve = std::move(next);
    grow_indexes();
    return std::monostate{};
}

/// An e-mode has one threshold for all its assets; only this asset's changes in it. LTVs stay, even
/// above the threshold: the protocol would refuse such parameters, and compute with them all the
/// same.
Shocked AaveMarket::shock_threshold(Reserve& reserve, const U256& bps) {
    if (bps > core::percentage_factor()) {
        return refuse("out_of_range", "a liquidation threshold is at most 10000 basis points");
    }
    const auto threshold_bps = static_cast<std::uint64_t>(bps);
    reserve.configuration = with_threshold(reserve.configuration, threshold_bps);
    shocked_thresholds_[reserve.id] = threshold_bps;
    return std::monostate{};
}

/// What is supplied counts the treasury's unminted share, as the supply cap does.
std::optional<margin::AssetCapacity> AaveMarket::capacity(const Reserve& reserve) const {
    if (!reserve.totals) {
        return std::nullopt;
    }
    const Behaviour& behaviour = *state_.behaviour;
    return margin::value_or_nothing([&] {
        Reserve now = reserve;
        update_state(behaviour, now, time_);
        Reserve with_treasury = now;
        with_treasury.totals->scaled_supply = now.totals->scaled_supply + now.accrued_to_treasury;
        const unsigned decimals = now.configuration.decimals();
        return margin::AssetCapacity{
            .asset = now.asset,
            .symbol = now.symbol,
            .decimals = decimals,
            .supplied = total_supply(behaviour, with_treasury),
            .borrowed =
                total_variable_debt(behaviour, now) + total_stable_debt(behaviour, now, time_),
            .liquid = free_liquidity(now),
            .supply_cap = in_base_units(now.configuration.supply_cap(), decimals),
            .borrow_cap = in_base_units(now.configuration.borrow_cap(), decimals),
            .borrow_rate = core::Ray(now.borrow_rate)};
    });
}

std::vector<margin::AssetCapacity> AaveMarket::capacities() const {
    std::vector<margin::AssetCapacity> out;
    for (const auto& [id, reserve] : state_.reserves) {
        if (auto one = capacity(reserve)) {
            out.push_back(*std::move(one));
        }
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
