#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.hpp"

/// What is so of markets and accounts until it changes, and when it changed.
namespace margrave::store {

/// One row of a fact: what it is from this block on.
struct Fact {
    std::string protocol = {};
    std::string market = {};
    std::string wallet = {};  ///< EIP-55; "" of a market's
    std::string part = {};    ///< of the market: an asset's address; "" of all of it
    std::string name = {};
    std::uint64_t block = 0;
    std::uint64_t time = 0;                 ///< the block's
    std::optional<std::string> value = {};  ///< nullopt: it is not there any more
    bool is_news = false;  ///< false of what was only seen for the first time, or left
};

/// Replaces the fact's row of the same block.
void write_fact(const Database& database, std::string_view chain, const Fact& fact);
/// Of a chain: what was reorganised away.
void forget_facts(const Database& database, std::string_view chain, std::uint64_t after);
/// Of a chain: rows that another one had replaced before that time. The one that held then stays,
/// however old it is.
void drop_facts(const Database& database, std::string_view chain, std::uint64_t before_time);
/// Of a chain: each fact's rows behind each other, oldest first.
[[nodiscard]] std::vector<Fact> read_facts(const Database& database, std::string_view chain);

}  // namespace margrave::store
