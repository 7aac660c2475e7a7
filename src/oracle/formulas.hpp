#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <type_traits>

#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/arithmetic.hpp"

/// What each kind of price adapter answers, from the answers of its parts: once for both
/// arithmetics. Inputs stand in the order that each formula names. Answers of zero or less are 0
/// here, as the adapters treat them.
namespace margrave::oracle {

using core::Rounding;
using core::U256;
template <class A>
using Inputs = std::span<const typename A::Number>;

template <class A>
[[nodiscard]] bool any_zero(Inputs<A> inputs) {
    return std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input == 0; });
}

/// A push feed: the price that reporters saw; beyond the aggregator's bounds the nearest answer
/// that it can give. It refuses what lies beyond and keeps its last answer, which a move alone does
/// not tell. Inputs: price.
struct Feed {
    std::optional<U256> min_answer;
    std::optional<U256> max_answer;

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        auto price = in[0];
        if (min_answer) {
            price = std::max(price, A::of(*min_answer));
        }
        if (max_answer) {
            price = std::min(price, A::of(*max_answer));
        }
        return price;
    }
};

/// floor(base * min(ratio, cap) / 10^RATIO_DECIMALS), 0 without a base or a ratio;
/// cap = snapshot + floor(growth * (now - snapshot time) / growth_scale), reverting before the
/// snapshot. The first generation keeps growth as it is (scale 1), the second times 1e6.
/// Inputs: base, ratio. Sources: PriceCapAdapterBase.sol of bgd-labs/aave-capo@1532e4f (first
/// generation) and of aave-dao/aave-price-feeds@76a1e32 (second).
struct CappedRatio {
    U256 ratio_unit;
    U256 snapshot_ratio;
    U256 snapshot_time;
    U256 growth;
    U256 growth_scale;

    template <class A>
    [[nodiscard]] typename A::Number cap(core::Timestamp at) const {
        const U256 seconds = U256(at.value()) - snapshot_time;
        return A::of(snapshot_ratio) +
               A::quotient(A::of(growth) * A::of(seconds), A::of(growth_scale));
    }
    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp at) const {
        if (any_zero<A>(in)) {
            return A::of(0);
        }
        return A::template mul_div<Rounding::Down>(in[0], std::min(in[1], cap<A>(at)),
                                                   A::of(ratio_unit));
    }
};

/// min(asset, cap). Inputs: asset. Source: aave-dao/aave-price-feeds@76a1e32
/// PriceCapAdapterStable.sol, latestAnswer.
struct CappedPrice {
    U256 cap;

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        return std::min(in[0], A::of(cap));
    }
};

/// min(asset, floor(base * ratio / 10^RATIO_DECIMALS)). Inputs: asset, base. Source: the same,
/// misc-adapters/EURPriceCapAdapterStable.sol.
struct CappedByPrice {
    U256 ratio;
    U256 ratio_unit;

    template <class A>
    [[nodiscard]] typename A::Number cap(const typename A::Number& base) const {
        return A::template mul_div<Rounding::Down>(base, A::of(ratio), A::of(ratio_unit));
    }
    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        return std::min(in[0], cap<A>(in[1]));
    }
};

/// floor(asset * peg * 10^decimals / 10^(the feeds' decimals)), 0 without either. Inputs: asset,
/// peg. Source: the same, CLSynchronicityPriceAdapterPegToBase.sol.
struct Product {
    U256 unit;
    U256 denominator;

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        const auto product = in[0] * in[1];
        return A::template mul_div<Rounding::Down>(product, A::of(unit), A::of(denominator));
    }
};

/// floor(asset * 10^decimals / base), 0 without either. Inputs: asset, base. Source: the same,
/// CLSynchronicityPriceAdapterBaseToPeg.sol.
struct Quotient {
    U256 unit;

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        return any_zero<A>(in) ? A::of(0)
                               : A::template mul_div<Rounding::Down>(in[0], A::of(unit), in[1]);
    }
};

/// floor(asset * (1e18 - floor(seconds to maturity * rate / a year)) / 1e18). Inputs: asset.
/// Source: the same, PendlePriceCapAdapter.sol.
struct Discount {
    static constexpr std::uint64_t kYearSeconds = 365ULL * 86'400;
    U256 maturity;
    U256 rate_per_year;  ///< 1e18 is one

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp at) const {
        const U256 now = at.value();
        const U256 left = maturity > now ? U256(maturity - now) : U256(0);
        const auto one = A::of(U256(1'000'000'000'000'000'000ULL));
        const auto discount =
            A::quotient(A::of(left) * A::of(rate_per_year), A::of(U256(kYearSeconds)));
        return A::template mul_div<Rounding::Down>(in[0], one - discount, one);
    }
};

/// floor(SCALE_FACTOR * base vault * base feeds / (quote vault * quote feeds)): products in 256
/// bits, the mulDiv in 512; reverts for a quote of 0. Inputs: those that exist of the base, then
/// those of the quote. Source: morpho-org/morpho-blue-oracles@e32d890 MorphoChainlinkOracleV2.sol.
struct MorphoChain {
    U256 scale_factor;
    std::size_t base_count = 0;

    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> in, core::Timestamp /*at*/) const {
        auto base = A::of(1);
        auto quote = A::of(1);
        for (std::size_t i = 0; i < in.size(); ++i) {
            auto& side = i < base_count ? base : quote;
            side = side * in[i];
        }
        if constexpr (std::is_same_v<typename A::Number, U256>) {
            return core::mul_div_wide<Rounding::Down>(scale_factor, base, quote);
        } else {
            return A::of(scale_factor) * base / quote;
        }
    }
};

}  // namespace margrave::oracle
