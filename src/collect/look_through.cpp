#include "collect/look_through.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "adapters/adapter.hpp"
#include "chains/erc20.hpp"
#include "chains/if_there.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::collect {
namespace {

using chains::Reader;
using chains::Task;
using core::Address;
using core::ChainError;
using core::ErrorKind;
using core::U256;
using snapshot::ClaimKind;
using snapshot::TokenClaim;
namespace abi = chains::abi;

// ERC-4626.
using AssetOf = abi::Function<"asset", Address()>;
using ConvertToAssets = abi::Function<"convertToAssets", U256(U256)>;
// lidofinance/core contracts/0.6.12/WstETH.sol.
using StEthOf = abi::Function<"stETH", Address()>;
using StEthByWstEth = abi::Function<"getStETHByWstETH", U256(U256)>;
// etherfi-protocol/smart-contracts src/WeETH.sol.
using EEthOf = abi::Function<"eETH", Address()>;
using EEthByWeEth = abi::Function<"getEETHByWeETH", U256(U256)>;
// rocket-pool/rocketpool contracts/contract/token/RocketTokenRETH.sol.
using EthValue = abi::Function<"getEthValue", U256(U256)>;
// What [[token_rates]] may name.
using GetRate = abi::Function<"getRate", U256()>;
using ExchangeRate = abi::Function<"exchangeRate", U256()>;
using RsEthPrice = abi::Function<"rsETHPrice", U256()>;

constexpr unsigned kNativeDecimals = 18;

TokenClaim claim_of(const Address& token, ClaimKind kind, std::optional<Address> underlying) {
    TokenClaim claim;
    claim.token = token;
    claim.kind = kind;
    claim.underlying = underlying;
    claim.keeper = token;
    return claim;
}

template <class T>
std::vector<Task<T>> one(Task<T> task) {
    std::vector<Task<T>> out;
    out.push_back(std::move(task));
    return out;
}

Task<std::optional<margin::PoolClaim>> find_pool_claim(Reader& reader, Address token) {
    std::vector<Task<std::optional<margin::PoolClaim>>> asked;
    for (const adapters::Protocol& protocol : adapters::protocols()) {
        asked.push_back(protocol.find_claim(reader, token));
    }
    std::optional<margin::PoolClaim> out;
    const auto answers = co_await chains::settle_all(std::move(asked));
    for (const auto& answer : answers) {
        if (!answer) {
            throw answer.error();
        }
        if (*answer) {
            out = *answer;
        }
    }
    co_return out;
}

/// Without rate, symbols and decimals of the underlying; nullopt for a token of no known interface.
Task<std::optional<TokenClaim>> recognise(Reader& reader, Address token) {
    chains::SharedTask in_books(find_pool_claim(reader, token));
    in_books.start();
    auto asked_decimals = reader.try_call(token, chains::erc20::Decimals{});
    auto asked_asset = reader.try_call(token, AssetOf{});
    auto asked_steth = reader.try_call(token, StEthOf{});
    auto asked_eeth = reader.try_call(token, EEthOf{});
    auto asked_value = reader.try_call(token, EthValue{}, core::wad());
    const auto decimals = co_await asked_decimals;
    const auto asset = chains::address_if_there(co_await asked_asset);
    const auto steth = chains::address_if_there(co_await asked_steth);
    const auto eeth = chains::address_if_there(co_await asked_eeth);
    const auto value = chains::if_there(co_await asked_value);
    const std::optional<margin::PoolClaim> in_pool = co_await in_books;
    std::optional<TokenClaim> claim;
    if (in_pool) {
        claim =
            claim_of(token, in_pool->is_one_for_one ? ClaimKind::PoolBalance : ClaimKind::Erc4626,
                     in_pool->underlying);
        claim->keeper = in_pool->keeper;
        claim->allocations = in_pool->allocations;
    } else if (asset) {
        claim = claim_of(token, ClaimKind::Erc4626, asset);
    } else if (steth) {
        claim = claim_of(token, ClaimKind::WstEth, steth);
    } else if (eeth) {
        claim = claim_of(token, ClaimKind::WeEth, eeth);
    } else if (value) {
        claim = claim_of(token, ClaimKind::REth, std::nullopt);
    }
    if (claim) {
        if (!decimals) {
            throw decimals.error();
        }
        if (*decimals > chains::erc20::kDecimalsMax) {
            throw ChainError(ErrorKind::BadData, token.to_string() + " decimals",
                             "more than 36 decimals");
        }
        claim->decimals = static_cast<unsigned>(*decimals);
    }
    co_return claim;
}

Task<U256> ask_worth(Reader& reader, const TokenClaim& claim, U256 amount) {
    switch (claim.kind) {
        case ClaimKind::Erc4626: {
            const U256 worth = co_await reader.call(claim.token, ConvertToAssets{}, amount);
            co_return worth;
        }
        case ClaimKind::WstEth: {
            const U256 worth = co_await reader.call(claim.token, StEthByWstEth{}, amount);
            co_return worth;
        }
        case ClaimKind::WeEth: {
            const U256 worth = co_await reader.call(claim.token, EEthByWeEth{}, amount);
            co_return worth;
        }
        case ClaimKind::REth: {
            const U256 worth = co_await reader.call(claim.token, EthValue{}, amount);
            co_return worth;
        }
        case ClaimKind::PoolBalance:
        case ClaimKind::Rate:
            break;
    }
    co_return amount;
}

/// 1e18 is one.
Task<U256> ask_rate(Reader& reader, settings::TokenRate rate) {
    if (rate.function == "getRate") {
        const U256 answer = co_await reader.call(rate.source, GetRate{});
        co_return answer;
    }
    if (rate.function == "exchangeRate") {
        const U256 answer = co_await reader.call(rate.source, ExchangeRate{});
        co_return answer;
    }
    core::ensure(rate.function == "rsETHPrice", "settings refuse other functions");
    const U256 answer = co_await reader.call(rate.source, RsEthPrice{});
    co_return answer;
}

/// floor(amount * rate / 1e18); throws ChainError above 256 bits.
U256 worth_at(const Address& token, const U256& amount, const U256& rate) {
    const auto worth = margin::value_or_nothing(
        [&] { return core::mul_div_wide<core::Rounding::Down>(amount, rate, core::wad()); });
    if (!worth) {
        throw ChainError(ErrorKind::OutOfRange, token.to_string(), "a worth of over 256 bits");
    }
    return *worth;
}

Task<bool> set_rate(Reader& reader, TokenClaim& claim) {
    const U256 rate = co_await ask_worth(reader, claim, core::pow10(claim.decimals));
    claim.rate = rate;
    co_return true;
}

Task<bool> set_symbol(Reader& reader, TokenClaim& claim) {
    claim.symbol = co_await chains::erc20::read_symbol(reader, claim.token);
    co_return true;
}

}  // namespace

LookThroughReader::LookThroughReader(const settings::Chain& chain,
                                     const std::vector<settings::TokenRate>& rates)
    : chain_(chain) {
    for (const settings::TokenRate& rate : rates) {
        if (rate.chain == chain.name) {
            rates_.emplace(rate.address, rate);
        }
    }
}

bool LookThroughReader::is_claim(const Address& token) const {
    const auto entry = entries_.find(token);
    return entry != entries_.end() && entry->second.claim;
}

Task<void> LookThroughReader::read(Reader& reader, Address token) {
    static_cast<void>(co_await ask(reader, token));
}

/// False when it was asked before.
Task<bool> LookThroughReader::ask(Reader& reader, Address token) {
    const auto [entry, is_new] = entries_.emplace(token, Entry{});
    if (!is_new) {
        co_return false;
    }
    const auto outcome = co_await chains::settle_all(one(follow(reader, token)));
    if (!outcome.front()) {
        entry->second.failure = outcome.front().error();
        entry->second.claim.reset();
    }
    co_return true;
}

Task<bool> LookThroughReader::follow(Reader& reader, Address token) {
    Entry& entry = entries_.at(token);
    if (const auto rate = rates_.find(token); rate != rates_.end()) {
        auto asked_decimals = reader.call(token, chains::erc20::Decimals{});
        entry.configured_rate = co_await ask_rate(reader, rate->second);
        TokenClaim claim = claim_of(token, ClaimKind::Rate, rate->second.underlying);
        claim.keeper = rate->second.source;
        const U256 decimals = co_await asked_decimals;
        if (decimals > chains::erc20::kDecimalsMax) {
            throw ChainError(ErrorKind::BadData, token.to_string() + " decimals",
                             "more than 36 decimals");
        }
        claim.decimals = static_cast<unsigned>(decimals);
        claim.rate = worth_at(token, core::pow10(claim.decimals), *entry.configured_rate);
        entry.claim = std::move(claim);
    } else {
        entry.claim = co_await recognise(reader, token);
    }
    if (!entry.claim) {
        co_return false;
    }
    TokenClaim& claim = *entry.claim;
    claim.chain = chain_.name;
    std::vector<Task<bool>> work;
    work.push_back(set_symbol(reader, claim));
    work.push_back(name_underlying(reader, claim));
    if (claim.kind != ClaimKind::Rate) {
        work.push_back(set_rate(reader, claim));
    }
    if (claim.underlying) {
        work.push_back(ask(reader, *claim.underlying));
    }
    const auto done = co_await chains::settle_all(std::move(work));
    for (const auto& part : done) {
        if (!part) {
            throw part.error();
        }
    }
    co_return true;
}

Task<bool> LookThroughReader::name_underlying(Reader& reader, TokenClaim& claim) const {
    if (!claim.underlying) {
        claim.underlying_symbol = chain_.native_symbol;
        claim.underlying_decimals = kNativeDecimals;
        co_return true;
    }
    chains::SharedTask symbol(chains::erc20::read_symbol(reader, *claim.underlying));
    symbol.start();
    claim.underlying_decimals = co_await chains::erc20::read_decimals(reader, *claim.underlying);
    claim.underlying_symbol = co_await symbol;
    co_return true;
}

Task<void> LookThroughReader::convert(Reader& reader, Address token, U256 amount) {
    for (std::size_t depth = 0; depth < kClaimDepthMax; ++depth) {
        const auto found = entries_.find(token);
        if (found == entries_.end() || !found->second.claim) {
            co_return;
        }
        Entry& entry = found->second;
        TokenClaim& claim = *entry.claim;
        if (claim.kind != ClaimKind::PoolBalance && !claim.answers.contains(amount)) {
            const auto asked = co_await chains::settle_all(one(ask_worth(reader, claim, amount)));
            if (!asked.front()) {
                entry.no_answer = asked.front().error();
                co_return;
            }
            const U256 worth = entry.configured_rate
                                   ? worth_at(token, amount, *entry.configured_rate)
                                   : asked.front().value();
            claim.answers.emplace(amount, worth);
        }
        if (!claim.underlying) {
            co_return;
        }
        if (claim.kind != ClaimKind::PoolBalance) {
            amount = claim.answers.at(amount);
        }
        token = *claim.underlying;
    }
}

/// Why the row of claims that begins at the token cannot be followed to its end; "" when it can.
std::string LookThroughReader::trouble_of(const Address& token) const {
    std::set<Address> seen;
    std::optional<Address> at = token;
    while (at) {
        if (!seen.insert(*at).second) {
            return "its claims lead back to itself";
        }
        if (seen.size() > kClaimDepthMax + 1) {
            return fmt::format("more than {} claims stand on each other", kClaimDepthMax);
        }
        const auto found = entries_.find(*at);
        at = found != entries_.end() && found->second.claim ? found->second.claim->underlying
                                                            : std::nullopt;
    }
    return "";
}

void LookThroughReader::take(snapshot::Snapshot& into) const {
    const auto add_gap = [&](const Address& token, ErrorKind kind, const std::string& why) {
        into.gaps.push_back(
            {.chain = chain_.name,
             .protocol = "",
             .market = "",
             .wallet = std::nullopt,
             .kind = kind,
             .detail = fmt::format("look-through of {}: {}", token.to_string(), why)});
    };
    for (const auto& [token, entry] : entries_) {
        if (entry.failure) {
            add_gap(token, entry.failure->kind(), entry.failure->what());
        }
        if (entry.no_answer) {
            add_gap(token, entry.no_answer->kind(), entry.no_answer->what());
        }
        if (!entry.claim) {
            continue;
        }
        into.claims.push_back(*entry.claim);
        if (const std::string trouble = trouble_of(token); !trouble.empty()) {
            add_gap(token, ErrorKind::BadData, trouble);
        }
    }
}

}  // namespace margrave::collect
