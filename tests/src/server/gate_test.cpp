#include "server/gate.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace margrave::server {

TEST_CASE("a server is asked under its own names and port alone", "[server][host]") {
    const Gate gate("127.0.0.1", 9469, {"monitor.example", "front.example:8443"});
    for (const char* host :
         {"localhost:9469", "LocalHost:9469", "localhost.:9469", "127.0.0.1:9469", "[::1]:9469",
          "monitor.example", "monitor.example:9469", "front.example:8443"}) {
        INFO(host);
        CHECK(gate.knows_host(host));
    }
    for (const char* host :
         {"", "localhost", "localhost:80", "localhost:9469:1", "localhost:", ":9469",
          "rebound.example:9469", "127.0.0.2:9469", "0.0.0.0:9469", "127.1:9469",
          "user@localhost:9469", "localhost:9469/x", "front.example", "front.example:9469",
          "monitor.example:80", "[::1]", "[::1]x:9469", "[::1:9469", "localhost:94690"}) {
        INFO(host);
        CHECK_FALSE(gate.knows_host(host));
    }
}

TEST_CASE("a server goes by the address that it listens on, and on port 80 without a port",
          "[server][host]") {
    const Gate gate("10.0.0.7", 80, {});
    for (const char* host : {"10.0.0.7", "10.0.0.7:80", "localhost", "[::1]"}) {
        INFO(host);
        CHECK(gate.knows_host(host));
    }
    CHECK_FALSE(gate.knows_host("10.0.0.8"));
    CHECK(Gate("fd00::1", 9469, {}).knows_host("[fd00::1]:9469"));
    CHECK_FALSE(Gate("fd00::1", 9469, {}).knows_host("[fd00::1]"));
}

TEST_CASE("a page may ask only where it comes from this server itself", "[server][origin]") {
    const Gate gate("127.0.0.1", 9469, {"monitor.example"});
    CHECK(gate.knows_origin("http://localhost:9469"));
    CHECK(gate.knows_origin("https://monitor.example"));
    for (const char* origin :
         {"null", "", "http://localhost", "http://evil.example", "file://localhost:9469",
          "localhost:9469", "http://localhost:9469/path", "http://user@localhost:9469"}) {
        INFO(origin);
        CHECK_FALSE(gate.knows_origin(origin));
    }
}

TEST_CASE("a configured name is a host, with a port or without", "[server][host]") {
    CHECK(Gate::is_name("monitor.example"));
    CHECK(Gate::is_name("monitor.example:8443"));
    CHECK(Gate::is_name("[fd00::1]:8443"));
    for (const char* text : {"", "https://monitor.example", "monitor.example/path", "a b",
                             "monitor.example:", "monitor.example:http", "*"}) {
        INFO(text);
        CHECK_FALSE(Gate::is_name(text));
    }
}

}  // namespace margrave::server
