#include "server/token.hpp"

#include <cstdint>
#include <span>

#include "core/text.hpp"

namespace margrave::server {
namespace {

core::Hash hash_of(std::string_view text) {
    return core::keccak256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

Token::Token(std::string_view secret) : hash_(hash_of(secret)) {}

bool Token::is_shown_by(std::string_view authorization) const {
    constexpr std::string_view kScheme = "bearer ";
    if (core::lower(authorization.substr(0, kScheme.size())) != kScheme) {
        return false;
    }
    std::string_view shown = authorization.substr(kScheme.size());
    while (shown.starts_with(' ')) {
        shown.remove_prefix(1);
    }
    // Of hashes that differ it tells nothing where they do; of equal length they are anyway.
    const core::Hash other = hash_of(shown);
    unsigned difference = 0;
    for (std::size_t i = 0; i < hash_.size(); ++i) {
        difference |= static_cast<unsigned>(hash_.at(i) ^ other.at(i));
    }
    return difference == 0;
}

}  // namespace margrave::server
