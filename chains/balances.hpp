#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"
#include "core/u256.hpp"

namespace margrave::chains {

/// Tokens to be asked F, such as erc20::BalanceOf, about many wallets; made once and shared by
/// them.
template <class F>
class Tokens {
  public:
    Tokens(const std::vector<core::Address>& tokens, TokenList::Stands stands) : tokens_(tokens) {
        for (std::size_t from = 0; from < tokens.size(); from += TokenList::kTokensMax) {
            const std::size_t to = std::min(tokens.size(), from + TokenList::kTokensMax);
            auto part = std::make_shared<TokenList>();
            part->selector = F::kSelector;
            part->function = F::name();
            part->stands = stands;
            part->tokens.assign(tokens.begin() + static_cast<std::ptrdiff_t>(from),
                                tokens.begin() + static_cast<std::ptrdiff_t>(to));
            parts_.push_back(std::move(part));
        }
    }

    [[nodiscard]] const std::vector<core::Address>& all() const { return tokens_; }
    /// The same tokens as lists that a reader takes.
    [[nodiscard]] const std::vector<std::shared_ptr<const TokenList>>& parts() const {
        return parts_;
    }

  private:
    std::vector<core::Address> tokens_;
    std::vector<std::shared_ptr<const TokenList>> parts_;
};

/// What the wallet holds of some tokens: a balance or the failure of each, in their order.
using Balances = std::vector<core::Result<core::U256, core::ChainError>>;

namespace detail {

/// Places of tokens whose own answer is still needed; `balances` gets what is known of the others.
[[nodiscard]] Task<std::vector<std::size_t>> read_held(
    Reader& chain, std::vector<std::shared_ptr<const TokenList>> parts, core::Address wallet,
    Balances& balances);

}  // namespace detail

/// The wallet's balance of each token. All wallets of the same Tokens travel in few requests that
/// name what is held and nothing else; a token that gives no usable answer there is asked itself,
/// so its failure is its own, and where a chain cannot be asked so every token is. Tokens at the
/// places `expected` are known to be held: one that is not named is asked itself, too.
template <class F>
Task<Balances> read_balances(Reader& chain, std::shared_ptr<const Tokens<F>> tokens,
                             core::Address wallet, std::vector<std::size_t> expected = {}) {
    Balances out(tokens->all().size(), core::U256(0));
    std::vector<std::size_t> open = co_await detail::read_held(chain, tokens->parts(), wallet, out);
    for (const std::size_t place : expected) {
        if (out[place] && *out[place] == 0 &&
            std::find(open.begin(), open.end(), place) == open.end()) {
            open.push_back(place);
        }
    }
    std::vector<Task<core::U256>> asking;
    const auto ask = [](Reader& reader, core::Address token, core::Address of) -> Task<core::U256> {
        const core::U256 balance = co_await reader.call(token, F{}, of);
        co_return balance;
    };
    asking.reserve(open.size());
    for (const std::size_t place : open) {
        asking.push_back(ask(chain, tokens->all()[place], wallet));
    }
    const auto answers = co_await settle_all(std::move(asking));
    for (std::size_t i = 0; i < open.size(); ++i) {
        out[open[i]] = answers[i];
    }
    co_return out;
}

}  // namespace margrave::chains
