#include "cascade/fast_market.hpp"

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace margrave::cascade {
namespace {

const margin::BulkMarket& bulk_of(const margin::Market& market) {
    const auto* bulk = dynamic_cast<const margin::BulkMarket*>(&market);
    if (bulk == nullptr) {
        throw core::InputError("the fast engine has no rules of " + market.name().protocol +
                               ": use engine = \"exact\"");
    }
    return *bulk;
}

FastMarket::Scale scale_of(const core::Address& asset,
                           const std::vector<margin::OracleAnswer>& answers) {
    FastMarket::Scale out;
    out.asset = asset;
    for (const margin::OracleAnswer& answer : answers) {
        if (answer.denominator == asset) {
            out.symbol = answer.denominator_symbol;
            out.value = std::pow(10, -static_cast<int>(answer.denominator_decimals));
        } else if (answer.asset == asset) {
            out.symbol = answer.symbol;
            out.base = std::pow(10, -static_cast<int>(answer.decimals));
            if (answer.unit && *answer.unit != 0) {
                out.value = out.base / answer.unit->convert_to<double>();
            }
            return out;
        }
    }
    return out;
}

}  // namespace

FastMarket::FastMarket(const margin::Market& market)
    : market_(market), rules_(bulk_of(market)), book_(margin::make_book(market)), first_leg_{0} {
    const auto answers = market.answers();
    for (const core::Address& asset : rules_.bulk_assets()) {
        scales_.push_back(scale_of(asset, answers));
    }
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        const auto legs = rules_.bulk_row(row);
        const bool owes = legs && std::any_of(legs->begin(), legs->end(),
                                              [](const auto& leg) { return leg.debt != 0; });
        if (owes) {
            legs_.insert(legs_.end(), legs->begin(), legs->end());
        } else if (!legs && market.health(row).health_factor) {
            ++rows_left_out_;
        }
        first_leg_.push_back(static_cast<std::uint32_t>(legs_.size()));
    }
}

std::vector<double> FastMarket::answers_of(const margin::Market& now) const {
    std::vector<double> out(scales_.size(), 1);
    const auto answers = now.answers();
    for (std::size_t i = 0; i < scales_.size(); ++i) {
        for (const margin::OracleAnswer& answer : answers) {
            if (answer.asset == scales_[i].asset && answer.quote) {
                out[i] = answer.quote->answer.convert_to<double>();
            }
        }
    }
    return out;
}

}  // namespace margrave::cascade
