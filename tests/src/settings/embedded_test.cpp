#include "settings/embedded.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "settings/settings.hpp"

namespace margrave::settings {
namespace {

const Environment kNoEnvironment = [](const std::string&) { return std::nullopt; };

TEST_CASE("the shipped configuration is whole and loads", "[settings]") {
    const auto sources = shipped_sources();
    REQUIRE_FALSE(sources.empty());
    const auto settings = load(sources, std::nullopt, kNoEnvironment);
    CHECK(settings.chain("ethereum").chain_id == core::ChainId(1));
    CHECK_FALSE(settings.markets.empty());
    CHECK(settings.user_chains.empty());
}

TEST_CASE("the demonstration's files are not part of the shipped configuration", "[settings]") {
    const auto sources = shipped_sources();
    CHECK(std::none_of(sources.begin(), sources.end(), [](const Source& source) {
        return source.name.find("demo") != std::string::npos;
    }));
}

TEST_CASE("an embedded file is found by its path", "[settings]") {
    const auto* file = find_embedded_file("config/chains/ethereum.toml");
    REQUIRE(file != nullptr);
    CHECK(file->text.find("[chains.ethereum]") != std::string_view::npos);
    CHECK(find_embedded_file("config/chains/atlantis.toml") == nullptr);
}

}  // namespace
}  // namespace margrave::settings
