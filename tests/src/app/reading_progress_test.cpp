#include "app/reading_progress.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using chains::evm::RpcOutcome;
using chains::evm::RpcRequest;

/// Answers nothing, after a while.
class SlowTransport final : public chains::evm::RpcTransport {
  public:
    explicit SlowTransport(std::chrono::milliseconds pause) : pause_(pause) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::this_thread::sleep_for(pause_);
        return std::vector<std::vector<RpcOutcome>>(requests.size());
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

  private:
    std::chrono::milliseconds pause_;
};

/// What is on stderr when two requests have taken so long each.
std::string told_of(std::chrono::milliseconds pause, bool quiet, bool is_terminal) {
    test::FakeWorld fake;
    fake.world.err_is_terminal = is_terminal;
    {
        ReadingProgress progress(fake.world, quiet);
        const auto transport = progress.watch("base", std::make_unique<SlowTransport>(pause));
        static_cast<void>(transport->send(std::vector<RpcRequest>(3)));
        static_cast<void>(transport->send(std::vector<RpcRequest>(1)));
    }
    return fake.err.str();
}

TEST_CASE("what is waited for is told after a second", "[app][progress]") {
    using std::chrono::milliseconds;
    CHECK(told_of(milliseconds(600), false, false) ==
          "margrave: reading for 1 s: 3 requests answered, waiting for base\n");
    CHECK(told_of(milliseconds(1), false, false).empty());
    CHECK(told_of(milliseconds(600), true, false).empty());
    const std::string drawn = told_of(milliseconds(600), false, true);
    CHECK_THAT(drawn, Contains("\r\x1b[Kreading for 1 s: 3 requests answered"));
    CHECK_THAT(drawn, Catch::EndsWith("\r\x1b[K"));  // gone when reading is over
}

}  // namespace
}  // namespace margrave::app
