#include "collect/holdings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chains/erc20.hpp"

namespace margrave::collect {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;
using core::ChainError;
using core::ErrorKind;
namespace oracles = chains::evm::oracles;

constexpr unsigned kNativeDecimals = 18;
/// A feed is late when its answer is older than its heartbeat and this: a transmission needs some
/// blocks to land.
constexpr std::uint64_t kHeartbeatSlackSeconds = 600;

template <class T>
std::vector<Task<T>> only(Task<T> task) {
    std::vector<Task<T>> out;
    out.push_back(std::move(task));
    return out;
}

Task<core::U256> read_native(Reader& reader, core::Address wallet) {
    const core::U256 wei = co_await reader.native_balance(wallet);
    co_return wei;
}

using Markets = std::span<const std::unique_ptr<margin::Market>>;

/// What a market of the chain knows of an asset that it lists.
struct Listing {
    margin::AssetPrice asset;
    snapshot::HoldingPrice price;
};

std::optional<Listing> find_listing(Markets markets, const std::optional<core::Address>& asset) {
    for (const auto& market : markets) {
        for (const margin::AssetPrice& known : market->prices()) {
            if (asset == known.asset && known.unit != 0) {
                const margin::MarketName& name = market->name();
                return Listing{.asset = known,
                               .price = {.source = snapshot::PriceSource::ProtocolOracle,
                                         .name = name.protocol + "/" + name.name,
                                         .quote = known.quote,
                                         .unit = known.unit}};
            }
        }
    }
    return std::nullopt;
}

}  // namespace

HoldingsReader::HoldingsReader(const settings::Chain& chain,
                               const std::vector<settings::Asset>& assets)
    : chain_(chain) {
    for (const settings::Asset& asset : assets) {
        if (asset.chain == chain.name) {
            assets_.emplace_back().entry = asset;
        }
    }
    const bool has_native = std::any_of(assets_.begin(), assets_.end(),
                                        [](const Asset& asset) { return asset.entry.native; });
    if (!has_native) {
        Asset& native = assets_.emplace_front();
        native.entry.chain = chain.name;
        native.entry.native = true;
        native.entry.symbol = chain.native_symbol;
    }
}

void HoldingsReader::begin(Reader& reader) {
    if (tokens_) {
        return;
    }
    block_time_ = reader.block().timestamp;
    std::vector<core::Address> tokens;
    for (const Asset& asset : assets_) {
        if (!asset.entry.native) {
            tokens.push_back(*asset.entry.address);
        }
    }
    tokens_ = std::make_shared<const chains::Tokens<chains::erc20::BalanceOf>>(
        tokens, chains::TokenList::Stands::Zeros);
}

void HoldingsReader::begin(Reader& reader, Asset& asset) {
    if (!asset.entry.native && !asset.decimals) {
        asset.decimals.emplace(
            chains::settle_all(only(chains::erc20::read_decimals(reader, *asset.entry.address))));
        asset.decimals->start();
    }
    if (asset.entry.chainlink_feed && !asset.feed) {
        asset.feed.emplace(
            chains::settle_all(only(oracles::read_feed(reader, *asset.entry.chainlink_feed))));
        asset.feed->start();
    }
}

Task<void> HoldingsReader::read(Reader& reader, core::Address wallet) {
    begin(reader);
    std::vector<Task<core::U256>> native;
    native.push_back(read_native(reader, wallet));
    SharedTask<chains::Balances> natives(chains::settle_all(std::move(native)));
    natives.start();
    const chains::Balances balances = co_await chains::read_balances(reader, tokens_, wallet);
    const Balance coins = (co_await natives).front();
    std::vector<Asset*> held;
    std::size_t token = 0;
    for (Asset& asset : assets_) {
        const Balance& balance = asset.entry.native ? coins : balances[token++];
        asset.balances.emplace_back(wallet, balance);
        if (balance && *balance != 0) {
            held.push_back(&asset);
            begin(reader, asset);
        }
    }
    for (Asset* const asset : held) {
        if (asset->decimals) {
            asset->known_decimals = (co_await *asset->decimals).front();
        }
        if (asset->feed) {
            asset->known_feed = (co_await *asset->feed).front();
        }
    }
}

snapshot::CoverageGap HoldingsReader::gap(const Asset& asset, std::optional<core::Address> wallet,
                                          ErrorKind kind, std::string detail) const {
    return {.chain = chain_.name,
            .protocol = "",
            .market = "",
            .wallet = wallet,
            .kind = kind,
            .detail = fmt::format("holding of {}: {}", asset.entry.symbol, detail)};
}

std::optional<snapshot::HoldingPrice> HoldingsReader::feed_price(
    const Asset& asset, std::vector<snapshot::CoverageGap>& gaps) const {
    if (!asset.known_feed) {
        return std::nullopt;
    }
    if (!*asset.known_feed) {
        const ChainError& error = asset.known_feed->error();
        gaps.push_back(gap(asset, std::nullopt, error.kind(), error.what()));
        return std::nullopt;
    }
    const oracles::FeedAnswer& answer = asset.known_feed->value();
    const std::uint64_t age_s =
        (block_time_ - answer.quote.updated_at.value_or(block_time_)).value();
    if (asset.entry.heartbeat_s && age_s > *asset.entry.heartbeat_s + kHeartbeatSlackSeconds) {
        gaps.push_back(gap(asset, std::nullopt, ErrorKind::NoPrice,
                           fmt::format("the feed's answer is {} s old, its heartbeat {} s", age_s,
                                       *asset.entry.heartbeat_s)));
        return std::nullopt;
    }
    return snapshot::HoldingPrice{.source = snapshot::PriceSource::ChainlinkFeed,
                                  .name = asset.entry.chainlink_feed->to_string(),
                                  .quote = answer.quote,
                                  .unit = answer.unit};
}

void HoldingsReader::take_asset(const Asset& asset,
                                std::span<const std::unique_ptr<margin::Market>> markets,
                                snapshot::Snapshot& into) const {
    std::vector<std::pair<core::Address, core::U256>> held;
    std::vector<std::pair<core::Address, ChainError>> unread;
    for (const auto& [wallet, balance] : asset.balances) {
        if (!balance) {
            unread.emplace_back(wallet, balance.error());
        } else if (*balance != 0) {
            held.emplace_back(wallet, *balance);
        }
    }
    if (!unread.empty() && unread.size() == asset.balances.size()) {
        const ChainError& error = unread.front().second;
        into.gaps.push_back(gap(asset, std::nullopt, error.kind(), error.what()));
        return;
    }
    for (const auto& [wallet, error] : unread) {
        into.gaps.push_back(gap(asset, wallet, error.kind(), error.what()));
    }
    if (held.empty()) {
        return;  // what nobody holds needs neither decimals nor price
    }
    const auto listing = find_listing(markets, asset.entry.address);
    unsigned decimals = kNativeDecimals;
    if (listing) {
        decimals = listing->asset.decimals;
    } else if (asset.known_decimals && !*asset.known_decimals) {
        const ChainError& error = asset.known_decimals->error();
        into.gaps.push_back(gap(asset, std::nullopt, error.kind(), error.what()));
        return;
    } else if (asset.known_decimals) {
        decimals = asset.known_decimals->value();
    }
    const auto price = listing ? std::optional(listing->price) : feed_price(asset, into.gaps);
    for (const auto& [wallet, amount] : held) {
        into.holdings.push_back({.chain = chain_.name,
                                 .wallet = wallet,
                                 .asset = asset.entry.address,
                                 .symbol = asset.entry.symbol,
                                 .decimals = decimals,
                                 .amount = amount,
                                 .price = price});
    }
}

void HoldingsReader::take(std::span<const std::unique_ptr<margin::Market>> markets,
                          snapshot::Snapshot& into) {
    for (const Asset& asset : assets_) {
        take_asset(asset, markets, into);
    }
}

}  // namespace margrave::collect
