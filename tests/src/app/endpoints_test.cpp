#include "app/endpoints.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using core::ErrorKind;
using test::FakeWorld;

test::FakeEndpoint::Answer always(const std::string& result) {
    return [result](const chains::evm::RpcCall&) { return chains::evm::RpcOutcome(result); };
}

test::FakeEndpoint::Answer always(ErrorKind kind) {
    return [kind](const chains::evm::RpcCall&) { return test::failed(kind); };
}

settings::Chain chain_with(std::vector<std::string> urls) {
    settings::Chain chain;
    chain.name = "devnet";
    chain.rpc = std::move(urls);
    return chain;
}

const std::string kFirst = "https://first.example/s3cret";
const std::string kSecond = "https://second.example/s3cret";

void ask(chains::evm::RpcTransport& transport) {
    static_cast<void>(transport.send({{{.method = "eth_getBalance", .params = "[]"}}}));
}

TEST_CASE("nobody is asked when endpoints are connected to", "[app][endpoints]") {
    FakeWorld fake{.endpoints = {{kFirst, always(ErrorKind::Unreachable)}}};
    CHECK(connect(fake.world, chain_with({kFirst}), {}) != nullptr);
    CHECK(connect(fake.world, chain_with({kFirst, kSecond}), {}) != nullptr);
    CHECK(fake.asked.empty());
    CHECK(fake.err.str().empty());
}

TEST_CASE("the first endpoint is used when it answers", "[app][endpoints]") {
    FakeWorld fake{.endpoints = {{kFirst, always("\"0x1\"")}, {kSecond, always("\"0x1\"")}}};
    ask(*connect(fake.world, chain_with({kFirst, kSecond}), {}));
    CHECK(fake.asked == std::vector{kFirst});
    CHECK(fake.err.str().empty());
}

TEST_CASE("an endpoint that fails is passed over with a warning that shows its host alone",
          "[app][endpoints][secrets]") {
    FakeWorld fake{
        .endpoints = {{kFirst, always(ErrorKind::Unreachable)}, {kSecond, always("\"0x1\"")}}};
    ask(*connect(fake.world, chain_with({kFirst, kSecond}), {}));
    CHECK(fake.asked == std::vector{kFirst, kSecond});
    CHECK(fake.err.str() ==
          "margrave: warning: devnet: first.example is passed over: unreachable\n");
}

TEST_CASE("as many endpoints as the quorum says are asked", "[app][endpoints]") {
    FakeWorld fake{.endpoints = {{kFirst, always("\"0x1\"")}, {kSecond, always("\"0x1\"")}}};
    settings::Chain chain = chain_with({kFirst, kSecond});
    SECTION("of the command line") {
        ask(*connect(fake.world, chain, {.timeout = std::nullopt, .quorum = 2}));
        CHECK(fake.asked.size() == 2);
    }
    SECTION("of the chain") {
        chain.quorum = 2;
        ask(*connect(fake.world, chain, {}));
        CHECK(fake.asked.size() == 2);
    }
    SECTION("the command line goes before the chain") {
        chain.quorum = 2;
        ask(*connect(fake.world, chain, {.timeout = std::nullopt, .quorum = 1}));
        CHECK(fake.asked.size() == 1);
    }
}

TEST_CASE("a quorum of more hosts than there are is a mistake of the configuration",
          "[app][endpoints]") {
    FakeWorld fake;
    const ConnectOptions two{.timeout = std::nullopt, .quorum = 2};
    CHECK_THROWS_AS(connect(fake.world, chain_with({kFirst}), two), core::ConfigError);
    CHECK_THROWS_WITH(connect(fake.world, chain_with({kFirst, kFirst + "/other"}), two),
                      Catch::Matchers::Contains("2 endpoints must agree") &&
                          Catch::Matchers::Contains("names 1"));
    CHECK_NOTHROW(connect(fake.world, chain_with({kFirst, kSecond}), two));
}

TEST_CASE("a host has one vote at whatever port, this machine one a port", "[app][endpoints]") {
    FakeWorld fake;
    const ConnectOptions two{.timeout = std::nullopt, .quorum = 2};
    CHECK_THROWS_WITH(
        connect(fake.world, chain_with({"https://h.example/a", "https://H.example.:8443/b"}), two),
        Catch::Matchers::Contains("names 1"));
    CHECK_THROWS_WITH(
        connect(fake.world, chain_with({"http://127.0.0.1:8545", "http://localhost:8545"}), two),
        Catch::Matchers::Contains("names 1"));
    CHECK_NOTHROW(
        connect(fake.world, chain_with({"http://127.0.0.1:8545", "http://127.0.0.1:8546"}), two));
}

TEST_CASE("flag --timeout bounds a request and --allow-plain-http is passed on",
          "[app][endpoints]") {
    FakeWorld fake{.endpoints = {{kFirst, always("\"0x1\"")}}};
    static_cast<void>(connect(
        fake.world, chain_with({kFirst}),
        {.timeout = std::chrono::seconds(2), .quorum = std::nullopt, .allow_plain_http = true}));
    static_cast<void>(connect(fake.world, chain_with({kFirst}), {}));
    REQUIRE(fake.limits.size() == 2);
    CHECK(fake.limits[0].total_timeout == std::chrono::seconds(2));
    CHECK(fake.limits[0].connect_timeout == std::chrono::seconds(2));
    CHECK(fake.limits[0].allow_plain_http);
    CHECK(fake.limits[1].total_timeout == std::chrono::seconds(30));
    CHECK_FALSE(fake.limits[1].allow_plain_http);
}

TEST_CASE("an endpoint is asked for its chain, and one that fails is an unreadable chain",
          "[app][endpoints]") {
    FakeWorld fake{
        .endpoints = {{kFirst, always("\"0x7a69\"")}, {kSecond, always(ErrorKind::Unauthorized)}}};
    CHECK(ask_chain_id(fake.world, {.url = kFirst, .origin = "--rpc"}, {}) == core::ChainId(31337));
    CHECK_THROWS_AS(ask_chain_id(fake.world, {.url = kSecond, .origin = "--rpc"}, {}),
                    core::ChainError);
}

}  // namespace
}  // namespace margrave::app
