#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cascade/playbook.hpp"
#include "core/address.hpp"
#include "settings/document.hpp"

namespace margrave::app {

/// A deployment or market as a playbook names it.
struct PlaybookMarket {
    std::string protocol;
    std::string market;
    std::string where;  ///< "FILE:LINE: key `market`"
};

/// An asset as written, a symbol or an address, and where.
struct AssetWord {
    std::string text;
    std::string where;
};

/// A curve that is assumed in a pool's place.
struct CurveWords {
    core::Wad y;
    core::Bps daily_volatility;
    core::Usd daily_volume;  ///< at today's price
};

struct VenueWords {
    AssetWord asset;
    AssetWord into;
    core::Address pool;               ///< of an assumed curve: its place among the venues, from 1
    std::optional<CurveWords> curve;  ///< nullopt: a pool that is read
};

struct OracleWords {
    AssetWord asset;
    std::optional<AssetWord> follows;  ///< nullopt: its pool
    cascade::OracleRule rule;          ///< all but the assets
};

enum class EngineKind { Exact, Fast };

/// A shock, or a step of its path.
struct ShockWords {
    std::uint64_t block = 0;  ///< after the shock itself
    std::vector<std::pair<AssetWord, core::U256>> sales;
    std::vector<std::pair<std::string, cascade::FactorMove>> moves;  ///< where, and the move
};

/// For what every policy of liquidators is tried.
enum class Range {
    None,
    Shock,
    Own,  ///< own accounts' prices too
};

/// A playbook as its file has it (docs/cascade.md): everything is checked that can be without
/// having read a chain; assets are still words.
struct PlaybookFile {
    std::string chain;
    EngineKind engine = EngineKind::Exact;
    std::vector<PlaybookMarket> markets;
    std::vector<core::Address> wallets;  ///< the own ones too, each once
    bool has_wallets = false;            ///< there is a list of them
    /// In the place of wallets: the file of a book, which holds every borrower of the markets.
    std::optional<std::string> book;
    std::vector<core::Address> own;
    ShockWords shock;
    std::vector<ShockWords> path;  ///< by rising block
    Range range = Range::Shock;
    std::vector<VenueWords> venues;
    std::vector<OracleWords> oracles;
    cascade::Playbook playbook;  ///< all but what the words above stand for
};

/// Throws ConfigError that names file, line and key; also for a playbook without accounts, where
/// they are needed.
[[nodiscard]] PlaybookFile parse_playbook(const settings::Source& source,
                                          bool needs_accounts = true);

}  // namespace margrave::app
