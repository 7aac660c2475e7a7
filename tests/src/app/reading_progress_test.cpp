#include "app/reading_progress.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <ostream>
#include <streambuf>
#include <string>

#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using chains::evm::RpcOutcome;
using chains::evm::RpcRequest;
using std::chrono::milliseconds;

/// What is written, for a thread that waits for it.
class Awaited final : public std::streambuf {
  public:
    void wait_for_something() {
        std::unique_lock lock(mutex_);
        written_.wait_for(lock, std::chrono::seconds(30), [&] { return !text_.empty(); });
    }
    [[nodiscard]] std::string text() {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  protected:
    std::streamsize xsputn(const char* text, std::streamsize size) override {
        const std::lock_guard lock(mutex_);
        text_.append(text, static_cast<std::size_t>(size));
        written_.notify_all();
        return size;
    }
    int overflow(int character) override {
        const char one = static_cast<char>(character);
        xsputn(&one, 1);
        return character;
    }

  private:
    std::mutex mutex_;
    std::condition_variable written_;
    std::string text_;
};

/// Answers a single request only when something was told.
class SlowTransport final : public chains::evm::RpcTransport {
  public:
    explicit SlowTransport(Awaited& told, bool waits) : told_(told), waits_(waits) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        if (waits_ && requests.size() == 1) {
            told_.wait_for_something();
        }
        return std::vector<std::vector<RpcOutcome>>(requests.size());
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

  private:
    Awaited& told_;
    bool waits_;
};

struct Case {
    milliseconds silent{1};
    bool waits = true;
    bool quiet = false;
    bool is_terminal = false;
};

/// What is on stderr when three requests were answered and another one is waited for.
std::string told_of(const Case& which) {
    test::FakeWorld fake;
    Awaited told;
    std::ostream err(&told);
    World world{.out = fake.out,
                .err = err,
                .in = fake.in,
                .environment = fake.world.environment,
                .clock = fake.clock,
                .open_endpoint = {},
                .err_is_terminal = which.is_terminal};
    {
        ReadingProgress progress(world, which.quiet,
                                 {.silent = which.silent, .draw = milliseconds(600'000)});
        const auto transport =
            progress.watch("base", std::make_unique<SlowTransport>(told, which.waits));
        static_cast<void>(transport->send(std::vector<RpcRequest>(3)));
        static_cast<void>(transport->send(std::vector<RpcRequest>(1)));
    }
    return told.text();
}

TEST_CASE("what is waited for is told after a while", "[app][progress]") {
    CHECK(told_of({}) == "margrave: reading for 0 s: 3 requests answered, waiting for base\n");
    const std::string drawn = told_of({.is_terminal = true});
    CHECK_THAT(drawn, Contains("\r\x1b[Kreading for 0 s: 3 requests answered"));
    CHECK_THAT(drawn, Catch::EndsWith("\r\x1b[K"));  // gone when reading is over
}

TEST_CASE("what is read at once, or quietly, is not told", "[app][progress]") {
    CHECK(told_of({.silent = milliseconds(600'000), .waits = false}).empty());
    CHECK(told_of({.waits = false, .quiet = true}).empty());
}

}  // namespace
}  // namespace margrave::app
