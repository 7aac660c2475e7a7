#include "chains/evm/paced_transport.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <vector>

#include "chains/evm/retry_transport.hpp"
#include "tests/support/fake_clock.hpp"

namespace margrave::chains::evm {
namespace {

using namespace std::chrono_literals;
using core::ErrorKind;
using std::chrono::milliseconds;
using test::FakeClock;

/// Takes so many requests within each second, and refuses the others.
class Throttled final : public RpcTransport {
  public:
    Throttled(std::size_t& limit, FakeClock& clock, std::vector<std::size_t>& sent)
        : limit_(limit), clock_(clock), sent_(sent) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        sent_.push_back(requests.size());
        std::vector<std::vector<RpcOutcome>> out;
        for (const RpcRequest& request : requests) {
            std::erase_if(accepted_, [&](auto at) { return clock_.now() - at >= 1s; });
            const bool is_taken = accepted_.size() < limit_;
            if (is_taken) {
                accepted_.push_back(clock_.now());
            }
            out.emplace_back(request.size(), is_taken ? RpcOutcome("\"0x\"") : refused());
        }
        return out;
    }
    [[nodiscard]] RpcTraffic traffic() const override { return {}; }

  private:
    [[nodiscard]] static RpcOutcome refused() {
        return core::Unexpected(RpcError{
            .kind = ErrorKind::RateLimited, .source = "host", .message = "slow down", .data = ""});
    }

    std::size_t& limit_;
    FakeClock& clock_;
    std::vector<std::size_t>& sent_;
    std::vector<std::chrono::steady_clock::time_point> accepted_;
};

struct Bench {
    std::size_t limit = 5;
    FakeClock clock;
    std::vector<std::size_t> sent;

    [[nodiscard]] std::unique_ptr<RpcTransport> paced(milliseconds total = 60s) {
        return make_paced_transport(std::make_unique<Throttled>(limit, clock, sent), total, clock);
    }
    [[nodiscard]] static std::vector<RpcRequest> requests(std::size_t count) {
        return std::vector<RpcRequest>(count, {{.method = "eth_call", .params = "[]"}});
    }
    [[nodiscard]] static std::size_t answered(const std::vector<std::vector<RpcOutcome>>& all) {
        std::size_t out = 0;
        for (const auto& one : all) {
            out += one.at(0) ? 1U : 0U;
        }
        return out;
    }
};

}  // namespace

TEST_CASE("requests go out at once as long as none is refused", "[evm][pace]") {
    Bench bench;
    const auto transport = bench.paced();
    CHECK(Bench::answered(transport->send(Bench::requests(5))) == 5);
    CHECK(bench.sent == std::vector<std::size_t>{5});
    CHECK(bench.clock.sleeps.empty());
}

TEST_CASE("as many as an endpoint accepted go out within a second from then on", "[evm][pace]") {
    Bench bench;
    const auto transport = bench.paced();
    CHECK(Bench::answered(transport->send(Bench::requests(12))) == 5);
    const auto begin = bench.clock.now();
    CHECK(Bench::answered(transport->send(Bench::requests(12))) == 12);
    CHECK(bench.sent == std::vector<std::size_t>{12, 5, 5, 2});
    CHECK(bench.clock.now() - begin >= 2s);
    CHECK(bench.clock.now() - begin <= 3s);
}

TEST_CASE("forty requests through an endpoint that takes five a second need one retry",
          "[evm][pace][retry]") {
    Bench bench;
    const auto transport = make_retry_transport(bench.paced(), {}, bench.clock);
    CHECK(Bench::answered(transport->send(Bench::requests(40))) == 40);
    CHECK(transport->traffic().retries == 35);
    // Without a pace four attempts do not get there.
    Bench other;
    const auto plain = make_retry_transport(
        std::make_unique<Throttled>(other.limit, other.clock, other.sent), {}, other.clock);
    CHECK(Bench::answered(plain->send(Bench::requests(40))) < 40);
}

TEST_CASE("the pace follows the endpoint down and up", "[evm][pace]") {
    Bench bench;
    const auto transport = bench.paced(600s);
    static_cast<void>(transport->send(Bench::requests(12)));
    bench.limit = 1;
    CHECK(Bench::answered(transport->send(Bench::requests(20))) < 20);
    bench.sent.clear();
    CHECK(Bench::answered(transport->send(Bench::requests(4))) == 4);
    CHECK(bench.sent == std::vector<std::size_t>{1, 1, 1, 1});
    bench.limit = 5;
    bench.sent.clear();
    CHECK(Bench::answered(transport->send(Bench::requests(30))) == 30);
    const std::size_t most = *std::max_element(bench.sent.begin(), bench.sent.end());
    CHECK(most > 1);
    CHECK(most <= 5);
}

TEST_CASE("one request that is refused alone sets no pace", "[evm][pace]") {
    Bench bench;
    bench.limit = 0;
    const auto transport = bench.paced();
    CHECK(Bench::answered(transport->send(Bench::requests(1))) == 0);
    bench.limit = 5;
    CHECK(Bench::answered(transport->send(Bench::requests(5))) == 5);
    CHECK(bench.sent == std::vector<std::size_t>{1, 5});
}

TEST_CASE("what would take too long fails, and says why", "[evm][pace]") {
    Bench bench;
    const auto transport = bench.paced(3s);
    static_cast<void>(transport->send(Bench::requests(12)));
    const auto begin = bench.clock.now();
    const auto outcomes = transport->send(Bench::requests(100));
    CHECK(bench.clock.now() - begin <= 3s);
    CHECK(outcomes.size() == 100);
    CHECK(Bench::answered(outcomes) >= 5);
    CHECK(Bench::answered(outcomes) <= 15);
    CHECK(outcomes.back().at(0).error().kind == ErrorKind::RateLimited);
    CHECK_THAT(outcomes.back().at(0).error().message, Catch::Contains("5 requests at once"));
}

}  // namespace margrave::chains::evm
