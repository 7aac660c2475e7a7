#include "margin/oracle.hpp"

#include <catch2/catch.hpp>

namespace margrave::margin {
namespace {

using core::Timestamp;

TEST_CASE("a sequencer is up only when more than its grace period has passed", "[oracle][l2]") {
    const Sequencer sequencer{
        .feed = {}, .answer = 0, .started_at = Timestamp(1000), .grace_s = 3600};
    CHECK(sequencer.state(Timestamp(1000)) == SequencerState::Grace);
    CHECK(sequencer.state(Timestamp(4600)) == SequencerState::Grace);
    CHECK(sequencer.state(Timestamp(4601)) == SequencerState::Up);
}

TEST_CASE("a sequencer that is down is down, and a feed without a round says nothing",
          "[oracle][l2]") {
    const auto state = [](std::uint64_t answer, std::uint64_t since) {
        return Sequencer{.feed = {}, .answer = answer, .started_at = Timestamp(since), .grace_s = 0}
            .state(Timestamp(5000));
    };
    CHECK(state(1, 1000) == SequencerState::Down);
    CHECK(state(0, 0) == SequencerState::Invalid);
    CHECK(state(1, 0) == SequencerState::Invalid);
    CHECK(state(2, 1000) == SequencerState::Invalid);
    CHECK(state(0, 5001) == SequencerState::Invalid);
    CHECK(state(0, 4999) == SequencerState::Up);
}

TEST_CASE("every kind of source has one name, and it is read back", "[oracle]") {
    for (int i = 0; i <= static_cast<int>(OracleKind::MorphoChain); ++i) {
        const auto kind = static_cast<OracleKind>(i);
        CHECK(parse_oracle_kind(to_string(kind)) == kind);
    }
    CHECK_FALSE(parse_oracle_kind("twap"));
}

}  // namespace
}  // namespace margrave::margin
