#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/claim.hpp"
#include "snapshot/claims.hpp"

namespace margrave::exposure {

/// One claim of a row of claims, and what an amount of its token is worth in its underlying.
struct LookStep {
    snapshot::TokenClaim claim;
    core::U256 amount;  ///< base units of the claim's token
    core::U256 worth;   ///< base units of its underlying, rounded down
    /// The contract's own answer for this very amount; else floor(amount * rate / 10^decimals),
    /// which may be lower by what the rate's last digit is worth.
    bool is_answered = false;
};

/// What a vault lends in one market, and the part of it that a step's amount is a claim on: who
/// defaults there takes from it.
struct VaultPart {
    margin::Allocation allocation;
    core::U256 ours;  ///< base units of the vault's asset, rounded down
};

/// In the vault's order, without markets in which nothing is lent; empty for what is no vault or
/// does not tell.
[[nodiscard]] std::vector<VaultPart> vault_parts(const LookStep& step);

/// What tokens are claims on, as their own contracts said at the block. A vault whose markets are
/// known apart (MetaMorpho, by its adapter) is a claim on its asset here.
class LookThrough {
  public:
    LookThrough() = default;
    explicit LookThrough(const std::vector<snapshot::TokenClaim>& claims);

    /// nullptr for a token that is none, or was not read.
    [[nodiscard]] const snapshot::TokenClaim* claim_of(
        const std::string& chain, const std::optional<core::Address>& token) const;
    /// From the token down to what is no claim any more; empty for a token that is none. Ends
    /// before a claim that stood in the row already, after kClaimRowMax, and where 256 bits end.
    [[nodiscard]] std::vector<LookStep> steps(const std::string& chain,
                                              const std::optional<core::Address>& token,
                                              const core::U256& amount) const;
    /// True when the token is the target, or a claim on it, on what is a claim on it …
    [[nodiscard]] bool stands_on(const std::string& chain,
                                 const std::optional<core::Address>& token,
                                 const std::optional<core::Address>& target) const;
    /// True when the token, or what it is a claim on, stands in the books of `keeper`.
    [[nodiscard]] bool stands_in(const std::string& chain,
                                 const std::optional<core::Address>& token,
                                 const core::Address& keeper) const;

  private:
    /// The claims from the token down.
    [[nodiscard]] std::vector<const snapshot::TokenClaim*> row(
        const std::string& chain, const std::optional<core::Address>& token) const;

    std::map<std::pair<std::string, core::Address>, snapshot::TokenClaim> claims_;
};

/// Far more than any real row: a saved file may hold anything.
inline constexpr std::size_t kClaimRowMax = 16;

}  // namespace margrave::exposure
