#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/units.hpp"
#include "settings/factors.hpp"
#include "settings/section.hpp"

namespace margrave::settings {

/// What makes a block final, and so after about how long: at once, seconds, minutes, minutes,
/// hours.
enum class Finality : std::uint8_t { Unsaid, Instant, Votes, Epochs, Parent, Proof };

/// [chains.NAME]
struct Chain {
    std::string name;
    core::ChainId chain_id;
    std::vector<std::string> rpc;   ///< URLs, which may hold keys: never print one; may be empty
    bool rpc_is_users = false;      ///< from the user's own file: ETH_RPC_URL does not replace them
    bool allow_plain_http = false;  ///< http:// beyond this machine, for a network of one's own
    std::uint8_t quorum = 1;        ///< how many of the endpoints must agree
    Finality finality = Finality::Unsaid;
    bool tells_parent_block = false;    ///< contracts are told the parent chain's block number
    std::string native_symbol = "ETH";  ///< key `native`
    std::optional<core::Address> multicall3;
    std::uint64_t timeout_ms = 60'000;      ///< of one round of reads, retries included
    std::optional<std::string> short_name;  ///< EIP-3770 prefix, "eth"
    /// A DSProxy registry, asked for every wallet's proxy.
    std::optional<core::Address> proxy_registry;
    std::optional<core::Address> ens_registry;  ///< where ENS names are resolved
    /// An L2's uptime feed, and how long after it is up again margrave warns; none: not asked for.
    std::optional<core::Address> sequencer_uptime_feed = std::nullopt;
    std::uint64_t sequencer_grace_s = 3600;
    /// How often a watch looks at wallets that are far from a liquidation; 0: with every block.
    std::uint64_t far_every_s = 0;
    /// Blocks for which an alert's value has to be safe, at least, before it is resolved.
    std::uint64_t confirmations = 0;
};

/// [[markets]]; `section` holds the keys that only the protocol's adapter knows.
struct MarketEntry {
    std::string protocol;
    std::string chain;
    std::string name;
    std::uint64_t from_block = 0;  ///< where event scans start
    Section section;
};

/// [[revisions]]: what a protocol's own revision number means. `behaviour` is a name that the
/// adapter knows.
struct Revision {
    std::string protocol;
    std::uint64_t revision = 0;
    std::string behaviour;
};

/// [[pools]]: a DEX pool that can be asked what a sale fetches; `section` holds the keys that only
/// its kind knows.
struct Pool {
    std::string kind;
    std::string chain;
    core::Address address;
    Section section;
};

/// [[assets]]: a token whose balance is read for every wallet; `native` for the chain's own coin.
struct Asset {
    std::string chain;
    bool native = false;
    std::optional<core::Address> address;  ///< absent exactly when native
    std::string symbol;
    std::optional<core::Address> chainlink_feed;  ///< a feed of its price in dollars
    std::optional<std::uint64_t> heartbeat_s;     ///< the feed is late when its answer is older
};

/// [[feeds]]: how a price feed is driven, which no contract tells.
struct Feed {
    std::string chain;
    core::Address address;  ///< as protocols read it: the proxy
    std::optional<std::uint64_t> heartbeat_s;
    std::optional<core::Bps> deviation;
};

/// [[token_rates]]: a token whose worth stands behind a function that does not say by itself what
/// it is; floor(amount * rate / 1e18) of the underlying.
struct TokenRate {
    std::string chain;
    core::Address address;
    std::string function;                     ///< one of rate_functions()
    core::Address source;                     ///< who is asked; the token itself unless given
    std::optional<core::Address> underlying;  ///< nullopt: the chain's native coin
};

/// As key `finality` has it, "instant"; nullopt of Unsaid.
[[nodiscard]] std::optional<std::string> finality_word(Finality finality);

/// "getRate", "exchangeRate", "rsETHPrice": each takes nothing and answers in 1e18.
[[nodiscard]] const std::vector<std::string>& rate_functions();

/// [[smart_accounts]]: a contract that acts for its owners, read as a wallet when an owner of it is
/// asked for.
struct SmartAccount {
    std::string chain;
    core::Address address;
    std::string kind;  ///< "safe" or "ds_proxy"
};

/// 1, 5 and 20 % a year more than today.
[[nodiscard]] std::vector<core::Wad> default_rate_shocks();
/// 5 %.
[[nodiscard]] core::Wad default_basis_fall();
/// 1.1: below it a healthy account is at risk, unless the configuration says otherwise.
[[nodiscard]] core::Wad default_at_risk_below();

struct Settings {
    std::map<std::string, Chain, std::less<>> chains;
    std::vector<MarketEntry> markets;
    std::vector<Revision> revisions;
    std::vector<Asset> assets;
    std::vector<Pool> pools;
    std::vector<TokenRate> token_rates;
    std::vector<SmartAccount> smart_accounts;
    std::vector<Feed> feeds;
    std::vector<TokenFactors> factors;
    std::vector<RiskFactor> risk_factors;
    /// [wallets]: a name and what it stands for, an address or an ENS name.
    std::map<std::string, std::string, std::less<>> wallets;
    /// [portfolios]: a name and its members, names of wallets or addresses.
    std::map<std::string, std::vector<std::string>, std::less<>> portfolios;
    std::vector<Section> rules;        ///< [[rules]], which the watch understands
    std::vector<Section> channels;     ///< [[channels]]
    std::optional<Section> http;       ///< [http], of the watch too
    std::optional<Section> heartbeat;  ///< [heartbeat], of the watch too
    std::vector<std::string>
        user_chains;  ///< chains of the user's own file, its markets' too, in the order of names
    /// [report] rate_horizon_days, rate_shocks and basis_fall.
    std::uint64_t rate_horizon_days = 30;
    std::vector<core::Wad> rate_shocks = default_rate_shocks();  ///< a year, 1e18 is one
    core::Wad basis_fall = default_basis_fall();
    core::Wad at_risk_below =
        default_at_risk_below();  ///< [report] at_risk_below, a decimal health factor in quotes

    /// Throws ConfigError naming the known chains.
    [[nodiscard]] const Chain& chain(std::string_view name) const;
    /// A chain's confirmations; 0 of one that is not configured.
    [[nodiscard]] std::uint64_t confirmations(const std::string& name) const;
    /// The sentence that says so: no such chain, and the nearest or all that there are.
    [[nodiscard]] std::string unknown_chain(std::string_view name) const;
};

/// The value of an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Merges the shipped sources and then the user's, if any: tables by name and key, lists of markets
/// by (protocol, chain, name), of assets, pools, feeds, token rates and smart accounts by (chain,
/// address), of revisions by (protocol, revision), of factors by token and protocol, of risk
/// factors by name, later ones replacing.
/// "${NAME}" in an rpc URL becomes that environment variable, so that keys need not stand in files.
/// Throws ConfigError.
[[nodiscard]] Settings load(const std::vector<Source>& shipped, const std::optional<Source>& user,
                            const Environment& environment);

/// The configuration shipped inside the program.
[[nodiscard]] std::vector<Source> shipped_sources();

/// "1.05" as 1.05e18; nullopt unless it is a plain decimal with at most 18 digits after the point.
[[nodiscard]] std::optional<core::Wad> parse_wad(std::string_view text);

}  // namespace margrave::settings
