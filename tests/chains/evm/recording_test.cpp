#include "chains/evm/recording.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

namespace margrave::chains::evm {

namespace {

using Catch::Matchers::Contains;
using core::ErrorKind;

const RpcCall kRead{.method = "eth_call", .params = R"([{"to":"0x01","data":"0x02"},"0x7"])"};
const RpcCall kBlock{.method = "eth_getBlockByNumber", .params = R"(["0x7",false])"};
const RpcCall kRefused{.method = "eth_call", .params = R"([{"to":"0x03"},"0x7"])"};

RpcOutcome revert() {
    return core::Unexpected(RpcError{.kind = ErrorKind::Reverted,
                                     .source = "rpc.example",
                                     .code = 3,
                                     .message = "execution reverted: \"no\" \\ é",
                                     .data = "0x08c379a0"});
}

Recording sample() {
    Recording recording;
    recording.add(kRead, std::string(R"("0x01")"));
    recording.add(kBlock, std::string("{\"number\": \"0x7\",\n \"big\":18446744073709551615}"));
    recording.add(kRefused, revert());
    return recording;
}

class EchoTransport final : public RpcTransport {
  public:
    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> outcomes(requests.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            for (const RpcCall& call : requests[i]) {
                outcomes[i].push_back(call == kRefused ? revert() : RpcOutcome(call.params));
            }
        }
        return outcomes;
    }
    [[nodiscard]] RpcTraffic traffic() const override { return {.requests = 5}; }
};

std::string with_exchange(const std::string& exchange) {
    return R"({"format":"margrave.recording/1","exchanges":[)" + exchange + "]}";
}

}  // namespace

TEST_CASE("a recording is one exchange a line, in the order of its calls", "[evm][recording]") {
    CHECK(
        sample().to_json() ==
        "{\"format\":\"margrave.recording/1\",\"exchanges\":[\n"
        R"({"method":"eth_call","params":[{"to":"0x01","data":"0x02"},"0x7"],"result":"0x01"},)"
        "\n"
        R"({"method":"eth_call","params":[{"to":"0x03"},"0x7"],"error":{"kind":"reverted","code":3,)"
        R"("message":"execution reverted: \"no\" \\ é","data":"0x08c379a0"}},)"
        "\n"
        R"({"method":"eth_getBlockByNumber","params":["0x7",false],)"
        R"("result":{"number": "0x7",  "big":18446744073709551615}})"
        "\n]}\n");
    CHECK(Recording{}.to_json() == "{\"format\":\"margrave.recording/1\",\"exchanges\":[\n]}\n");
}

TEST_CASE("a recording names no endpoint", "[evm][recording][secrets]") {
    CHECK_THAT(sample().to_json(), !Contains("rpc.example"));
}

TEST_CASE("a recording read back answers as the node did", "[evm][recording]") {
    const std::string text = sample().to_json();
    const Recording recording = Recording::from_json(text);
    CHECK(recording.to_json() == text);
    REQUIRE(recording.find(kRead) != nullptr);
    CHECK(recording.find(kRead)->value() == R"("0x01")");
    REQUIRE(recording.find(kRefused) != nullptr);
    const RpcError& error = recording.find(kRefused)->error();
    CHECK(error.kind == ErrorKind::Reverted);
    CHECK(error.source == "recording");
    CHECK(error.code == 3);
    CHECK(error.message == "execution reverted: \"no\" \\ é");
    CHECK(error.data == "0x08c379a0");
}

TEST_CASE("every kind of error survives a recording", "[evm][recording]") {
    for (int i = 0; i <= static_cast<int>(ErrorKind::NoAgreement); ++i) {
        const auto kind = static_cast<ErrorKind>(i);
        Recording recording;
        recording.add(kRead, core::Unexpected(RpcError{
                                 .kind = kind, .source = "", .message = "\x01", .data = {}}));
        CHECK(Recording::from_json(recording.to_json()).find(kRead)->error().kind == kind);
    }
}

TEST_CASE("an answer is never replaced by a failure", "[evm][recording]") {
    Recording recording;
    recording.add(kRead, revert());
    recording.add(kRead, std::string("1"));
    recording.add(kRead, revert());
    CHECK(recording.find(kRead)->value() == "1");
    recording.add(kRead, std::string("2"));
    CHECK(recording.find(kRead)->value() == "2");
}

TEST_CASE("a replay answers as the recorded endpoint did and nothing else", "[evm][recording]") {
    Recording recording;
    const auto record = make_record_transport(std::make_unique<EchoTransport>(), recording);
    const auto live = record->send({{kRead, kRefused}, {kBlock}});
    CHECK(record->traffic().requests == 5);

    const auto replay = make_replay_transport(Recording::from_json(recording.to_json()));
    const RpcCall other{.method = "eth_call", .params = R"([{"to":"0x04"},"0x7"])"};
    const auto again = replay->send({{kBlock}, {other, kRead, kRefused}, {}});
    CHECK(again[0][0].value() == live[1][0].value());
    CHECK(again[1][0].error().kind == ErrorKind::NotRecorded);
    CHECK_THAT(again[1][0].error().message, Contains("eth_call") && Contains("0x04"));
    CHECK(again[1][1].value() == live[0][0].value());
    CHECK(again[1][2].error().kind == live[0][1].error().kind);
    CHECK(again[2].empty());
    CHECK(replay->traffic().requests == 0);
}

TEST_CASE("a text that is no recording is refused with a reason", "[evm][recording]") {
    struct Row {
        std::string text;
        std::string reason;
    };
    const std::string exchange = R"({"method":"a","params":[],"result":1})";
    const auto row = GENERATE_REF(values<Row>({
        {"", "not valid JSON"},
        {"[]", "not valid JSON"},
        {"{}", "the key \"format\" is missing"},
        {R"({"format":"margrave.recording/2","exchanges":[]})", "format is not"},
        {R"({"format":1,"exchanges":[]})", "a string is expected"},
        {R"({"format":"margrave.recording/1"})", "the key \"exchanges\" is missing"},
        {R"({"format":"margrave.recording/1","exchanges":{}})", "no list"},
        {R"({"format":"margrave.recording/1","exchanges":[],"x":1})", "unknown key \"x\""},
        {R"({"format":"margrave.recording/1","exchanges":[],"exchanges":[]})", "twice"},
        {with_exchange("7"), "exchange 1: not valid JSON, or no object"},
        {with_exchange("{}"), "\"params\" is missing"},
        {with_exchange(R"({"method":"a","params":{},"result":1})"), "\"params\" is no list"},
        {with_exchange(R"({"method":7,"params":[],"result":1})"), "a string is expected"},
        {with_exchange(R"({"method":"a","params":[]})"), "either"},
        {with_exchange(R"({"method":"a","params":[],"result":1,"error":{}})"), "either"},
        {with_exchange(R"({"method":"a","params":[],"result":1,"result":2})"), "twice"},
        {with_exchange(R"({"method":"a","params":[],"error":{}})"), "\"kind\" is missing"},
        {with_exchange(
             R"({"method":"a","params":[],"error":{"kind":"x","code":1,"message":"","data":""}})"),
         "unknown kind of error \"x\""},
        {with_exchange(
             R"({"method":"a","params":[],"error":{"kind":"timeout","code":"1","message":"","data":""}})"),
         "an integer is expected"},
        {with_exchange(exchange + "," + exchange), "twice"},
        {with_exchange(exchange) + "x", "not valid JSON"},
    }));
    CAPTURE(row.text);
    CHECK_THROWS_AS(Recording::from_json(row.text), core::InputError);
    CHECK_THROWS_WITH(Recording::from_json(row.text), Contains(row.reason));
}

TEST_CASE("a recording cut at any byte is refused", "[evm][recording][hostile]") {
    const std::string text = sample().to_json();
    for (std::size_t bytes = 0; bytes + 1 < text.size(); ++bytes) {  // the last one is a line break
        CHECK_THROWS_AS(Recording::from_json(text.substr(0, bytes)), core::InputError);
    }
    CHECK_NOTHROW(Recording::from_json(text));
}

TEST_CASE("a recorded message is made printable again", "[evm][recording][hostile]") {
    const Recording recording = Recording::from_json(with_exchange(
        R"({"method":"a","params":[],"error":{"kind":"timeout","code":0,"message":"\u001b[31m","data":""}})"));
    CHECK(recording.find({.method = "a", .params = "[]"})->error().message == "?[31m");
}

}  // namespace margrave::chains::evm
