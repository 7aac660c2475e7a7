#include "chains/evm/json_rpc.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <string>

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;

const RpcRequest kOneCall{{.method = "eth_call", .params = R"([{"to":"0x01"},"latest"])"}};
const RpcRequest kThreeCalls{{.method = "a", .params = "[1]"},
                             {.method = "b", .params = "[2]"},
                             {.method = "c", .params = "[3]"}};

std::vector<RpcOutcome> decode(const RpcRequest& request, const std::string& body,
                               int status = 200) {
    return decode_reply(request, 7, {.status = status, .body = body}, "host");
}

RpcOutcome decode_one(const std::string& body, int status = 200) {
    return decode(kOneCall, body, status).at(0);
}

/// The kind of a failure; a success is reported as a failed check.
ErrorKind kind_of(const RpcOutcome& outcome) {
    if (outcome) {
        FAIL_CHECK("unexpected value " << outcome.value());
        return ErrorKind::OutOfRange;
    }
    return outcome.error().kind;
}

RpcError error_of(const std::string& error) {
    const auto outcome = decode_one(R"({"jsonrpc":"2.0","id":7,"error":)" + error + "}");
    REQUIRE_FALSE(outcome);
    return outcome.error();
}

}  // namespace

TEST_CASE("one call travels as an object, several as a batch", "[evm][json_rpc]") {
    CHECK(encode_request(kOneCall, 7) ==
          R"({"jsonrpc":"2.0","id":7,"method":"eth_call","params":[{"to":"0x01"},"latest"]})");
    CHECK(encode_request({kThreeCalls[0], kThreeCalls[1]}, 9007199254740991) ==
          R"([{"jsonrpc":"2.0","id":9007199254740991,"method":"a","params":[1]},)"
          R"({"jsonrpc":"2.0","id":9007199254740992,"method":"b","params":[2]}])");
    CHECK_THROWS_AS(encode_request({}, 1), core::InvariantError);
}

TEST_CASE("a result is handed on as the text it came as", "[evm][json_rpc]") {
    CHECK(decode_one(R"({"jsonrpc":"2.0","id":7,"result":"0x01"})").value() == R"("0x01")");
    CHECK(decode_one(R"({"result" : { "number": "0x1" , "x":[1, 2] } , "id" : 7})").value() ==
          R"({ "number": "0x1" , "x":[1, 2] })");
    CHECK(decode_one(R"({"id":7,"result":null})").value() == "null");
    CHECK(decode_one(R"({"id":7,"result":null,"error":null})").value() == "null");
    CHECK(decode_one(R"({"id":7,"result":false,"error":null,"extra":[]})").value() == "false");
    CHECK(decode_one("\r\n{\"id\":7,\"result\":\"0x\"}\n").value() == R"("0x")");
}

TEST_CASE("revert data sent as a result stays a result: the reader knows better",
          "[evm][json_rpc]") {
    // Nodes exist that answer so (ethers-io/ethers.js#949).
    CHECK(decode_one(R"({"jsonrpc":"2.0","id":7,"result":"0x08c379a0"})").value() ==
          R"("0x08c379a0")");
}

TEST_CASE("a body that is not JSON-RPC is a bad reply with an excerpt", "[evm][json_rpc]") {
    const std::string body = GENERATE(
        "", " \n", "invalid host specified\n", "<html><head><title>hi</title></head></html>",
        "null", "7", R"("x")", "[]", "{}", R"({"id":7})", R"({"id":7,"result":"0x1)",
        "\xef\xbb\xbf{\"id\":7,\"result\":\"0x1\"}", R"({"id":7,"result":"0x1"}x)",
        R"({"id":7,"result":"0x1"}{"id":7,"result":"0x1"})", R"([{"id":7,"result":"0x1"}])",
        R"({"id":7,"result":"0x1","result":"0x2"})", R"({"id":7,"result":"0x1","re\u0073ult":1})",
        R"({"id":7,"id":7,"result":"0x1"})", R"({"id":7,"result":"0x1","error":{"code":1}})",
        R"({"id":7,"error":null})", R"({"id":7,"error":true,"errortext":"x"})",
        R"({"id":7,"error":7})", R"({"id":7,"error":[]})",
        R"({"id":7,"error":{"code":3,"code":4,"message":"execution reverted"}})",
        R"({"id":7,"error":{"code":3,"message":"a","message":"execution reverted"}})");
    CAPTURE(body);
    const auto outcome = decode_one(body);
    CHECK(kind_of(outcome) == ErrorKind::BadReply);
    CHECK(outcome.error().source == "host");
    CHECK(outcome.error().message.size() <= 200);
}

TEST_CASE("what an endpoint says is shortened and made printable", "[evm][json_rpc][hostile]") {
    const auto page = decode_one("<html>\x1b[31m\r\n" + std::string(100'000, 'x'));
    REQUIRE_FALSE(page);
    CHECK(page.error().message.starts_with("HTTP 200, body is not JSON-RPC: <html>?[31m??xxx"));
    CHECK(page.error().message.size() <= 200);
    const auto error = error_of(R"({"code":-32000,"message":"\u001b]0;owned\u0007"})");
    CHECK(error.message == "?]0;owned?");
}

TEST_CASE("a page of an intermediary is told by its status", "[evm][json_rpc]") {
    struct Row {
        int status;
        ErrorKind kind;
    };
    const auto row = GENERATE(values<Row>({{400, ErrorKind::ServerFault},
                                           {401, ErrorKind::Unauthorized},
                                           {402, ErrorKind::QuotaExceeded},
                                           {403, ErrorKind::Unauthorized},
                                           {404, ErrorKind::Unsupported},
                                           {413, ErrorKind::RequestTooLarge},
                                           {429, ErrorKind::RateLimited},
                                           {500, ErrorKind::ServerFault},
                                           {502, ErrorKind::ServerFault},
                                           {504, ErrorKind::ServerFault},
                                           {520, ErrorKind::ServerFault},
                                           {527, ErrorKind::ServerFault}}));
    CAPTURE(row.status);
    // Words in a page are not believed: an HTML page about a timeout or a revert is neither.
    CHECK(kind_of(decode_one("<html>504 Gateway Timeout, execution reverted</html>", row.status)) ==
          row.kind);
    // A CDN's challenge, which only a browser passes: Lissy93/web-check#268
    CHECK(kind_of(decode_one(R"(<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...)"
                             "</title>",
                             row.status)) == row.kind);
    CHECK(kind_of(decode_one("", row.status)) == row.kind);
    CHECK(kind_of(decode_one("execution reverted", row.status)) == row.kind);
    CHECK(kind_of(decode_one(R"({"message":"Forbidden"})", row.status)) == row.kind);
    CHECK(kind_of(decode_one(R"({"id":7,"result":"0x1"})", row.status)) == row.kind);
    for (const RpcOutcome& outcome : decode(kThreeCalls, "<html></html>", row.status)) {
        CHECK(kind_of(outcome) == row.kind);
    }
}

TEST_CASE("a limiter's plain text is a rate limit", "[evm][json_rpc]") {
    // The page of a CDN in front of an endpoint, with whatever status.
    CHECK(kind_of(decode_one("error code: 1015", 200)) == ErrorKind::RateLimited);
    CHECK(kind_of(decode_one("error code: 1015", 429)) == ErrorKind::RateLimited);
    CHECK(kind_of(decode_one("Too Many Requests", 503)) == ErrorKind::RateLimited);
}

TEST_CASE("an error without a message is told as that", "[evm][json_rpc]") {
    const auto* error = GENERATE(R"({"code":-32000})", R"({"code":-32000,"message":""})",
                                 R"({"code":-32000,"message":null})", R"("")", "{}");
    const auto outcome = decode_one(std::string(R"({"id":7,"error":)") + error + "}", 200);
    CHECK(kind_of(outcome) == ErrorKind::ServerFault);
    CHECK(outcome.error().message == "an error without a message");
}

TEST_CASE("a redirect is refused and not quoted", "[evm][json_rpc]") {
    const int status = GENERATE(301, 302, 307, 308);
    const auto outcome = decode_one(R"({"id":7,"result":"0x1"})", status);
    CHECK(kind_of(outcome) == ErrorKind::BadReply);
    CHECK(outcome.error().message.find("redirect") != std::string::npos);
}

TEST_CASE("an error object is read whatever the status", "[evm][json_rpc]") {
    const int status = GENERATE(200, 400, 500);
    const auto outcome = decode_one(
        R"({"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"execution reverted: no","data":"0x08c379a0"}})",
        status);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == ErrorKind::Reverted);
    CHECK(outcome.error().code == 3);
    CHECK(outcome.error().message == "execution reverted: no");
    CHECK(outcome.error().data == "0x08c379a0");
}

TEST_CASE("errors of odd shapes are understood", "[evm][json_rpc]") {
    CHECK(error_of(R"("rate limit exceeded")").kind == ErrorKind::RateLimited);
    CHECK(error_of(R"({"code":"-32005","message":"slow"})").kind == ErrorKind::RateLimited);
    CHECK(error_of(R"({"code":"-32005","message":"slow"})").code == -32005);
    CHECK(error_of(R"({"code":1e400,"message":"execution reverted"})").kind == ErrorKind::BadReply);
    CHECK(error_of(R"({"code":3.0,"message":"header not found"})").code == 0);
    CHECK(error_of(R"({"code":-32000,"message":null,"data":null})").kind == ErrorKind::ServerFault);
    CHECK(error_of(R"({"code":-32000,"message":7})").message == "an error without a message");
    CHECK(error_of("{}").kind == ErrorKind::ServerFault);
    CHECK(
        error_of(
            R"({"code":-32000,"message":"x","data":{"payload":"range 9 is bigger than range limit 2"}})")
            .kind == ErrorKind::RequestTooLarge);
}

TEST_CASE("revert data is found however it is wrapped", "[evm][json_rpc]") {
    const std::string data = GENERATE(
        R"("0x4e487b71")", R"("Reverted 0x4e487b71")", R"({"message":"x","data":"0x4e487b71"})",
        R"({"0xab12":{"error":"revert","return":"0x4e487b71"},"stack":"…"})",
        R"([[{"a":[1,null,{"b":"0x4e487b71"}]}],"0x11"])", R"(["0x123","0xzz","0x4e487b71"])");
    CAPTURE(data);
    CHECK(error_of(R"({"code":3,"message":"execution reverted","data":)" + data + "}").data ==
          "0x4e487b71");
}

TEST_CASE("a revert without data has none", "[evm][json_rpc]") {
    const std::string data =
        GENERATE(R"("0x")", R"("Reverted 0x")", R"("")", "null", "7", R"("reason")", "{}");
    CHECK(
        error_of(R"({"code":3,"message":"execution reverted","data":)" + data + "}").data.empty());
    CHECK(error_of(R"({"code":3,"message":"execution reverted"})").data.empty());
}

TEST_CASE("revert data is bounded", "[evm][json_rpc][hostile]") {
    const std::string fits = "0x" + std::string(131'070, 'a');
    CHECK(error_of(R"({"code":3,"message":"","data":")" + fits + "\"}").data == fits);
    CHECK(error_of(R"({"code":3,"message":"","data":")" + fits + "aa\"}").data.empty());
}

TEST_CASE("only an error of a call carries revert data", "[evm][json_rpc]") {
    CHECK(error_of(R"({"code":-32000,"message":"rate limit","data":"0x4e487b71"})").data.empty());
}

TEST_CASE("the ids decide which reply belongs to which call", "[evm][json_rpc][batch]") {
    const auto outcomes =
        decode(kThreeCalls,
               R"([{"id":9,"result":"c"},{"id":7,"result":"a"},{"id":8,"error":{"code":429}}])");
    CHECK(outcomes[0].value() == R"("a")");
    CHECK(kind_of(outcomes[1]) == ErrorKind::RateLimited);
    CHECK(outcomes[2].value() == R"("c")");
}

TEST_CASE("what a code means depends on the method of its own call", "[evm][json_rpc][batch]") {
    const RpcCall logs{.method = "eth_getLogs", .params = "[{}]"};
    const RpcRequest mixed{kOneCall[0], logs};
    const auto of_each = decode(mixed, R"([{"id":8,"error":{"code":-32005}},)"
                                       R"({"id":7,"error":{"code":-32005}}])");
    CHECK(kind_of(of_each[0]) == ErrorKind::RateLimited);
    CHECK(kind_of(of_each[1]) == ErrorKind::ReplyTooLarge);
    // One that names no call is of the method that all of them have.
    const std::string nobodys = R"({"id":null,"error":{"code":-32005}})";
    CHECK(kind_of(decode({logs}, nobodys)[0]) == ErrorKind::ReplyTooLarge);
    CHECK(kind_of(decode({logs, logs}, nobodys)[1]) == ErrorKind::ReplyTooLarge);
    CHECK(kind_of(decode(mixed, nobodys)[1]) == ErrorKind::RateLimited);
}

TEST_CASE("a missing id fails its own call", "[evm][json_rpc][batch]") {
    const auto outcomes = decode(kThreeCalls, R"([{"id":9,"result":"c"},{"id":7,"result":"a"}])");
    CHECK(outcomes[0].has_value());
    CHECK(kind_of(outcomes[1]) == ErrorKind::BadReply);
    CHECK(outcomes[2].has_value());
    CHECK(kind_of(decode(kThreeCalls, "[]")[2]) == ErrorKind::BadReply);
}

TEST_CASE("a duplicate or foreign id fails the whole request", "[evm][json_rpc][batch]") {
    const std::string id = GENERATE("8", "6", "10", "0", "-7", R"("7")", "7.0", "7e0", "07",
                                    "18446744073709551623", "true", "[7]", "{}");
    CAPTURE(id);
    for (const RpcOutcome& outcome :
         decode(kThreeCalls, R"([{"id":8,"result":"b"},{"id":9,"result":"c"},{"id":)" + id +
                                 R"(,"result":"a"}])")) {
        CHECK(kind_of(outcome) == ErrorKind::BadReply);
    }
    if (id != "8") {
        CHECK(kind_of(decode_one("{\"id\":" + id + R"(,"result":"a"})")) == ErrorKind::BadReply);
        CHECK(kind_of(decode_one("{\"id\":" + id + R"(,"error":{"code":3}})")) ==
              ErrorKind::BadReply);
    }
}

TEST_CASE("a result without an id fails the whole request", "[evm][json_rpc][batch]") {
    CHECK(kind_of(decode_one(R"({"result":"a"})")) == ErrorKind::BadReply);
    CHECK(kind_of(decode_one(R"({"id":null,"result":"a"})")) == ErrorKind::BadReply);
    CHECK(kind_of(decode(kThreeCalls, R"([{"id":7,"result":"a"},{"result":"b"}])")[0]) ==
          ErrorKind::BadReply);
}

TEST_CASE("an error that names no call belongs to all of them", "[evm][json_rpc][batch]") {
    // One object for a whole batch, as in erigontech/erigon#7090.
    const std::string id = GENERATE(R"("id":null,)", "", R"("id":7,)");
    const std::string error =
        R"({"jsonrpc":"2.0",)" + id +
        R"("error":{"code":-32000,"message":"batch limit 100 exceeded: 142 requests given"}})";
    for (const RpcOutcome& outcome : decode(kThreeCalls, error)) {
        CHECK(kind_of(outcome) == ErrorKind::RequestTooLarge);
        CHECK(outcome.error().code == -32000);
    }
    CHECK(kind_of(decode_one(error)) == ErrorKind::RequestTooLarge);
}

TEST_CASE("an error without id in a batch is for the calls without a reply",
          "[evm][json_rpc][batch]") {
    const auto outcomes =
        decode(kThreeCalls, R"([{"id":8,"result":"b"},{"id":null,"error":{"code":429}}])");
    CHECK(kind_of(outcomes[0]) == ErrorKind::RateLimited);
    CHECK(outcomes[1].has_value());
    CHECK(kind_of(outcomes[2]) == ErrorKind::RateLimited);
}

TEST_CASE("a revert that names no call is nobody's revert", "[evm][json_rpc][batch]") {
    const std::string error = R"({"id":null,"error":{"code":3,"message":"execution reverted"}})";
    CHECK(kind_of(decode_one(error)) == ErrorKind::BadReply);
    CHECK(kind_of(decode(kThreeCalls, error)[0]) == ErrorKind::BadReply);
    CHECK(kind_of(decode(kThreeCalls, "[" + error + "]")[2]) == ErrorKind::BadReply);
}

TEST_CASE("a batch is not answered by one result", "[evm][json_rpc][batch]") {
    CHECK(kind_of(decode(kThreeCalls, R"({"id":7,"result":"a"})")[0]) == ErrorKind::BadReply);
}

TEST_CASE("a flood of items is refused", "[evm][json_rpc][hostile]") {
    std::string flood = R"([{"id":null,"error":{"code":429}})";
    for (int i = 0; i < 100'000; ++i) {
        flood += R"(,{"id":null,"error":{"code":429}})";
    }
    CHECK(kind_of(decode(kThreeCalls, flood + "]")[0]) == ErrorKind::BadReply);
}

TEST_CASE("every combination of members is a value only when it is the right one",
          "[evm][json_rpc]") {
    const std::string id = GENERATE("", R"("id":null,)", R"("id":"7",)", R"("id":7,)");
    const std::string result = GENERATE("", R"("result":null,)", R"("result":"0x1",)");
    const std::string error =
        GENERATE("", R"("error":null,)", R"("error":7,)", R"("error":{"code":3},)");
    const std::string version =
        GENERATE(R"("x":1)", R"("jsonrpc":null)", R"("jsonrpc":7)", R"("jsonrpc":"2.0")");
    CAPTURE(id, result, error, version);
    const bool right =
        id == R"("id":7,)" && !result.empty() && (error.empty() || error == R"("error":null,)");
    CHECK(decode_one("{" + id + result + error + version + "}").has_value() == right);
}

TEST_CASE("a reply cut at any byte is never a value", "[evm][json_rpc][hostile]") {
    const std::string single =
        R"({"jsonrpc":"2.0","id":7,"result":{"number":"0x1b4","hash":"0xdc0818cf78f21a8e"}})";
    for (std::size_t bytes = 0; bytes < single.size(); ++bytes) {
        CHECK(kind_of(decode_one(single.substr(0, bytes))) == ErrorKind::BadReply);
    }
    const std::string batch =
        R"([{"jsonrpc":"2.0","id":7,"result":"0x1"},{"jsonrpc":"2.0","id":8,"error":{"code":3,"message":"execution reverted"}},{"id":9,"result":[1,2,3]}])";
    for (std::size_t bytes = 0; bytes < batch.size(); ++bytes) {
        for (const RpcOutcome& outcome : decode(kThreeCalls, batch.substr(0, bytes))) {
            CHECK(kind_of(outcome) == ErrorKind::BadReply);
        }
    }
    CHECK(decode_one(single).has_value());
    CHECK(decode(kThreeCalls, batch)[2].has_value());
}

TEST_CASE("a reply with changed bytes is refused or is still a whole reply",
          "[evm][json_rpc][hostile]") {
    const std::string sound =
        R"([{"jsonrpc":"2.0","id":7,"result":"0x1"},{"id":8,"error":{"code":3,"message":"execution reverted"}},{"id":9,"result":[1,{"a":2}]}])";
    std::mt19937 random(20'250'615);
    for (int round = 0; round < 20'000; ++round) {
        std::string body = sound;
        for (int changes = 0; changes < 2; ++changes) {
            body[random() % body.size()] = static_cast<char>(random() % 256);
        }
        for (const RpcOutcome& outcome : decode(kThreeCalls, body)) {
            // A value is JSON: it can stand in a reply again.
            if (outcome &&
                !decode_one(R"({"id":7,"result":)" + outcome.value() + "}").has_value()) {
                FAIL_CHECK("not JSON: " << outcome.value());
            }
        }
    }
}

}  // namespace margrave::chains::evm
