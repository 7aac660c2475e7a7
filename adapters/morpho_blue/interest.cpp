#include "adapters/morpho_blue/interest.hpp"

#include <algorithm>

namespace margrave::adapters::morpho_blue {
namespace {

/// Wide enough for what almost every market gives, and several times as fast; the formulas are
/// written once for both.
__extension__ using I128 = __int128;

template <class Int>
Int one() {
    return Int(1'000'000'000'000'000'000);
}

/// `millis` thousandths of one, a year, as a rate of a second; rounded down. ConstantsLib divides
/// by 365 days.
template <class Int>
Int a_year(std::int64_t millis) {
    constexpr std::int64_t kYear = 365LL * 86'400;
    return Int(one<Int>() / 1000 * millis / kYear);
}

// x * y / 1e18 and x * 1e18 / y, towards zero. MathLib of morpho-blue-irm.
template <class Int>
Int mul_to_zero(const Int& x, const Int& y) {
    return Int(x * y) / one<Int>();
}
template <class Int>
Int div_to_zero(const Int& x, const Int& y) {
    return Int(x * one<Int>()) / y;
}

U256 to_unsigned(const I256& value) { return value.convert_to<U256>(); }
/// A rate, which 64 bits hold.
U256 to_unsigned(I128 value) { return static_cast<U256>(static_cast<std::int64_t>(value)); }
I256 to_signed(const U256& value) { return value.convert_to<I256>(); }

/// w_exp() between its bounds.
template <class Int>
Int bounded_exp(const Int& x) {
    const Int ln_2 = 693'147'180'559'945'309;
    const Int half = ln_2 / 2;
    const Int q = Int(x < 0 ? Int(x - half) : Int(x + half)) / ln_2;
    const Int r = x - q * ln_2;
    // Positive, since |r| is at most half of ln 2: a shift rounds it down as a division would.
    const Int expanded = one<Int>() + r + Int(r * r) / one<Int>() / 2;
    const auto power = static_cast<int>(q);
    return power >= 0 ? Int(expanded << static_cast<unsigned>(power))
                      : Int(expanded >> static_cast<unsigned>(-power));
}

I256 exp_of(const I256& x) { return w_exp(x); }
I128 exp_of(I128 x) { return bounded_exp(x); }

/// AdaptiveCurveIrm._newRateAtTarget: between 0.1 % and 200 % a year.
template <class Int>
Int moved_rate(const Int& start, const Int& adaptation) {
    static const Int rate_min = a_year<Int>(1);
    static const Int rate_max = a_year<Int>(2000);
    return std::clamp(mul_to_zero<Int>(start, exp_of(adaptation)), rate_min, rate_max);
}

/// AdaptiveCurveIrm._curve with steepness 4: a quarter of the rate at target without utilisation,
/// four times at full utilisation.
template <class Int>
Int curve(const Int& rate_at_target, const Int& error) {
    static const Int steepness = one<Int>() * 4;
    static const Int below = one<Int>() - div_to_zero<Int>(one<Int>(), steepness);
    static const Int above = steepness - one<Int>();
    return mul_to_zero<Int>(mul_to_zero<Int>(error < 0 ? below : above, error) + one<Int>(),
                            rate_at_target);
}

/// The utilisation's distance from 90 %, -1 at none and 1 at full.
template <class Int>
Int utilisation_error(const Int& utilisation) {
    static const Int target = one<Int>() / 10 * 9;
    const Int distance = utilisation - target;
    return div_to_zero<Int>(distance, distance > 0 ? Int(one<Int>() - target) : target);
}

/// What the rate at target is multiplied with the exponential of.
template <class Int>
Int adaptation_over(const Int& error, std::uint64_t seconds) {
    static const Int speed_max = a_year<Int>(50'000);
    return mul_to_zero<Int>(speed_max, error) * Int(seconds);
}

template <class Int>
AdaptiveRate rate_of(const Int& start, const Int& error, const Int& adaptation) {
    Int average = a_year<Int>(40);
    Int end = average;
    if (start != 0) {
        average = start;
        end = start;
        if (adaptation != 0) {
            end = moved_rate<Int>(start, adaptation);
            const Int middle = moved_rate<Int>(start, Int(adaptation / 2));
            average = Int(start + end + middle * 2) / 4;
        }
    }
    return {.average = to_unsigned(curve<Int>(average, error)),
            .end_rate_at_target = to_unsigned(end)};
}

}  // namespace

U256 taylor_growth(const U256& rate, std::uint64_t seconds) {
    const U256 first = rate * U256(seconds);
    const U256 second = core::mul_div<Rounding::Down>(first, first, U256(core::wad() * 2));
    const U256 third = core::mul_div<Rounding::Down>(second, first, U256(core::wad() * 3));
    return first + second + third;
}

Accrual accrue(const Totals& totals, const U256& rate, const U256& fee, std::uint64_t seconds) {
    Accrual out{.totals = totals, .interest = 0, .fee_shares = 0};
    if (seconds == 0) {
        return out;
    }
    out.interest =
        fit_128(core::wad_mul<Rounding::Down>(totals.borrow_assets, taylor_growth(rate, seconds)));
    out.totals.borrow_assets = fit_128(totals.borrow_assets + out.interest);
    out.totals.supply_assets = fit_128(totals.supply_assets + out.interest);
    if (fee != 0) {
        const U256 fee_assets = core::wad_mul<Rounding::Down>(out.interest, fee);
        // The totals hold the fee already; its shares are bought from those who hold the rest.
        const ShareTotals<Exact> others{U256(out.totals.supply_assets - fee_assets),
                                        totals.supply_shares};
        out.fee_shares = fit_128(to_shares_down<Exact>(fee_assets, others));
        out.totals.supply_shares = fit_128(totals.supply_shares + out.fee_shares);
    }
    return out;
}

I256 w_exp(const I256& x) {
    static const I256 lower_bound("-41446531673892822312");  // ln(1e-18)
    static const I256 upper_bound("93859467695000404319");
    static const I256 upper_value("57716089161558943949701069502944508345128422502756744429568");
    if (x < lower_bound) {
        return 0;
    }
    return x >= upper_bound ? upper_value : bounded_exp(x);
}

AdaptiveRate adaptive_rate(const U256& rate_at_target, const Totals& totals,
                           std::uint64_t seconds) {
    const U256 utilisation =
        totals.supply_assets == 0
            ? U256(0)
            : core::wad_div<Rounding::Down>(totals.borrow_assets, totals.supply_assets);
    // A utilisation of one, a start above the 6.3e10 that the curve allows, a year: the error is at
    // most 1e18, the adaptation 5e19.
    constexpr std::uint64_t kStartMax = 100'000'000'000;
    constexpr std::uint64_t kSecondsMax = 365ULL * 86'400;
    if (utilisation <= core::wad() && rate_at_target <= kStartMax && seconds <= kSecondsMax) {
        const auto error = utilisation_error<I128>(static_cast<std::int64_t>(utilisation));
        const auto adaptation = adaptation_over<I128>(error, seconds);
        // e^20 * 1e18 * 1e11, the largest product then, is 5e37: below 2^127 = 1.7e38.
        const I128 limit = 20 * one<I128>();
        if (-limit <= adaptation && adaptation <= limit) {
            return rate_of<I128>(static_cast<std::int64_t>(rate_at_target), error, adaptation);
        }
    }
    const auto error = utilisation_error<I256>(to_signed(utilisation));
    const I256 start = to_signed(rate_at_target);
    return rate_of<I256>(start, error,
                         start == 0 ? I256(0) : adaptation_over<I256>(error, seconds));
}

}  // namespace margrave::adapters::morpho_blue
