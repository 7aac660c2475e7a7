#include "snapshot/claims.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace margrave::snapshot {
namespace {

constexpr auto kClaimKinds = std::to_array<std::pair<ClaimKind, std::string_view>>({
    {ClaimKind::PoolBalance, "pool_balance"},
    {ClaimKind::Erc4626, "erc4626"},
    {ClaimKind::WstEth, "wsteth"},
    {ClaimKind::WeEth, "weeth"},
    {ClaimKind::REth, "reth"},
    {ClaimKind::Rate, "rate"},
});

constexpr auto kAccountKinds = std::to_array<std::pair<SmartAccountKind, std::string_view>>({
    {SmartAccountKind::Safe, "safe"},
    {SmartAccountKind::DsProxy, "ds_proxy"},
});

template <class Names, class Kind>
std::string_view name_of(const Names& names, Kind kind) {
    const auto* const found = std::find_if(names.begin(), names.end(),
                                           [&](const auto& entry) { return entry.first == kind; });
    return found == names.end() ? "" : found->second;
}

template <class Kind, class Names>
std::optional<Kind> kind_of(const Names& names, std::string_view name) {
    const auto* const found = std::find_if(names.begin(), names.end(),
                                           [&](const auto& entry) { return entry.second == name; });
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

}  // namespace

std::string_view to_string(ClaimKind kind) { return name_of(kClaimKinds, kind); }

std::optional<ClaimKind> parse_claim_kind(std::string_view name) {
    return kind_of<ClaimKind>(kClaimKinds, name);
}

std::string_view to_string(SmartAccountKind kind) { return name_of(kAccountKinds, kind); }

std::optional<SmartAccountKind> parse_smart_account_kind(std::string_view name) {
    return kind_of<SmartAccountKind>(kAccountKinds, name);
}

}  // namespace margrave::snapshot
