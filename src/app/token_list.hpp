#pragma once

#include <string>

#include "settings/settings.hpp"

namespace margrave::app {

struct TokenListCount {
    std::size_t added = 0;    ///< tokens of configured chains that were not configured yet
    std::size_t foreign = 0;  ///< of chains that are not configured
};

/// Adds the tokens of a list in Uniswap's format (tokens[] of chainId, address, symbol) to the
/// assets that are read of every wallet; one that is configured already stays as it is. Its
/// decimals are read from the chain. Throws InputError naming file and token.
TokenListCount add_token_list(const std::string& name, const std::string& text,
                              settings::Settings& settings);

}  // namespace margrave::app
