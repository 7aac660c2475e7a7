#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/keccak.hpp"
#include "core/units.hpp"
#include "margin/market.hpp"
#include "margin/oracle.hpp"
#include "margin/venue.hpp"
#include "snapshot/claims.hpp"

namespace margrave::snapshot {

/// The one block of a chain that everything in a snapshot was read at.
struct ChainCut {
    std::string chain;
    core::ChainId chain_id;
    core::BlockNumber number;
    core::Hash hash{};
    core::Timestamp timestamp;
    bool pinned_by_hash = true;  ///< false: pinned by number, the hash read again afterwards
    std::uint64_t endpoints_agreeing = 1;  ///< how many said the same of everything that was read
    /// What an endpoint said otherwise and was outvoted in: who said what, a sentence each.
    std::vector<std::string> disagreements = {};
};

/// A part that could not be read: what, where, why. Never a zero.
struct CoverageGap {
    std::string chain;
    std::string protocol;                 ///< "" when it concerns no protocol
    std::string market;                   ///< "" when it concerns no market
    std::optional<core::Address> wallet;  ///< nullopt when every wallet is concerned
    core::ErrorKind kind = core::ErrorKind::ServerFault;
    std::string detail;

    friend bool operator==(const CoverageGap&, const CoverageGap&) = default;
};

/// Where the price of a holding came from.
enum class PriceSource { None, ProtocolOracle, ChainlinkFeed };

/// "none", "protocol_oracle", "chainlink_feed".
[[nodiscard]] std::string_view to_string(PriceSource source);
/// The inverse; nullopt for another word.
[[nodiscard]] std::optional<PriceSource> parse_price_source(std::string_view name);

struct HoldingPrice {
    PriceSource source = PriceSource::None;
    std::string name;  ///< "aave_v3/core" for an oracle, the feed's address for a feed
    margin::PriceQuote quote;
    core::U256 unit;  ///< this many of the answer are one dollar
};

/// A token balance of a wallet outside every protocol.
struct Holding {
    std::string chain;
    core::Address wallet;
    std::optional<core::Address> asset;  ///< nullopt for the chain's native coin
    std::string symbol;
    unsigned decimals = 0;
    core::U256 amount;  ///< base units
    std::optional<HoldingPrice> price;
};

/// One consistent cut through the chains: pure data, the input of every analysis. The same snapshot
/// gives the same report, bit for bit, on any machine.
struct Snapshot {
    std::vector<core::Address> wallets;
    std::vector<ChainCut> chains;
    std::vector<std::unique_ptr<margin::Market>> markets;
    std::vector<std::unique_ptr<margin::Venue>> venues;  ///< only of commands that need pools
    std::vector<Holding> holdings;
    std::vector<TokenClaim> claims;  ///< of tokens held or posted, and of what those are claims on
    std::vector<SmartAccount> smart_accounts;
    std::vector<CoverageGap> gaps;
    /// What the price sources are made of, one book a chain; none where no source was looked into.
    std::vector<margin::OracleBook> oracles = {};
};

/// Rebuilds a market of the named protocol; throws InputError for one that this margrave does not
/// know.
using RestoreMarket =
    std::function<std::unique_ptr<margin::Market>(std::string_view protocol, const core::Archive&)>;

/// Makes the model of a price source; throws InputError for one that its kind does not allow.
using MakeOracle = std::function<std::shared_ptr<const margin::OracleModel>(
    std::shared_ptr<const margin::OracleSource>)>;

/// The same for a pool of the named kind.
using RestoreVenue =
    std::function<std::unique_ptr<margin::Venue>(std::string_view kind, const core::Archive&)>;

/// The file form, JSON "margrave.snapshot/1" (docs/snapshot.md). Writing what was read gives the
/// same text.
[[nodiscard]] std::string to_json(const Snapshot& snapshot);
/// Throws InputError that names the field at fault; also for a file with price sources when there
/// is nothing to make their models, and for one with pools without `restore_venue`.
[[nodiscard]] Snapshot from_json(std::string_view text, const RestoreMarket& restore,
                                 const MakeOracle& make_oracle = nullptr,
                                 const RestoreVenue& restore_venue = nullptr);

}  // namespace margrave::snapshot
