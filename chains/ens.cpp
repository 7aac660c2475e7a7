#include "chains/ens.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "chains/abi.hpp"
#include "core/errors.hpp"

namespace margrave::chains::ens {
namespace {

// ensdomains/ens-contracts contracts/registry/ENS.sol,
// contracts/resolvers/profiles/IAddrResolver.sol.
using Resolver = abi::Function<"resolver", core::Address(core::Hash)>;
using Addr = abi::Function<"addr", core::Address(core::Hash)>;

core::Hash hash_of(std::string_view label) {
    return core::keccak256(
        std::span(reinterpret_cast<const std::uint8_t*>(label.data()), label.size()));
}

bool is_plain_label(std::string_view label) {
    constexpr std::size_t kLabelMax = 63;
    const bool has_marker = label.size() >= 4 && label.substr(2, 2) == "--";
    if (label.empty() || label.size() > kLabelMax || has_marker) {
        return false;
    }
    const auto first_letter = label.find_first_not_of('_');
    return first_letter != std::string_view::npos &&
           std::all_of(
               label.begin() + static_cast<std::ptrdiff_t>(first_letter), label.end(),
               [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

core::Hash namehash(std::string_view name) {
    core::Hash node{};
    while (!name.empty()) {
        const auto dot = name.rfind('.');
        const auto label = dot == std::string_view::npos ? name : name.substr(dot + 1);
        name = name.substr(0, dot == std::string_view::npos ? 0 : dot);
        std::array<std::uint8_t, 64> both{};
        const core::Hash hash = hash_of(label);
        std::copy(node.begin(), node.end(), both.begin());
        std::copy(hash.begin(), hash.end(), both.begin() + node.size());
        node = core::keccak256(both);
    }
    return node;
}

bool is_plain_name(std::string_view name) {
    constexpr std::size_t kNameMax = 255;
    if (name.size() > kNameMax || name.find('.') == std::string_view::npos) {
        return false;
    }
    for (;;) {
        const auto dot = name.find('.');
        if (!is_plain_label(name.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        name.remove_prefix(dot + 1);
    }
}

Task<std::optional<core::Address>> read_address(Reader& reader, core::Address registry,
                                                core::Hash node) {
    const core::Address resolver = co_await reader.call(registry, Resolver{}, node);
    if (resolver.is_zero()) {
        co_return std::nullopt;
    }
    const auto address = co_await reader.try_call(resolver, Addr{}, node);
    if (!address) {
        // A resolver that knows no such question knows no address.
        if (address.error().kind() == core::ErrorKind::Reverted) {
            co_return std::nullopt;
        }
        throw core::ChainError(address.error());
    }
    co_return address->is_zero() ? std::nullopt : std::optional(*address);
}

}  // namespace margrave::chains::ens
