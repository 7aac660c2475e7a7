#include "settings/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"
#include "settings/rpc_url.hpp"
#include "settings/wallet_names.hpp"

namespace margrave::settings {
namespace {

using core::ConfigError;
using core::printable;

/// What makes an entry of a list the same one in two files.
using Identity = std::vector<std::string>;

/// One list, [[markets]] say, gathered over the files.
class MergedList {
  public:
    /// Adds one file's entries: an entry of an earlier file with the same identity is replaced, one
    /// of the same file is a mistake.
    template <class IdentityOf>
    void add(const std::vector<Section>& sections, const IdentityOf& identity_of) {
        std::map<Identity, const Section*> here;
        for (const auto& section : sections) {
            const auto identity = identity_of(section);
            const auto [earlier, is_new] = here.emplace(identity, &section);
            if (!is_new) {
                throw ConfigError(
                    fmt::format("{}: the same entry as at {} ({})", section.where(),
                                earlier->second->place().to_string(),
                                printable(fmt::format("{}", fmt::join(identity, " ")))));
            }
            put(identity, section);
        }
    }

    [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }

  private:
    void put(const Identity& identity, const Section& section) {
        const auto [slot, is_new] = index_.emplace(identity, sections_.size());
        if (is_new) {
            sections_.push_back(section);
        } else {
            sections_[slot->second] = section;
        }
    }

    std::vector<Section> sections_;
    std::map<Identity, std::size_t> index_;
};

Identity market_identity(const Section& market) {
    return {market.text("protocol"), market.text("chain"), market.text("name")};
}

Identity pool_identity(const Section& pool) {
    return {pool.text("chain"), pool.address("address").to_string()};
}

Identity token_identity(const Section& token) {
    return {token.text("chain"), token.address("address").to_string()};
}

Identity asset_identity(const Section& asset) {
    const auto address = asset.optional_address("address");
    return {asset.text("chain"), address ? address->to_string() : "native"};
}

Identity revision_identity(const Section& revision) {
    return {revision.text("protocol"), std::to_string(revision.integer("revision"))};
}

Identity factors_identity(const Section& row) {
    const auto address = row.optional_address("address");
    return {row.optional_text("chain").value_or(""),
            address ? address->to_string() : row.optional_text("symbol").value_or(""),
            row.optional_text("protocol").value_or("")};
}

Identity named_identity(const Section& entry) { return {entry.text("name")}; }

/// The tables and lists of all files, before they are understood.
struct Merged {
    std::map<std::string, Section, std::less<>> chains;
    std::optional<Section> report;
    MergedList markets;
    MergedList revisions;
    MergedList assets;
    MergedList pools;
    MergedList token_rates;
    MergedList smart_accounts;
    MergedList feeds;
    MergedList factors;
    MergedList risk_factors;
    MergedList rules;
    MergedList channels;
    std::optional<Section> wallets;
    std::optional<Section> portfolios;
    std::optional<Section> http;
    std::optional<Section> heartbeat;
};

/// The chains that one file speaks of.
struct NamedChains {
    std::set<std::string> all;
    std::set<std::string> with_rpc;
};

/// Adds one file.
NamedChains merge(const Source& source, Merged& merged) {
    const Section root("", parse_document(source));
    NamedChains names;
    for (const auto& [name, chain] : root.tables("chains")) {
        names.all.insert(name);
        if (chain.has("rpc")) {
            names.with_rpc.insert(name);
        }
        const auto [slot, is_new] = merged.chains.emplace(name, chain);
        if (!is_new) {
            slot->second = slot->second.merged_with(chain);
        }
    }
    const auto markets = root.table_list("markets");
    for (const auto& market : markets) {
        names.all.insert(market.text("chain"));
    }
    merged.markets.add(markets, market_identity);
    merged.revisions.add(root.table_list("revisions"), revision_identity);
    merged.assets.add(root.table_list("assets"), asset_identity);
    merged.pools.add(root.table_list("pools"), pool_identity);
    merged.token_rates.add(root.table_list("token_rates"), token_identity);
    merged.smart_accounts.add(root.table_list("smart_accounts"), token_identity);
    merged.feeds.add(root.table_list("feeds"), pool_identity);
    merged.factors.add(root.table_list("factors"), factors_identity);
    merged.risk_factors.add(root.table_list("risk_factors"), named_identity);
    merged.rules.add(root.table_list("rules"), named_identity);
    merged.channels.add(root.table_list("channels"), named_identity);
    const auto merge_table = [&](const char* key, std::optional<Section>& into) {
        if (const auto table = root.table(key)) {
            into = into ? into->merged_with(*table) : *table;
        }
    };
    merge_table("wallets", merged.wallets);
    merge_table("portfolios", merged.portfolios);
    merge_table("http", merged.http);
    merge_table("heartbeat", merged.heartbeat);
    if (const auto report = root.table("report")) {
        merged.report = merged.report ? merged.report->merged_with(*report) : *report;
    }
    root.reject_unknown_keys();
    return names;
}

/// Names of chains stand in --chain lists and of markets in reports, so they keep to plain
/// characters.
void check_name(std::string_view name, const std::string& where) {
    const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
    if (name.empty() || !is_plain) {
        throw ConfigError(
            fmt::format("{}: \"{}\" is no name: use letters, digits, '-', '_' and '.'", where,
                        printable(name)));
    }
}

/// Names stand where addresses do, so none may look like one.
void check_wallet_name(const std::string& name, const Section& section, const Settings& settings) {
    check_name(name, section.where(name));
    if (name.starts_with("0x") || name.find('.') != std::string::npos) {
        throw ConfigError(fmt::format("{}: \"{}\" could be taken for an address or an ENS name",
                                      section.where(name), printable(name)));
    }
    if (settings.wallets.contains(name) || settings.portfolios.contains(name)) {
        throw ConfigError(fmt::format("{}: \"{}\" names a wallet and a portfolio",
                                      section.where(name), printable(name)));
    }
}

/// An address, or an ENS name, which has a dot.
void check_wallet(const std::string& text, const std::string& where) {
    if (text.find('.') != std::string::npos) {
        return;
    }
    try {
        static_cast<void>(core::ChainAddress::parse(text));
    } catch (const core::InputError& error) {
        throw ConfigError(fmt::format("{}: {}", where, error.what()));
    }
}

/// What can be no address, but nearly is the name of a wallet.
void check_spelling(const std::string& text, const std::string& where,
                    const std::optional<Section>& wallets) {
    const auto names = wallets ? wallets->keys() : std::vector<std::string>{};
    if (const std::string near = nearest_wallet_name(text, names); !near.empty()) {
        throw ConfigError(fmt::format("{}: no wallet is called \"{}\", did you mean {}?", where,
                                      printable(text), near));
    }
}

void read_wallet_names(const std::optional<Section>& wallets,
                       const std::optional<Section>& portfolios, Settings& settings) {
    for (const std::string& name : wallets ? wallets->keys() : std::vector<std::string>{}) {
        check_wallet_name(name, *wallets, settings);
        std::string text = wallets->text(name);
        check_wallet(text, wallets->where(name));
        settings.wallets.emplace(name, std::move(text));
    }
    for (const std::string& name : portfolios ? portfolios->keys() : std::vector<std::string>{}) {
        check_wallet_name(name, *portfolios, settings);
        std::vector<std::string> members = portfolios->texts(name);
        if (members.empty()) {
            throw ConfigError(portfolios->where(name) + ": a portfolio has one wallet at least");
        }
        for (const std::string& member : members) {
            if (!settings.wallets.contains(member)) {
                check_spelling(member, portfolios->where(name), wallets);
                check_wallet(member, portfolios->where(name));
            }
        }
        settings.portfolios.emplace(name, std::move(members));
    }
}

constexpr std::array<std::pair<Finality, std::string_view>, 5> kFinalityWords{{
    {Finality::Instant, "instant"},
    {Finality::Votes, "votes"},
    {Finality::Epochs, "epochs"},
    {Finality::Parent, "parent"},
    {Finality::Proof, "proof"},
}};

Finality read_finality(const Section& section) {
    const auto word = section.optional_text("finality");
    if (!word) {
        return Finality::Unsaid;
    }
    for (const auto& [finality, known] : kFinalityWords) {
        if (*word == known) {
            return finality;
        }
    }
    throw ConfigError(
        fmt::format("{}: expected instant, votes, epochs, parent or proof, got \"{}\"",
                    section.where("finality"), printable(*word)));
}

/// Whether contracts are told the parent chain's block number for their own.
bool read_tells_parent_block(const Section& section) {
    const std::string word = section.optional_text("block_number").value_or("own");
    if (word != "own" && word != "parent") {
        throw ConfigError(fmt::format("{}: expected own or parent, got \"{}\"",
                                      section.where("block_number"), printable(word)));
    }
    return word == "parent";
}

Chain read_chain(const std::string& name, const Section& section, const Environment& environment) {
    check_name(name, section.where());
    if (name == "all") {
        throw ConfigError(section.where() +
                          ": a chain cannot be called \"all\": --chain all means every chain");
    }
    Chain chain;
    chain.name = name;
    chain.chain_id = core::ChainId(section.integer("chain_id"));
    if (chain.chain_id.value() == 0) {
        throw ConfigError(section.where("chain_id") + ": expected an integer of 1 or more, got 0");
    }
    chain.rpc = read_rpc_urls(section, environment);
    chain.allow_plain_http = section.flag("allow_plain_http", false);
    const std::uint64_t quorum = section.optional_integer("quorum").value_or(chain.quorum);
    constexpr std::uint64_t kQuorumMax = 16;
    if (quorum == 0 || quorum > kQuorumMax) {
        throw ConfigError(fmt::format("{}: expected 1 to {} endpoints, got {}",
                                      section.where("quorum"), kQuorumMax, quorum));
    }
    chain.quorum = static_cast<std::uint8_t>(quorum);
    chain.finality = read_finality(section);
    chain.tells_parent_block = read_tells_parent_block(section);
    if (section.has("native")) {
        chain.native_symbol = section.text("native");
    }
    chain.multicall3 = section.optional_address("multicall3");
    if (const auto timeout_ms = section.optional_integer("timeout_ms")) {
        chain.timeout_ms = *timeout_ms;
    }
    constexpr std::uint64_t kDayMs = 86'400'000;
    if (chain.timeout_ms == 0 || chain.timeout_ms > kDayMs) {
        throw ConfigError(fmt::format("{}: expected milliseconds from 1 to {}, got {}",
                                      section.where("timeout_ms"), kDayMs, chain.timeout_ms));
    }
    chain.short_name = section.optional_text("short_name");
    if (chain.short_name) {
        check_name(*chain.short_name, section.where("short_name"));
    }
    chain.ens_registry = section.optional_address("ens_registry");
    chain.proxy_registry = section.optional_address("proxy_registry");
    chain.sequencer_uptime_feed = section.optional_address("sequencer_uptime_feed");
    chain.sequencer_grace_s =
        section.optional_integer("sequencer_grace_s").value_or(chain.sequencer_grace_s);
    chain.far_every_s = section.optional_integer("far_every_s").value_or(chain.far_every_s);
    constexpr std::uint64_t kFarMaxS = 3'600;
    if (chain.far_every_s > kFarMaxS) {
        throw ConfigError(fmt::format("{}: expected seconds from 0 to {}, got {}",
                                      section.where("far_every_s"), kFarMaxS, chain.far_every_s));
    }
    chain.confirmations = section.optional_integer("confirmations").value_or(chain.confirmations);
    constexpr std::uint64_t kConfirmationsMax = 256;  // no reorganisation is followed further
    if (chain.confirmations > kConfirmationsMax) {
        throw ConfigError(fmt::format("{}: expected blocks from 0 to {}, got {}",
                                      section.where("confirmations"), kConfirmationsMax,
                                      chain.confirmations));
    }
    section.reject_unknown_keys();
    return chain;
}

/// The chain that key `chain` names, which must be one of `settings`.
std::string read_chain_name(const Section& section, const Settings& settings) {
    auto name = section.text("chain");
    if (!settings.chains.contains(name)) {
        throw ConfigError(
            fmt::format("{}: {}", section.where("chain"), settings.unknown_chain(name)));
    }
    return name;
}

MarketEntry read_market(const Section& section, const Settings& settings) {
    MarketEntry market{.protocol = section.text("protocol"),
                       .chain = read_chain_name(section, settings),
                       .name = section.text("name"),
                       .from_block = section.optional_integer("from_block").value_or(0),
                       .section = section};
    check_name(market.protocol, section.where("protocol"));
    check_name(market.name, section.where("name"));
    return market;
}

Revision read_revision(const Section& section) {
    Revision revision{.protocol = section.text("protocol"),
                      .revision = section.integer("revision"),
                      .behaviour = section.text("behaviour")};
    section.reject_unknown_keys();
    return revision;
}

Asset read_asset(const Section& section, const Settings& settings) {
    Asset asset{.chain = read_chain_name(section, settings),
                .native = section.flag("native", false),
                .address = section.optional_address("address"),
                .symbol = {},
                .chainlink_feed = section.optional_address("chainlink_feed"),
                .heartbeat_s = section.optional_integer("heartbeat_s")};
    if (asset.native == asset.address.has_value()) {
        throw ConfigError(section.where() +
                          ": an asset has either an `address` or `native = true`");
    }
    asset.symbol = asset.native && !section.has("symbol")
                       ? settings.chain(asset.chain).native_symbol
                       : section.text("symbol");
    section.reject_unknown_keys();
    return asset;
}

Pool read_pool(const Section& section, const Settings& settings) {
    Pool pool{.kind = section.text("kind"),
              .chain = read_chain_name(section, settings),
              .address = section.address("address"),
              .section = section};
    check_name(pool.kind, section.where("kind"));
    return pool;
}

TokenRate read_token_rate(const Section& section, const Settings& settings) {
    TokenRate rate{.chain = read_chain_name(section, settings),
                   .address = section.address("address"),
                   .function = section.text("function"),
                   .source = {},
                   .underlying = section.optional_address("underlying")};
    rate.source = section.optional_address("source").value_or(rate.address);
    const auto& known = rate_functions();
    if (std::find(known.begin(), known.end(), rate.function) == known.end()) {
        throw ConfigError(fmt::format("{}: expected one of {}, got \"{}\"",
                                      section.where("function"), fmt::join(known, ", "),
                                      printable(rate.function)));
    }
    section.reject_unknown_keys();
    return rate;
}

SmartAccount read_smart_account(const Section& section, const Settings& settings) {
    SmartAccount account{.chain = read_chain_name(section, settings),
                         .address = section.address("address"),
                         .kind = section.text("kind")};
    if (account.kind != "safe" && account.kind != "ds_proxy") {
        throw ConfigError(fmt::format("{}: expected safe or ds_proxy, got \"{}\"",
                                      section.where("kind"), printable(account.kind)));
    }
    section.reject_unknown_keys();
    return account;
}

/// A decimal in quotes, at most `most`.
core::Wad read_wad(const Section& section, std::string_view key, const std::string& text,
                   const core::U256& most) {
    const auto value = parse_wad(text);
    if (!value || value->value() > most) {
        throw ConfigError(
            fmt::format(R"({}: expected a decimal number in quotes, as in "0.05", got "{}")",
                        section.where(key), printable(text)));
    }
    return *value;
}

/// What the outlook supposes.
void read_suppositions(const Section& report, Settings& settings) {
    constexpr std::uint64_t kDaysMax = 3650;
    const auto days = report.optional_integer("rate_horizon_days");
    if (days && (*days == 0 || *days > kDaysMax)) {
        throw ConfigError(fmt::format("{}: expected days from 1 to {}, got {}",
                                      report.where("rate_horizon_days"), kDaysMax, *days));
    }
    settings.rate_horizon_days = days.value_or(settings.rate_horizon_days);
    if (report.has("rate_shocks")) {
        settings.rate_shocks.clear();
        for (const std::string& text : report.texts("rate_shocks")) {
            settings.rate_shocks.push_back(read_wad(report, "rate_shocks", text, core::wad() * 10));
        }
    }
    if (const auto fall = report.optional_text("basis_fall")) {
        settings.basis_fall = read_wad(report, "basis_fall", *fall, core::wad());
    }
}

Feed read_feed(const Section& section, const Settings& settings) {
    Feed feed{.chain = read_chain_name(section, settings),
              .address = section.address("address"),
              .heartbeat_s = section.optional_integer("heartbeat_s"),
              .deviation = std::nullopt};
    if (feed.heartbeat_s == std::uint64_t{0}) {
        throw ConfigError(section.where("heartbeat_s") + ": a heartbeat is at least a second");
    }
    if (const auto deviation = section.optional_integer("deviation_bps")) {
        constexpr std::uint64_t kBpsMax = 10'000;
        if (*deviation == 0 || *deviation > kBpsMax) {
            throw ConfigError(fmt::format("{}: expected basis points from 1 to {}, got {}",
                                          section.where("deviation_bps"), kBpsMax, *deviation));
        }
        feed.deviation = core::Bps(static_cast<std::uint32_t>(*deviation));
    }
    section.reject_unknown_keys();
    return feed;
}

core::Wad read_at_risk_below(const Section& report) {
    const auto text = report.optional_text("at_risk_below");
    const auto at_risk_below = text ? parse_wad(*text) : default_at_risk_below();
    if (!at_risk_below) {
        throw ConfigError(
            fmt::format(R"({}: expected a decimal number in quotes, as in "1.1", got "{}")",
                        report.where("at_risk_below"), printable(*text)));
    }
    return *at_risk_below;
}

template <class T, class Read>
std::vector<T> read_all(const MergedList& list, const Read& read) {
    std::vector<T> entries;
    entries.reserve(list.sections().size());
    std::transform(list.sections().begin(), list.sections().end(), std::back_inserter(entries),
                   read);
    return entries;
}

}  // namespace

const Chain& Settings::chain(std::string_view name) const {
    const auto found = chains.find(name);
    if (found == chains.end()) {
        throw ConfigError(unknown_chain(name));
    }
    return found->second;
}

std::uint64_t Settings::confirmations(const std::string& name) const {
    const auto found = chains.find(name);
    return found == chains.end() ? 0 : found->second.confirmations;
}

std::string Settings::unknown_chain(std::string_view name) const {
    std::vector<std::string> known;
    std::transform(chains.begin(), chains.end(), std::back_inserter(known),
                   [](const auto& entry) { return entry.first; });
    const auto near = core::nearest(name, known);
    const auto shown = printable(name);
    if (!near.empty()) {
        return fmt::format(R"(no chain is called "{}", did you mean "{}"?)", shown, near);
    }
    if (known.empty()) {
        return fmt::format("no chain is called \"{}\": no chain is configured", shown);
    }
    return fmt::format("no chain is called \"{}\"; the chains are {}", shown,
                       fmt::join(known, ", "));
}

std::optional<std::string> finality_word(Finality finality) {
    for (const auto& [known, word] : kFinalityWords) {
        if (finality == known) {
            return std::string(word);
        }
    }
    return std::nullopt;
}

const std::vector<std::string>& rate_functions() {
    static const std::vector<std::string> names{"getRate", "exchangeRate", "rsETHPrice"};
    return names;
}

std::vector<core::Wad> default_rate_shocks() {
    return {*parse_wad("0.01"), *parse_wad("0.05"), *parse_wad("0.2")};
}

core::Wad default_basis_fall() { return *parse_wad("0.05"); }

core::Wad default_at_risk_below() { return *parse_wad("1.1"); }

Settings load(const std::vector<Source>& shipped, const std::optional<Source>& user,
              const Environment& environment) {
    Merged merged;
    for (const auto& source : shipped) {
        merge(source, merged);
    }
    const auto users = user ? merge(*user, merged) : NamedChains{};
    Settings settings;
    settings.user_chains.assign(users.all.begin(), users.all.end());
    for (const auto& [name, section] : merged.chains) {
        auto chain = read_chain(name, section, environment);
        chain.rpc_is_users = users.with_rpc.contains(name);
        settings.chains.emplace(name, std::move(chain));
    }
    settings.markets = read_all<MarketEntry>(
        merged.markets, [&](const Section& section) { return read_market(section, settings); });
    settings.revisions = read_all<Revision>(merged.revisions, read_revision);
    settings.assets = read_all<Asset>(
        merged.assets, [&](const Section& section) { return read_asset(section, settings); });
    settings.pools = read_all<Pool>(
        merged.pools, [&](const Section& section) { return read_pool(section, settings); });
    settings.token_rates = read_all<TokenRate>(merged.token_rates, [&](const Section& section) {
        return read_token_rate(section, settings);
    });
    settings.smart_accounts = read_all<SmartAccount>(
        merged.smart_accounts,
        [&](const Section& section) { return read_smart_account(section, settings); });
    settings.feeds = read_all<Feed>(
        merged.feeds, [&](const Section& section) { return read_feed(section, settings); });
    settings.factors = read_token_factors(merged.factors.sections());
    settings.risk_factors = read_all<RiskFactor>(merged.risk_factors, read_risk_factor);
    settings.rules = merged.rules.sections();
    settings.channels = merged.channels.sections();
    settings.http = merged.http;
    settings.heartbeat = merged.heartbeat;
    read_wallet_names(merged.wallets, merged.portfolios, settings);
    if (merged.report) {
        settings.at_risk_below = read_at_risk_below(*merged.report);
        read_suppositions(*merged.report, settings);
        merged.report->reject_unknown_keys();
    }
    return settings;
}

std::optional<core::Wad> parse_wad(std::string_view text) {
    constexpr std::size_t kDecimals = 18;
    const auto point = text.find('.');
    const auto fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
    if (fraction.size() > kDecimals || (point != std::string_view::npos && fraction.empty())) {
        return std::nullopt;
    }
    // Health factors in quotes never need more: the digits then fit 256 bits with the zeros added.
    constexpr std::size_t kWholeDigitsMax = 40;
    const auto whole = text.substr(0, point);
    if (whole.empty() || whole.size() > kWholeDigitsMax) {
        return std::nullopt;
    }
    std::string digits(whole);
    digits.append(fraction).append(kDecimals - fraction.size(), '0');
    const auto wad = core::parse_decimal(digits);
    return wad ? std::optional(core::Wad(*wad)) : std::nullopt;
}

}  // namespace margrave::settings
