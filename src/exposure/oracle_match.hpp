#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "exposure/factor_map.hpp"
#include "margin/market.hpp"
#include "margin/oracle.hpp"

namespace margrave::exposure {

/// The configured factors of an answer beside what the chain says it is made of.
struct OracleMatch {
    /// Places of the model's leaves that are the factor, by factor: all that move when it does.
    std::map<std::string, std::vector<std::size_t>> leaves;
    /// Sentences on what the two do not agree about; empty when they do.
    std::vector<std::string> disagreements;
};

/// "ETH / USD" and "ETH / USD SVR" are "ETH/USD"; "" for words that name no pair.
[[nodiscard]] std::string pair_of(const std::string& description);

/// Feeds are matched by the pair that they call themselves, or by the one factor that the pair's
/// token is worth (WETH/USD is ETH/USD); a rate or a ratio is the last factor left, as the
/// configuration names the token's own rate last, and none where some feed is no factor at all:
/// then only what names itself is matched. Nothing is said of an opaque source, nor of one whose
/// composition is not confirmed.
[[nodiscard]] OracleMatch match_oracle(const margin::OracleModel& model,
                                       const AnswerFactors& factors, const FactorMap& map);

/// Where the configuration contradicts what was read of an answer, as sentences; empty where they
/// agree and where nothing was read.
[[nodiscard]] std::vector<std::string> oracle_disagreements(const margin::Market& market,
                                                            const margin::OracleAnswer& answer,
                                                            const FactorMap& map);

}  // namespace margrave::exposure
