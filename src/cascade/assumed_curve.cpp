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

Units wad() { return Units(core::wad()); }

Units floor_of(const Fraction& value) {
    return boost::multiprecision::numerator(value) / boost::multiprecision::denominator(value);
}

Units ceiling_of(const Fraction& value) {
    const Units down = floor_of(value);
    return Fraction(down) == value ? down : Units(down + 1);
}

}  // namespace

AssumedCurve::AssumedCurve(margin::VenueName name, margin::VenueToken asset,
                           margin::VenueToken into, Fraction price, SquareRootLaw law)
    : name_(std::move(name)),
      tokens_{std::move(asset), std::move(into)},
      start_(std::move(price)),
      law_(std::move(law)) {
    core::ensure(law_.daily_volume != 0 && start_ > 0 && slope() > 0,
                 "an assumed market has a volume, a price and an impact");
}

std::string AssumedCurve::assumption() const {
    const auto& asset = tokens_[0];
    return fmt::format(
        "no pool but an assumed square-root law: the price falls by {} * {} % * sqrt(sold / {} {} "
        "a "
        "day)",
        core::format_fixed(law_.y.value(), 18, 4),
        core::format_fixed(U256(law_.daily_volatility.value()), 2, 2),
        core::format_fixed(law_.daily_volume, asset.decimals, 4), asset.symbol);
}

bool AssumedCurve::is_here(const Address& sell, const Address& buy) const {
    return sell != buy && find_token(sell) != nullptr && find_token(buy) != nullptr;
}

/// (y * volatility)^2, 1e36 is one.
AssumedCurve::Units AssumedCurve::slope() const {
    constexpr std::uint32_t kWhole = 10'000;
    const Units root = Units(law_.y.value()) * law_.daily_volatility.value() / kWhole;
    return root * root;
}

/// y * volatility * sqrt(|sold| / volume), 1e18 is all of the price; rounded down.
AssumedCurve::Units AssumedCurve::impact(const Units& sold) const {
    const Units size = sold < 0 ? Units(-sold) : sold;
    return boost::multiprecision::sqrt(Units(slope() * size / Units(law_.daily_volume)));
}

/// The smallest size whose impact is at least this: impact's inverse.
AssumedCurve::Units AssumedCurve::size_of(const Units& impact) const {
    return ceiling_of(Fraction(impact * impact * Units(law_.daily_volume), slope()));
}

/// The most that may be sold in all with the price at the limit or above it.
AssumedCurve::Units AssumedCurve::most_sold_at(const Fraction& limit) const {
    const Fraction left = limit / start_ * Fraction(wad());
    return left <= Fraction(wad()) ? Units(size_of(floor_of(Fraction(wad()) - left) + 1) - 1)
                                   : Units(-size_of(ceiling_of(left - Fraction(wad()))));
}

/// The least that may be sold in all with the price at the limit or below it.
AssumedCurve::Units AssumedCurve::least_sold_at(const Fraction& limit) const {
    const Fraction left = limit / start_ * Fraction(wad());
    return left < Fraction(wad()) ? size_of(ceiling_of(Fraction(wad()) - left))
                                  : Units(1 - size_of(floor_of(left - Fraction(wad())) + 1));
}

/// nullopt where nothing is left of it.
std::optional<Fraction> AssumedCurve::price_after(const Units& sold) const {
    const Units left = sold < 0 ? Units(wad() + impact(sold)) : Units(wad() - impact(sold));
    return left > 0 ? std::optional<Fraction>(start_ * Fraction(left, wad())) : std::nullopt;
}

/// What lies under the curve between two points: the integral of 1 - c sqrt(q) is q - (2/3) q c
/// sqrt(q), and of 1 + c sqrt(-q) the same with q's size in the second part.
Fraction AssumedCurve::worth(const Units& from, const Units& to) const {
    const auto up_to = [&](const Units& sold) {
        const Units size = sold < 0 ? Units(-sold) : sold;
        return Units(sold * wad() - 2 * size * impact(sold) / 3);
    };
    return start_ * Fraction(up_to(to) - up_to(from), wad());
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
    const Units end = size_of(wad()) - 1;
    const Units most =
        call.price_limit ? std::min(end, most_sold_at(to_fraction(*call.price_limit))) : end;
    const Units amount = std::clamp(Units(most - sold_), Units(0), Units(call.amount));
    const Units got = floor_of(worth(sold_, sold_ + amount));
    sold_ += amount;
    return {.sold = U256(amount),
            .bought = got > 0 ? U256(got) : U256(0),
            .unfilled = U256(Units(call.amount) - amount)};
}

/// As much of the asset as the amount pays for, up to the limit. Costs are rounded up.
margin::SwapOutcome AssumedCurve::buy(const margin::SwapCall& call) {
    const auto cost = [&](const Units& bought) { return ceiling_of(worth(sold_ - bought, sold_)); };
    // No unit is cheaper than the next one is now.
    Units most = floor_of(Fraction(Units(call.amount)) / price_after(sold_).value_or(start_));
    if (call.price_limit) {
        const Units least = least_sold_at(1 / to_fraction(*call.price_limit));
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
