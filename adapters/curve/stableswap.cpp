#include "adapters/curve/stableswap.hpp"

#include <stdexcept>

#include "core/fixed_point.hpp"

namespace margrave::adapters::curve {
namespace {

using core::U256;

constexpr unsigned kRoundsMax = 255;

const U256& fee_denominator() {
    static const U256 value = core::pow10(10);
    return value;
}

bool is_near(const U256& a, const U256& b) { return a > b ? a - b <= 1 : b - a <= 1; }

/// A's own unit.
U256 amp_unit(Generation generation) { return generation == Generation::Early ? 1 : 100; }

/// Early leaves its loop with the last value, the others revert.
void require_convergence(Generation generation) {
    if (generation != Generation::Early) {
        throw std::overflow_error("the invariant does not converge");
    }
}

/// D^(n+1) / (n^n * product), in the generation's order of divisions.
U256 product_term(const StablePool& pool, const std::vector<U256>& scaled, const U256& d) {
    const U256 count = scaled.size();
    U256 term = d;
    if (pool.generation == Generation::Ng) {
        U256 power = 1;
        for (const U256& x : scaled) {
            term = term * d / x;
            power *= count;
        }
        return term / power;
    }
    for (const U256& x : scaled) {
        term = term * d / (x * count);
    }
    return term;
}

/// The scaled balance of what is bought once that of what is sold is `x`.
U256 balance_after(const StablePool& pool, const CoinPair& coins, const U256& x,
                   const std::vector<U256>& scaled) {
    const U256 unit = amp_unit(pool.generation);
    const U256 count = scaled.size();
    const U256 ann = pool.amp * count;
    const U256 d = invariant(pool, scaled);
    U256 c = d;
    U256 sum = 0;
    for (std::size_t k = 0; k < scaled.size(); ++k) {
        if (k != coins.buy) {
            const U256& here = k == coins.sell ? x : scaled[k];
            sum += here;
            c = c * d / (here * count);
        }
    }
    c = c * d * unit / (ann * count);
    const U256 b = sum + d * unit / ann;
    U256 y = d;
    for (unsigned round = 0; round < kRoundsMax; ++round) {
        const U256 before = y;
        y = (y * y + c) / (2 * y + b - d);
        if (is_near(y, before)) {
            return y;
        }
    }
    require_convergence(pool.generation);
    return y;
}

/// What the swap does to the scaled balances.
struct Moved {
    U256 x;   ///< of what is sold, afterwards
    U256 y;   ///< of what is bought, afterwards
    U256 dy;  ///< before the fee, a unit less for rounding
};

Moved move(const StablePool& pool, const CoinPair& coins, const U256& amount,
           const std::vector<U256>& scaled) {
    Moved moved;
    moved.x = scaled[coins.sell] + amount * pool.rates[coins.sell] / core::wad();
    moved.y = balance_after(pool, coins, moved.x, scaled);
    moved.dy = scaled[coins.buy] - moved.y - 1;
    return moved;
}

/// CurveStableSwapNG._dynamic_fee, of the averages of before and after.
U256 fee_of(const StablePool& pool, const CoinPair& coins, const Moved& moved,
            const std::vector<U256>& scaled) {
    const U256& one = fee_denominator();
    if (pool.generation != Generation::Ng || pool.offpeg_multiplier <= one) {
        return pool.fee;
    }
    const U256 xi = (scaled[coins.sell] + moved.x) / 2;
    const U256 xj = (scaled[coins.buy] + moved.y) / 2;
    const U256 sum = xi + xj;
    return pool.offpeg_multiplier * pool.fee /
           ((pool.offpeg_multiplier - one) * 4 * xi * xj / (sum * sum) + one);
}

}  // namespace

std::vector<U256> scaled_balances(const StablePool& pool) {
    std::vector<U256> out;
    for (std::size_t k = 0; k < pool.balances.size(); ++k) {
        out.push_back(U256(pool.rates[k] * pool.balances[k] / core::wad()));
    }
    return out;
}

U256 invariant(const StablePool& pool, const std::vector<U256>& scaled) {
    const U256 unit = amp_unit(pool.generation);
    const U256 count = scaled.size();
    const U256 ann = pool.amp * count;
    U256 sum = 0;
    for (const U256& x : scaled) {
        sum += x;
    }
    if (sum == 0) {
        return 0;
    }
    U256 d = sum;
    for (unsigned round = 0; round < kRoundsMax; ++round) {
        const U256 term = product_term(pool, scaled, d);
        const U256 before = d;
        d = (ann * sum / unit + term * count) * d / ((ann - unit) * d / unit + (count + 1) * term);
        if (is_near(d, before)) {
            return d;
        }
    }
    require_convergence(pool.generation);
    return d;
}

StableOutcome exchange(const StablePool& pool, const CoinPair& coins, const U256& amount) {
    const std::vector<U256> scaled = scaled_balances(pool);
    const Moved moved = move(pool, coins, amount, scaled);
    const U256& one = fee_denominator();
    const U256 fee = moved.dy * fee_of(pool, coins, moved, scaled) / one;
    const U256& rate = pool.rates[coins.buy];
    return {.bought = U256((moved.dy - fee) * core::wad() / rate),
            .admin = U256(U256(fee * pool.admin_fee / one) * core::wad() / rate)};
}

U256 get_dy(const StablePool& pool, const CoinPair& coins, const U256& amount) {
    if (pool.generation != Generation::Early) {
        return exchange(pool, coins, amount).bought;
    }
    const std::vector<U256> scaled = scaled_balances(pool);
    const Moved moved = move(pool, coins, amount, scaled);
    const U256 dy = moved.dy * core::wad() / pool.rates[coins.buy];
    return dy - pool.fee * dy / fee_denominator();
}

}  // namespace margrave::adapters::curve
