#include <algorithm>

#include "report/json_fields.hpp"
#include "report/names.hpp"
#include "report/whatif.hpp"

namespace margrave::report {
namespace {

Json effect_json(const risk::StepEffect& effect) {
    return {{"chain", effect.market.chain},
            {"protocol", effect.market.protocol},
            {"market", effect.market.name},
            {"symbol", text_or_null(effect.symbol)},
            {"from_raw", raw(effect.from)},
            {"to_raw", raw(effect.to)},
            {"done", !effect.refusal.has_value()},
            {"reason", effect.refusal ? Json(effect.refusal->reason) : Json()},
            {"detail", effect.refusal ? text_or_null(effect.refusal->detail) : Json()}};
}

Json step_json(const WhatIfStep& step) {
    return {{"step", step.text}, {"effects", list(step.effects, effect_json)}};
}

Json leg_json(const Leg& reported) {
    return {{"asset", reported.leg.asset.to_string()},
            {"symbol", reported.leg.symbol},
            {"side", to_string(reported.leg.side)},
            {"amount_raw", raw(reported.leg.amount)},
            {"oracle_price_raw", reported.leg.price ? raw(reported.leg.price->answer) : Json()}};
}

Json state_json(const Account* account) {
    if (account == nullptr) {
        return {};  // it held nothing then
    }
    const margin::Health& health = account->health;
    return {{"status", to_string(health.status)},
            {"health_factor", decimal(health.health_factor)},
            {"health_factor_raw", raw(health.health_factor)},
            {"collateral_raw", raw(health.collateral)},
            {"debt_raw", raw(health.debt)},
            {"collateral_usd", dollars(health.collateral_usd)},
            {"debt_usd", dollars(health.debt_usd)},
            {"blocked_by", account->blocked_by},
            {"legs", list(account->legs, leg_json)}};
}

/// The account of the same market and wallet; nullptr without one.
const Account* find_same(const std::vector<Account>& accounts, const Account& account) {
    const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const Account& other) {
        return other.market == account.market && other.wallet == account.wallet;
    });
    return found == accounts.end() ? nullptr : &*found;
}

}  // namespace

std::vector<AccountPair> pair_accounts(const WhatIf& whatif) {
    std::vector<AccountPair> out;
    for (const Account& account : whatif.after.accounts) {
        out.push_back({.before = find_same(whatif.before.accounts, account), .after = &account});
    }
    for (const Account& account : whatif.before.accounts) {
        if (find_same(whatif.after.accounts, account) == nullptr) {
            out.push_back({.before = &account, .after = nullptr});
        }
    }
    return out;
}

std::string to_json(const WhatIf& whatif) {
    Json accounts = Json::array();
    for (const AccountPair& pair : pair_accounts(whatif)) {
        const Account& any = pair.after != nullptr ? *pair.after : *pair.before;
        accounts.push_back({{"chain", any.market.chain},
                            {"protocol", any.market.protocol},
                            {"market", any.market.name},
                            {"wallet", any.wallet.to_string()},
                            {"quote", any.quote},
                            {"before", state_json(pair.before)},
                            {"after", state_json(pair.after)}});
    }
    const Json json{{"schema", "margrave.whatif/1"},
                    {"steps", list(whatif.steps, step_json)},
                    {"accounts", accounts},
                    {"gaps", list(whatif.after.gaps, gap_json)}};
    return printed(json);
}

}  // namespace margrave::report
