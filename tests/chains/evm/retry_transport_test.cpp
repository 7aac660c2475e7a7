#include "chains/evm/retry_transport.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_clock.hpp"

namespace margrave::chains::evm {

namespace {

using namespace std::chrono_literals;
using core::ErrorKind;
using test::FakeClock;

RpcCall call(const std::string& method) { return {.method = method, .params = "[]"}; }

RpcOutcome failure(ErrorKind kind,
                   std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
    return core::Unexpected(RpcError{.kind = kind,
                                     .source = "host",
                                     .message = "failed",
                                     .data = {},
                                     .retry_after = retry_after});
}

/// Asks a function what each call is answered with, and keeps what was sent.
class ScriptedTransport final : public RpcTransport {
  public:
    using Script = std::function<RpcOutcome(const RpcCall&, std::size_t attempt)>;
    ScriptedTransport(Script script, std::vector<std::vector<RpcRequest>>& sent)
        : script_(std::move(script)), sent_(sent) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        sent_.push_back(requests);
        std::vector<std::vector<RpcOutcome>> outcomes(requests.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            for (const RpcCall& sent_call : requests[i]) {
                outcomes[i].push_back(script_(sent_call, sent_.size()));
            }
        }
        return outcomes;
    }

    [[nodiscard]] RpcTraffic traffic() const override { return {.requests = sent_.size()}; }

  private:
    Script script_;
    std::vector<std::vector<RpcRequest>>& sent_;
};

/// A retry transport over a script, with everything that a test wants to look at.
struct Bench {
    explicit Bench(ScriptedTransport::Script script, const RetryPolicy& policy = {})
        : transport(make_retry_transport(
              std::make_unique<ScriptedTransport>(std::move(script), sent), policy, clock)) {}

    FakeClock clock;
    std::vector<std::vector<RpcRequest>> sent;
    std::unique_ptr<RpcTransport> transport;
};

}  // namespace

TEST_CASE("what may pass is retryable, what is an answer or a defect is not", "[evm][retry]") {
    const std::vector<ErrorKind> retryable{ErrorKind::Unreachable, ErrorKind::Timeout,
                                           ErrorKind::ServerFault, ErrorKind::RateLimited,
                                           ErrorKind::BadReply,    ErrorKind::MissingState};
    for (int i = 0; i <= static_cast<int>(ErrorKind::NoAgreement); ++i) {
        const auto kind = static_cast<ErrorKind>(i);
        CAPTURE(core::to_string(kind));
        const bool expected =
            std::find(retryable.begin(), retryable.end(), kind) != retryable.end();
        CHECK(is_retryable(kind) == expected);
        Bench bench([kind](const RpcCall&, std::size_t) { return failure(kind); });
        CHECK(bench.transport->send({{call("a")}})[0][0].error().kind == kind);
        CHECK(bench.sent.size() == (expected ? 4 : 1));
    }
}

TEST_CASE("only the failed calls are sent again", "[evm][retry]") {
    Bench bench([](const RpcCall& sent, std::size_t attempt) -> RpcOutcome {
        if (sent.method == "reverts") {
            return failure(ErrorKind::Reverted);
        }
        if (sent.method == "slow" && attempt < 3) {
            return failure(ErrorKind::Timeout);
        }
        return "\"" + sent.method + std::to_string(attempt) + "\"";
    });
    const auto outcomes = bench.transport->send(
        {{call("a")}, {call("b"), call("slow"), call("reverts")}, {}, {call("slow"), call("c")}});
    CHECK(outcomes[0][0].value() == "\"a1\"");
    CHECK(outcomes[1][0].value() == "\"b1\"");
    CHECK(outcomes[1][1].value() == "\"slow3\"");
    CHECK(outcomes[1][2].error().kind == ErrorKind::Reverted);
    CHECK(outcomes[2].empty());
    CHECK(outcomes[3][0].value() == "\"slow3\"");
    CHECK(outcomes[3][1].value() == "\"c1\"");

    REQUIRE(bench.sent.size() == 3);
    CHECK(bench.sent[1] == std::vector<RpcRequest>{{call("slow")}, {call("slow")}});
    CHECK(bench.sent[2] == bench.sent[1]);
    CHECK(bench.transport->traffic().retries == 4);
    CHECK(bench.transport->traffic().requests == 3);
}

TEST_CASE("success needs no wait", "[evm][retry]") {
    Bench bench([](const RpcCall&, std::size_t) -> RpcOutcome { return std::string("1"); });
    CHECK(bench.transport->send({{call("a")}})[0][0].has_value());
    CHECK(bench.clock.sleeps.empty());
    CHECK(bench.transport->traffic().retries == 0);
}

TEST_CASE("waits double up to their bound", "[evm][retry]") {
    Bench bench([](const RpcCall&, std::size_t) { return failure(ErrorKind::ServerFault); },
                {.attempts = 6, .first_delay = 200ms, .delay_max = 1s});
    static_cast<void>(bench.transport->send({{call("a")}}));
    CHECK(bench.clock.sleeps ==
          std::vector<std::chrono::milliseconds>{200ms, 400ms, 800ms, 1000ms, 1000ms});
}

TEST_CASE("a seed lengthens waits by up to a quarter", "[evm][retry][jitter]") {
    const std::vector<std::chrono::milliseconds> plain{200ms, 400ms, 800ms, 1000ms};
    const auto waits = [](std::uint64_t seed) {
        Bench bench([](const RpcCall&, std::size_t) { return failure(ErrorKind::ServerFault); },
                    {.attempts = 5, .first_delay = 200ms, .delay_max = 1s, .jitter_seed = seed});
        static_cast<void>(bench.transport->send({{call("a")}}));
        return bench.clock.sleeps;
    };
    std::set<std::vector<std::chrono::milliseconds>> seen;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto sleeps = waits(seed);
        REQUIRE(sleeps.size() == plain.size());
        for (std::size_t i = 0; i < plain.size(); ++i) {
            CHECK(sleeps[i] >= plain[i]);
            CHECK(sleeps[i] <= plain[i] + plain[i] / 4);
        }
        CHECK(sleeps == waits(seed));
        seen.insert(sleeps);
    }
    // Of 51 * 101 * 201 * 251 sequences two among twenty are hardly ever the same.
    CHECK(seen.size() == 20);
}

TEST_CASE("a seed never shortens what a Retry-After asks for", "[evm][retry][jitter]") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Bench bench([](const RpcCall&, std::size_t) { return failure(ErrorKind::RateLimited, 2s); },
                    {.attempts = 2, .first_delay = 200ms, .delay_max = 5s, .jitter_seed = seed});
        static_cast<void>(bench.transport->send({{call("a")}}));
        REQUIRE(bench.clock.sleeps.size() == 1);
        CHECK(bench.clock.sleeps[0] >= 2s);
        CHECK(bench.clock.sleeps[0] <= 2500ms);
    }
}

TEST_CASE("the longest Retry-After is honoured, up to the bound", "[evm][retry]") {
    Bench bench(
        [](const RpcCall& sent, std::size_t attempt) {
            if (attempt == 2) {
                return failure(ErrorKind::RateLimited, 24h);
            }
            return failure(ErrorKind::RateLimited, sent.method == "a" ? 1s : 2s);
        },
        {.attempts = 4, .first_delay = 200ms, .delay_max = 5s});
    static_cast<void>(bench.transport->send({{call("a"), call("b")}, {call("a")}}));
    CHECK(bench.clock.sleeps == std::vector<std::chrono::milliseconds>{2s, 5s, 2s});
}

TEST_CASE("a Retry-After shorter than the backoff does not shorten it", "[evm][retry]") {
    Bench bench([](const RpcCall&, std::size_t) { return failure(ErrorKind::RateLimited, 0ms); },
                {.attempts = 2, .first_delay = 200ms});
    static_cast<void>(bench.transport->send({{call("a")}}));
    CHECK(bench.clock.sleeps == std::vector<std::chrono::milliseconds>{200ms});
}

TEST_CASE("no attempt starts at or after the deadline", "[evm][retry]") {
    const RetryPolicy policy{
        .attempts = 9, .first_delay = 100ms, .delay_max = 100ms, .total_deadline = 1s};
    FakeClock* clock = nullptr;
    Bench bench(
        [&clock](const RpcCall&, std::size_t) {
            clock->advance(350ms);  // each attempt takes its time
            return failure(ErrorKind::Timeout);
        },
        policy);
    clock = &bench.clock;
    CHECK(bench.transport->send({{call("a")}})[0][0].error().kind == ErrorKind::Timeout);
    CHECK(bench.sent.size() == 3);  // at 0, 450 and 900 ms; the next would start at 1350
    SECTION("each send() has a deadline of its own") {
        static_cast<void>(bench.transport->send({{call("a")}}));
        CHECK(bench.sent.size() == 6);
    }
}

TEST_CASE("one attempt means none again", "[evm][retry]") {
    const unsigned attempts = GENERATE(0U, 1U);
    Bench bench([](const RpcCall&, std::size_t) { return failure(ErrorKind::Timeout); },
                {.attempts = attempts});
    static_cast<void>(bench.transport->send({{call("a")}}));
    CHECK(bench.sent.size() == 1);
}

TEST_CASE("the last failure is the one that is told", "[evm][retry]") {
    Bench bench([](const RpcCall&, std::size_t attempt) {
        return failure(attempt == 1 ? ErrorKind::Timeout : ErrorKind::Reverted);
    });
    CHECK(bench.transport->send({{call("a")}})[0][0].error().kind == ErrorKind::Reverted);
    CHECK(bench.sent.size() == 2);
}

}  // namespace margrave::chains::evm
