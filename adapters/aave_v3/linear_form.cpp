#include <algorithm>
#include <limits>

#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "margin/book.hpp"
#include "margin/guard.hpp"

/// An account's health check as a linear form in the oracle's answers, for many accounts in
/// doubles.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::Exact;
using margin::Fast;

/// With c, t and d an account's collaterals, their thresholds and its debts in base currency,
/// unrounded; W = sum(c t) / 10^4. What the exact check compares with the debt lies, until 3.4,
/// above W - sum(c) / 10^4 - sum(t) / 10^4 - 1/2 and not above W + 1/2: every c is cut to an
/// integer, the average threshold to a basis point, and the limit is rounded half-up. Since 3.5 it
/// lies above W - sum(t) / 10^4 and not above W. Each debt is cut to an integer until 3.4, and
/// raised to one since. sum(c) is at most 10^4 W / min(t). The last division, half-up, moves the
/// limit by less than one part in 10^17.
class Slack {
  public:
    void add(const Position<Fast>& position) {
        if (position.collateral != 0) {
            threshold_min_ = std::min(threshold_min_, position.threshold_bps);
            lost_ += position.threshold_bps / core::percentage_factor().convert_to<double>();
        }
        lost_ += position.debt != 0 ? 1 : 0;
    }
    [[nodiscard]] double relative(const Behaviour& behaviour) const {
        return behaviour.rounds_against_user ? 0 : 1 / threshold_min_;
    }
    [[nodiscard]] double absolute() const { return lost_ + 1; }

  private:
    double threshold_min_ = std::numeric_limits<double>::infinity();
    double lost_ = 0;
};

Position<Fast> at_an_answer_of_one(const Position<Exact>& position) {
    return {.collateral = Fast::of(position.collateral),
            .debt = Fast::of(position.debt),
            .price = 1,
            .unit = Fast::of(position.unit),
            .threshold_bps = Fast::of(position.threshold_bps),
            .ltv_bps = Fast::of(position.ltv_bps)};
}

margin::WeightedLeg& leg_of(std::vector<margin::WeightedLeg>& legs, const core::Address& key) {
    const auto found = std::find_if(
        legs.begin(), legs.end(), [&](const margin::WeightedLeg& leg) { return leg.asset == key; });
    return found == legs.end()
               ? legs.emplace_back(margin::WeightedLeg{.asset = key, .weight = 0, .debt = 0})
               : *found;
}

}  // namespace

std::optional<margin::LinearForm> AaveMarket::linear_form(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (!trouble(account).empty()) {
        return std::nullopt;
    }
    const auto bps = core::percentage_factor().convert_to<double>();
    // What the check multiplies a value with before it divides: 10^18 and a threshold.
    constexpr double kFactorMax = 1e23;
    constexpr double kProductMax = 1e76;
    margin::LinearForm out;
    Slack slack;
    double product = 0;
    for (const Balance& balance : account.balances) {
        if (!account.configuration.is_using(balance.reserve_id)) {
            continue;
        }
        const auto exact =
            margin::value_or_nothing([&] { return position<Exact>(balance, account); });
        const core::Address key = price_key(state_.reserves.at(balance.reserve_id), account);
        // An e-mode's own source and an asset may share a key, and then have one answer.
        if (!exact || answer_of(key) != exact->price) {
            return std::nullopt;
        }
        const Position<Fast> entered = at_an_answer_of_one(*exact);
        Sums<Fast> sums;
        add_position<Fast>(*state_.behaviour, entered, sums);
        slack.add(entered);
        product += (sums.collateral + sums.debt) * Fast::of(exact->price) *
                   margin::Book::kAnswerRange * std::max(entered.unit, kFactorMax);
        if (sums.threshold != 0 || sums.debt != 0) {
            margin::WeightedLeg& leg = leg_of(out.legs, key);
            leg.weight += sums.threshold / bps;
            leg.debt += sums.debt;
        }
    }
    if (product > kProductMax) {
        return std::nullopt;
    }
    out.relative_slack = slack.relative(*state_.behaviour);
    out.slack = slack.absolute();
    return out;
}

void AaveMarket::fast_health_factors(std::vector<double>& out) const {
    margin::fast_health_factors(*this, out);
}

std::vector<margin::WeightedLeg> AaveMarket::weighted_legs(std::size_t row) const {
    if (health(row).status == margin::Status::Unknown) {
        return {};
    }
    auto form = linear_form(row);
    if (!form) {
        return {};
    }
    for (margin::WeightedLeg& leg : form->legs) {
        const double answer = Fast::of(answer_of(leg.asset).value());
        leg.weight *= answer;
        leg.debt *= answer;
    }
    return std::move(form->legs);
}

}  // namespace margrave::adapters::aave_v3
