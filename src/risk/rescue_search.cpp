#include "risk/rescue_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"
#include "risk/closed_forms.hpp"

namespace margrave::risk {
namespace {

using core::Rounding;
using core::U256;
using core::Usd;
using margin::Refusal;

constexpr std::size_t kLeversMax = 3;  ///< with an amount; switches beside them
constexpr unsigned kTrialsMax = 20'000;
constexpr std::size_t kPlansMax = 12;

/// What a swap costs in dollars, rounded up: of a pool's quote what it takes beyond what it gives
/// (0 when it gives more); else the assumption. 0 where a price is missing.
Usd cost_of_swap(const RescueTable& table, const RescueStep& step) {
    if (!step.sold || !step.tokens.value) {
        return Usd();
    }
    const U256 bought = step.tokens.value->value();
    if (!step.place) {
        return Usd(core::mul_div_wide<Rounding::Up>(bought, table.scene().options.swap_cost.value(),
                                                    core::percentage_factor()));
    }
    const auto sold =
        table.scene().prices.value(step.sold->token, step.place->quoted, Rounding::Up);
    return sold && sold->value() > bought ? Usd(U256(sold->value() - bought)) : Usd();
}

/// Costs of steps, with what they take from the wallet.
RescuePlan priced(const RescueTable& table, const std::vector<Pull>& pulls,
                  std::vector<RescueStep> steps) {
    const RescueOptions& options = table.scene().options;
    RescuePlan plan;
    plan.transactions = count_transactions(steps);
    plan.gas = Usd(options.gas.value() * plan.transactions);
    for (const RescueStep& step : steps) {
        plan.needs_flash_loan = plan.needs_flash_loan || step.in_flash;
        plan.swap_cost = plan.swap_cost + cost_of_swap(table, step);
    }
    for (const Pull& pull : pulls) {
        const auto taken = price_of(table.scene(), pull.lever, pull.amount);
        if (pull.lever.is_switch() || !taken) {
            continue;
        }
        const auto value = table.scene().prices.value(pull.lever.source, *taken, Rounding::Up);
        plan.has_unpriced = plan.has_unpriced || !value;
        plan.capital = plan.capital + value.value_or(Usd());
        if (pull.lever.from == Funds::Outside) {
            plan.uses_outside = true;
            plan.outside = plan.outside + value.value_or(Usd());
        }
        const bool is_idle = pull.lever.from == Funds::Idle || pull.lever.from == Funds::Swap;
        if (is_idle && pull.lever.donor == nullptr) {
            plan.spent.push_back({.token = pull.lever.source, .amount = *taken, .value = value});
        }
    }
    for (const RescueStep& step : steps) {
        if (step.elsewhere) {
            plan.moved.push_back({.account = *step.elsewhere, .action = *step.action});
        }
    }
    plan.steps = std::move(steps);
    return plan;
}

/// What plans are compared by.
auto rank(const RescuePlan& plan) {
    return std::make_tuple(plan.uses_outside, plan.has_unpriced,
                           (plan.cost() + plan.outside).value(), plan.capital.value(),
                           plan.needs_flash_loan, plan.transactions);
}

/// The same levers in another order make the same steps in another order.
bool is_same_plan(const RescuePlan& a, const RescuePlan& b) {
    const auto moved = [](const RescuePlan& plan) {
        using Coin = std::optional<core::Address>;
        std::vector<std::tuple<bool, std::optional<RescueAccount>, Coin, Coin, U256>> out;
        out.reserve(plan.steps.size());
        for (const RescueStep& step : plan.steps) {
            out.emplace_back(step.action.has_value(), step.elsewhere, step.tokens.token.address,
                             step.sold ? step.sold->token.address : Coin(), step.tokens.amount);
        }
        std::sort(out.begin(), out.end());
        return out;
    };
    return rank(a) == rank(b) && moved(a) == moved(b);
}

/// What a base unit of a token that has a leg is worth, as a double in the market's own unit.
struct UnitWeights {
    double weight = 0;  ///< of one base unit as collateral
    double debt = 0;    ///< of one base unit owed
};

class Search {
  public:
    explicit Search(const RescueTable& table)
        : table_(table), levers_(find_levers(table.scene())) {}

    RescueFound run() {
        std::vector<std::vector<Pull>> exhausted;
        try_alone(exhausted);
        try_splits({});
        while (!exhausted.empty()) {
            exhausted = extend(exhausted);
        }
        std::stable_sort(found_.plans.begin(), found_.plans.end(), is_preferred);
        const auto end = std::unique(found_.plans.begin(), found_.plans.end(), is_same_plan);
        found_.plans.erase(end, found_.plans.end());
        keep_best();
        return std::move(found_);
    }

  private:
    /// A few plans, the best with funds from outside always among them.
    void keep_best() {
        auto& plans = found_.plans;
        if (plans.size() <= kPlansMax) {
            return;
        }
        const auto outside = std::find_if(plans.begin(), plans.end(),
                                          [](const RescuePlan& plan) { return plan.uses_outside; });
        if (outside - plans.begin() >= static_cast<std::ptrdiff_t>(kPlansMax) &&
            outside != plans.end()) {
            std::swap(plans[kPlansMax - 1], *outside);
        }
        plans.resize(kPlansMax);
    }

    void try_alone(std::vector<std::vector<Pull>>& exhausted) {
        for (const Lever& lever : levers_) {
            if (lever.is_late) {  // does nothing alone, but what is repaid before it is sized with
                                  // it
                exhausted.push_back({{.lever = lever, .amount = 0}});
                continue;
            }
            const auto pull = size_pull({}, lever, true);
            // Funds from outside have no end: in company they can only be the last.
            if (pull && !lever.only_alone && lever.from != Funds::Outside) {
                exhausted.push_back({*pull});
            }
        }
    }

    /// The sets with one lever more that still do not reach the target.
    std::vector<std::vector<Pull>> extend(const std::vector<std::vector<Pull>>& sets) {
        std::vector<std::vector<Pull>> out;
        for (const std::vector<Pull>& set : sets) {
            for (const Lever& lever : levers_) {
                if (trials_ > kTrialsMax) {
                    found_.is_exhaustive = false;
                    return {};
                }
                if (!may_join(set, lever) || !may_be_better(set, {lever})) {
                    continue;
                }
                if (const auto pull = size_pull(set, lever, false);
                    pull && lever.from != Funds::Outside) {
                    out.push_back(set);
                    out.back().push_back(*pull);
                }
            }
            try_splits(set);
        }
        return out;
    }

    /// A balance that can be added as collateral for nothing, or swapped to repay at a cost, is
    /// best split when all of it is needed: as little swapped as reaches the target, the rest
    /// added.
    void try_splits(const std::vector<Pull>& set) {
        for (const Lever& swap : levers_) {
            for (const Lever& add : levers_) {
                const bool is_pair = swap.from == Funds::Swap && swap.kind == Lever::Kind::Repay &&
                                     add.from == Funds::Idle && add.kind == Lever::Kind::Supply &&
                                     is_same(swap.source, add.source) && swap.donor == nullptr &&
                                     add.donor == nullptr;
                if (is_pair && amounts_in(set) + 2 <= kLeversMax && may_join(set, swap) &&
                    may_join(set, add) && may_be_better(set, {swap, add})) {
                    size_split(set, swap, add);
                }
            }
        }
    }

    void size_split(const std::vector<Pull>& set, const Lever& swap, const Lever& add) {
        const auto split = [&](const U256& amount) {
            auto pulls = set;
            pulls.push_back({.lever = swap, .amount = amount});
            const auto rest = limit_of(pulls, add);
            if (rest && *rest > 0) {
                pulls.push_back({.lever = add, .amount = *rest});
            }
            return pulls;
        };
        const auto max = limit_of(set, swap);
        if (!max) {
            return;
        }
        const auto sized = smallest_enough(*max, std::nullopt, [&](const U256& amount) {
            return attempt_pulls(split(amount)).reach;
        });
        if (sized && sized->is_enough) {
            note_plan(split(sized->amount));
        }
    }

    [[nodiscard]] static std::size_t amounts_in(const std::vector<Pull>& set) {
        return static_cast<std::size_t>(std::count_if(
            set.begin(), set.end(), [](const Pull& pull) { return !pull.lever.is_switch(); }));
    }

    [[nodiscard]] static bool is_same_lever(const Lever& a, const Lever& b) {
        return a.kind == b.kind && a.from == b.from && is_same(a.token, b.token) &&
               is_same(a.source, b.source) && a.category == b.category && a.donor == b.donor;
    }

    [[nodiscard]] bool may_join(const std::vector<Pull>& set, const Lever& lever) const {
        // A switch after an amount would leave the amount larger than it need be.
        const bool has_amount = std::any_of(
            set.begin(), set.end(), [](const Pull& pull) { return !pull.lever.is_switch(); });
        if (lever.only_alone || (lever.is_switch() && has_amount)) {
            return false;
        }
        // Not twice, and not two ways of selling: their withdrawals would be sized apart.
        return std::none_of(set.begin(), set.end(), [&](const Pull& pull) {
            return is_same_lever(pull.lever, lever) ||
                   (pull.lever.sells() && lever.sells() && pull.lever.from != lever.from);
        });
    }

    /// With the least of these levers, the set must not cost what the best plan does already.
    [[nodiscard]] bool may_be_better(const std::vector<Pull>& set,
                                     const std::vector<Lever>& levers) const {
        if (!best_) {
            return true;
        }
        auto pulls = set;
        for (const Lever& lever : levers) {
            pulls.push_back({.lever = lever, .amount = lever.is_switch() ? 0 : 1});
        }
        auto steps = steps_of(table_, pulls);
        return steps && is_preferred(priced(table_, pulls, *std::move(steps)), *best_);
    }

    /// Sizes the lever behind the set: a plan is noted when it reaches the target, else the pull as
    /// far as it goes is returned.
    std::optional<Pull> size_pull(const std::vector<Pull>& set, const Lever& lever, bool is_alone) {
        // What is said of a refused lever: why not with all of it, the first amount that is tried.
        std::optional<Refusal> refusal;
        const auto attempt = [&](const U256& amount) {
            auto pulls = set;
            pulls.push_back({.lever = lever, .amount = amount});
            const Trial trial = attempt_pulls(pulls);
            if (!refusal) {
                refusal = trial.refusal;
            }
            return trial.reach;
        };
        std::optional<SizedAmount> sized;
        if (lever.is_switch()) {
            const Reach reach = attempt(0);
            if (reach != Reach::Refused) {
                sized = SizedAmount{.amount = 0, .is_enough = reach == Reach::Enough};
            }
        } else {
            const auto max = limit_of(set, lever);
            if (!max) {
                reject(is_alone, lever,
                       {.reason = "unpriced", .detail = "a swap needs two prices"});
                return std::nullopt;
            }
            if (*max == 0) {
                return std::nullopt;
            }
            sized = smallest_enough(*max, guess_of(set, lever), attempt);
        }
        if (!sized) {
            reject(is_alone, lever, *refusal);
            return std::nullopt;
        }
        auto pulls = set;
        pulls.push_back({.lever = lever, .amount = whole_amount(set, lever, sized->amount)});
        if (sized->is_enough) {
            note_plan(pulls);
            return std::nullopt;
        }
        return judge_exhausted(pulls, is_alone);
    }

    Trial attempt_pulls(const std::vector<Pull>& pulls) {
        ++trials_;
        const auto steps = steps_of(table_, pulls);
        if (!steps) {
            Trial trial;
            trial.refusal = {.reason = "unpriced", .detail = "a swap needs two prices"};
            return trial;
        }
        return try_steps(table_, *steps);
    }

    /// The last pull of a set that does not reach the target, unless it does not help at all.
    std::optional<Pull> judge_exhausted(const std::vector<Pull>& pulls, bool is_alone) {
        const Pull& last = pulls.back();
        const Trial with = attempt_pulls(pulls);
        const margin::Health without = health_without(pulls);
        const bool is_raised = with.after_late.health_factor && without.health_factor &&
                               *with.after_late.health_factor > *without.health_factor;
        if (!is_raised) {
            reject(is_alone, last.lever,
                   {.reason = "no_effect", .detail = "it does not raise the health factor"});
            return std::nullopt;
        }
        reject(is_alone, last.lever,
               {.reason = "not_enough",
                .detail = fmt::format(
                    "alone it reaches {}",
                    core::format_fixed(with.after_late.health_factor->value(), 18, 6))});
        return last;
    }

    /// Untouched, where what stands before the last pull is refused without it.
    [[nodiscard]] margin::Health health_without(const std::vector<Pull>& pulls) {
        const Trial before = attempt_pulls({pulls.begin(), pulls.end() - 1});
        return before.reach == Reach::Refused ? table_.at_end().health(table_.scene().row)
                                              : before.after_late;
    }

    void reject(bool is_alone, const Lever& lever, Refusal refusal) {
        if (is_alone) {
            found_.rejected.push_back({.what = describe(lever), .refusal = std::move(refusal)});
        }
    }

    void note_plan(const std::vector<Pull>& pulls) {
        auto steps = steps_of(table_, pulls);
        const Trial trial = try_steps(table_, *steps);
        RescuePlan plan = priced(table_, pulls, *std::move(steps));
        plan.after = trial.after;
        plan.after_at_end = trial.after_at_end;
        plan.after_late = trial.after_late;
        document_steps(table_, plan.steps);
        if (!best_ || is_preferred(plan, *best_)) {
            best_ = plan;
        }
        found_.plans.push_back(std::move(plan));
    }

    /// The most of the lever's token that its source pays and the account takes.
    [[nodiscard]] std::optional<U256> limit_of(const std::vector<Pull>& set,
                                               const Lever& lever) const {
        const auto funds = funds_of(set, lever);
        auto paid = funds ? bought_with(table_.scene(), lever, *funds) : unlimited();
        if (!paid || lever.kind != Lever::Kind::Repay) {
            return paid;
        }
        const U256 repaid = repaid_by(set, lever.token);
        const U256 at_end = table_.debt_at_end(lever.token);
        if (repaid >= at_end) {
            return U256(0);
        }
        if (*paid >= at_end - repaid) {
            return U256(at_end - repaid);
        }
        const U256 now = table_.debt_now(lever.token);
        return repaid >= now ? U256(0) : std::min<U256>(*paid, now - repaid);
    }

    /// Past what is owed now a repayment is of everything, which costs what is owed at the end.
    [[nodiscard]] U256 whole_amount(const std::vector<Pull>& set, const Lever& lever,
                                    const U256& amount) const {
        if (lever.kind != Lever::Kind::Repay) {
            return amount;
        }
        const U256 before = repaid_by(set, lever.token);
        return before + amount > table_.debt_now(lever.token)
                   ? U256(table_.debt_at_end(lever.token) - before)
                   : amount;
    }

    static U256 repaid_by(const std::vector<Pull>& set, const Token& debt) {
        U256 sum = 0;
        for (const Pull& pull : set) {
            if (pull.lever.kind == Lever::Kind::Repay && is_same(pull.lever.token, debt)) {
                sum += pull.amount;
            }
        }
        return sum;
    }

    /// More than anybody has, and little enough to be computed with.
    static std::optional<U256> unlimited() {
        constexpr unsigned kBits = 110;
        return U256(1) << kBits;
    }

    /// What the set leaves of the lever's source; nullopt from outside, where there is no end.
    [[nodiscard]] std::optional<U256> funds_of(const std::vector<Pull>& set,
                                               const Lever& lever) const {
        if (lever.from == Funds::Outside) {
            return std::nullopt;
        }
        U256 funds = 0;
        if (lever.donor != nullptr) {
            funds = lever.donor->amount;
        } else if (lever.sells()) {
            funds = table_.collateral_now(lever.source);
        } else {
            for (const IdleBalance& idle : table_.scene().idle) {
                funds += is_same(idle.token, lever.source) ? idle.amount : U256(0);
            }
        }
        for (const Pull& pull : set) {
            const bool shares = !pull.lever.is_switch() && pull.lever.from != Funds::Outside &&
                                pull.lever.sells() == lever.sells() &&
                                pull.lever.donor == lever.donor &&
                                is_same(pull.lever.source, lever.source);
            const auto taken = price_of(table_.scene(), pull.lever, pull.amount);
            if (shares && taken) {
                funds = *taken < funds ? U256(funds - *taken) : U256(0);
            }
        }
        return funds;
    }

    /// The closed form's amount, where the account is a linear form and the token has a leg in it.
    [[nodiscard]] std::optional<U256> guess_of(const std::vector<Pull>& set,
                                               const Lever& lever) const {
        const auto fork = table_.at_end().fork();
        if (const auto steps = steps_of(table_, set)) {
            for (const RescueStep& step : *steps) {
                if (step.action && !step.elsewhere &&
                    !fork->apply(table_.scene().row, *step.action)) {
                    return std::nullopt;
                }
            }
        }
        LendingAccount account;
        for (const margin::WeightedLeg& leg : fork->weighted_legs(table_.scene().row)) {
            account.weighted_collateral += leg.weight;
            account.debt += leg.debt;
        }
        const double target = table_.scene().options.target.value().convert_to<double>() / 1e18;
        const auto token = unit_weights(*fork, *lever.token.address);
        if (lever.kind == Lever::Kind::Supply) {
            return base_units(add_collateral_for(account, target, 1) / token.weight);
        }
        if (!lever.sells()) {
            return base_units(repay_for(account, target) / token.debt);
        }
        // The threshold of what is sold, per value of what is repaid.
        const U256 amount = table_.debt_at_end(lever.token);
        const auto sold = price_of(table_.scene(), lever, amount);
        if (!sold) {
            return std::nullopt;
        }
        const double threshold = unit_weights(*fork, *lever.source.address).weight *
                                 sold->convert_to<double>() /
                                 (token.debt * amount.convert_to<double>());
        const auto value = sell_to_repay_for(account, target, threshold, 0);
        return value ? base_units(*value / token.debt) : std::nullopt;
    }

    [[nodiscard]] UnitWeights unit_weights(const margin::Market& market,
                                           const core::Address& asset) const {
        const std::size_t row = table_.scene().row;
        const auto legs = market.legs(row);
        UnitWeights out;
        for (const margin::WeightedLeg& leg : market.weighted_legs(row)) {
            if (leg.asset == asset) {
                out.weight += leg.weight;
                out.debt += leg.debt;
            }
        }
        out.weight /= balance_of(legs, asset, margin::Side::Collateral).convert_to<double>();
        out.debt /= balance_of(legs, asset, margin::Side::Debt).convert_to<double>();
        return out;
    }

    static std::optional<U256> base_units(double amount) {
        constexpr double kMax = 1e60;
        return amount > 0 && amount < kMax ? std::optional(U256(amount)) : std::nullopt;
    }

    const RescueTable& table_;
    std::vector<Lever> levers_;
    RescueFound found_;
    std::optional<RescuePlan> best_;
    unsigned trials_ = 0;
};

}  // namespace

RescueFound search_rescue(const RescueTable& table) { return Search(table).run(); }

bool is_preferred(const RescuePlan& a, const RescuePlan& b) { return rank(a) < rank(b); }

}  // namespace margrave::risk
