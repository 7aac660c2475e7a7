#include "app/http_config.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "server/gate.hpp"
#include "settings/section.hpp"
#include "settings/variables.hpp"

namespace margrave::app {
namespace {

using core::ConfigError;
using settings::Section;

bool is_ip(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_of_this_machine(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

/// "127.0.0.1:9469" or "[::1]:9469".
HttpConfig::Address parse_listen(const std::string& text, const std::string& where) {
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        host.clear();  // an IPv6 address without its brackets
    }
    const std::string_view digits =
        colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    const bool is_port =
        !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
    if (!is_ip(host) || !is_port) {
        throw ConfigError(fmt::format(R"({}: expected an IP address and a port, as in )"
                                      R"("127.0.0.1:9469" or "[::1]:9469", got "{}")",
                                      where, core::printable(text)));
    }
    return {.ip = std::move(host), .port = port};
}

std::optional<server::Token> read_token(const Section& section,
                                        const settings::Environment& environment) {
    if (!section.has("token")) {
        return std::nullopt;
    }
    const std::string where = section.where("token");
    const std::string token = settings::expand_variables(section.text("token"), where, environment);
    const bool is_visible =
        std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (token.size() < server::Token::kCharactersMin || !is_visible) {
        throw ConfigError(fmt::format(
            "{}: a token is at least {} visible characters by chance, as from `openssl rand -hex "
            "32`",
            where, server::Token::kCharactersMin));
    }
    return server::Token(token);
}

std::vector<std::string> read_names(const Section& section) {
    std::vector<std::string> names = section.texts("hosts");
    for (const std::string& name : names) {
        if (!server::Gate::is_name(name)) {
            throw ConfigError(fmt::format(R"({}: "{}" is no host, as in "monitor.example" or )"
                                          R"("monitor.example:8443")",
                                          section.where("hosts"), core::printable(name)));
        }
    }
    return names;
}

std::optional<std::uint64_t> read_ready_within(const Section& section) {
    constexpr std::uint64_t kDayS = 86'400;
    const auto seconds = section.optional_integer("ready_within_s");
    if (seconds && (*seconds == 0 || *seconds > kDayS)) {
        throw ConfigError(fmt::format("{}: expected seconds from 1 to {}, got {}",
                                      section.where("ready_within_s"), kDayS, *seconds));
    }
    return seconds;
}

}  // namespace

HttpConfig read_http_config(const settings::Settings& settings,
                            const std::optional<std::string>& listen,
                            const settings::Environment& environment) {
    HttpConfig out;
    std::optional<std::string> text = listen;
    std::string where = "--listen";
    bool is_behind_proxy = false;
    if (settings.http) {
        const Section& section = *settings.http;
        const auto configured = section.optional_text("listen");
        if (!text && configured) {
            text = configured;
            where = section.where("listen");
        }
        out.token = read_token(section, environment);
        out.names = read_names(section);
        out.ready_within_s = read_ready_within(section).value_or(out.ready_within_s);
        is_behind_proxy = section.flag("behind_tls_proxy", false);
        section.reject_unknown_keys();
    }
    if (!text) {
        return out;
    }
    out.listen = parse_listen(*text, where);
    out.is_for_others = !is_of_this_machine(out.listen->ip);
    if (out.is_for_others && !(out.token && is_behind_proxy)) {
        throw ConfigError(fmt::format(
            "{}: other machines reach {}: set `token` and, once a proxy in front of it speaks "
            "TLS, `behind_tls_proxy = true` in [http], or listen on 127.0.0.1",
            where, out.listen->ip));
    }
    return out;
}

}  // namespace margrave::app
