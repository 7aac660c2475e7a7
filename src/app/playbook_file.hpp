#pragma once

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

struct VenueWords {
    AssetWord asset;
    AssetWord into;
    core::Address pool;
};

struct OracleWords {
    AssetWord asset;
    std::optional<AssetWord> follows;  ///< nullopt: its pool
    cascade::OracleRule rule;          ///< all but the assets
};

/// A playbook as its file has it (docs/cascade.md): everything is checked that can be without
/// having read a chain; assets are still words.
struct PlaybookFile {
    std::string chain;
    std::vector<PlaybookMarket> markets;
    std::vector<core::Address> wallets;  ///< the own ones too, each once
    /// In the place of wallets: the file of a book, which holds every borrower of the markets.
    std::optional<std::string> book;
    std::vector<core::Address> own;
    std::vector<std::pair<AssetWord, core::U256>> sales;
    std::vector<std::pair<std::string, cascade::FactorMove>> moves;  ///< where, and the move
    std::vector<VenueWords> venues;
    std::vector<OracleWords> oracles;
    cascade::Playbook playbook;  ///< all but what the words above stand for
};

/// Throws ConfigError that names file, line and key.
[[nodiscard]] PlaybookFile parse_playbook(const settings::Source& source);

}  // namespace margrave::app
