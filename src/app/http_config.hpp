#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/token.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The watch's interface as configured by [http] (docs/http.md).
struct HttpConfig {
    struct Address {
        std::string ip;
        std::uint16_t port = 0;  ///< 0: any that is free

        bool operator==(const Address&) const = default;
    };
    std::optional<Address> listen;       ///< nullopt: there is to be none
    bool is_for_others = false;          ///< other machines reach that address
    std::vector<std::string> names;      ///< hosts beside those of this machine
    std::uint64_t ready_within_s = 120;  ///< so long a ready watch may not have read a chain
    std::optional<server::Token> token;  ///< without one only open paths are answered
};

/// `listen`, of the command line, goes before the key of that name. The token comes from the
/// environment. Throws ConfigError that names file, line and key, also where others than this
/// machine could reach it without being kept out.
[[nodiscard]] HttpConfig read_http_config(const settings::Settings& settings,
                                          const std::optional<std::string>& listen,
                                          const settings::Environment& environment);

}  // namespace margrave::app
