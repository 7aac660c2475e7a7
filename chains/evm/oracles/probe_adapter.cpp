#include <limits>
#include <utility>

#include "chains/evm/oracles/probe_parts.hpp"
#include "chains/evm/oracles/probes.hpp"
#include "core/u256.hpp"

namespace margrave::chains::evm::oracles {
namespace {

using core::Address;
using core::U256;
using margin::OracleKind;
using margin::OracleSource;

/// What the source said to everything that tells the kinds apart.
struct Said {
    std::optional<abi::Int256> latest_answer;
    std::optional<RoundData> round;
    std::optional<U256> decimals;
    std::optional<std::string> description;
    std::optional<Address> aggregator;
    std::optional<abi::Int256> min_answer;
    std::optional<abi::Int256> max_answer;
    std::optional<Address> base_to_usd;
    std::optional<Address> asset_to_usd;
    std::optional<abi::Int256> ratio;
    std::optional<Address> ratio_provider;
    std::optional<U256> ratio_decimals;
    std::optional<U256> snapshot_ratio;
    std::optional<U256> snapshot_timestamp;
    std::optional<U256> yearly_growth;
    std::optional<U256> growth;
    std::optional<U256> growth_scaled;
    std::optional<abi::Int256> price_cap;
    std::optional<abi::Int256> price_cap_ratio;
    std::optional<U256> maturity;
    std::optional<U256> discount_rate;
    std::optional<Address> asset_to_peg;
    std::optional<Address> peg_to_base;
    std::optional<Address> base_to_peg;
    std::optional<abi::Int256> fixed_price;
    std::optional<abi::Int256> fixed_constant;
    std::optional<abi::Int256> one_usd;
};

/// The functions that feeds and adapters are known by: one round.
Task<Said> ask(Reader& chain, Address source) {
    auto latest_answer = chain.try_call(source, LatestAnswer{});
    auto round = chain.try_call(source, LatestRoundData{});
    auto decimals = chain.try_call(source, AnyDecimals{});
    auto description = chain.try_call(source, Description{});
    auto aggregator = chain.try_call(source, Aggregator{});
    auto min_answer = chain.try_call(source, MinAnswer{});
    auto max_answer = chain.try_call(source, MaxAnswer{});
    auto base_to_usd = chain.try_call(source, BaseToUsdAggregator{});
    auto asset_to_usd = chain.try_call(source, AssetToUsdAggregator{});
    auto ratio = chain.try_call(source, GetRatio{});
    auto ratio_provider = chain.try_call(source, RatioProvider{});
    auto ratio_decimals = chain.try_call(source, RatioDecimals{});
    auto snapshot_ratio = chain.try_call(source, GetSnapshotRatio{});
    auto snapshot_timestamp = chain.try_call(source, GetSnapshotTimestamp{});
    auto yearly_growth = chain.try_call(source, GetMaxYearlyGrowth{});
    auto growth = chain.try_call(source, GetMaxGrowth{});
    auto growth_scaled = chain.try_call(source, GetMaxGrowthScaled{});
    auto price_cap = chain.try_call(source, GetPriceCap{});
    auto price_cap_ratio = chain.try_call(source, GetPriceCapRatio{});
    auto maturity = chain.try_call(source, Maturity{});
    auto discount_rate = chain.try_call(source, DiscountRatePerYear{});
    auto asset_to_peg = chain.try_call(source, AssetToPeg{});
    auto peg_to_base = chain.try_call(source, PegToBase{});
    auto base_to_peg = chain.try_call(source, BaseToPeg{});
    auto fixed_price = chain.try_call(source, FixedPrice{});
    auto fixed_constant = chain.try_call(source, FixedPriceConstant{});
    auto one_usd = chain.try_call(source, OneUsd{});
    Said said;
    said.latest_answer = answered(co_await latest_answer);
    said.round = answered(co_await round);
    said.decimals = answered(co_await decimals);
    said.description = answered(co_await description);
    said.aggregator = answered(co_await aggregator);
    said.min_answer = answered(co_await min_answer);
    said.max_answer = answered(co_await max_answer);
    said.base_to_usd = answered(co_await base_to_usd);
    said.asset_to_usd = answered(co_await asset_to_usd);
    said.ratio = answered(co_await ratio);
    said.ratio_provider = answered(co_await ratio_provider);
    said.ratio_decimals = answered(co_await ratio_decimals);
    said.snapshot_ratio = answered(co_await snapshot_ratio);
    said.snapshot_timestamp = answered(co_await snapshot_timestamp);
    said.yearly_growth = answered(co_await yearly_growth);
    said.growth = answered(co_await growth);
    said.growth_scaled = answered(co_await growth_scaled);
    said.price_cap = answered(co_await price_cap);
    said.price_cap_ratio = answered(co_await price_cap_ratio);
    said.maturity = answered(co_await maturity);
    said.discount_rate = answered(co_await discount_rate);
    said.asset_to_peg = answered(co_await asset_to_peg);
    said.peg_to_base = answered(co_await peg_to_base);
    said.base_to_peg = answered(co_await base_to_peg);
    said.fixed_price = answered(co_await fixed_price);
    said.fixed_constant = answered(co_await fixed_constant);
    said.one_usd = answered(co_await one_usd);
    co_return said;
}

/// What every price that is not one is to an adapter: nothing.
U256 positive(const abi::Int256& value) { return value.negative ? U256(0) : value.magnitude; }

bool is_same(const std::optional<abi::Int256>& a, const std::optional<abi::Int256>& b) {
    return a && b && a->negative == b->negative && a->magnitude == b->magnitude;
}

/// The first generation of capped ratios answers growth in whole units a second, the second has
/// another function with 1e6 of them. Between them were adapters without that function whose growth
/// is scaled all the same: told by its size, which a year and the percentage give.
void add_growth(const Said& said, OracleSource& source) {
    constexpr std::uint64_t kScale = 1'000'000;
    constexpr std::uint64_t kYearSeconds = 31'536'000;
    U256 growth = said.growth_scaled ? *said.growth_scaled : *said.growth;
    U256 scale = said.growth_scaled ? kScale : 1;
    if (!said.growth_scaled && said.yearly_growth && (*said.snapshot_ratio >> 128U) == 0 &&
        (*said.yearly_growth >> 64U) == 0) {
        const U256 unscaled =
            *said.snapshot_ratio * *said.yearly_growth / (U256(10'000) * kYearSeconds);
        scale = growth > (unscaled + 1) * 1000 ? kScale : 1;
    }
    source.parameters["max_growth_per_second"] = std::move(growth);
    source.parameters["growth_scale"] = std::move(scale);
    if (said.yearly_growth) {
        source.parameters["max_yearly_growth_bps"] = *said.yearly_growth;
    }
}

void take_source(Probed& out, std::string role, Address source) {
    take_number(out, std::move(role), source, 0);  // until it is joined to what it is made of
    out.is_source.back() = true;
}

bool is_capped_ratio(const Said& said) {
    return said.base_to_usd && said.ratio && said.ratio_decimals && said.snapshot_ratio &&
           said.snapshot_timestamp && (said.growth || said.growth_scaled);
}

void fill_capped_ratio(const Said& said, Probed& out) {
    out.source.kind = OracleKind::CappedRatio;
    out.source.parameters["ratio_decimals"] = *said.ratio_decimals;
    out.source.parameters["snapshot_ratio"] = *said.snapshot_ratio;
    out.source.parameters["snapshot_timestamp"] = *said.snapshot_timestamp;
    add_growth(said, out.source);
    take_source(out, "base", *said.base_to_usd);
    take_number(out, "ratio", said.ratio_provider.value_or(out.source.address),
                positive(*said.ratio));
}

void fill_capped_by_price(const Said& said, Probed& out) {
    out.source.kind = OracleKind::CappedByPrice;
    out.source.parameters["cap_ratio"] = positive(*said.price_cap_ratio);
    out.source.parameters["ratio_decimals"] = *said.ratio_decimals;
    take_source(out, "asset", *said.asset_to_usd);
    take_source(out, "base", *said.base_to_usd);
}

void fill_synchronicity(const Said& said, Probed& out) {
    const bool is_product = said.peg_to_base.has_value();
    out.source.kind = is_product ? OracleKind::Product : OracleKind::Quotient;
    out.source.parameters["decimals"] = *said.decimals;
    take_source(out, "asset", *said.asset_to_peg);
    take_source(out, is_product ? "peg" : "base",
                is_product ? *said.peg_to_base : *said.base_to_peg);
}

/// True when the functions of one adapter tell what it is.
bool fill_adapter(const Said& said, Probed& out) {
    OracleSource& source = out.source;
    if (is_capped_ratio(said)) {
        fill_capped_ratio(said, out);
    } else if (said.asset_to_usd && said.base_to_usd && said.price_cap_ratio &&
               said.ratio_decimals) {
        fill_capped_by_price(said, out);
    } else if (said.asset_to_usd && said.maturity && said.discount_rate) {
        source.kind = OracleKind::Discount;
        source.parameters["maturity"] = *said.maturity;
        source.parameters["rate_per_year"] = *said.discount_rate;
        take_source(out, "asset", *said.asset_to_usd);
    } else if (said.asset_to_usd && said.price_cap) {
        source.kind = OracleKind::CappedPrice;
        source.parameters["cap"] = positive(*said.price_cap);
        take_source(out, "asset", *said.asset_to_usd);
    } else if (said.asset_to_peg && said.decimals && (said.peg_to_base || said.base_to_peg)) {
        fill_synchronicity(said, out);
    } else if (is_same(said.fixed_price, said.latest_answer) ||
               is_same(said.fixed_constant, said.latest_answer) ||
               is_same(said.one_usd, said.latest_answer)) {
        source.kind = OracleKind::Fixed;
    } else {
        return false;
    }
    return true;
}

void add_clamp(const std::optional<abi::Int256>& bound, const char* name, OracleSource& source) {
    if (bound && !bound->negative && bound->magnitude != 0) {
        source.parameters[name] = bound->magnitude;
    }
}

std::optional<core::Timestamp> time_of(const U256& seconds) {
    if (seconds == 0 || seconds > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return core::Timestamp(static_cast<std::uint64_t>(seconds));
}

/// A feed's own bounds, or those of the aggregator behind the proxy.
Task<bool> read_clamps(Reader& chain, Said said, OracleSource& source) {
    if (said.aggregator && !said.aggregator->is_zero()) {
        auto lower = chain.try_call(*said.aggregator, MinAnswer{});
        auto upper = chain.try_call(*said.aggregator, MaxAnswer{});
        said.min_answer = answered(co_await lower);
        said.max_answer = answered(co_await upper);
    }
    add_clamp(said.min_answer, "min_answer", source);
    add_clamp(said.max_answer, "max_answer", source);
    co_return true;
}

std::optional<U256> answer_of(const Said& said) {
    const auto answer = said.latest_answer ? said.latest_answer
                        : said.round       ? std::optional(std::get<1>(*said.round))
                                           : std::nullopt;
    return answer ? std::optional(positive(*answer)) : std::nullopt;
}

}  // namespace

Task<Probed> probe_adapter(Reader& chain, Address address) {
    constexpr unsigned kDecimalsMax = 77;
    const Said said = co_await ask(chain, address);
    Probed out;
    OracleSource& source = out.source;
    source.address = address;
    source.read_at = chain.block().timestamp;
    source.answer = answer_of(said);
    source.description = said.description.value_or("");
    if (said.decimals && *said.decimals <= kDecimalsMax) {
        source.decimals = static_cast<unsigned>(*said.decimals);
    }
    if (fill_adapter(said, out) || !said.round) {
        co_return out;  // an adapter, or one that tells nothing
    }
    source.updated_at = time_of(std::get<3>(*said.round));
    source.kind = source.updated_at ? OracleKind::Feed : OracleKind::Rate;
    static_cast<void>(co_await read_clamps(chain, said, source));
    co_return out;
}

}  // namespace margrave::chains::evm::oracles
