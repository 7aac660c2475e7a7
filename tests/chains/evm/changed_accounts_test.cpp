#include "chains/evm/changed_accounts.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "chains/evm/kept_answers.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/hex.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using Catch::Matchers::Contains;
using core::Address;

namespace {

Address account(std::uint32_t number) {
    Address::Raw raw{};
    raw.fill(0x77);
    for (std::size_t i = 0; i < 4; ++i) {
        raw.at(16 + i) = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
    }
    return Address(raw);
}

Block block_at(std::uint64_t number, std::uint64_t timestamp) {
    Block out{
        .number = core::BlockNumber(number), .hash = {}, .timestamp = core::Timestamp(timestamp)};
    out.hash.fill(static_cast<std::uint8_t>(number));
    return out;
}

KeptAnswers kept_of(std::uint32_t accounts, const Block& block) {
    KeptAnswers out;
    out.block = block;
    out.read_whole_at = block.timestamp;
    out.events_after = block.number;
    for (std::uint32_t i = 0; i < accounts; ++i) {
        out.of_accounts.push_back({.account = account(i), .question = {}, .data = {}});
    }
    return out;
}

std::string quantity(std::uint64_t value) { return fmt::format("{:#x}", value); }

/// A node that has blocks by number and the events that it is told of: an account's, at a block.
class LogNode final : public RpcTransport {
  public:
    std::uint64_t knows_through = 1'000;
    std::function<std::vector<Address>(std::size_t position)> named = [](std::size_t) {
        return std::vector<Address>{};
    };
    std::vector<RpcRequest> asked;
    std::uint64_t retries = 0;  ///< that a send takes

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> out;
        traffic_.retries += retries;
        for (const RpcRequest& request : requests) {
            asked.push_back(request);
            auto& replies = out.emplace_back();
            for (const RpcCall& call : request) {
                replies.push_back(call.method == "eth_getLogs" ? logs(call) : block(call));
            }
        }
        return out;
    }
    [[nodiscard]] RpcTraffic traffic() const override { return traffic_; }

  private:
    RpcTraffic traffic_;

    [[nodiscard]] RpcOutcome block(const RpcCall& call) const {
        const auto number = std::stoull(call.params.substr(call.params.find("0x")), nullptr, 16);
        if (number > knows_through) {
            return std::string("null");
        }
        return fmt::format(R"({{"number":"{}","hash":"{}","timestamp":"{}"}})", quantity(number),
                           core::to_hex(block_at(number, 0).hash), quantity(10 * number));
    }
    [[nodiscard]] RpcOutcome logs(const RpcCall& call) const {
        std::size_t position = 1;
        for (std::size_t at = call.params.find("null,"); at != std::string::npos;
             at = call.params.find("null,", at + 1)) {
            position += at != call.params.find("null,") ? 1 : 0;
        }
        std::string out = "[";
        std::uint64_t index = 0;
        for (const Address& one : named(position)) {
            const std::string hex = core::to_hex(one.raw()).substr(2);
            if (call.params.find(hex) == std::string::npos) {
                continue;
            }
            std::string topics = fmt::format(R"("0x{:064x}")", 1);
            for (std::size_t i = 1; i < position; ++i) {
                topics += fmt::format(R"(,"0x{:064x}")", 2);
            }
            topics += fmt::format(R"(,"0x{}{}")", std::string(24, '0'), hex);
            out += fmt::format(
                R"({}{{"address":"0x{}","topics":[{}],"data":"0x","blockNumber":"{}","blockHash":"{}","logIndex":"{}"}})",
                index == 0 ? "" : ",", std::string(40, '1'), topics, quantity(101),
                core::to_hex(block_at(101, 0).hash), quantity(index));
            ++index;
        }
        return out + "]";
    }
};

const Block kKept = block_at(100, 1'000);
const Block kHead = block_at(110, 1'100);

}  // namespace

TEST_CASE("kept answers may stand for an hour and some hundred blocks", "[refresh]") {
    const KeptAnswers kept = kept_of(1, kKept);
    CHECK(may_stand(kept, kHead));
    CHECK(may_stand(kept, kKept));
    CHECK_FALSE(may_stand(kept, block_at(99, 990)));
    CHECK(may_stand(kept, block_at(600, 1'001)));
    CHECK_FALSE(may_stand(kept, block_at(601, 1'001)));
    CHECK(may_stand(kept, block_at(101, 4'600)));
    CHECK_FALSE(may_stand(kept, block_at(101, 4'601)));
    // What stood on something older is as old as that.
    KeptAnswers chained = kept_of(1, kKept);
    chained.read_whole_at = core::Timestamp(500);
    CHECK(may_stand(chained, block_at(101, 4'100)));
    CHECK_FALSE(may_stand(chained, block_at(101, 4'101)));
}

TEST_CASE("events name accounts in any of three topics", "[refresh]") {
    for (const std::size_t where : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        LogNode node;
        node.named = [&](std::size_t position) {
            return position == where ? std::vector{account(2)} : std::vector<Address>{};
        };
        const Changes changes = changed_since(node, kept_of(4, kKept), kHead);
        CHECK_FALSE(changes.unknown_because);
        CHECK(changes.accounts == std::set<Address>{account(2)});
        CHECK(changes.requests == 1);
    }
}

TEST_CASE("at the same block nothing is asked but whether it still is", "[refresh]") {
    LogNode node;
    const Changes changes = changed_since(node, kept_of(4, kKept), kKept);
    CHECK_FALSE(changes.unknown_because);
    CHECK(changes.accounts.empty());
    REQUIRE(node.asked.size() == 1);
    CHECK(node.asked[0].size() == 2);
}

TEST_CASE("many accounts take several requests, each of which must know the block", "[refresh]") {
    constexpr std::uint32_t kMany = 21'001;
    LogNode node;
    const std::vector<Address> all{account(0), account(9'999), account(10'500), account(21'000)};
    node.named = [&](std::size_t position) { return position == 2 ? all : std::vector<Address>{}; };
    const Changes changes = changed_since(node, kept_of(kMany, kKept), kHead);
    CHECK_FALSE(changes.unknown_because);
    CHECK(changes.accounts == std::set<Address>(all.begin(), all.end()));
    CHECK(changes.requests == node.asked.size());
    REQUIRE(node.asked.size() == 3);
    std::size_t filters = 0;
    for (const RpcRequest& request : node.asked) {
        CHECK(request.front().method == "eth_getBlockByNumber");
        CHECK(request.size() <= 32);
        for (const RpcCall& call : request) {
            filters += call.method == "eth_getLogs" ? 1 : 0;
        }
    }
    CHECK(filters == 66);  // three for each thousand
}

TEST_CASE("where a block is unknown or another one, nobody knows who changed", "[refresh]") {
    LogNode node;
    node.knows_through = 109;
    const Changes lagging = changed_since(node, kept_of(4, kKept), kHead);
    REQUIRE(lagging.unknown_because);
    CHECK_THAT(*lagging.unknown_because, Contains("block 110 could not be read again"));
    Block gone = kKept;
    gone.hash.fill(0xee);
    node.knows_through = 1'000;
    const Changes reorganised = changed_since(node, kept_of(4, gone), kHead);
    REQUIRE(reorganised.unknown_because);
    CHECK_THAT(*reorganised.unknown_because, Contains("block 100 is another one now"));
}

TEST_CASE("a count of events at which endpoints cut is not believed", "[refresh]") {
    LogNode node;
    node.named = [](std::size_t position) {
        return std::vector<Address>(position == 1 ? 1'000 : 0, account(1));
    };
    const Changes cut = changed_since(node, kept_of(4, kKept), kHead);
    REQUIRE(cut.unknown_because);
    CHECK_THAT(*cut.unknown_because, Contains("cut short"));
    node.named = [](std::size_t position) {
        return std::vector<Address>(position == 1 ? 999 : 0, account(1));
    };
    CHECK_FALSE(changed_since(node, kept_of(4, kKept), kHead).unknown_because);
}

TEST_CASE("events that were asked for alone are not believed", "[refresh]") {
    // A retry sends what failed without the question for the block, perhaps to a node that lags.
    LogNode node;
    node.retries = 1;
    const Changes changes = changed_since(node, kept_of(4, kKept), kHead);
    REQUIRE(changes.unknown_because);
    CHECK_THAT(*changes.unknown_because, Contains("not answered beside the block"));
}

TEST_CASE("events of the last blocks are looked for again", "[refresh]") {
    LogNode node;
    KeptAnswers kept = kept_of(1, kKept);
    kept.events_after = core::BlockNumber(36);
    CHECK_FALSE(changed_since(node, kept, kHead).unknown_because);
    CHECK_THAT(node.asked[0].back().params, Contains(R"("fromBlock":"0x25")"));
    // At the same block, too.
    CHECK_FALSE(changed_since(node, kept, kKept).unknown_because);
    CHECK_THAT(node.asked[1].back().params, Contains(R"("fromBlock":"0x25","toBlock":"0x64")"));
}
