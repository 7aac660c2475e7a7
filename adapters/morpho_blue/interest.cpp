#include "adapters/morpho_blue/interest.hpp"

#include <algorithm>

namespace margrave::adapters::morpho_blue {
namespace {

const I256& one() {
    static const I256 value = core::wad().convert_to<I256>();
    return value;
}

/// `millis` thousandths of one, a year, as a rate of a second; rounded down. ConstantsLib divides
/// by 365 days.
I256 a_year(std::uint64_t millis) {
    constexpr std::uint64_t kYear = 365ULL * 86'400;
    return I256(one() / 1000 * millis / kYear);
}

// x * y / 1e18 and x * 1e18 / y, towards zero. MathLib of morpho-blue-irm.
I256 mul_to_zero(const I256& x, const I256& y) { return I256(x * y) / one(); }
I256 div_to_zero(const I256& x, const I256& y) { return I256(x * one()) / y; }

U256 to_unsigned(const I256& value) { return value.convert_to<U256>(); }
I256 to_signed(const U256& value) { return value.convert_to<I256>(); }

/// AdaptiveCurveIrm._newRateAtTarget: between 0.1 % and 200 % a year.
I256 moved_rate(const I256& start, const I256& adaptation) {
    static const I256 rate_min = a_year(1);
    static const I256 rate_max = a_year(2000);
    return std::clamp(mul_to_zero(start, w_exp(adaptation)), rate_min, rate_max);
}

/// AdaptiveCurveIrm._curve with steepness 4: a quarter of the rate at target without utilisation,
/// four times at full utilisation.
I256 curve(const I256& rate_at_target, const I256& error) {
    static const I256 steepness = one() * 4;
    const I256 slope =
        error < 0 ? I256(one() - div_to_zero(one(), steepness)) : I256(steepness - one());
    return mul_to_zero(mul_to_zero(slope, error) + one(), rate_at_target);
}

/// The utilisation's distance from 90 %, -1 at none and 1 at full.
I256 utilisation_error(const Totals& totals) {
    static const I256 target = one() / 10 * 9;
    const U256 utilisation =
        totals.supply_assets == 0
            ? U256(0)
            : core::wad_div<Rounding::Down>(totals.borrow_assets, totals.supply_assets);
    const I256 distance = to_signed(utilisation) - target;
    return div_to_zero(distance, distance > 0 ? I256(one() - target) : target);
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
    static const I256 ln_2("693147180559945309");
    static const I256 lower_bound("-41446531673892822312");  // ln(1e-18)
    static const I256 upper_bound("93859467695000404319");
    static const I256 upper_value("57716089161558943949701069502944508345128422502756744429568");
    if (x < lower_bound) {
        return 0;
    }
    if (x >= upper_bound) {
        return upper_value;
    }
    const I256 half = ln_2 / 2;
    const I256 q = I256(x < 0 ? I256(x - half) : I256(x + half)) / ln_2;
    const I256 r = x - q * ln_2;
    const I256 expanded = one() + r + I256(r * r) / one() / 2;
    // Positive, since |r| is at most half of ln 2: a shift rounds it down as a division would.
    const U256 bits = to_unsigned(expanded);
    const int power = q.convert_to<int>();
    return to_signed(power >= 0 ? U256(bits << static_cast<unsigned>(power))
                                : U256(bits >> static_cast<unsigned>(-power)));
}

AdaptiveRate adaptive_rate(const U256& rate_at_target, const Totals& totals,
                           std::uint64_t seconds) {
    static const I256 speed_max = a_year(50'000);
    static const I256 initial = a_year(40);
    const I256 error = utilisation_error(totals);
    I256 average = initial;
    I256 end = initial;
    if (rate_at_target != 0) {
        const I256 start = to_signed(rate_at_target);
        const I256 adaptation = mul_to_zero(speed_max, error) * seconds;
        average = start;
        end = start;
        if (adaptation != 0) {
            end = moved_rate(start, adaptation);
            const I256 middle = moved_rate(start, adaptation / 2);
            average = I256(start + end + middle * 2) / 4;
        }
    }
    return {.average = to_unsigned(curve(average, error)), .end_rate_at_target = to_unsigned(end)};
}

}  // namespace margrave::adapters::morpho_blue
