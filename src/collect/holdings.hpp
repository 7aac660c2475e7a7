#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chains/balances.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// Reads the native coin and the configured tokens of every wallet of a chain. The decimals and the
/// feed of an asset that somebody holds are read once; a balance that could not be read becomes a
/// gap.
class HoldingsReader {
  public:
    HoldingsReader(const settings::Chain& chain, const std::vector<settings::Asset>& assets);

    /// Never throws core::ChainError: its failures are kept for take().
    [[nodiscard]] chains::Task<void> read(chains::Reader& reader, core::Address wallet);

    /// Adds what was read: priced by the oracle of a market of the chain that lists the asset, else
    /// by its Chainlink feed, else not at all.
    void take(std::span<const std::unique_ptr<margin::Market>> markets, snapshot::Snapshot& into);

  private:
    using Balance = core::Result<core::U256, core::ChainError>;
    struct Asset {
        settings::Asset entry;
        std::optional<chains::SharedTask<std::vector<core::Result<unsigned, core::ChainError>>>>
            decimals;
        std::optional<chains::SharedTask<
            std::vector<core::Result<chains::evm::oracles::FeedAnswer, core::ChainError>>>>
            feed;
        std::optional<core::Result<unsigned, core::ChainError>> known_decimals;
        std::optional<core::Result<chains::evm::oracles::FeedAnswer, core::ChainError>> known_feed;
        std::vector<std::pair<core::Address, Balance>> balances;
    };

    void begin(chains::Reader& reader);
    /// What the figures of a held asset need besides.
    static void begin(chains::Reader& reader, Asset& asset);
    [[nodiscard]] std::optional<snapshot::HoldingPrice> feed_price(
        const Asset& asset, std::vector<snapshot::CoverageGap>& gaps) const;
    [[nodiscard]] snapshot::CoverageGap gap(const Asset& asset, std::optional<core::Address> wallet,
                                            core::ErrorKind kind, std::string detail) const;
    void take_asset(const Asset& asset, std::span<const std::unique_ptr<margin::Market>> markets,
                    snapshot::Snapshot& into) const;

    settings::Chain chain_;
    std::deque<Asset> assets_;
    core::Timestamp block_time_;
    std::shared_ptr<const chains::Tokens<chains::erc20::BalanceOf>> tokens_;  ///< null: not begun
};

}  // namespace margrave::collect
