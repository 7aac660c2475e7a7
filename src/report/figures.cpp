#include "report/figures.hpp"

#include "core/fixed_point.hpp"

namespace margrave::report {

namespace {

// Unbounded, because amount * answer * 1e18 may need 572 bits and should still round only once.
using Wide = boost::multiprecision::cpp_int;

constexpr unsigned kDecimalsMax = 255;  // ERC-20 answers a uint8

/// core::pow10 ends at 77, where 256 bits do.
Wide power_of_ten(unsigned exponent) {
    Wide power = 1;
    for (unsigned i = 0; i < exponent; ++i) {
        power *= 10;
    }
    return power;
}

std::optional<core::U256> narrow(const Wide& value) {
    return value > Wide(core::max_u256()) ? std::nullopt : std::optional(core::U256(value));
}

}  // namespace

std::optional<core::Usd> price_usd_down(const DollarPrice& price) {
    return usd_value_down(1, 0, price);
}

std::optional<core::Usd> usd_value_down(const core::U256& amount, unsigned decimals,
                                        const DollarPrice& price) {
    if (price.unit == 0 || decimals > kDecimalsMax) {
        return std::nullopt;
    }
    const Wide numerator = Wide(amount) * Wide(price.answer) * Wide(core::wad());
    const Wide whole_token = power_of_ten(decimals);
    const auto value = narrow(numerator / (Wide(price.unit) * whole_token));
    return value ? std::optional(core::Usd(*value)) : std::nullopt;
}

std::optional<core::Wad> collateral_fall(const margin::Health& health) {
    if (!health.health_factor) {
        return std::nullopt;
    }
    const core::U256& factor = health.health_factor->value();
    if (health.status == margin::Status::Liquidatable || factor <= core::wad()) {
        return core::Wad(core::U256(0));
    }
    // 1/health is rounded up, so that the fall is rounded down: against the holder.
    const core::U256 left = core::wad_div<core::Rounding::Up>(core::wad(), factor);
    return core::Wad(core::U256(core::wad() - left));
}

std::optional<std::uint64_t> current_ltv_bps(const margin::Health& health) {
    const auto& collateral = health.collateral_value;
    if (!health.debt || !collateral || *collateral == 0) {
        return std::nullopt;
    }
    const Wide ltv = Wide(*health.debt) * Wide(core::percentage_factor()) / Wide(*collateral);
    constexpr std::uint64_t kExactInDouble = (std::uint64_t{1} << 53U) - 1;
    return ltv > kExactInDouble ? std::nullopt : std::optional(static_cast<std::uint64_t>(ltv));
}

std::optional<NetWorth> net_worth(const WalletTotal& total) {
    const Wide assets = Wide(total.collateral_and_supply.value()) + Wide(total.idle.value());
    const Wide debt = total.debt.value();
    const bool negative = debt > assets;
    const auto magnitude = narrow(negative ? Wide(debt - assets) : Wide(assets - debt));
    if (!magnitude) {
        return std::nullopt;
    }
    return NetWorth{.negative = negative, .magnitude = core::Usd(*magnitude)};
}

}  // namespace margrave::report
