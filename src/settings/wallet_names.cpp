#include "settings/wallet_names.hpp"

#include "core/text.hpp"

namespace margrave::settings {

std::string nearest_wallet_name(const std::string& word, const std::vector<std::string>& names) {
    const bool may_be_address =
        word.starts_with("0x") || word.find_first_of(":.") != std::string::npos;
    return may_be_address ? "" : core::nearest(word, names);
}

}  // namespace margrave::settings
