#include "chains/evm/shown_heads.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "chains/evm/head.hpp"

namespace margrave::chains::evm {
namespace {

constexpr LagLimits kLimits{.blocks = 5, .seconds = 60};

Block block(std::uint64_t number, std::uint64_t timestamp) {
    Block out;
    out.number = core::BlockNumber(number);
    out.timestamp = core::Timestamp(timestamp);
    return out;
}

Ballot ballot(const std::string& who, std::uint64_t number, char digit = 'a') {
    return make_ballot(who, block_by_tag("latest"),
                       fmt::format(R"({{"number":"{:#x}","hash":"0x{}","timestamp":"{:#x}"}})",
                                   number, std::string(64, digit), 12 * number));
}

Ballot silence(const std::string& who) {
    return make_ballot(who, block_by_tag("latest"), core::Unexpected(RpcError{}));
}

std::vector<std::uint64_t> numbers(const std::vector<ShownHead>& heads) {
    std::vector<std::uint64_t> out;
    for (const ShownHead& head : heads) {
        out.push_back(head.block.number.value());
    }
    return out;
}

bool agree(const std::vector<std::uint64_t>& at, std::size_t needed) {
    std::vector<ShownHead> heads;
    for (const std::uint64_t number : at) {
        heads.push_back({.ballot = heads.size(), .block = block(number, 12 * number)});
    }
    return agree_about(heads, needed, kLimits);
}

TEST_CASE("a lag is one of blocks and of time", "[evm][quorum][heads]") {
    CHECK_FALSE(lags(block(100, 1'000), block(105, 2'000), kLimits));
    CHECK_FALSE(lags(block(100, 1'000), block(200, 1'060), kLimits));
    CHECK(lags(block(100, 1'000), block(106, 1'061), kLimits));
    CHECK_FALSE(lags(block(106, 1'061), block(100, 1'000), kLimits));
}

TEST_CASE("endpoints of one name show one head, and who shows none has none",
          "[evm][quorum][heads]") {
    const auto heads = newest_of_each(
        std::vector{ballot("a", 7), silence("b"), ballot("c", 9), ballot("a", 8), ballot("c", 5)});
    CHECK(numbers(heads) == std::vector<std::uint64_t>{9, 8});
    CHECK(heads[0].ballot == 2);
    CHECK(heads[1].ballot == 3);
    CHECK(newest_of_each({}).empty());
}

TEST_CASE("one that is far ahead hides no agreement, and makes none", "[evm][quorum][heads]") {
    CHECK(agree({100, 99}, 2));
    CHECK(agree({1'000, 100, 99}, 2));
    CHECK_FALSE(agree({1'000, 100}, 2));
    CHECK(agree({1'000, 100, 99, 98}, 3));
    CHECK_FALSE(agree({1'000, 100, 99}, 3));
    CHECK(agree({100, 99, 1}, 2));
    CHECK_FALSE(agree({100, 1}, 2));
    CHECK(agree({100, 1}, 1));
}

TEST_CASE("no chain makes a million blocks in a second", "[evm][quorum][heads]") {
    CHECK(are_far(block(1'000'000, 1'000), block(100, 1'000), kLimits));
    CHECK(are_far(block(100, 1'000), block(1'000'000, 1'000), kLimits));
    CHECK_FALSE(are_far(block(900, 1'001), block(100, 1'000), kLimits));
    CHECK(are_far(block(100, 1'000), block(107, 1'084), kLimits));
}

TEST_CASE("blocks of one number and different hashes are a split", "[evm][quorum][heads]") {
    CHECK_FALSE(is_split(std::vector{ballot("a", 7), ballot("b", 7), ballot("c", 8, 'b')}));
    CHECK(is_split(std::vector{ballot("a", 7), silence("b"), ballot("c", 7, 'b')}));
}

}  // namespace
}  // namespace margrave::chains::evm
