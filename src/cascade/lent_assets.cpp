#include "cascade/lent_assets.hpp"

#include <algorithm>
#include <map>

#include "core/fixed_point.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::Rounding;
using core::U256;

using Assets = std::map<Address, LentAsset>;

LentTotals totals_of(const margin::AssetCapacity& capacity) {
    return {
        .supplied = capacity.supplied, .borrowed = capacity.borrowed, .liquid = capacity.liquid};
}

/// The market's own list.
Assets assets_of(const State& begin, const State& end, std::size_t market) {
    Assets out;
    for (const margin::AssetCapacity& one : begin.markets[market]->capacities()) {
        LentAsset& asset = out[one.asset];
        asset.symbol = one.symbol;
        asset.decimals = one.decimals;
        asset.before = totals_of(one);
    }
    for (const margin::AssetCapacity& one : end.markets[market]->capacities()) {
        out[one.asset].after = totals_of(one);
    }
    return out;
}

/// What own rows of a market lend; an asset that is not on the list yet joins it. Collateral counts
/// where the market lends it on, as it does what it has totals of.
std::map<Address, U256> lent_by_own(const State& state, std::size_t market,
                                    const std::set<Place>& own, Assets& assets) {
    std::map<Address, U256> out;
    for (const Place& place : own) {
        if (place.market != market) {
            continue;
        }
        for (const margin::Leg& leg : state.markets[market]->legs(place.row)) {
            const bool is_lent =
                leg.side == margin::Side::Supply ||
                (leg.side == margin::Side::Collateral && assets.contains(leg.asset));
            if (is_lent && leg.amount) {
                out[leg.asset] += *leg.amount;
                LentAsset& asset = assets[leg.asset];
                asset.symbol = leg.symbol;
                asset.decimals = leg.decimals;
            }
        }
    }
    return out;
}

}  // namespace

std::optional<core::Wad> LentTotals::utilisation() const {
    if (supplied == 0) {
        return std::nullopt;
    }
    return core::Wad(core::mul_div_wide<Rounding::Down>(borrowed, core::wad(), supplied));
}

std::vector<LentAsset> lent_assets(const State& begin, const Outcome& outcome,
                                   const std::set<Place>& own,
                                   const std::vector<LentByOther>& by_others) {
    std::vector<LentAsset> out;
    for (std::size_t market = 0; market < begin.markets.size(); ++market) {
        Assets assets = assets_of(begin, outcome.end, market);
        auto own_before = lent_by_own(begin, market, own, assets);
        auto own_after = lent_by_own(outcome.end, market, own, assets);
        for (const margin::Deficit& deficit : outcome.deficits(market)) {
            LentAsset& asset = assets[deficit.asset];
            asset.symbol = deficit.symbol;
            asset.written_off = deficit.amount;
        }
        for (const LentByOther& lent : by_others) {
            if (lent.market == market && assets.contains(lent.asset)) {
                assets[lent.asset].own_by_others += lent.amount;
            }
        }
        for (auto& [address, one] : assets) {
            one.market = market;
            one.asset = address;
            one.own_before = own_before[address];
            one.own = own_after[address];
            if (one.after) {
                one.own_withdrawable = std::min(one.own, one.after->liquid);
            }
            if (one.before && one.before->supplied != 0) {
                one.own_loss = core::mul_div_wide<Rounding::Down>(
                    one.written_off, U256(one.own_before + one.own_by_others),
                    one.before->supplied);
            }
            if (one.before != one.after || one.written_off != 0 || one.own_before != 0 ||
                one.own != 0 || one.own_by_others != 0) {
                out.push_back(one);
            }
        }
    }
    return out;
}

}  // namespace margrave::cascade
