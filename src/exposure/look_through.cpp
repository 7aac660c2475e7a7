#include "exposure/look_through.hpp"

#include <algorithm>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::exposure {
namespace {

using core::Address;
using core::U256;
using snapshot::ClaimKind;
using snapshot::TokenClaim;

std::optional<LookStep> step_of(const TokenClaim& claim, const U256& amount) {
    if (claim.kind == ClaimKind::PoolBalance) {
        return LookStep{.claim = claim, .amount = amount, .worth = amount, .is_answered = true};
    }
    if (const auto answer = claim.answers.find(amount); answer != claim.answers.end()) {
        return LookStep{
            .claim = claim, .amount = amount, .worth = answer->second, .is_answered = true};
    }
    const auto worth = margin::value_or_nothing([&] {
        return core::mul_div_wide<core::Rounding::Down>(amount, claim.rate,
                                                        core::pow10(claim.decimals));
    });
    return worth ? std::optional(LookStep{
                       .claim = claim, .amount = amount, .worth = *worth, .is_answered = false})
                 : std::nullopt;
}

}  // namespace

std::vector<VaultPart> vault_parts(const LookStep& step) {
    const auto lent = margin::value_or_nothing([&] {
        U256 sum = 0;
        for (const margin::Allocation& allocation : step.claim.allocations) {
            sum += allocation.lent;
        }
        return sum;
    });
    std::vector<VaultPart> out;
    for (const margin::Allocation& allocation : step.claim.allocations) {
        if (allocation.lent == 0) {
            continue;
        }
        const auto ours = margin::value_or_nothing([&] {
            return core::mul_div_wide<core::Rounding::Down>(step.worth, allocation.lent,
                                                            lent.value_or(core::max_u256()));
        });
        out.push_back({.allocation = allocation, .ours = ours.value_or(step.worth)});
    }
    return out;
}

LookThrough::LookThrough(const std::vector<TokenClaim>& claims) {
    for (const TokenClaim& claim : claims) {
        claims_.emplace(std::pair(claim.chain, claim.token), claim);
    }
}

const TokenClaim* LookThrough::claim_of(const std::string& chain,
                                        const std::optional<Address>& token) const {
    const auto found = token ? claims_.find({chain, *token}) : claims_.end();
    return found == claims_.end() ? nullptr : &found->second;
}

std::vector<const TokenClaim*> LookThrough::row(const std::string& chain,
                                                const std::optional<Address>& token) const {
    std::vector<const TokenClaim*> out;
    for (const TokenClaim* claim = claim_of(chain, token);
         claim != nullptr && out.size() < kClaimRowMax &&
         std::find(out.begin(), out.end(), claim) == out.end();
         claim = claim_of(chain, claim->underlying)) {
        out.push_back(claim);
    }
    return out;
}

std::vector<LookStep> LookThrough::steps(const std::string& chain,
                                         const std::optional<Address>& token,
                                         const U256& amount) const {
    std::vector<LookStep> out;
    for (const TokenClaim* claim : row(chain, token)) {
        auto step = step_of(*claim, out.empty() ? amount : out.back().worth);
        if (!step) {
            break;
        }
        out.push_back(*std::move(step));
    }
    return out;
}

bool LookThrough::stands_on(const std::string& chain, const std::optional<Address>& token,
                            const std::optional<Address>& target) const {
    if (token == target) {
        return true;
    }
    const auto claims = row(chain, token);
    return std::any_of(claims.begin(), claims.end(),
                       [&](const TokenClaim* claim) { return claim->underlying == target; });
}

bool LookThrough::stands_in(const std::string& chain, const std::optional<Address>& token,
                            const Address& keeper) const {
    const auto claims = row(chain, token);
    return std::any_of(claims.begin(), claims.end(),
                       [&](const TokenClaim* claim) { return claim->keeper == keeper; });
}

}  // namespace margrave::exposure
