#include "chains/evm/http_transport.hpp"

#include <fmt/chrono.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "tests/support/fault_server.hpp"

namespace margrave::chains::evm {

namespace {

using namespace std::chrono_literals;
using core::ErrorKind;
using test::FaultReply;
using test::FaultServer;
using test::http_response;
using End = FaultReply::End;

const RpcCall kCall{.method = "eth_chainId", .params = "[]"};
const std::string kReply = R"({"jsonrpc":"2.0","id":1,"result":"0x1"})";

HttpLimits short_limits() {
    return {.connect_timeout = 200ms, .total_timeout = 200ms, .connections_max = 4};
}

/// Generous with time, for tests of sizes and shapes on a busy machine.
HttpLimits patient_limits() {
    return {.connect_timeout = 5s, .total_timeout = 20s, .connections_max = 4};
}

FaultReply right_answer(const std::string& body) {
    return {.bytes = http_response(200, test::json_rpc_reply(body, R"("0x1")"))};
}

/// The outcome of one call to an endpoint that answers with `reply`.
RpcOutcome outcome_of(const FaultReply& reply, const HttpLimits& limits = patient_limits()) {
    FaultServer server;
    server.answer(reply);
    return make_http_transport(server.url(), limits)->send({{kCall}}).at(0).at(0);
}

RpcOutcome outcome_of(const std::string& bytes) {
    return outcome_of(FaultReply{.bytes = bytes, .end = End::Close});
}

ErrorKind kind_of(const RpcOutcome& outcome) {
    if (outcome) {
        FAIL_CHECK("unexpected value " << outcome.value());
        return ErrorKind::OutOfRange;
    }
    return outcome.error().kind;
}

std::string gzip_response(const std::string& packed) {
    return http_response(200, packed, "Content-Encoding: gzip\r\n");
}

/// A port on which nobody listens.
unsigned short closed_port() { return FaultServer().port(); }

}  // namespace

TEST_CASE("calls to one endpoint share a connection", "[evm][http]") {
    FaultServer server;
    server.answer_with(right_answer);
    const auto http = make_http_transport(server.url("/v2/rpc"), patient_limits());
    CHECK(http->send({{kCall}})[0][0].value() == R"("0x1")");
    CHECK(http->send({{kCall, kCall}})[0][1].value() == R"("0x1")");
    CHECK(http->send({}).empty());
    CHECK(http->send({{}})[0].empty());
    CHECK(server.connections() == 1);

    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].body == R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]})");
    CHECK(requests[1].body.find(R"("id":2)") != std::string::npos);  // ids are never used twice
    CHECK(requests[0].head.starts_with("POST /v2/rpc HTTP/1.1\r\n"));
    for (const std::string header : {"Content-Type: application/json\r\n",
                                     "Accept-Encoding: gzip\r\n", "User-Agent: margrave/"}) {
        CHECK(requests[0].head.find(header) != std::string::npos);
    }
}

TEST_CASE("requests travel at the same time, up to the limit", "[evm][http]") {
    FaultServer server;
    server.answer_with(right_answer);
    const auto http = make_http_transport(server.url(), patient_limits());
    const auto outcomes = http->send(std::vector<RpcRequest>(50, {kCall, kCall, kCall}));
    REQUIRE(outcomes.size() == 50);
    for (const auto& request : outcomes) {
        REQUIRE(request.size() == 3);
        CHECK(request[2].has_value());
    }
    CHECK(server.connections() <= 4);
    CHECK(server.requests().size() == 50);
}

TEST_CASE("one hanging request does not hold up the others", "[evm][http]") {
    FaultServer server;
    server.answer({.bytes = "", .end = End::Hang});
    server.answer_with(right_answer);
    HttpLimits limits = patient_limits();
    limits.total_timeout = 1s;
    const auto outcomes =
        make_http_transport(server.url(), limits)->send(std::vector<RpcRequest>(8, {kCall}));
    std::size_t answered = 0;
    for (const auto& request : outcomes) {
        answered += request[0].has_value() ? 1 : 0;
    }
    CHECK(answered == 7);
}

TEST_CASE("traffic counts what crossed the wire", "[evm][http]") {
    FaultServer server;
    server.answer_with(right_answer);
    const auto http = make_http_transport(server.url(), patient_limits());
    const RpcCall large{.method = "eth_call", .params = "[\"" + std::string(100'000, '0') + "\"]"};
    static_cast<void>(http->send({{kCall, kCall}, {large}}));
    std::size_t sent = 0;
    std::size_t received = 0;
    for (const auto& request : server.requests()) {
        sent += request.head.size() + request.body.size();
        received += right_answer(request.body).bytes.size();
    }
    const RpcTraffic traffic = http->traffic();
    CHECK(traffic.requests == 2);
    CHECK(traffic.calls == 3);
    CHECK(traffic.retries == 0);
    CHECK(traffic.bytes_sent == sent);
    CHECK(traffic.bytes_received == received);
}

TEST_CASE("a gzip reply is unpacked and counted packed", "[evm][http][gzip]") {
    FaultServer server;
    const std::string body = R"({"id":1,"result":"0x)" + std::string(1'000'000, '0') + R"("})";
    const std::string response = gzip_response(test::gzipped(body));
    server.answer({.bytes = response});
    const auto http = make_http_transport(server.url(), patient_limits());
    CHECK(http->send({{kCall}})[0][0].value().size() == 1'000'004);
    CHECK(http->traffic().bytes_received == response.size());
}

TEST_CASE("a damaged gzip reply is a bad reply", "[evm][http][gzip]") {
    const std::string packed = test::gzipped(kReply);
    SECTION("cut anywhere, also between the last byte of data and the checksum") {
        for (std::size_t bytes = 0; bytes < packed.size(); ++bytes) {
            CAPTURE(bytes);
            CHECK(kind_of(outcome_of(gzip_response(packed.substr(0, bytes)))) ==
                  ErrorKind::BadReply);
        }
    }
    SECTION("with a wrong checksum") {
        std::string wrong = packed;
        wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);
        CHECK(kind_of(outcome_of(gzip_response(wrong))) == ErrorKind::BadReply);
    }
    SECTION("with something behind it") {
        CHECK(kind_of(outcome_of(gzip_response(packed + "x"))) == ErrorKind::BadReply);
        CHECK(kind_of(outcome_of(gzip_response(packed + packed))) == ErrorKind::BadReply);
    }
    SECTION("that is not packed at all, or packed twice") {
        CHECK(kind_of(outcome_of(gzip_response(kReply))) == ErrorKind::BadReply);
        CHECK(kind_of(outcome_of(gzip_response(test::gzipped(packed)))) == ErrorKind::BadReply);
    }
    SECTION("in an encoding that was not asked for") {
        for (const std::string encoding : {"br", "deflate", "gzip, gzip", "zstd"}) {
            CHECK(kind_of(outcome_of(
                      http_response(200, packed, "Content-Encoding: " + encoding + "\r\n"))) ==
                  ErrorKind::BadReply);
        }
    }
}

TEST_CASE("an error page may be packed, too", "[evm][http][gzip]") {
    const auto outcome = outcome_of(
        http_response(403, test::gzipped("<html>no</html>"), "Content-Encoding: gzip\r\n"));
    CHECK(kind_of(outcome) == ErrorKind::Unauthorized);
    CHECK(outcome.error().message.find("<html>no</html>") != std::string::npos);
}

TEST_CASE("a reply over a limit is cut off early", "[evm][http][hostile]") {
    HttpLimits limits = patient_limits();
    limits.wire_bytes_max = 100'000;
    limits.decoded_bytes_max = 200'000;
    const auto start = std::chrono::steady_clock::now();
    SECTION("a gzip bomb") {
        const std::string bomb = test::gzipped(std::string(8'000'000, ' '));
        REQUIRE(bomb.size() < limits.wire_bytes_max);
        CHECK(kind_of(outcome_of(FaultReply{.bytes = gzip_response(bomb)}, limits)) ==
              ErrorKind::ReplyTooLarge);
    }
    SECTION("too long by its own word") {
        CHECK(kind_of(outcome_of(
                  FaultReply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n",
                             .end = End::Hang},
                  limits)) == ErrorKind::ReplyTooLarge);
    }
    SECTION("too long without a word") {
        CHECK(kind_of(outcome_of(
                  FaultReply{.bytes = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'001, ' '),
                             .end = End::Hang},
                  limits)) == ErrorKind::ReplyTooLarge);
    }
    SECTION("in chunks without end") {
        std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < 200; ++i) {
            chunks += "400\r\n" + std::string(0x400, '[') + "\r\n";
        }
        CHECK(kind_of(outcome_of(FaultReply{.bytes = chunks, .end = End::Hang}, limits)) ==
              ErrorKind::ReplyTooLarge);
    }
    SECTION("in its headers") {
        std::string headers = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 2'000; ++i) {
            headers += "X-Filler: " + std::string(100, 'x') + "\r\n";
        }
        CHECK(kind_of(outcome_of(FaultReply{.bytes = headers, .end = End::Hang}, limits)) ==
              ErrorKind::ReplyTooLarge);
    }
    SECTION("unpacked, though not packed") {
        limits.decoded_bytes_max = 1'000;
        CHECK(kind_of(outcome_of(FaultReply{.bytes = http_response(200, std::string(1'001, ' '))},
                                 limits)) == ErrorKind::ReplyTooLarge);
    }
    CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("a reply of exactly the limit is accepted", "[evm][http]") {
    HttpLimits limits = patient_limits();
    limits.wire_bytes_max = kReply.size();
    limits.decoded_bytes_max = kReply.size();
    CHECK(outcome_of(FaultReply{.bytes = http_response(200, kReply)}, limits).has_value());
    limits.decoded_bytes_max -= 1;
    CHECK_FALSE(outcome_of(FaultReply{.bytes = http_response(200, kReply)}, limits).has_value());
}

TEST_CASE("a request over our limit is not sent", "[evm][http]") {
    FaultServer server;
    server.answer_with(right_answer);
    HttpLimits limits = patient_limits();
    limits.request_bytes_max = 200;
    const auto http = make_http_transport(server.url(), limits);
    const RpcCall large{.method = "eth_call", .params = "[\"" + std::string(200, '0') + "\"]"};
    const auto outcomes = http->send({{large, kCall}, {kCall}});
    CHECK(kind_of(outcomes[0][0]) == ErrorKind::RequestTooLarge);
    CHECK(kind_of(outcomes[0][1]) == ErrorKind::RequestTooLarge);
    CHECK(outcomes[1][0].has_value());
    CHECK(server.requests().size() == 1);
    CHECK(http->traffic().requests == 1);
}

TEST_CASE("a response cut at any byte of the wire is never a value", "[evm][http][hostile]") {
    struct Row {
        std::string bytes;
        std::size_t spare;  ///< bytes at its end without which nothing is missing
    };
    const std::string head = "HTTP/1.1 200 OK\r\n";
    // The line feed after the empty chunk that says "all chunks were there" tells nothing more.
    const auto row =
        GENERATE_COPY(Row{http_response(200, kReply), 0},
                      Row{head + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + kReply.substr(0, 5) +
                              "\r\n22\r\n" + kReply.substr(5) + "\r\n0\r\n\r\n",
                          1},
                      Row{head + "Connection: close\r\n\r\n" + kReply, 0});
    for (std::size_t bytes = 0; bytes < row.bytes.size() - row.spare; ++bytes) {
        CAPTURE(row.bytes, bytes);
        CHECK_FALSE(outcome_of(FaultReply{.bytes = row.bytes, .cut_after = bytes}).has_value());
    }
    CHECK(outcome_of(row.bytes).has_value());
}

TEST_CASE("silence is a timeout, within the deadline", "[evm][http]") {
    const auto start = std::chrono::steady_clock::now();
    const FaultReply reply = GENERATE(
        FaultReply{.bytes = "", .end = End::Hang},
        FaultReply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", .end = End::Hang},
        FaultReply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\":1,",
                   .end = End::Hang},
        FaultReply{.bytes = http_response(200, kReply), .pause_per_byte = 20ms});
    const auto outcome = outcome_of(reply, short_limits());
    CHECK(kind_of(outcome) == ErrorKind::Timeout);
    CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("an answer after the deadline is not taken for the next one", "[evm][http]") {
    FaultServer server;
    server.answer({.bytes = http_response(200, kReply), .pause_per_byte = 20ms});
    server.answer_with(right_answer);
    HttpLimits limits = patient_limits();
    limits.total_timeout = 1s;
    const auto http = make_http_transport(server.url(), limits);
    CHECK(kind_of(http->send({{kCall}})[0][0]) == ErrorKind::Timeout);
    CHECK(http->send({{kCall}})[0][0].has_value());
    CHECK(server.connections() == 2);
}

TEST_CASE("a dead connection is unreachable", "[evm][http]") {
    CHECK(kind_of(outcome_of(FaultReply{.bytes = "", .end = End::Close})) ==
          ErrorKind::Unreachable);
    CHECK(kind_of(outcome_of(FaultReply{.bytes = "", .end = End::Reset})) ==
          ErrorKind::Unreachable);
    const auto http =
        make_http_transport("http://127.0.0.1:" + std::to_string(closed_port()), patient_limits());
    const auto refused = http->send({{kCall}})[0][0];
    CHECK(kind_of(refused) == ErrorKind::Unreachable);
    CHECK(refused.error().message.find("refused") != std::string::npos);
}

TEST_CASE("an unknown host is unreachable", "[evm][http]") {
    const auto outcome =
        make_http_transport("https://margrave.invalid/v2/SECRETKEY", short_limits())
            ->send({{kCall}})[0][0];
    REQUIRE_FALSE(outcome);
    // A resolver may also just not answer in time.
    CHECK((outcome.error().kind == ErrorKind::Unreachable ||
           outcome.error().kind == ErrorKind::Timeout));
    CHECK(outcome.error().source == "margrave.invalid");
}

TEST_CASE("a connection that breaks in a reply fails the call", "[evm][http]") {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    CHECK(kind_of(outcome_of(FaultReply{.bytes = head + kReply, .end = End::Close})) ==
          ErrorKind::BadReply);
    const auto reset = outcome_of(FaultReply{.bytes = head + kReply, .end = End::Reset});
    CHECK_FALSE(reset.has_value());
}

TEST_CASE("what is not HTTP is a bad reply", "[evm][http][hostile]") {
    const std::string bytes =
        GENERATE("hello", "SSH-2.0-OpenSSH_9.2\r\n", R"({"jsonrpc":"2.0","id":1,"result":"0x1"})",
                 "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}");
    CAPTURE(bytes);
    CHECK(kind_of(outcome_of(bytes)) == ErrorKind::BadReply);
}

TEST_CASE("an https endpoint that does not speak TLS fails as such", "[evm][http][tls]") {
    FaultServer server;
    server.greet_with("220 mail.example ESMTP\r\n");
    const auto http =
        make_http_transport("https://127.0.0.1:" + std::to_string(server.port()), patient_limits());
    CHECK(kind_of(http->send({{kCall}})[0][0]) == ErrorKind::TlsFailed);
}

TEST_CASE("pages of intermediaries are told by their status", "[evm][http]") {
    const std::string page = "<html>\r\n<head><title>Bad</title></head></html>";
    CHECK(kind_of(outcome_of(http_response(200, page))) == ErrorKind::BadReply);
    CHECK(kind_of(outcome_of(http_response(403, page))) == ErrorKind::Unauthorized);
    CHECK(kind_of(outcome_of(http_response(502, page))) == ErrorKind::ServerFault);
    CHECK(kind_of(outcome_of(http_response(200, "error code: 1015"))) == ErrorKind::RateLimited);
}

TEST_CASE("Retry-After reaches the caller", "[evm][http]") {
    const auto retry_after = [](const std::string& value) {
        return outcome_of(http_response(429, "", "Retry-After: " + value + "\r\n"))
            .error()
            .retry_after;
    };
    CHECK(retry_after("3") == 3s);
    CHECK_FALSE(retry_after("-3").has_value());
    CHECK_FALSE(retry_after("0").has_value());
    CHECK_FALSE(retry_after("soon").has_value());
    // A day at most.
    CHECK(retry_after("86400") == 24h);
    CHECK(retry_after("86401") == 24h);
    CHECK(retry_after("9223372036854775807") == 24h);
    CHECK_FALSE(retry_after("99999999999999999999").has_value());
    CHECK(kind_of(outcome_of(http_response(429, "", "Retry-After: 3\r\n"))) ==
          ErrorKind::RateLimited);
}

TEST_CASE("Retry-After may be a date", "[evm][http]") {
    const auto retry_after = [](const std::string& value) {
        return outcome_of(http_response(429, "", "Retry-After: " + value + "\r\n"))
            .error()
            .retry_after;
    };
    const auto in = [](std::chrono::seconds from_now) {
        return fmt::format(
            "{:%a, %d %b %Y %H:%M:%S} GMT",
            fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) +
                        from_now.count()));
    };
    const auto asked_for = retry_after(in(600s));
    REQUIRE(asked_for);
    CHECK(*asked_for <= 600s);
    CHECK(*asked_for > 500s);  // on a busy machine, too
    CHECK_FALSE(retry_after(in(-600s)).has_value());
    CHECK_FALSE(retry_after("Thu, 01 Jan 1970 00:00:00 GMT").has_value());
    CHECK_FALSE(retry_after("Fri, 32 Jan 2100 25:61:00 GMT").has_value());
    CHECK_FALSE(retry_after("Fri, 01 Jan").has_value());
    CHECK(retry_after("Fri, 01 Jan 2100 00:00:00 GMT") == 24h);
    CHECK(retry_after("Fri, 31 Dec 9999 23:59:59 GMT") == 24h);
}

TEST_CASE("a redirect is not followed", "[evm][http]") {
    FaultServer elsewhere;
    elsewhere.answer_with(right_answer);
    const int status = GENERATE(301, 302, 303, 307, 308);
    const std::string target =
        GENERATE_REF(elsewhere.url("/"), std::string("file:///etc/hostname"));
    const auto outcome = outcome_of(http_response(status, kReply, "Location: " + target + "\r\n"));
    CHECK(kind_of(outcome) == ErrorKind::BadReply);
    CHECK(outcome.error().message.find("redirect") != std::string::npos);
    CHECK(elsewhere.requests().empty());
}

TEST_CASE("no message of any failure holds a key", "[evm][http][secrets]") {
    FaultServer server;
    const std::string port = std::to_string(server.port());
    const std::string url =
        "http://user:pass@127.0.0.1:" + port + "/v2/SECRETKEY?apikey=SECRET2%21";
    const std::string quote = "Cannot POST /v2/SECRETKEY?apikey=SECRET2! for user:pass";
    const auto http = make_http_transport(url, short_limits());
    std::vector<FaultReply> replies{
        {.bytes = "", .end = End::Hang},
        {.bytes = "", .end = End::Close},
        {.bytes = "", .end = End::Reset},
        {.bytes = "nonsense " + quote, .end = End::Close},
        {.bytes = http_response(200, quote)},
        {.bytes = http_response(404, "<html>" + quote + "</html>")},
        {.bytes = http_response(302, quote, "Location: " + url + "\r\n")},
        {.bytes = http_response(200, quote, "Content-Encoding: gzip\r\n")},
        {.bytes = http_response(200, quote, "Content-Encoding: SECRETKEY\r\n")},
        {.bytes = http_response(200, "{\"" + quote + "\":1}")},
        {.bytes =
             http_response(200, R"({"id":null,"error":{"code":1,"message":")" + quote + "\"}}")},
        {.bytes = http_response(200, R"({"id":null,"error":")" + quote + "\"}")},
        {.bytes = http_response(200, R"({"id":"SECRETKEY","result":1})")},
    };
    // The shortening of a long message may cut a key in two.
    for (std::size_t padding = 120; padding < 200; ++padding) {
        replies.push_back(
            {.bytes = http_response(500, std::string(padding, '.').append(quote).append(quote))});
    }
    for (const FaultReply& reply : replies) {
        server.answer(reply);
        const auto outcome = http->send({{kCall}})[0][0];
        REQUIRE_FALSE(outcome);
        const RpcError& error = outcome.error();
        CAPTURE(error.message);
        CHECK(error.source == "127.0.0.1:" + port);
        CHECK(error.message.find("SECR") == std::string::npos);
        CHECK(error.message.find("pass") == std::string::npos);
        CHECK(error.data.empty());
    }
}

TEST_CASE("only http and https URLs with a host are endpoints", "[evm][http][config]") {
    const std::string url =
        GENERATE("", "SECRETKEY", "localhost:8545/SECRETKEY", "https://", "https:///SECRETKEY",
                 "ftp://host/SECRETKEY", "file:///SECRETKEY", "ws://host/SECRETKEY",
                 "https://ho st/SECRETKEY", "https://host:99999/SECRETKEY");
    CAPTURE(url);
    try {
        static_cast<void>(make_http_transport(url, {}));
        FAIL_CHECK("accepted");
    } catch (const core::ConfigError& error) {
        CHECK(std::string(error.what()).find("SECRET") == std::string::npos);
    }
}

TEST_CASE("plain http is for this machine, unless it is allowed", "[evm][http][config]") {
    const std::string near = GENERATE("http://localhost:8545", "http://127.0.0.1",
                                      "http://127.9.9.9/key", "http://[::1]:8545");
    CHECK_NOTHROW(make_http_transport(near, {}));
    const std::string far =
        GENERATE("http://rpc.example/key", "http://10.0.0.1", "http://128.0.0.1",
                 "http://localhost.example", "http://127.0.0.1.example", "http://[::2]");
    CHECK_THROWS_AS(make_http_transport(far, {}), core::ConfigError);
    CHECK_NOTHROW(make_http_transport(far, {.allow_plain_http = true}));
    CHECK_NOTHROW(make_http_transport("https://rpc.example/key", {}));
}

TEST_CASE("an endpoint is named by its host", "[evm][http][secrets]") {
    CHECK(endpoint_name("https://user:pass@rpc.example/v2/KEY?k=KEY#KEY") == "rpc.example");
    CHECK(endpoint_name("http://127.0.0.1:8545/KEY") == "127.0.0.1:8545");
    CHECK(endpoint_name("https://[2001:db8::1]:8443/KEY") == "[2001:db8::1]:8443");
    CHECK(endpoint_name("https://[2001:DB8::1]:443/KEY") == "[2001:db8::1]");
    CHECK(endpoint_name("https://RPC.Example.:443/KEY") == "rpc.example");
    CHECK(endpoint_name("http://127.0.0.1:80/KEY") == "127.0.0.1");
    CHECK(endpoint_name("http://127.0.0.1:443/KEY") == "127.0.0.1:443");
    CHECK(endpoint_name("KEY") == "endpoint");
    CHECK(endpoint_name("") == "endpoint");
}

}  // namespace margrave::chains::evm
