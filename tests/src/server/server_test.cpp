#include "server/server.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/errors.hpp"
#include "tests/support/raw_client.hpp"

namespace margrave::server {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::RawClient;

/// Short enough for a test, and far enough apart to tell which one it was.
Limits short_limits() {
    return {.head_time = 200ms,
            .idle_time = 400ms,
            .write_time = 300ms,
            .heartbeat = 100ms,
            .connections_max = 4,
            .streams_max = 2};
}

struct Running {
    EventHub events{"1"};
    Listener listener{"127.0.0.1", 0};
    Server server;

    explicit Running(Limits limits = short_limits())
        : server(listener, {.limits = limits}, make_router(), events) {}

    static Router make_router() {
        Router out;
        out.add("/small", [](const Request&) { return Response{.body = "small"}; });
        out.add("/large", [](const Request&) {
            return Response{.body = std::string(std::size_t{32} << 20U, 'x')};
        });
        out.add("/events", [](const Request&) {
            return Response{.type = "text/event-stream", .is_stream = true};
        });
        return out;
    }
    [[nodiscard]] std::string request(const std::string& path,
                                      const std::string& headers = "") const {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(listener.port()) +
               "\r\n" + headers + "\r\n";
    }
};

}  // namespace

TEST_CASE("one connection carries several requests, also sent at once", "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    client.send(running.request("/small"));
    const std::string first = client.read_until("small");
    CHECK_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n") && Contains("Content-Length: 5\r\n") &&
                          Contains("Cache-Control: no-store\r\n") &&
                          Contains("X-Content-Type-Options: nosniff\r\n") &&
                          Contains("Content-Security-Policy: default-src 'none'"));
    client.send(running.request("/small") + running.request("/nothing") +
                running.request("/small", "Connection: close\r\n"));
    const std::string all = client.read_all();
    CHECK_THAT(all.substr(first.size()),
               Contains("200 OK") && Contains("404 Not Found") && Contains("Connection: close"));
}

TEST_CASE("HEAD is answered with the length of the body, and none", "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    std::string request = running.request("/small", "Connection: close\r\n");
    request.replace(0, 3, "HEAD");
    client.send(request);
    CHECK_THAT(client.read_all(), Contains("Content-Length: 5\r\n") && !Contains("small"));
}

TEST_CASE("a head that comes slowly is hung up on at its limit, however it dribbles",
          "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    const auto begun = std::chrono::steady_clock::now();
    std::atomic<bool> is_done = false;
    std::thread dribble([&] {
        for (const char c : running.request("/small", "X: " + std::string(100, 'x') + "\r\n")) {
            if (is_done) {
                return;
            }
            client.send({&c, 1});
            std::this_thread::sleep_for(20ms);
        }
    });
    CHECK(client.is_hung_up_on());
    CHECK(client.read_all().empty());
    const auto took = std::chrono::steady_clock::now() - begun;
    is_done = true;
    dribble.join();
    CHECK(took >= 150ms);
}

TEST_CASE("a connection without requests is hung up on at its own limit", "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    client.send(running.request("/small"));
    CHECK_THAT(client.read_until("small"), Contains("200 OK"));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(client.is_hung_up_on());
    CHECK(std::chrono::steady_clock::now() - begun >= 350ms);
}

TEST_CASE("a head without an end is refused at its size", "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    client.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'));
    CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 431 "));
}

TEST_CASE("a body is not read, and its sender still gets the answer", "[server][socket]") {
    const Running running;
    RawClient client(running.listener.port());
    client.send(
        "POST /small HTTP/1.1\r\nHost: localhost:" + std::to_string(running.listener.port()) +
        "\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
    CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 405 ") && Contains("Connection: close"));
}

TEST_CASE("who does not take an answer is hung up on, and others are answered meanwhile",
          "[server][socket]") {
    const Running running;
    RawClient greedy(running.listener.port());
    greedy.send(running.request("/large"));
    RawClient other(running.listener.port());
    other.send(running.request("/small", "Connection: close\r\n"));
    CHECK_THAT(other.read_all(), Contains("200 OK"));
    std::this_thread::sleep_for(800ms);
    CHECK(greedy.read_all().size() < std::size_t{32} << 20U);
}

TEST_CASE("at the limit of connections the one that waited longest gives way", "[server][socket]") {
    Limits limits = short_limits();
    limits.head_time = 10s;
    const Running running(limits);
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 4; ++i) {
        idle.push_back(std::make_unique<RawClient>(running.listener.port(), 2s));
        std::this_thread::sleep_for(20ms);
    }
    RawClient late(running.listener.port());
    late.send(running.request("/small", "Connection: close\r\n"));
    CHECK_THAT(late.read_all(), Contains("200 OK"));
    CHECK(idle.front()->is_hung_up_on());
    idle.back()->send(running.request("/small", "Connection: close\r\n"));
    CHECK_THAT(idle.back()->read_all(), Contains("200 OK"));
}

TEST_CASE("events reach who listens, with a sign of life between them", "[server][events]") {
    Running running;
    RawClient client(running.listener.port());
    client.send(running.request("/events"));
    CHECK_THAT(client.read_until(": margrave\n\n"),
               Contains("text/event-stream") && !Contains("Content-Length"));
    CHECK_THAT(client.read_until(": still here\n\n"), Contains(": still here"));
    running.events.tell("alert", "{\"a\":1}");
    CHECK_THAT(client.read_until("data: "), Contains("id: 1-1\nevent: alert\ndata: {\"a\":1}\n\n"));

    RawClient back(running.listener.port());
    back.send(running.request("/events", "Last-Event-ID: 1-0\r\n"));
    CHECK_THAT(back.read_until("data: "), Contains("data: {\"a\":1}"));

    RawClient third(running.listener.port());
    third.send(running.request("/events"));
    CHECK_THAT(third.read_all(), StartsWith("HTTP/1.1 503 "));
}

TEST_CASE("who listens and does not read is hung up on; telling never waits", "[server][events]") {
    Running running;
    const auto slow = std::make_unique<RawClient>(running.listener.port(), 2s);
    slow->send(running.request("/events"));
    CHECK_THAT(slow->read_until(": margrave\n\n"), Contains("200 OK"));
    const std::string data(std::size_t{64} * 1024, 'x');
    for (int i = 0; i < 400; ++i) {  // far more than sockets and mailbox hold
        running.events.tell("block", data);
    }
    std::this_thread::sleep_for(600ms);
    CHECK(slow->is_hung_up_on());
    // Its place is free again.
    RawClient one(running.listener.port());
    RawClient two(running.listener.port());
    one.send(running.request("/events"));
    two.send(running.request("/events"));
    CHECK_THAT(one.read_until(": margrave\n\n"), Contains("200 OK"));
    CHECK_THAT(two.read_until(": margrave\n\n"), Contains("200 OK"));
}

TEST_CASE("a server ends while clients are connected, at once", "[server][socket]") {
    auto running = std::make_unique<Running>();
    RawClient idle(running->listener.port());
    RawClient listener(running->listener.port());
    listener.send(running->request("/events"));
    CHECK_THAT(listener.read_until(": margrave\n\n"), Contains("200 OK"));
    const std::uint16_t port = running->listener.port();
    running.reset();
    CHECK(idle.is_hung_up_on());
    CHECK(listener.is_hung_up_on());
    CHECK_FALSE(RawClient(port).is_connected());
}

TEST_CASE("a port that is taken, or an address that is none, is the operator's to mend",
          "[server]") {
    const Listener listener("127.0.0.1", 0);
    CHECK_THROWS_WITH(Listener("127.0.0.1", listener.port()),
                      Contains("cannot listen on 127.0.0.1 port ") && Contains("in use"));
    CHECK_THROWS_AS(Listener("localhost", 0), core::InputError);
    CHECK_THROWS_WITH(Listener("192.0.2.1", 0), Contains("cannot listen on 192.0.2.1 port 0"));
}

TEST_CASE("while a server gives way to the next, clients wait and are not refused", "[server]") {
    const Listener listener("127.0.0.1", 0);
    EventHub events("1");
    std::make_unique<Server>(listener, Options{}, Running::make_router(), events).reset();
    RawClient client(listener.port());
    REQUIRE(client.is_connected());
    client.send("GET /small HTTP/1.1\r\nHost: localhost:" + std::to_string(listener.port()) +
                "\r\nConnection: close\r\n\r\n");
    const Server next(listener, {}, Running::make_router(), events);
    CHECK_THAT(client.read_all(), Contains("200 OK"));
}

}  // namespace margrave::server
