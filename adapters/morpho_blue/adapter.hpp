#pragma once

#include <memory>
#include <span>
#include <vector>

#include "adapters/adapter.hpp"

/// Morpho Blue: one contract holds many markets that share no risk, so each becomes a margin market
/// of its own, named by its id; an account is what a wallet has in one of them.
namespace margrave::adapters::morpho_blue {

/// Keys: `morpho` (required), `market_ids` (without them markets are discovered from events),
/// `adaptive_curve_irms` (rate models whose arithmetic margrave has; every other one is asked for
/// its rate), `pre_liquidations` (contracts of morpho-org/pre-liquidation that may act on accounts
/// which authorised them), `pre_liquidation_factory` (whose events name more of them). Throws
/// ConfigError.
[[nodiscard]] std::unique_ptr<Adapter> make_adapter(const settings::MarketEntry& entry,
                                                    std::span<const settings::Revision> revisions,
                                                    const AdapterOptions& options);

[[nodiscard]] std::unique_ptr<margin::Market> restore_market(const core::Archive& archive);

/// A vault of morpho-org/metamorpho (or -v1.1): the share's asset, and what the vault lends in each
/// market of its withdraw queue, as MetaMorpho.totalAssets() adds it up.
[[nodiscard]] chains::Task<std::optional<margin::PoolClaim>> find_claim(chains::Reader& chain,
                                                                        core::Address token);

[[nodiscard]] std::vector<RevisionProof> describe();

}  // namespace margrave::adapters::morpho_blue
