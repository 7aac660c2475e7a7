#include "server/answer.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace margrave::server {
namespace {

using Catch::Contains;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

/// Answers with what it was asked.
struct Desk {
    Gate gate{"127.0.0.1", 9469, {}};
    Router router;
    std::vector<std::string> failures;

    Desk() {
        router.demand(Token(kSecret));
        router.add("/open", [](const Request& request) {
            const auto found = request.query.find("q");
            return Response{.body = found == request.query.end() ? "none" : found->second};
        });
        router.add("/v1/closed", [](const Request&) { return Response{.body = "closed"}; });
        router.add("/v1/broken", [](const Request&) -> Response {
            throw std::runtime_error("/var/lib/secret.db is gone");
        });
        router.tell_failures_to([this](std::string_view path, std::string_view why) {
            failures.push_back(std::string(path) + ": " + std::string(why));
        });
    }

    [[nodiscard]] Reply ask(const std::string& line, const std::string& headers = "") const {
        return answer(line + " HTTP/1.1\r\nHost: localhost:9469\r\n" + headers + "\r\n", gate,
                      router);
    }
    [[nodiscard]] unsigned status(const std::string& head) const {
        return answer(head, gate, router).response.status;
    }
};

}  // namespace

TEST_CASE("GET is answered with a body, HEAD without", "[server]") {
    const Desk desk;
    const Reply got = desk.ask("GET /open?q=a%20b&x=1");
    CHECK(got.response.status == 200);
    CHECK(got.response.body == "a b");
    CHECK_FALSE(got.is_head_only);
    CHECK(got.keep_alive);
    CHECK(desk.ask("HEAD /open").is_head_only);
    CHECK_FALSE(desk.ask("GET /open", "Connection: close\r\n").keep_alive);
    CHECK(desk.ask("GET /nothing").response.status == 404);
}

TEST_CASE("other methods are refused, and nothing behind them is read", "[server]") {
    const Desk desk;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"}) {
        const Reply reply = desk.ask(std::string(method) + " /open");
        INFO(method);
        CHECK(reply.response.status == 405);
        CHECK_FALSE(reply.keep_alive);
        REQUIRE(reply.response.headers.size() == 1);
        CHECK(reply.response.headers[0].second == "GET, HEAD");
    }
}

TEST_CASE("a Host that is not this server's is refused, as are none and two", "[server][host]") {
    const Desk desk;
    CHECK(desk.status("GET /open HTTP/1.1\r\nHost: rebound.example:9469\r\n\r\n") == 421);
    CHECK(desk.status("GET /open HTTP/1.1\r\n\r\n") == 421);
    CHECK(desk.ask("GET /open", "Host: localhost:9469\r\n").response.status == 421);
    // Whatever is asked for: an error tells a page no less.
    CHECK(desk.status("GET /nothing HTTP/1.1\r\nHost: rebound.example\r\n\r\n") == 421);
}

TEST_CASE("a page of another origin is refused", "[server][origin]") {
    const Desk desk;
    CHECK(desk.ask("GET /open", "Origin: http://localhost:9469\r\n").response.status == 200);
    CHECK(desk.ask("GET /open", "Origin: http://evil.example\r\n").response.status == 403);
    CHECK(desk.ask("GET /open", "Origin: null\r\n").response.status == 403);
    CHECK(desk.ask("GET /open", "Origin: http://localhost:9469\r\nOrigin: null\r\n")
              .response.status == 403);
}

TEST_CASE("a body is refused, whatever it is called", "[server]") {
    const Desk desk;
    CHECK(desk.ask("GET /open", "Content-Length: 0\r\n").response.status == 200);
    CHECK(desk.ask("GET /open", "Content-Length: 1\r\n").response.status == 413);
    CHECK(desk.ask("GET /open", "Transfer-Encoding: chunked\r\n").response.status == 413);
    CHECK(desk.ask("GET /open", "Transfer-Encoding: gzip\r\n").response.status == 413);
    CHECK(desk.ask("GET /open", "Transfer-Encoding: identity\r\n").response.status == 413);
    CHECK(desk.ask("GET /open", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")
              .response.status == 400);
    CHECK(desk.ask("GET /open", "Content-Length: -1\r\n").response.status == 400);
}

TEST_CASE("what is no HTTP/1.1 to the letter is refused", "[server]") {
    const Desk desk;
    const std::string host = "Host: localhost:9469\r\n";
    CHECK(desk.status("GET /open HTTP/1.0\r\n" + host + "\r\n") == 400);
    CHECK(desk.status("GET /open HTTP/1.1\n" + host + "\r\n") == 400);
    CHECK(desk.status("GET /open HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n") == 400);
    CHECK(desk.status("GET /open HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n") == 400);
    CHECK(desk.status("GET  /open HTTP/1.1\r\n" + host + "\r\n") == 400);
    CHECK(desk.status("nonsense\r\n\r\n") == 400);
    CHECK(desk.status("\r\n\r\n") == 400);
    CHECK(desk.status("") == 400);
    CHECK(desk.ask("GET http://localhost:9469/open").response.status == 400);
    CHECK(desk.ask("GET /%zz").response.status == 400);
    CHECK(desk.ask("GET /%0aopen").response.status == 400);
    CHECK(desk.ask("GET /open?q=%00").response.status == 400);
    CHECK(desk.ask("GET /open", "X: " + std::string(kHeadBytesMax, 'a') + "\r\n").response.status ==
          431);
}

TEST_CASE("below /v1 nothing is told to who does not show the token", "[server][token]") {
    const Desk desk;
    const auto with = [&](const std::string& path, const std::string& authorization) {
        return desk.ask("GET " + path, "Authorization: " + authorization + "\r\n");
    };
    CHECK(with("/v1/closed", "Bearer " + kSecret).response.body == "closed");
    CHECK(with("/v1/closed", "bearer  " + kSecret).response.status == 200);
    CHECK(with("/v1/nothing", "Bearer " + kSecret).response.status == 404);
    for (const std::string& shown : std::vector<std::string>{
             "Bearer " + kSecret + "0", "Bearer " + kSecret.substr(1), "Bearer", "Bearer ",
             "Basic " + kSecret, kSecret, "Bearer " + std::string(kSecret.size(), '0')}) {
        const Reply reply = with("/v1/closed", shown);
        INFO(shown);
        CHECK(reply.response.status == 401);
        CHECK_THAT(reply.response.body, !Contains(kSecret));
    }
    // A hash that is like the right one in a byte or two is a wrong one.
    for (int i = 0; i < 2000; ++i) {
        CHECK(with("/v1/closed", "Bearer " + kSecret + std::to_string(i)).response.status == 401);
    }
    CHECK(desk.ask("GET /v1/closed").response.status == 401);
    CHECK(desk.ask("GET /v1/closed?token=" + kSecret).response.status == 401);
    CHECK(desk.ask("GET /v1").response.status == 401);
    CHECK(desk.ask("GET /v1/nothing").response.status == 401);
    CHECK(desk.ask("GET /%76%31/closed").response.status == 401);
    // Two are one too many: another reader on the way may take the other.
    CHECK(desk.ask("GET /v1/closed",
                   "Authorization: Bearer " + kSecret + "\r\nAuthorization: Bearer x\r\n")
              .response.status == 401);

    Router without;
    without.add("/v1/closed", [](const Request&) { return Response{}; });
    CHECK(
        answer("GET /v1/closed HTTP/1.1\r\nHost: localhost:9469\r\nAuthorization: Bearer \r\n\r\n",
               desk.gate, without)
            .response.status == 401);
}

TEST_CASE("a handler that fails tells the operator why, and the client nothing", "[server]") {
    const Desk desk;
    const Reply reply = desk.ask("GET /v1/broken", "Authorization: Bearer " + kSecret + "\r\n");
    CHECK(reply.response.status == 500);
    CHECK(reply.response.type == "application/problem+json");
    CHECK_THAT(reply.response.body, !Contains("secret.db"));
    CHECK(desk.failures == std::vector<std::string>{"/v1/broken: /var/lib/secret.db is gone"});
}

TEST_CASE("problems are JSON, whatever is in their texts", "[server]") {
    CHECK(problem(404, "a \"b\" \\ c").body ==
          "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
          "\"detail\":\"a \\\"b\\\" \\\\ c\"}\n");
    CHECK(json_string("a\nb") == "\"a?b\"");
}

}  // namespace margrave::server
