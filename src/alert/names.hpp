#pragma once

#include <string>
#include <vector>

#include "core/address.hpp"

namespace margrave::alert {

/// A symbol or a factor, which contracts choose: so short that it hides nothing of what stands
/// beside it.
[[nodiscard]] std::string named(const std::string& symbol);
/// "WETH 0x…": whoever calls himself WETH is another asset.
[[nodiscard]] std::string named(const std::string& symbol, const core::Address& asset);
/// "WETH, DAI, LINK and 2 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& symbols);

}  // namespace margrave::alert
