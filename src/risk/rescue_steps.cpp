#include "risk/rescue_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/fixed_point.hpp"

namespace margrave::risk {
namespace {

using core::Rounding;
using core::U256;
using margin::Action;
using margin::ActionKind;
using margin::Health;
using margin::Refusal;
using margin::Side;

/// Builds the list of steps; what is owed is followed so that a last repayment is one of all.
class StepList {
  public:
    explicit StepList(const RescueTable& table) : table_(table) {}

    bool build(const std::vector<Pull>& pulls) {
        for (const Pull& pull : pulls) {
            if (pull.lever.is_switch() && !pull.lever.is_late) {
                add_switch(pull.lever);
            }
        }
        for (const Pull& pull : pulls) {
            if (pull.lever.donor != nullptr && !add_withdrawal(pull)) {
                return false;
            }
        }
        for (const Pull& pull : pulls) {
            if (pull.lever.from == Funds::Swap && !add_swap(pull)) {
                return false;
            }
        }
        for (const Pull& pull : pulls) {
            if (!pull.lever.is_switch() && pull.lever.from != Funds::Sale) {
                add_deposit(pull);
            }
        }
        for (const Pull& pull : pulls) {
            if (pull.lever.is_late) {
                add_switch(pull.lever);
            }
        }
        for (const Pull& pull : pulls) {
            if (pull.lever.sells() && !add_sale(pull)) {
                return false;
            }
        }
        return true;
    }

    std::vector<RescueStep> take() { return std::move(steps_); }

  private:
    [[nodiscard]] TokenAmount worth(const Token& token, const U256& amount) const {
        return {.token = token,
                .amount = amount,
                .value = table_.scene().prices.value(token, amount, Rounding::Up)};
    }

    void add_action(const Action& action, const TokenAmount& tokens) {
        RescueStep step;
        step.action = action;
        step.tokens = tokens;
        steps_.push_back(std::move(step));
    }

    void add_switch(const Lever& lever) {
        const bool is_emode = lever.kind == Lever::Kind::Emode;
        add_action({.kind = is_emode ? ActionKind::SetEmode : ActionKind::SetCollateral,
                    .asset = lever.token.address.value_or(core::Address{}),
                    .amount = std::nullopt,
                    .enable = true,
                    .category = lever.category},
                   {.token = lever.token, .amount = 0, .value = std::nullopt});
    }

    /// One call for a donor, whatever its tokens are for.
    bool add_withdrawal(const Pull& pull) {
        const Donor& donor = *pull.lever.donor;
        const auto taken = price_of(table_.scene(), pull.lever, pull.amount);
        if (!taken) {
            return false;
        }
        const auto same = std::find_if(steps_.begin(), steps_.end(), [&](const RescueStep& step) {
            return step.elsewhere == donor.shown && step.action->kind == donor.withdraw &&
                   step.action->asset == *donor.token.address;
        });
        if (same == steps_.end()) {
            add_action({.kind = donor.withdraw,
                        .asset = *donor.token.address,
                        .amount = *taken,
                        .enable = true,
                        .category = 0},
                       worth(donor.token, *taken));
            steps_.back().elsewhere = donor.shown;
            return true;
        }
        same->action->amount = *same->action->amount + *taken;
        same->tokens = worth(donor.token, *same->action->amount);
        return true;
    }

    bool add_swap(const Pull& pull) {
        const auto sold = price_of(table_.scene(), pull.lever, pull.amount);
        if (!sold) {
            return false;
        }
        if (pull.lever.swaps()) {
            RescueStep step;
            step.tokens = worth(pull.lever.token, pull.amount);
            step.sold = worth(pull.lever.source, *sold);
            step.in_flash = pull.lever.from == Funds::Flash;
            if (const auto quote =
                    table_.scene().quotes.buy(pull.lever.source, pull.lever.token, pull.amount)) {
                step.place = SwapPlace{.venue = quote->venue->name(), .quoted = quote->sold};
            }
            steps_.push_back(std::move(step));
        }
        return true;
    }

    /// One call for a token: a second source only makes it larger.
    void add_deposit(const Pull& pull) {
        const ActionKind kind =
            pull.lever.kind == Lever::Kind::Repay ? ActionKind::Repay : pull.lever.supply;
        const auto same = std::find_if(steps_.begin(), steps_.end(), [&](const RescueStep& step) {
            return step.action && step.action->kind == kind &&
                   step.tokens.token.address == pull.lever.token.address;
        });
        if (same == steps_.end()) {
            add_action({.kind = kind,
                        .asset = *pull.lever.token.address,
                        .amount = std::nullopt,
                        .enable = true,
                        .category = 0},
                       worth(pull.lever.token, pull.amount));
            size(steps_.back(), pull);
            if (pull.lever.enables) {
                add_switch_once(pull.lever);
            }
        } else {
            same->tokens = worth(pull.lever.token, same->tokens.amount + pull.amount);
            size(*same, pull);
        }
    }

    void add_switch_once(const Lever& lever) {
        const bool is_there =
            std::any_of(steps_.begin(), steps_.end(), [&](const RescueStep& step) {
                return step.action && step.action->kind == ActionKind::SetCollateral &&
                       step.action->asset == *lever.token.address;
            });
        if (!is_there) {
            Lever enabling = lever;
            enabling.kind = Lever::Kind::EnableCollateral;
            add_switch(enabling);
        }
    }

    /// The action's amount of a deposit; a repayment of all there is asks for no number.
    void size(RescueStep& step, const Pull& pull) {
        step.portions.push_back({.from = pull.lever.from, .amount = pull.amount});
        step.in_flash = step.in_flash || pull.lever.from == Funds::Flash;
        step.action->amount = step.tokens.amount;
        if (step.action->kind == ActionKind::Repay) {
            U256& repaid = repaid_[step.action->asset];
            repaid += pull.amount;
            const Token& token = pull.lever.token;
            if (repaid > table_.debt_now(token) || repaid == table_.debt_at_end(token)) {
                step.action->amount.reset();
            }
        }
    }

    bool add_sale(const Pull& pull) {
        const auto sold = price_of(table_.scene(), pull.lever, pull.amount);
        if (!sold) {
            return false;
        }
        add_action({.kind = pull.lever.withdraw,
                    .asset = *pull.lever.source.address,
                    .amount = *sold,
                    .enable = true,
                    .category = 0},
                   worth(pull.lever.source, *sold));
        steps_.back().in_flash = pull.lever.from == Funds::Flash;
        if (!add_swap(pull)) {
            return false;
        }
        if (pull.lever.from == Funds::Sale) {
            add_action({.kind = ActionKind::Repay,
                        .asset = *pull.lever.token.address,
                        .amount = std::nullopt,
                        .enable = true,
                        .category = 0},
                       worth(pull.lever.token, pull.amount));
            size(steps_.back(), pull);
        }
        return true;
    }

    const RescueTable& table_;
    std::vector<RescueStep> steps_;
    std::map<core::Address, U256> repaid_;
};

bool is_known(const Health& health) { return health.status != margin::Status::Unknown; }

/// Below one and below where it was.
bool crosses_one(const Health& before, const Health& after) {
    if (!after.health_factor || *after.health_factor >= core::Wad(core::wad())) {
        return false;
    }
    return !before.health_factor || *after.health_factor < *before.health_factor;
}

/// The market that an account is rescued in, and those of the wallet's other accounts, at one
/// moment.
class Scenery {
  public:
    Scenery(const RescueTable& table, const margin::Market& market)
        : scene_(table.scene()), own_(market.fork()) {}

    [[nodiscard]] margin::Market& own() { return *own_; }

    /// The refusal of the step; it counts as one where the account would miss the target from which
    /// it withdraws.
    std::optional<Refusal> apply(const RescueStep& step) {
        margin::Market& market = market_of(step);
        const std::size_t row = row_of(step);
        if (const auto done = market.apply(row, *step.action); !done) {
            return done.error();
        }
        return is_own(step) || holds(market.health(row), scene_.options.target)
                   ? std::nullopt
                   : std::optional(below_target());
    }

    [[nodiscard]] Health health_of(const RescueStep& step) {
        return market_of(step).health(row_of(step));
    }
    [[nodiscard]] auto calls(const RescueStep& step) {
        return market_of(step).calls(row_of(step), *step.action);
    }

    /// Time passes everywhere; what the other accounts miss by then.
    std::optional<Refusal> accrue(core::Timestamp to) {
        own_->accrue(to);
        for (auto& [account, market] : others_) {
            market->accrue(to);
            if (!holds(market->health(account.row), scene_.options.target)) {
                return below_target();
            }
        }
        return std::nullopt;
    }

  private:
    static Refusal below_target() {
        return {.reason = "donor_below_target",
                .detail = "the account that it is withdrawn from would miss the target"};
    }

    [[nodiscard]] bool is_own(const RescueStep& step) const {
        return !step.elsewhere || step.elsewhere->market == &scene_.market;
    }
    [[nodiscard]] std::size_t row_of(const RescueStep& step) const {
        return step.elsewhere ? step.elsewhere->row : scene_.row;
    }
    margin::Market& market_of(const RescueStep& step) {
        if (is_own(step)) {
            return *own_;
        }
        auto& market = others_[*step.elsewhere];
        if (!market) {
            const auto donor =
                std::find_if(scene_.donors.begin(), scene_.donors.end(),
                             [&](const Donor& other) { return other.shown == *step.elsewhere; });
            market = donor->account.market->fork();
            market->accrue(own_->time());
        }
        return *market;
    }

    const RescueScene& scene_;
    std::unique_ptr<margin::Market> own_;
    std::map<RescueAccount, std::unique_ptr<margin::Market>> others_;
};

/// Carries the steps out; the refusal of the first that fails.
std::optional<Refusal> carry_out(Scenery& scenery, std::size_t row,
                                 const std::vector<RescueStep>& steps) {
    Health before = scenery.own().health(row);
    for (const RescueStep& step : steps) {
        if (!step.action) {
            continue;
        }
        if (auto refusal = scenery.apply(step)) {
            return refusal;
        }
        const Health after = scenery.own().health(row);
        if (!step.in_flash && crosses_one(before, after)) {
            return Refusal{.reason = "crosses_one",
                           .detail = "a step on the way would leave the health below 1"};
        }
        before = after;
    }
    return std::nullopt;
}

/// The pools of a plan as its earlier swaps left them.
using PoolForks = std::map<margin::VenueName, std::unique_ptr<margin::Venue>>;

/// The swap's call for the wallet. Each swap was quoted alone; one that an earlier swap of the plan
/// makes dearer than its limit gets none.
void document_swap(const RescueTable& table, PoolForks& pools, RescueStep& step) {
    const RescueScene& scene = table.scene();
    const auto quote = scene.quotes.buy(step.sold->token, step.tokens.token, step.tokens.amount);
    if (!quote) {
        step.no_call_because = "no pool that was read serves this pair: swap with whom you trust";
        return;
    }
    auto& pool = pools.try_emplace(quote->venue->name(), nullptr).first->second;
    if (!pool) {
        pool = quote->venue->fork();
    }
    const auto swapped = pool->swap(quote->call);
    if (!swapped || swapped->unfilled != 0 || swapped->sold > step.sold->amount) {
        step.no_call_because =
            "an earlier swap of this plan moves the pool's price beyond the slippage";
        return;
    }
    auto calls = quote->venue->calls(quote->call, {.recipient = scene.market.wallet(scene.row),
                                                   .limit = step.sold->amount,
                                                   .deadline = table.end(),
                                                   .pays_native = quote->pays_native});
    if (calls) {
        step.approvals = calls->approvals;
        step.call = calls->call;
    } else {
        step.no_call_because = fmt::format("{}: {}", calls.error().reason, calls.error().detail);
    }
}

}  // namespace

RescueTable::RescueTable(const RescueScene& scene)
    : scene_(scene), at_end_(scene.market.fork()), legs_now_(scene.market.legs(scene.row)) {
    at_end_->accrue(core::Timestamp(scene.market.time().value() + scene.options.valid_for_s));
    legs_at_end_ = at_end_->legs(scene.row);
}

U256 RescueTable::debt_now(const Token& token) const {
    return balance_of(legs_now_, *token.address, Side::Debt);
}

U256 RescueTable::debt_at_end(const Token& token) const {
    return balance_of(legs_at_end_, *token.address, Side::Debt);
}

U256 RescueTable::collateral_now(const Token& token) const {
    return balance_of(legs_now_, *token.address, Side::Collateral);
}

std::optional<std::vector<RescueStep>> steps_of(const RescueTable& table,
                                                const std::vector<Pull>& pulls) {
    StepList list(table);
    return list.build(pulls) ? std::optional(list.take()) : std::nullopt;
}

Trial try_steps(const RescueTable& table, const std::vector<RescueStep>& steps) {
    const std::size_t row = table.scene().row;
    const core::Wad& target = table.scene().options.target;
    Trial trial;
    const auto refused = [&](Refusal refusal) {
        trial.refusal = std::move(refusal);
        return trial;
    };
    Scenery late(table, table.at_end());
    if (auto refusal = carry_out(late, row, steps)) {
        return refused(*std::move(refusal));
    }
    Scenery now(table, table.now());
    if (auto refusal = carry_out(now, row, steps)) {
        return refused(*std::move(refusal));
    }
    trial.after_late = late.own().health(row);
    trial.after = now.own().health(row);
    if (auto refusal = now.accrue(table.end())) {
        return refused(*std::move(refusal));
    }
    trial.after_at_end = now.own().health(row);
    if (!is_known(trial.after) || !is_known(trial.after_at_end) || !is_known(trial.after_late)) {
        return refused({.reason = "unknown", .detail = "the health afterwards is not known"});
    }
    const bool is_enough = holds(trial.after, target) && holds(trial.after_at_end, target) &&
                           holds(trial.after_late, target);
    trial.reach = is_enough ? Reach::Enough : Reach::Below;
    return trial;
}

void document_steps(const RescueTable& table, std::vector<RescueStep>& steps) {
    const std::size_t row = table.scene().row;
    Scenery now(table, table.now());
    Scenery late(table, table.at_end());
    PoolForks pools;
    for (RescueStep& step : steps) {
        if (!step.action) {
            document_swap(table, pools, step);
            step.after = now.own().health(row);
            continue;
        }
        // Late: what is owed, and so what must be approved, grows until the call is executed.
        auto calls = late.calls(step);
        if (calls) {
            step.approvals = calls->approvals;
            step.call = calls->call;
        } else {
            step.no_call_because =
                fmt::format("{}: {}", calls.error().reason, calls.error().detail);
        }
        const bool done = !now.apply(step) && !late.apply(step);
        core::ensure(done, "the steps were tried before they are written down");
        step.after = now.health_of(step);
    }
}

unsigned count_transactions(const std::vector<RescueStep>& steps) {
    unsigned count = 0;
    bool has_flash = false;
    std::set<core::Address> approved;
    for (const RescueStep& step : steps) {
        ++count;
        has_flash = has_flash || step.in_flash;
        if (step.sold) {
            count += step.sold->token.address ? 1U : 0U;
        } else if (!step.portions.empty() && approved.insert(step.action->asset).second) {
            ++count;
        }
    }
    return count + (has_flash ? 1U : 0U);
}

}  // namespace margrave::risk
