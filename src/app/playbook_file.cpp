#include "app/playbook_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "settings/section.hpp"
#include "settings/settings.hpp"

namespace margrave::app {
namespace {

using core::ConfigError;
using core::printable;
using core::U256;
using settings::Section;

/// One of the words, or the first where the key is absent.
template <class T>
T choice(const Section& section, std::string_view key,
         const std::vector<std::pair<std::string, T>>& words) {
    const auto text = section.optional_text(key);
    if (!text) {
        return words.front().second;
    }
    std::string known;
    for (const auto& [word, value] : words) {
        if (word == *text) {
            return value;
        }
        known += (known.empty() ? "" : ", ") + word;
    }
    throw ConfigError(fmt::format("{}: expected one of {}, got \"{}\"", section.where(key), known,
                                  printable(*text)));
}

U256 raw(const Section& section, std::string_view key, const std::string& text) {
    const auto value = core::parse_decimal(text);
    if (!value) {
        throw ConfigError(fmt::format("{}: expected base units as decimal digits, got \"{}\"",
                                      section.where(key), printable(text)));
    }
    return *value;
}

std::optional<U256> optional_raw(const Section& section, std::string_view key) {
    const auto text = section.optional_text(key);
    return text ? std::optional(raw(section, key, *text)) : std::nullopt;
}

core::Bps bps(const Section& section, std::string_view key) {
    constexpr std::uint64_t kBpsMax = 10'000;
    const std::uint64_t value = section.optional_integer(key).value_or(0);
    if (value > kBpsMax) {
        throw ConfigError(fmt::format("{}: expected basis points up to {}, got {}",
                                      section.where(key), kBpsMax, value));
    }
    return core::Bps(static_cast<std::uint32_t>(value));
}

/// "117/100" or "1.17", above 0.
cascade::Fraction ratio(const Section& section, std::string_view key) {
    const auto text = section.optional_text(key);
    if (!text) {
        return 1;
    }
    const auto slash = text->find('/');
    if (slash != std::string::npos) {
        const auto up = core::parse_decimal(text->substr(0, slash));
        const auto down = core::parse_decimal(text->substr(slash + 1));
        if (up && down && *up != 0 && *down != 0) {
            return cascade::fraction(*up, *down);
        }
    } else if (const auto wad = settings::parse_wad(*text); wad && wad->value() != 0) {
        return cascade::fraction(wad->value(), core::wad());
    }
    throw ConfigError(fmt::format(
        R"({}: expected a positive ratio in quotes, as in "117/100" or "1.17", got "{}")",
        section.where(key), printable(*text)));
}

/// "-20%" or "+5%" as a multiplier of today's price.
cascade::Fraction move(const Section& section, std::string_view key, const std::string& text) {
    const bool is_fall = text.starts_with('-');
    const bool has_sign = is_fall || text.starts_with('+');
    const auto percent =
        has_sign && text.ends_with('%')
            ? settings::parse_wad(std::string_view(text).substr(1, text.size() - 2))
            : std::nullopt;
    constexpr std::uint64_t kPercentMax = 100'000;
    const U256 whole = core::wad() * 100;
    const bool is_possible = percent && (is_fall ? percent->value() < whole
                                                 : percent->value() <= core::wad() * kPercentMax);
    if (!is_possible) {
        throw ConfigError(fmt::format(
            R"({}: expected a move in quotes, as in "-20%" or "+5%", above -100%, got "{}")",
            section.where(key), printable(text)));
    }
    return cascade::fraction(
        is_fall ? U256(whole - percent->value()) : U256(whole + percent->value()), whole);
}

AssetWord asset(const Section& section, std::string_view key) {
    return {.text = section.text(key), .where = section.where(key)};
}

std::vector<core::Address> addresses(const Section& section, std::string_view key) {
    std::vector<core::Address> out;
    for (const std::string& text : section.texts(key)) {
        const auto address = core::Address::try_parse(text);
        if (!address) {
            throw ConfigError(fmt::format("{}: {}", section.where(key), address.error()));
        }
        if (std::find(out.begin(), out.end(), *address) == out.end()) {
            out.push_back(*address);
        }
    }
    return out;
}

constexpr std::uint64_t kBlocksMax = 1'000'000;

ShockWords read_shock(const Section& shock) {
    ShockWords out;
    if (const auto sales = shock.table("sell_raw")) {
        for (const std::string& name : sales->keys()) {
            out.sales.emplace_back(AssetWord{.text = name, .where = sales->where(name)},
                                   raw(*sales, name, sales->text(name)));
        }
    }
    if (const auto prices = shock.table("price")) {
        for (const std::string& name : prices->keys()) {
            out.moves.emplace_back(
                prices->where(name),
                cascade::FactorMove{.factor = name,
                                    .multiplier = move(*prices, name, prices->text(name))});
        }
    }
    return out;
}

/// A number of blocks from 1 on.
std::uint64_t blocks(const Section& section, std::string_view key, std::uint64_t value) {
    if (value == 0 || value > kBlocksMax) {
        throw ConfigError(fmt::format("{}: expected 1 to {} blocks, got {}", section.where(key),
                                      kBlocksMax, value));
    }
    return value;
}

std::vector<ShockWords> read_path(const Section& root) {
    std::vector<ShockWords> out;
    for (const Section& step : root.table_list("path")) {
        ShockWords words = read_shock(step);
        words.block = blocks(step, "block", step.integer("block"));
        if (!out.empty() && words.block <= out.back().block) {
            throw ConfigError(fmt::format("{}: expected a block after {}, that of the step before",
                                          step.where("block"), out.back().block));
        }
        step.reject_unknown_keys();
        out.push_back(std::move(words));
    }
    return out;
}

/// Dollars in quotes, 1e18 each.
std::optional<U256> optional_dollars(const Section& section, std::string_view key) {
    const auto text = section.optional_text(key);
    if (!text) {
        return std::nullopt;
    }
    const auto wad = settings::parse_wad(*text);
    if (!wad) {
        throw ConfigError(fmt::format("{}: expected dollars in quotes, as in \"12.5\", got \"{}\"",
                                      section.where(key), printable(*text)));
    }
    return wad->value();
}

CurveWords read_curve(const Section& section) {
    static_cast<void>(choice<int>(section, "assumed", {{"square-root", 0}}));
    CurveWords out{
        .y = core::Wad(core::wad()),
        .daily_volatility = bps(section, "daily_volatility_bps"),
        .daily_volume = core::Usd(optional_dollars(section, "daily_volume_usd").value_or(0))};
    if (const auto y = section.optional_text("y")) {
        out.y = settings::parse_wad(*y).value_or(core::Wad());
    }
    const auto demand = [&](std::string_view key, bool is_given, std::string_view example) {
        if (!is_given) {
            throw ConfigError(fmt::format("{}: an assumed curve needs {} = {}, or another above 0",
                                          section.where(key), key, example));
        }
    };
    demand("daily_volatility_bps", out.daily_volatility.value() != 0, "400");
    demand("daily_volume_usd", out.daily_volume.value() != 0, "\"2000000000\"");
    demand("y", out.y.value() != 0, "\"0.7\"");
    return out;
}

/// The address that stands for the n-th venue where no pool does.
core::Address place_of(std::size_t n) { return core::Address::parse(fmt::format("0x{:040x}", n)); }

VenueWords read_venue(const Section& section, std::size_t number) {
    VenueWords venue{.asset = asset(section, "asset"),
                     .into = asset(section, "into"),
                     .pool = place_of(number),
                     .curve = std::nullopt};
    if (section.has("assumed")) {
        venue.curve = read_curve(section);
    } else {
        venue.pool = section.address("pool");
    }
    section.reject_unknown_keys();
    return venue;
}

OracleWords read_oracle(const Section& section) {
    OracleWords out{.asset = asset(section, "asset"), .follows = std::nullopt, .rule = {}};
    cascade::OracleRule& rule = out.rule;
    const AssetWord follows = asset(section, "follows");
    if (follows.text == "pool") {
        rule.pool = section.address("pool");
        rule.quote_usd = ratio(section, "quote_usd");
        constexpr std::uint64_t kDecimalsMax = 76;
        const std::uint64_t decimals = section.optional_integer("decimals").value_or(8);
        if (decimals > kDecimalsMax) {
            throw ConfigError(fmt::format("{}: expected decimals up to {}, got {}",
                                          section.where("decimals"), kDecimalsMax, decimals));
        }
        rule.decimals = static_cast<unsigned>(decimals);
        rule.anchor = choice<cascade::Anchor>(
            section, "anchor",
            {{"basis", cascade::Anchor::Basis}, {"spot", cascade::Anchor::Spot}});
    } else {
        out.follows = follows;
        rule.ratio = ratio(section, "ratio");
    }
    rule.protocol = section.optional_text("protocol");
    rule.market = section.optional_text("market");
    if (section.has("deviation_bps")) {
        rule.feed.deviation = bps(section, "deviation_bps");
    }
    rule.feed.heartbeat_s = section.optional_integer("heartbeat_s");
    rule.feed.delay_blocks = section.optional_integer("delay_blocks").value_or(0);
    rule.feed.min = optional_raw(section, "min");
    rule.feed.max = optional_raw(section, "max");
    rule.feed.cap = optional_raw(section, "cap");
    section.reject_unknown_keys();
    return out;
}

cascade::Liquidators read_liquidators(const Section& section) {
    cascade::Liquidators out;
    out.only_when_paying = section.flag("only_when_paying", true);
    out.flash_fee = bps(section, "flash_fee_bps");
    out.gas_usd = core::Wad(optional_dollars(section, "gas_usd").value_or(0));
    if (const auto capital = optional_dollars(section, "capital_usd")) {
        out.capital = core::Usd(*capital);
    }
    out.calls_per_round = section.optional_integer("calls_per_round");
    section.reject_unknown_keys();
    return out;
}

void read_rules(const Section& section, cascade::Playbook& playbook) {
    playbook.order = choice<cascade::Order>(section, "order",
                                            {{"most-profitable", cascade::Order::MostProfitable},
                                             {"lowest-health", cascade::Order::LowestHealth}});
    playbook.pair =
        choice<cascade::PairChoice>(section, "pair",
                                    {{"most-profitable", cascade::PairChoice::MostProfitable},
                                     {"largest", cascade::PairChoice::Largest}});
    playbook.selling = choice<cascade::Selling>(section, "sell",
                                                {{"to-debt", cascade::Selling::ToDebt},
                                                 {"per-round", cascade::Selling::PerRound},
                                                 {"keep", cascade::Selling::Keep}});
    static_cast<void>(choice<int>(section, "repay", {{"max", 0}}));
    constexpr std::uint64_t kRoundsMax = 1'000'000;
    const auto rounds = section.optional_integer("max_rounds").value_or(playbook.rounds_max);
    if (rounds == 0 || rounds > kRoundsMax) {
        throw ConfigError(fmt::format("{}: expected 1 to {} rounds, got {}",
                                      section.where("max_rounds"), kRoundsMax, rounds));
    }
    playbook.rounds_max = static_cast<std::size_t>(rounds);
    playbook.blocks_per_round = section.optional_integer("blocks_per_round").value_or(0);
    playbook.block_s = section.optional_integer("block_seconds").value_or(playbook.block_s);
    if (playbook.blocks_per_round > kBlocksMax || playbook.block_s > kBlocksMax) {
        throw ConfigError(fmt::format("{}: expected up to {} blocks of up to as many seconds",
                                      section.where("blocks_per_round"), kBlocksMax));
    }
    if (const auto horizon = section.optional_integer("horizon_blocks")) {
        playbook.horizon_blocks = blocks(section, "horizon_blocks", *horizon);
    }
    playbook.accrues = section.flag("accrue", false);
    playbook.recovery_per_block = bps(section, "recovery_bps_per_block");
}

EngineKind read_engine(const Section& section) {
    const std::string name = section.optional_text("engine").value_or("exact");
    if (name != "exact" && name != "fast") {
        throw ConfigError(fmt::format("{}: expected exact or fast, got \"{}\"",
                                      section.where("engine"), printable(name)));
    }
    return name == "fast" ? EngineKind::Fast : EngineKind::Exact;
}

}  // namespace

PlaybookFile parse_playbook(const settings::Source& source, bool needs_accounts) {
    const Section root("playbook", settings::parse_document(source));
    const auto section = root.table("cascade");
    if (!section) {
        throw ConfigError(source.name + ": no table [cascade]: a playbook begins with it");
    }
    PlaybookFile file;
    file.chain = section->text("chain");
    file.engine = read_engine(*section);
    for (const Section& market : section->table_list("markets")) {
        file.markets.push_back({.protocol = market.text("protocol"),
                                .market = market.text("market"),
                                .where = market.where("market")});
        market.reject_unknown_keys();
    }
    if (file.markets.empty()) {
        throw ConfigError(section->where("markets") +
                          ": at least one market is needed, as in "
                          R"(markets = [ { protocol = "aave_v3", market = "core" } ])");
    }
    file.wallets = addresses(*section, "wallets");
    file.has_wallets = section->has("wallets");
    file.book = section->optional_text("book");
    if (file.book && file.has_wallets) {
        throw ConfigError(section->where("wallets") +
                          ": `wallets` and `book` exclude each other: a book holds every borrower");
    }
    file.own = addresses(*section, "own");
    for (const core::Address& own : file.own) {
        if (std::find(file.wallets.begin(), file.wallets.end(), own) == file.wallets.end()) {
            file.wallets.push_back(own);
        }
    }
    if (needs_accounts && file.wallets.empty() && !file.book) {
        throw ConfigError(section->where("wallets") +
                          ": no wallet and no `book`: a cascade needs the accounts of the market");
    }
    read_rules(*section, file.playbook);
    if (file.playbook.accrues && file.engine == EngineKind::Fast) {
        throw ConfigError(section->where("accrue") +
                          ": interest runs in the exact engine only, got engine = \"fast\"");
    }
    if (const auto shock = section->table("shock")) {
        file.shock = read_shock(*shock);
        shock->reject_unknown_keys();
    }
    file.path = read_path(*section);
    file.range = choice<Range>(
        *section, "range", {{"shock", Range::Shock}, {"own", Range::Own}, {"none", Range::None}});
    for (const Section& venue : section->table_list("venue")) {
        file.venues.push_back(read_venue(venue, file.venues.size() + 1));
    }
    for (const Section& oracle : section->table_list("oracle")) {
        file.oracles.push_back(read_oracle(oracle));
    }
    if (const auto liquidators = section->table("liquidators")) {
        file.playbook.liquidators = read_liquidators(*liquidators);
    }
    section->reject_unknown_keys();
    root.reject_unknown_keys();
    return file;
}

}  // namespace margrave::app
