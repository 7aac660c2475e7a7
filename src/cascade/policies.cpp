#include "cascade/policies.hpp"

#include <algorithm>

#include "cascade/headline.hpp"
#include "cascade/losses.hpp"

namespace margrave::cascade {
namespace {

PolicyOutcome summary(const Policy& policy, const Engine& engine, const Shock& shock,
                      const std::set<Place>& own) {
    const Outcome outcome = engine.run(shock);
    const std::set<Place> fallen = outcome.fallen();
    PolicyOutcome out{.policy = policy,
                      .liquidations = outcome.liquidations(),
                      .accounts = fallen.size(),
                      .repaid = std::nullopt,
                      .written_off = std::nullopt,
                      .is_known = outcome.unknown_because.empty()};
    out.own_accounts = static_cast<std::size_t>(std::count_if(
        fallen.begin(), fallen.end(), [&](const Place& place) { return own.contains(place); }));
    if (const auto lost = losses(engine.shock_alone(shock).end, outcome, own)) {
        out.repaid = lost->repaid;
        out.written_off = SignedUsd(-lost->lenders);
    }
    return out;
}

}  // namespace

Policy policy_of(const Playbook& playbook) {
    return {.order = playbook.order, .pair = playbook.pair, .selling = playbook.selling};
}

Playbook with_policy(Playbook playbook, const Policy& policy) {
    playbook.order = policy.order;
    playbook.pair = policy.pair;
    playbook.selling = policy.selling;
    return playbook;
}

std::vector<Policy> policies_beside(const Playbook& playbook) {
    std::vector<Policy> out{policy_of(playbook)};
    for (const Selling selling : {Selling::ToDebt, Selling::PerRound}) {
        for (const Order order : {Order::MostProfitable, Order::LowestHealth}) {
            for (const PairChoice pair : {PairChoice::MostProfitable, PairChoice::Largest}) {
                const Policy policy{.order = order, .pair = pair, .selling = selling};
                if (policy != out.front()) {
                    out.push_back(policy);
                }
            }
        }
    }
    return out;
}

std::vector<PolicyOutcome> under_policies(const Engine& engine, const Shock& shock,
                                          const std::set<Place>& own) {
    std::vector<PolicyOutcome> out;
    for (const Policy& policy : policies_beside(engine.playbook())) {
        const auto other = engine.with(with_policy(engine.playbook(), policy));
        out.push_back(summary(policy, *other, shock, own));
    }
    return out;
}

std::vector<std::vector<PolicyPrice>> prices_under_policies(const Engine& engine,
                                                            const std::vector<OwnFactor>& own) {
    std::vector<Place> places;
    for (const OwnFactor& one : own) {
        places.push_back(one.place);
    }
    std::vector<std::vector<PolicyPrice>> out(own.size());
    for (const Policy& policy : policies_beside(engine.playbook())) {
        const auto other = engine.with(with_policy(engine.playbook(), policy));
        Headlines headlines(*other, places);
        for (std::size_t i = 0; i < own.size(); ++i) {
            if (!own[i].factor.empty()) {
                const Headline found = headlines.find(own[i].place, own[i].factor);
                out[i].push_back({.policy = policy,
                                  .cascade_bps = found.cascade_bps,
                                  .unknown_from_bps = found.unknown_from_bps});
            }
        }
    }
    return out;
}

std::optional<std::uint32_t> worst_of(const std::vector<PolicyPrice>& prices) {
    std::optional<std::uint32_t> worst;
    for (const PolicyPrice& one : prices) {
        if (one.cascade_bps && (!worst || *one.cascade_bps < *worst)) {
            worst = one.cascade_bps;
        }
    }
    const bool is_known = std::none_of(prices.begin(), prices.end(), [&](const PolicyPrice& one) {
        return one.unknown_from_bps && (!worst || *one.unknown_from_bps < *worst);
    });
    return is_known ? worst : std::nullopt;
}

}  // namespace margrave::cascade
