#include "cascade/assumed_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;
using Units = boost::multiprecision::cpp_int;

/// Impacts and prices are counted in 1e27ths of the price at the beginning.
Units one() { return Units(core::ray()); }

Units divide_up(const Units& up, const Units& down) { return (up + down - 1) / down; }

}  // namespace

AssumedCurve::AssumedCurve(margin::VenueName name, margin::VenueToken asset,
                           margin::VenueToken into, Fraction price, SquareRootLaw law)
    : name_(std::move(name)),
      tokens_{std::move(asset), std::move(into)},
      start_(std::move(price)),
      law_(std::move(law)),
      volume_(law_.daily_volume) {
    constexpr std::uint32_t kWhole = 10'000;
    const Units root = Units(law_.y.value()) * Units(core::ray() / core::wad()) *
                       law_.daily_volatility.value() / kWhole;
    slope_ = root * root;
    core::ensure(volume_ > 0 && start_ > 0 && slope_ > 0,
                 "an assumed market has a volume, a price and an impact");
}

std::string AssumedCurve::assumption() const {
    const auto& asset = tokens_[0];
    return fmt::format(
        "no pool but an assumed square-root law: the price falls by {} * {} % * "
        "sqrt(sold / {} {} a day)",
        core::format_fixed(law_.y.value(), 18, 4),
        core::format_fixed(U256(law_.daily_volatility.value()), 2, 2),
        core::format_fixed(law_.daily_volume, asset.decimals, 4), asset.symbol);
}

bool AssumedCurve::is_here(const Address& sell, const Address& buy) const {
    return sell != buy && find_token(sell) != nullptr && find_token(buy) != nullptr;
}

/// y * volatility * sqrt(|sold| / volume), rounded down.
AssumedCurve::Units AssumedCurve::impact(const Units& sold) const {
    const Units size = sold < 0 ? Units(-sold) : sold;
    return boost::multiprecision::sqrt(Units(slope_ * size / volume_));
}

/// The smallest size whose impact is at least this: impact's inverse.
AssumedCurve::Units AssumedCurve::size_of(const Units& impact) const {
    return divide_up(impact * impact * volume_, slope_);
}

/// A price, up / down, as a part of the one at the beginning.
AssumedCurve::Part AssumedCurve::part_of(const Units& up, const Units& down) const {
    return {.up = up * boost::multiprecision::denominator(start_) * one(),
            .down = down * boost::multiprecision::numerator(start_)};
}

/// The most that may be sold in all with the price at this part or above it.
AssumedCurve::Units AssumedCurve::most_sold_at(const Part& part) const {
    const Units low = divide_up(part.up, part.down);
    return low <= one() ? Units(size_of(one() - low + 1) - 1) : Units(-size_of(low - one()));
}

/// The least that may be sold in all with the price at this part or below it.
AssumedCurve::Units AssumedCurve::least_sold_at(const Part& part) const {
    const Units high = part.up / part.down;
    return high < one() ? size_of(one() - high) : Units(1 - size_of(high - one() + 1));
}

/// nullopt where nothing is left of it.
std::optional<Fraction> AssumedCurve::price_after(const Units& sold) const {
    const Units left = sold < 0 ? Units(one() + impact(sold)) : Units(one() - impact(sold));
    return left > 0 ? std::optional<Fraction>(start_ * Fraction(left, one())) : std::nullopt;
}

/// What lies under the curve between two points: the integral of 1 - c sqrt(q) is q - (2/3) q c
/// sqrt(q), and of 1 + c sqrt(-q) the same with q's size in the second part.
AssumedCurve::Part AssumedCurve::worth(const Units& from, const Units& to) const {
    const auto up_to = [&](const Units& sold) {
        const Units size = sold < 0 ? Units(-sold) : sold;
        return Units(sold * one() - 2 * size * impact(sold) / 3);
    };
    // Next to nothing may seem worth less than nothing, where the root's last digit rises.
    const Units area = std::max(Units(up_to(to) - up_to(from)), Units(0));
    return {.up = area * boost::multiprecision::numerator(start_),
            .down = boost::multiprecision::denominator(start_) * one()};
}

std::optional<margin::PriceRatio> AssumedCurve::price(const Address& sell,
                                                      const Address& buy) const {
    const auto now = price_after(sold_);
    if (!now || !is_here(sell, buy)) {
        return std::nullopt;
    }
    return to_ratio(sell == tokens_[0].address ? *now : Fraction(1 / *now));
}

core::Result<margin::SwapOutcome, margin::Refusal> AssumedCurve::swap(
    const margin::SwapCall& call) {
    const auto refuse = [](const char* reason) {
        return core::Unexpected(margin::Refusal{.reason = reason, .detail = ""});
    };
    if (!is_here(call.sell, call.buy)) {
        return refuse("unknown_asset");
    }
    if (call.exact_out) {
        return refuse("not_modelled");
    }
    return call.sell == tokens_[0].address ? sell(call) : buy(call);
}

/// As much of the amount as leaves the price at the limit, and above nothing.
margin::SwapOutcome AssumedCurve::sell(const margin::SwapCall& call) {
    Units most = size_of(one()) - 1;
    if (call.price_limit) {
        const auto& [up, down] = *call.price_limit;
        most = std::min(most, most_sold_at(part_of(Units(up), Units(down))));
    }
    const Units amount = std::clamp(Units(most - sold_), Units(0), Units(call.amount));
    const Part got = worth(sold_, sold_ + amount);
    sold_ += amount;
    return {.sold = U256(amount),
            .bought = U256(Units(got.up / got.down)),
            .unfilled = U256(Units(call.amount) - amount)};
}

/// As much of the asset as the amount pays for, up to the limit. Costs are rounded up.
margin::SwapOutcome AssumedCurve::buy(const margin::SwapCall& call) {
    const auto cost = [&](const Units& bought) {
        const Part part = worth(sold_ - bought, sold_);
        return divide_up(part.up, part.down);
    };
    // No unit is cheaper than the next one is now.
    const Fraction most_paid = Fraction(Units(call.amount)) / price_after(sold_).value_or(start_);
    Units most =
        boost::multiprecision::numerator(most_paid) / boost::multiprecision::denominator(most_paid);
    if (call.price_limit) {
        // The limit is of what is paid, in the asset: its inverse is the asset's price.
        const auto& [up, down] = *call.price_limit;
        const Units least = least_sold_at(part_of(Units(down), Units(up)));
        most = std::clamp(Units(sold_ - least), Units(0), most);
    }
    Units bought = most;
    if (cost(most) > Units(call.amount)) {
        bought = 0;
        while (most - bought > 1) {
            const Units middle = (bought + most) / 2;
            (cost(middle) <= Units(call.amount) ? bought : most) = middle;
        }
    }
    const Units paid = cost(bought);
    sold_ -= bought;
    return {
        .sold = U256(paid), .bought = U256(bought), .unfilled = U256(Units(call.amount) - paid)};
}

std::unique_ptr<margin::Venue> AssumedCurve::fork() const {
    return std::make_unique<AssumedCurve>(*this);
}

core::Archive AssumedCurve::archive() const {
    core::Archive out;
    out.set("address", name_.address);
    out.set("assumption", assumption());
    return out;
}

}  // namespace margrave::cascade
