#include "chains/erc20.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace margrave::chains::erc20 {
namespace {

constexpr std::size_t kSymbolBytesMax = 32;

std::string short_address(const core::Address& token) {
    const std::string text = token.to_string();
    return text.substr(0, 6) + "…" + text.substr(text.size() - 4);
}

}  // namespace

std::string decode_symbol(const core::Bytes& answer) {
    using AsString = abi::Function<"symbol", std::string()>;
    std::string text;
    try {
        if (answer.size() == 32) {
            text.assign(answer.begin(), std::find(answer.begin(), answer.end(), 0));
        } else {
            text = AsString::decode(answer);
        }
    } catch (const abi::DecodeError&) {
        return "";  // the caller names the token by its address
    }
    return core::printable(text, kSymbolBytesMax);
}

Task<std::string> read_symbol(Reader& chain, core::Address token) {
    const auto answer = co_await chain.try_call(token, Symbol{});
    std::string symbol = answer ? decode_symbol(answer->data) : "";
    co_return symbol.empty() ? short_address(token) : symbol;
}

Task<unsigned> read_decimals(Reader& chain, core::Address token) {
    const core::U256 decimals = co_await chain.call(token, Decimals{});
    if (decimals > kDecimalsMax) {
        throw core::ChainError(
            core::ErrorKind::BadData, token.to_string() + " decimals",
            core::to_decimal(decimals) + " decimals are more than " + std::to_string(kDecimalsMax));
    }
    co_return static_cast<unsigned>(decimals);
}

}  // namespace margrave::chains::erc20
