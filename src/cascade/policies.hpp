#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cascade/dollars.hpp"
#include "cascade/engine.hpp"
#include "cascade/playbook.hpp"

/// What rests on how liquidators choose: the same shock under every policy.
namespace margrave::cascade {

/// A playbook's choices, as others might make them.
struct Policy {
    Order order = Order::MostProfitable;
    PairChoice pair = PairChoice::MostProfitable;
    Selling selling = Selling::ToDebt;

    friend bool operator==(const Policy&, const Policy&) = default;
};

[[nodiscard]] Policy policy_of(const Playbook& playbook);
[[nodiscard]] Playbook with_policy(Playbook playbook, const Policy& policy);

/// Every order with every choice of a pair, sold to the debt and per round; kept only where the
/// playbook keeps. The playbook's own is the first.
[[nodiscard]] std::vector<Policy> policies_beside(const Playbook& playbook);

struct PolicyOutcome {
    Policy policy;
    std::size_t liquidations = 0;
    std::size_t accounts = 0;         ///< liquidated at least once
    std::size_t own_accounts = 0;     ///< of them our own
    std::optional<SignedUsd> repaid;  ///< at the prices right after the shock
    std::optional<SignedUsd> written_off;
    bool is_known = true;  ///< false: more than this may happen
};

[[nodiscard]] std::vector<PolicyOutcome> under_policies(const Engine& engine, const Shock& shock,
                                                        const std::set<Place>& own);

/// An own account's adjusted price under a policy.
struct PolicyPrice {
    Policy policy;
    std::optional<std::uint32_t> cascade_bps;       ///< nullopt: it does not fall
    std::optional<std::uint32_t> unknown_from_bps;  ///< from here on nobody knows
};

/// Whose price of which factor is asked for.
struct OwnFactor {
    Place place;
    std::string factor;
};

/// For each of them the price under every policy; none without a factor.
[[nodiscard]] std::vector<std::vector<PolicyPrice>> prices_under_policies(
    const Engine& engine, const std::vector<OwnFactor>& own);

/// The nearest of the prices; nullopt where none falls, or one is unknown nearer.
[[nodiscard]] std::optional<std::uint32_t> worst_of(const std::vector<PolicyPrice>& prices);

}  // namespace margrave::cascade
