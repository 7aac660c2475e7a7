#include "adapters/morpho_blue/config.hpp"

#include <algorithm>
#include <tuple>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

[[noreturn]] void refuse(const settings::Section& section, std::string_view key,
                         const std::string& why) {
    throw core::ConfigError(section.where(key) + ": " + why);
}

std::vector<Address> read_addresses(const settings::Section& section, std::string_view key) {
    std::vector<Address> out;
    for (const std::string& text : section.texts(key)) {
        const auto address = Address::try_parse(text);
        if (!address) {
            refuse(section, key, address.error());
        }
        out.push_back(*address);
    }
    return out;
}

std::vector<Bytes32> read_market_ids(const settings::Section& section) {
    std::vector<Bytes32> out;
    for (const std::string& text : section.texts("market_ids")) {
        const auto id = parse_market_id(text);
        if (!id) {
            refuse(section, "market_ids",
                   "\"" + core::printable(text, 80) +
                       "\" is no market id; it takes 0x and 64 hex digits");
        }
        if (std::find(out.begin(), out.end(), *id) != out.end()) {
            refuse(section, "market_ids", text + " stands there twice");
        }
        out.push_back(*id);
    }
    return out;
}

}  // namespace

std::optional<Bytes32> parse_market_id(std::string_view text) {
    const auto bytes = core::parse_hex(text);
    if (!bytes || bytes->size() != std::tuple_size_v<Bytes32>) {
        return std::nullopt;
    }
    Bytes32 id{};
    std::copy(bytes->begin(), bytes->end(), id.begin());
    return id;
}

DeploymentConfig read_config(const settings::MarketEntry& entry) {
    DeploymentConfig config;
    config.chain = entry.chain;
    config.from_block = core::BlockNumber(entry.from_block);
    config.morpho = entry.section.address("morpho");
    config.market_ids = read_market_ids(entry.section);
    for (const Address& irm : read_addresses(entry.section, "adaptive_curve_irms")) {
        config.adaptive_curve_irms.insert(irm);
    }
    config.pre_liquidations = read_addresses(entry.section, "pre_liquidations");
    config.pre_liquidation_factory = entry.section.optional_address("pre_liquidation_factory");
    entry.section.reject_unknown_keys();
    return config;
}

}  // namespace margrave::adapters::morpho_blue
