#include "app/http_config.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

using Catch::Matchers::Contains;

const std::string kToken = "0123456789abcdef0123456789abcdef";

settings::Environment environment(const std::string& token = kToken) {
    return [token](const std::string& name) -> std::optional<std::string> {
        return name == "TOKEN" ? std::optional(token) : std::nullopt;
    };
}

HttpConfig read(const std::string& text, const std::optional<std::string>& listen = std::nullopt,
                const std::string& token = kToken) {
    const auto settings = settings::load(settings::shipped_sources(),
                                         settings::Source{"my.toml", text}, environment(token));
    return read_http_config(settings, listen, environment(token));
}

std::string refusal(const std::string& text,
                    const std::optional<std::string>& listen = std::nullopt,
                    const std::string& token = kToken) {
    try {
        static_cast<void>(read(text, listen, token));
    } catch (const core::ConfigError& error) {
        return error.what();
    }
    return "taken";
}

}  // namespace

TEST_CASE("nothing listens unless it is asked to", "[http_config]") {
    CHECK_FALSE(read("").listen);
    // What readiness means is asked by the heartbeat, too.
    const auto silent = read("[http]\ntoken = \"${TOKEN}\"\nready_within_s = 7\n");
    CHECK_FALSE(silent.listen);
    CHECK(silent.ready_within_s == 7);
    const auto typed = read("[http]\nlisten = \"127.0.0.1:9469\"\n", "[::1]:0");
    CHECK(typed.listen == HttpConfig::Address{.ip = "::1", .port = 0});
    CHECK_FALSE(typed.token);
}

TEST_CASE("a token comes from the environment and opens what it should", "[http_config]") {
    const auto config = read(
        "[http]\nlisten = \"127.0.0.1:9469\"\ntoken = \"${TOKEN}\"\nhosts = [\"m.example\"]\n");
    CHECK(config.listen == HttpConfig::Address{.ip = "127.0.0.1", .port = 9469});
    CHECK(config.names == std::vector<std::string>{"m.example"});
    REQUIRE(config.token);
    CHECK(config.token->is_shown_by("Bearer " + kToken));
    CHECK_FALSE(config.token->is_shown_by("Bearer " + kToken + "0"));
}

TEST_CASE("where other machines reach it, it wants a token and a proxy that speaks TLS",
          "[http_config]") {
    const std::string token = "token = \"${TOKEN}\"\n";
    const std::string proxy = "behind_tls_proxy = true\n";
    for (const std::string address : {"0.0.0.0:80", "10.0.0.7:9469", "[::]:9469", "[fd00::1]:1"}) {
        INFO(address);
        const std::string listen = "[http]\nlisten = \"" + address + "\"\n";
        CHECK_THAT(refusal(listen),
                   Contains("my.toml:2: key `listen`") && Contains("behind_tls_proxy"));
        CHECK_THAT(refusal(listen + token), Contains("key `listen`"));
        CHECK_THAT(refusal(listen + proxy), Contains("key `listen`"));
        CHECK(refusal(listen + token + proxy) == "taken");
        CHECK_THAT(refusal("", address), Contains("--listen"));
    }
}

TEST_CASE("a mistake is one line with its place, and shows no token", "[http_config]") {
    const auto with = [](const std::string& line) { return refusal("[http]\n" + line + "\n"); };
    for (const char* listen :
         {"", "9469", "localhost:9469", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
          "127.0.0.1:-1", "127.0.0.1:80x", "::1:80", "127.1:80", ":80", "[127.0.0.1:80"}) {
        INFO(listen);
        CHECK_THAT(refusal("", listen), Contains("--listen: expected an IP address and a port"));
    }
    CHECK_THAT(with("listen = 9469"), Contains("my.toml:2: key `listen`"));
    CHECK_THAT(with("token = \"short\""), Contains("my.toml:2: key `token`") && !Contains("short"));
    CHECK_THAT(refusal("[http]\ntoken = \"${TOKEN}\"\n", std::nullopt, std::string(31, 'x')),
               Contains("at least 32") && !Contains("xxx"));
    CHECK_THAT(refusal("[http]\ntoken = \"${TOKEN}\"\n", std::nullopt, kToken + " x"),
               Contains("visible characters"));
    CHECK_THAT(with("token = \"${OTHER}\""), Contains("OTHER is not set"));
    CHECK_THAT(with("hosts = [\"http://m.example\"]"), Contains("my.toml:2: key `hosts`"));
    CHECK_THAT(with("ready_within_s = 0"), Contains("expected seconds from 1 to 86400"));
    CHECK_THAT(with("ready_within_s = 86401"), Contains("got 86401"));
    CHECK(with("ready_within_s = 86400") == "taken");
    CHECK_THAT(with("tokn = \"x\""), Contains("did you mean `token`"));
}

}  // namespace margrave::app
