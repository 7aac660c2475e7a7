#include "app/evaluated_blocks.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "core/hex.hpp"
#include "core/units.hpp"
#include "store/watch_file.hpp"

namespace margrave {
namespace {

using app::find_fork;
using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using store::WatchedBlock;

core::Hash hash_of(std::uint64_t number, std::uint8_t mind) {
    core::Hash out{};
    out.front() = mind;
    out.back() = static_cast<std::uint8_t>(number);
    return out;
}

/// An endpoint with nodes of several minds behind it, one for each answer to come; the last stays.
class Minds : public chains::evm::RpcTransport {
  public:
    explicit Minds(std::vector<std::uint8_t> minds) : minds_(std::move(minds)) {}

    std::vector<std::vector<RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> out;
        for (const auto& request : requests) {
            out.emplace_back();
            for (const RpcCall& call : request) {
                out.back().emplace_back(block(call));
            }
        }
        at_ += at_ + 1 < minds_.size() ? 1 : 0;
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

  private:
    [[nodiscard]] std::string block(const RpcCall& call) const {
        const std::uint64_t number = std::stoull(call.params.substr(2), nullptr, 16);
        return fmt::format(R"({{"hash":"{}","number":"0x{:x}","timestamp":"0x1"}})",
                           core::to_hex(hash_of(number, minds_[at_])), number);
    }
    std::vector<std::uint8_t> minds_;
    std::size_t at_ = 0;
};

/// Blocks 1 to 3 were evaluated, all of mind 0; the node has a head of that number.
std::optional<app::Fork> fork_seen(std::vector<std::uint8_t> minds, std::uint64_t head = 4) {
    auto file = store::WatchFile::in_memory();
    WatchedBlock last;
    for (std::uint64_t number = 1; number <= 3; ++number) {
        last = {.number = number, .hash = hash_of(number, 0), .timestamp = number};
        file.write({.chain = "devnet", .block = last, .at = number});
    }
    Minds minds_of(std::move(minds));
    return find_fork(minds_of, file, "devnet", last,
                     {.number = core::BlockNumber(head),
                      .hash = hash_of(head, 0),
                      .timestamp = core::Timestamp(head)});
}

TEST_CASE("a reorganisation is seen by the blocks that were evaluated", "[evaluated_blocks]") {
    CHECK_FALSE(fork_seen({0}));
    const auto all = fork_seen({1});
    REQUIRE(all);
    CHECK_FALSE(all->stands);
    CHECK(all->first_lost == 1);
    CHECK(all->lost == 3);
}

TEST_CASE("a node that lags proves a reorganisation only by what it has",
          "[evaluated_blocks][boundary]") {
    CHECK_FALSE(fork_seen({0}, 2));
    const auto fork = fork_seen({1}, 2);
    REQUIRE(fork);
    CHECK(fork->lost == 2);
    CHECK_FALSE(fork_seen({1}, 0));
}

TEST_CASE("an endpoint that takes back what it said of the last block has reorganised nothing",
          "[evaluated_blocks][boundary]") {
    CHECK_FALSE(fork_seen({1, 0}));
}

}  // namespace
}  // namespace margrave
