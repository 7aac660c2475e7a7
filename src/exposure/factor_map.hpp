#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/units.hpp"
#include "exposure/answer_rule.hpp"
#include "exposure/look_through.hpp"
#include "margin/market.hpp"
#include "margin/oracle.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::exposure {

/// A token as a market or a holding names it.
struct Token {
    std::string chain;
    std::optional<core::Address> address;  ///< nullopt for the chain's native coin
    std::string symbol;
};

/// What a token's price is the product of: wstETH is ETH/USD * stETH/ETH * wstETH/stETH. The first
/// factor is the root feed that the token follows.
struct FactorRow {
    std::string chain;                     ///< "" for a row that names a symbol
    std::optional<core::Address> address;  ///< set exactly when `chain` is
    std::string symbol;                    ///< "" for a row that names an address
    std::string protocol;  ///< what that protocol's oracle follows; "": what the token is worth
    std::vector<std::string> factors;  ///< none only for a protocol whose answer is fixed
};

/// How much a factor moves: assumptions of the configuration until there is history.
struct RiskFactor {
    std::string name;
    core::Wad volatility;     ///< standard deviation of a year's log move
    core::Wad common;         ///< loading on the one common move, 0 to 1: correlation is a product
    core::Wad yearly_growth;  ///< of a staking rate, simple, not compounded
};

/// A token whose symbol the configuration vouches for.
struct KnownToken {
    std::string chain;
    core::Address address;
    std::string symbol;
};

/// What says which factors a token follows.
enum class FactorSource {
    Configured,  ///< a row of its address, or of the symbol that the configuration gives it
    Chain,       ///< what its contracts say that it is a claim on
    Symbol,      ///< a row of the symbol that it gives itself
    None,        ///< nothing: a factor of its own
};

/// "config", "chain", "symbol", "none".
[[nodiscard]] std::string_view to_string(FactorSource source);

/// Where the factors of a token were found.
struct FactorsFound {
    std::vector<std::string> factors;
    bool by_symbol = false;  ///< only the token's own word stands for what it is
    FactorSource source = FactorSource::None;
};

/// What moves an answer by the configuration.
struct AnswerFactors {
    std::vector<std::string> moving;     ///< of the asset, then of what it is priced in
    std::vector<std::string> cancelled;  ///< of both
};

/// From tokens to risk factors, and to what the chain says that their oracles' answers are made of.
class FactorMap {
  public:
    FactorMap() = default;
    FactorMap(const std::vector<FactorRow>& rows, const std::vector<RiskFactor>& risks,
              const std::vector<KnownToken>& tokens);

    /// The same map with all that the chain says in a snapshot: of tokens, and of what answers are
    /// made of.
    [[nodiscard]] FactorMap with_snapshot(const snapshot::Snapshot& snapshot) const;
    /// The same map with what the chain says of tokens.
    [[nodiscard]] FactorMap with_claims(const std::vector<snapshot::TokenClaim>& claims) const;
    [[nodiscard]] const LookThrough& look_through() const { return look_through_; }

    /// By chain and address, else by the symbol that the configuration gives that address, else by
    /// what the token is a claim on (the factors of that and "TOKEN/UNDERLYING" for its rate), else
    /// by the symbol that the token gives itself, else a factor of its own, "SYMBOL/USD". Rows of
    /// `protocol` come before those of none; "" asks what the token is worth.
    [[nodiscard]] FactorsFound factors_of(const Token& token, std::string_view protocol) const;
    /// Where the configuration and the chain disagree about what the token is worth, a sentence; ""
    /// when they agree or one of them is silent.
    [[nodiscard]] std::string contradiction(const Token& token) const;
    /// The factor's own row, else the row called "default", else volatility 1 and no common move.
    [[nodiscard]] RiskFactor risk_of(const std::string& factor) const;

    /// What a token of that symbol is worth by the configuration; empty when it names none.
    [[nodiscard]] std::vector<std::string> factors_of_symbol(const std::string& symbol) const;

    /// The same map, which also knows these price sources.
    [[nodiscard]] FactorMap with_oracles(std::span<const margin::OracleBook> books) const;
    /// The model of the answer's source, where its answer is the one that the market has now;
    /// nullptr without one.
    [[nodiscard]] std::shared_ptr<const margin::OracleModel> oracle_of(
        const margin::Market& market, const margin::OracleAnswer& answer) const;
    [[nodiscard]] AnswerFactors factors_of_answer(const margin::Market& market,
                                                  const margin::OracleAnswer& answer) const;

  private:
    /// (chain, address) or ("", symbol), with the protocol.
    using Key = std::pair<std::string, std::string>;

    /// `depth` claims stand on the token already.
    [[nodiscard]] FactorsFound found(const Token& token, std::string_view protocol,
                                     std::size_t depth) const;
    [[nodiscard]] std::optional<FactorsFound> found_by_claim(const Token& token,
                                                             std::string_view protocol,
                                                             std::size_t depth) const;
    /// Of the configuration alone; nullopt without a row.
    [[nodiscard]] std::optional<FactorsFound> configured(const Token& token,
                                                         std::string_view protocol) const;
    [[nodiscard]] const std::vector<std::string>* find(const Key& token,
                                                       std::string_view protocol) const;
    /// Of the protocol, or of none.
    [[nodiscard]] const std::vector<std::string>* find_either(const Key& token,
                                                              std::string_view protocol) const;

    std::map<std::pair<Key, std::string>, std::vector<std::string>> rows_;
    std::map<std::string, RiskFactor> risks_;
    std::map<Key, std::string> symbols_;
    LookThrough look_through_;
    std::map<std::pair<std::string, core::Address>, std::shared_ptr<const margin::OracleModel>>
        oracles_;
};

/// How an oracle's answers follow a factor. Assets that do not follow are left out.
using Powers = std::map<core::Address, Follow>;

/// Factors that moved, as multipliers of today's, 1e18 is one.
using Multipliers = std::map<std::string, core::U256>;

/// The powers of every factor in the answers of a market: those of the asset less those of the
/// asset that it is priced in. Where the source's composition is confirmed and a part of it is
/// the factor, they carry its rule.
[[nodiscard]] std::map<std::string, Powers> factor_powers(const margin::Market& market,
                                                          const FactorMap& factors);

}  // namespace margrave::exposure
