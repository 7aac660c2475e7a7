#include "cascade/headline.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

/// Alone the second account falls at 1,280,000 / (800 * 0.83) = 1927.71 dollars, 3.6145 % down. The
/// first one falls at 1,650,000 / (1000 * 0.83) = 1987.95, 0.6025 % down, and its sale takes it
/// along.
State two_accounts() {
    return state_of(lending({{1000, 1'650'000}, {800, 1'280'000}}),
                    pair_at(kPair, whole(10'000), whole(20'000'000)));
}

TEST_CASE("an account falls at the price at which others' sales take it along", "[cascade]") {
    const State begin_state = two_accounts();
    const ExactEngine engine(begin_state, playbook(), begin());
    const Place own{.market = 0, .row = 1};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK(found.direction == Direction::Down);
    CHECK(found.naive_bps == 362);
    CHECK(found.cascade_bps == 61);
    REQUIRE(found.at_fall);
    CHECK(found.at_fall->round_of(own) == 2);
    // The first account's 850 ether or so move a pool of 10000 by some 16 %.
    REQUIRE(found.amplification);
    CHECK(*found.amplification > 20);
    CHECK_FALSE(found.non_monotone);
}

TEST_CASE("without a sale the adjusted price is the account's own", "[cascade]") {
    const State begin_state = two_accounts();
    Playbook book = playbook();
    book.selling = Selling::Keep;
    const ExactEngine engine(begin_state, book, begin());
    const Place own{.market = 0, .row = 1};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK(found.naive_bps == 362);
    CHECK(found.cascade_bps == 362);
    REQUIRE(found.amplification);
    CHECK(*found.amplification == Approx(1).epsilon(1e-6));
}

TEST_CASE("an account that is liquidatable today needs no move", "[cascade]") {
    const State begin_state =
        state_of(lending({{1000, 1'700'000}}), pair_at(kPair, whole(10'000), whole(20'000'000)));
    const ExactEngine engine(begin_state, playbook(), begin());
    Headlines headlines(engine, {{.market = 0, .row = 0}});
    const Headline found = headlines.find({.market = 0, .row = 0}, "ETH/USD");
    CHECK(found.naive_bps == 0);
    CHECK(found.cascade_bps == 0);
    CHECK_FALSE(found.amplification);
}

/// A pair of which only so much ether is known to be taken; dollars it takes without end.
class ShallowPair final : public margin::Venue {
  public:
    ShallowPair(std::unique_ptr<margin::Venue> pair, core::U256 most)
        : pair_(std::move(pair)), most_(std::move(most)) {}

    [[nodiscard]] const margin::VenueName& name() const override { return pair_->name(); }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override {
        return pair_->tokens();
    }
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override {
        return pair_->price(sell, buy);
    }
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override {
        const auto quote = pair_->quote(call);
        if (quote && call.sell == kEther && quote->sold > most_) {
            return core::Unexpected(margin::Refusal{.reason = "beyond_band", .detail = ""});
        }
        return pair_->swap(call);
    }
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<ShallowPair>(pair_->fork(), most_);
    }
    [[nodiscard]] core::Archive archive() const override { return {}; }

  private:
    std::unique_ptr<margin::Venue> pair_;
    core::U256 most_;
};

TEST_CASE("where a pool was read too little of, an account is unknown and not safe", "[cascade]") {
    // 2 % down take 101.5 ether of this pool, 1.5 % take 75.9; the account falls at 9.64 %.
    const State begin_state =
        state_of(lending({{1000, 1'500'000}}),
                 std::make_unique<ShallowPair>(pair_at(kPair, whole(10'000), whole(20'000'000), 0),
                                               whole(90)));
    const ExactEngine engine(begin_state, playbook(), begin());
    const Place own{.market = 0, .row = 0};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK_FALSE(found.naive_bps);
    CHECK_FALSE(found.cascade_bps);
    CHECK(found.unknown_from_bps == 200);
    const Outcome outcome = engine.run(move_of("ETH/USD", Direction::Down, 1'000));
    REQUIRE(outcome.unknown_because.size() == 1);
    CHECK_THAT(outcome.unknown_because[0], Catch::Contains("widen its band_bps"));
}

TEST_CASE("who fell before the part that is unknown has fallen", "[cascade]") {
    // The first account falls at 0.61 % and its 850 ether go beyond what was read: whether the
    // second follows is unknown, that the first falls is not.
    State begin_state = two_accounts();
    begin_state.venues[0] =
        std::make_unique<ShallowPair>(std::move(begin_state.venues[0]), whole(800));
    const ExactEngine engine(begin_state, playbook(), begin());
    const Place first{.market = 0, .row = 0};
    const Place second{.market = 0, .row = 1};
    Headlines headlines(engine, {first, second});
    CHECK(headlines.find(first, "ETH/USD").cascade_bps == 61);
    const Headline found = headlines.find(second, "ETH/USD");
    CHECK(found.naive_bps == 362);
    CHECK_FALSE(found.cascade_bps);
    CHECK(found.unknown_from_bps == 100);
}

/// A lending market that cannot say how its accounts are.
class SilentMarket final : public margin::Market {
  public:
    explicit SilentMarket(std::unique_ptr<margin::Market> market) : market_(std::move(market)) {}

    [[nodiscard]] margin::Health health(std::size_t row) const override {
        margin::Health out = market_->health(row);
        out.status = margin::Status::Unknown;
        out.health_factor = std::nullopt;
        out.unknown_because = "the price of ETH could not be read";
        return out;
    }
    [[nodiscard]] const margin::MarketName& name() const override { return market_->name(); }
    [[nodiscard]] std::string quote() const override { return market_->quote(); }
    [[nodiscard]] std::size_t account_count() const override { return market_->account_count(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override {
        return market_->wallet(row);
    }
    [[nodiscard]] bool is_active(std::size_t row) const override { return market_->is_active(row); }
    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override {
        return market_->legs(row);
    }
    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t) const override { return {}; }
    void fast_health_factors(std::vector<double>& out) const override {
        market_->fast_health_factors(out);
    }
    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override {
        return market_->prices();
    }
    [[nodiscard]] std::vector<margin::OracleAnswer> answers() const override {
        return market_->answers();
    }
    void set_answer(const core::Address& asset, const core::U256& answer) override {
        market_->set_answer(asset, answer);
    }
    [[nodiscard]] std::vector<margin::Missing> missing() const override { return {}; }
    [[nodiscard]] bool has_referee(std::size_t) const override { return false; }
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t) const override { return {}; }
    [[nodiscard]] core::Timestamp time() const override { return market_->time(); }
    void accrue(core::Timestamp to) override { market_->accrue(to); }
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override {
        return std::make_unique<SilentMarket>(market_->fork());
    }
    [[nodiscard]] core::Archive archive() const override { return {}; }

  private:
    std::unique_ptr<margin::Market> market_;
};

TEST_CASE("an account whose health is unknown is unknown at every move", "[cascade]") {
    const State begin_state = state_of(std::make_unique<SilentMarket>(lending({{1000, 1'500'000}})),
                                       pair_at(kPair, whole(10'000), whole(20'000'000)));
    const ExactEngine engine(begin_state, playbook(), begin());
    Headlines headlines(engine, {{.market = 0, .row = 0}});
    const Headline found = headlines.find({.market = 0, .row = 0}, "ETH/USD");
    CHECK_FALSE(found.naive_bps);
    CHECK_FALSE(found.cascade_bps);
    CHECK(found.unknown_from_bps == 0);
    CHECK(found.unknown_because == "the price of ETH could not be read");
}

TEST_CASE("a run that its rounds ran out of does not spare who has not fallen yet", "[cascade]") {
    const State begin_state = two_accounts();
    Playbook book = playbook();
    book.rounds_max = 1;  // the second account falls in the second round
    const ExactEngine engine(begin_state, book, begin());
    const Place own{.market = 0, .row = 1};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK(found.naive_bps == 362);
    CHECK_FALSE(found.cascade_bps);
    CHECK(found.unknown_from_bps == 100);
    CHECK_THAT(found.unknown_because, Catch::Contains("max_rounds"));
}

TEST_CASE("an account that no price of the factor reaches has no price", "[cascade]") {
    auto market = lending({{1000, 0}});
    const State begin_state =
        state_of(std::move(market), pair_at(kPair, whole(10'000), whole(20'000'000)));
    const ExactEngine engine(begin_state, playbook(), begin());
    Headlines headlines(engine, {{.market = 0, .row = 0}});
    const Headline found = headlines.find({.market = 0, .row = 0}, "ETH/USD");
    CHECK_FALSE(found.naive_bps);
    CHECK_FALSE(found.cascade_bps);
}

}  // namespace
}  // namespace margrave::cascade
