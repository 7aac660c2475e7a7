#include "chains/balances.hpp"

#include <utility>

namespace margrave::chains::detail {
namespace {

/// One part's answer, or why there is none.
Task<Reader::HeldTokens::Result> ask_part(Reader& chain, std::shared_ptr<const TokenList> part,
                                          core::Address wallet) {
    auto held = co_await chain.held_tokens(std::move(part), wallet);
    co_return held;
}

}  // namespace

Task<std::vector<std::size_t>> read_held(Reader& chain,
                                         std::vector<std::shared_ptr<const TokenList>> parts,
                                         core::Address wallet, Balances& balances) {
    std::vector<Task<Reader::HeldTokens::Result>> asking;
    asking.reserve(parts.size());
    for (const auto& part : parts) {
        asking.push_back(ask_part(chain, part, wallet));
    }
    const auto answers = co_await settle_all(std::move(asking));
    std::vector<std::size_t> open;
    std::size_t first = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t count = parts[i]->tokens.size();
        if (!answers[i]) {
            // Whatever the reason: the tokens themselves are asked, and name it if it stands.
            for (std::size_t place = first; place < first + count; ++place) {
                open.push_back(place);
            }
        } else {
            for (const auto& [place, is_certain, amount] : *answers[i]) {
                if (is_certain) {
                    balances[first + place] = amount;
                } else {
                    open.push_back(first + place);
                }
            }
        }
        first += count;
    }
    co_return open;
}

}  // namespace margrave::chains::detail
