#include "app/finality_watch.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using Lags = std::vector<std::optional<std::uint64_t>>;

class Heard : public WatchListener {
  public:
    void saw_final(const std::string& /*chain*/, std::optional<std::uint64_t> lag) override {
        lags.push_back(lag);
    }
    Lags lags;
};

/// A node of chain 1 with block 1000, of which so many are final; none: it knows no such thing.
test::FakeEndpoint::Answer node(std::optional<std::uint64_t> final) {
    return [final](const RpcCall& call) -> RpcOutcome {
        if (call.method == "eth_chainId") {
            return std::string(R"("0x1")");
        }
        const bool is_final = call.params.find("finalized") != std::string::npos;
        if (is_final && !final) {
            return std::string("null");
        }
        return fmt::format(R"({{"hash":"0x{:064x}","number":"0x{:x}","timestamp":"0x1"}})", 7,
                           is_final ? *final : 1'000);
    };
}

settings::Chain chain(std::vector<std::string> urls) {
    settings::Chain out;
    out.name = "ethereum";
    out.chain_id = core::ChainId(1);
    out.rpc = std::move(urls);
    return out;
}

}  // namespace

TEST_CASE("what is not final is asked once a minute", "[finality]") {
    test::FakeWorld fake;
    fake.endpoints["https://a.example"] = node(936);
    Heard heard;
    FinalityWatch watch(fake.world, heard);
    watch.add(chain({"https://a.example"}), {});
    const auto look = [&] { watch.look([] { return false; }); };
    look();
    look();
    CHECK(heard.lags == Lags{64});
    fake.clock.sleep_for(FinalityWatch::kEvery);
    look();
    CHECK(heard.lags == Lags{64, 64});
    fake.clock.sleep_for(FinalityWatch::kEvery);
    watch.look([] { return true; });
    CHECK(heard.lags.size() == 2);
}

TEST_CASE("an endpoint that does not say leaves it to the next one, and it is unknown meanwhile",
          "[finality][failover]") {
    test::FakeWorld fake;
    fake.endpoints["https://a.example"] = node(std::nullopt);
    fake.endpoints["https://b.example"] = node(1'001);  // ahead by a block that came in between
    Heard heard;
    FinalityWatch watch(fake.world, heard);
    watch.add(chain({"https://a.example", "https://gone.example", "https://b.example"}),
              {.timeout = std::chrono::seconds(1), .quorum = std::nullopt});
    for (int minute = 0; minute < 4; ++minute) {
        watch.look([] { return false; });
        fake.clock.sleep_for(FinalityWatch::kEvery);
    }
    CHECK(heard.lags == Lags{std::nullopt, std::nullopt, 0, 0});
}

}  // namespace margrave::app
