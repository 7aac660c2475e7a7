#include "app/chain_watch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/watch_config.hpp"
#include "chains/evm/rpc.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "store/sqlite.hpp"
#include "store/watch_snapshots.hpp"
#include "tests/support/simulated_chain.hpp"
#include "tests/support/simulated_daemon.hpp"
#include "tests/support/simulated_node.hpp"
#include "tests/support/simulated_time.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave {
namespace {

using nlohmann::json;

/// Everybody who owes is nearer than that.
constexpr const char* kRules = R"(
[[rules]]
name = "near"
watch = "liquidation_distance"
severity = "critical"
fire_below = "1000"
[[rules]]
name = "silence"
watch = "block_age"
severity = "critical"
fire_above = "2000"
[[channels]]
name = "ops"
kind = "webhook"
)";

/// An endpoint that can be cut off, at once or after so many sends.
class Cuttable : public chains::evm::RpcTransport {
  public:
    Cuttable(std::unique_ptr<chains::evm::RpcTransport> inner, std::optional<int>& left,
             bool& is_broken)
        : inner_(std::move(inner)), left_(left), is_broken_(is_broken) {}

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override {
        if (is_broken_ && requests.front().front().method == "eth_call") {
            throw core::InvariantError("what never happens");
        }
        if (!left_ || (*left_)-- > 0) {
            return inner_->send(requests);
        }
        std::vector<std::vector<chains::evm::RpcOutcome>> out;
        for (const auto& request : requests) {
            chains::evm::RpcError error;
            error.kind = core::ErrorKind::Unreachable;
            out.emplace_back(request.size(), core::Unexpected(error));
        }
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return inner_->traffic(); }

  private:
    std::unique_ptr<chains::evm::RpcTransport> inner_;
    std::optional<int>& left_;
    bool& is_broken_;  ///< a defect in whatever calls contracts
};

/// A watch of a simulated chain on which nothing goes wrong of itself.
class CalmWatch {
  public:
    /// Of the wallets from one on; `rule` is the one that there is.
    explicit CalmWatch(std::uint64_t far_every_s = 0, std::uint64_t seed = 1,
                       std::size_t first_wallet = 0, const std::string& rule = "near")
        : chain_(seed), node_(seed, chain_, time_) {
        plan_.settings.chains.at("devnet").far_every_s = far_every_s;
        chain_.calm_down();
        node_.calm_down();
        plan_.rules = app::make_rules(plan_.settings);
        std::erase_if(plan_.rules, [&](const auto& one) { return one.name != rule; });
        world_.wall_s = [this] { return test::SimulatedChain::kStartS + time_.now_ms() / 1'000; };
        plan_.report.at_risk_below = plan_.settings.at_risk_below;
        daemon_.emplace(world_, plan_, folder_.file("watch.db"),
                        std::vector<std::unique_ptr<channels::Channel>>{}, first_wallet);
    }

    /// A look at a head that is so many seconds younger; its number.
    std::uint64_t look_after(std::uint64_t seconds) {
        time_.advance_to(time_.now_ms() + 1'000 * seconds);
        chain_.advance_to(time_.now_ms());
        watch().look([] { return false; });
        INFO(err_.str());
        REQUIRE_FALSE(watch().is_blind());
        return daemon_->file().last_block("devnet")->number;
    }
    /// A look at a node that is gone.
    void look_blindly(std::uint64_t after_s = 0, int sends = 0) {
        time_.advance_to(time_.now_ms() + 1'000 * after_s);
        left_ = sends;
        watch().look([] { return false; });
        left_.reset();
        REQUIRE(watch().is_blind());
    }
    /// A look with a defect in what reads.
    void look_brokenly(std::uint64_t after_s) {
        time_.advance_to(time_.now_ms() + 1'000 * after_s);
        chain_.advance_to(time_.now_ms());
        is_broken_ = true;
        watch().look([] { return false; });
        is_broken_ = false;
    }
    /// As if the process had been killed, and started again.
    void start_again(std::size_t first_wallet = 0) {
        daemon_.reset();
        daemon_.emplace(world_, plan_, folder_.file("watch.db"),
                        std::vector<std::unique_ptr<channels::Channel>>{}, first_wallet);
    }
    [[nodiscard]] store::WatchFile& file() { return daemon_->file(); }
    /// Wallets with an account that may lose less than a quarter, or that nothing prices, by the
    /// chain's truth.
    [[nodiscard]] std::set<std::string> near() const {
        const core::U256 limit = core::wad() * core::U256(4) / core::U256(3);
        const auto& reverts = chain_.at(chain_.head()).oracle_reverts;
        const bool is_gap = reverts[0] || reverts[1];  // anybody's
        std::set<std::string> out;
        for (std::size_t wallet = 0; wallet < test::SimulatedBlock::kWallets; ++wallet) {
            for (std::size_t market = 0; market < test::SimulatedBlock::kMarkets; ++market) {
                const auto health = chain_.at(chain_.head()).health(wallet, market);
                if (is_gap || (health && *health < limit)) {
                    out.insert(test::SimulatedNode::wallet(wallet).to_string());
                }
            }
        }
        return out;
    }
    [[nodiscard]] std::uint64_t head_time() const {
        return chain_.at(chain_.head()).block.timestamp.value();
    }
    [[nodiscard]] std::string said() const { return err_.str(); }
    void reorganise(std::uint64_t depth) { chain_.reorganise(depth, time_.now_ms()); }
    [[nodiscard]] app::ChainWatch& watch() { return daemon_->watch(); }
    /// The blocks at which what waits was found.
    [[nodiscard]] std::vector<std::uint64_t> told_of() {
        std::vector<std::uint64_t> out;
        for (const auto& message : daemon_->file().waiting()) {
            const std::string number =
                json::parse(message.body).at("block").at("number").get<std::string>();
            out.push_back(std::stoull(number));
        }
        return out;
    }

  private:
    std::optional<int> left_;  ///< sends of an endpoint that is cut off
    bool is_broken_ = false;
    test::TemporaryFolder folder_;
    test::SimulatedTime time_;
    test::SimulatedChain chain_;
    test::SimulatedNode node_;
    std::ostringstream out_;
    std::ostringstream err_;
    std::istringstream in_;
    app::World world_{.out = out_,
                      .err = err_,
                      .in = in_,
                      .environment = [](const std::string&) { return std::nullopt; },
                      .clock = time_,
                      .open_endpoint =
                          [this](const std::string&, const chains::evm::HttpLimits&) {
                              return std::make_unique<Cuttable>(node_.connect(), left_, is_broken_);
                          }};
    app::WatchPlan plan_{.settings = node_.settings(kRules),
                         .rules = {},
                         .channels = {{.name = "ops"}},
                         .report = {}};
    std::optional<test::SimulatedDaemon> daemon_;
};

TEST_CASE("a whole report is told of as of its own block, however late it is", "[chain_watch]") {
    CalmWatch calm;
    const std::uint64_t first = calm.look_after(20);
    const std::uint64_t later = calm.look_after(3'000);
    REQUIRE(first < later);
    CHECK(calm.told_of().empty());
    CHECK(calm.watch().report_aside());
    CHECK_FALSE(calm.watch().report_aside());
    static_cast<void>(calm.look_after(20));
    const auto told = calm.told_of();
    REQUIRE_FALSE(told.empty());
    CHECK(std::count(told.begin(), told.end(), first) == std::ssize(told));
    // What was due meanwhile waits for no further block.
    CHECK(calm.watch().report_aside());
    CHECK_FALSE(calm.watch().report_aside());
}

TEST_CASE("a whole report of a block that was reorganised away is told to nobody",
          "[chain_watch]") {
    for (const bool is_made_before : {false, true}) {
        CalmWatch calm;
        static_cast<void>(calm.look_after(3'000));
        if (is_made_before) {
            CHECK(calm.watch().report_aside());
        }
        calm.reorganise(3);
        const std::uint64_t instead = calm.look_after(20);
        CHECK(calm.told_of().empty());
        CHECK(calm.watch().report_aside());  // of the block that stands
        calm.watch().take_what_came();
        const auto told = calm.told_of();
        REQUIRE_FALSE(told.empty());
        CHECK(std::count(told.begin(), told.end(), instead) == std::ssize(told));
    }
}

TEST_CASE("so is one that was in hand while the chain could not be read", "[chain_watch]") {
    CalmWatch calm;
    static_cast<void>(calm.look_after(3'000));
    calm.look_blindly();
    static_cast<void>(calm.look_after(20));  // read again: a further report is due, and one in hand
    calm.reorganise(3);
    const std::uint64_t instead = calm.look_after(20);
    CHECK(calm.watch().report_aside());
    calm.watch().take_what_came();
    const auto told = calm.told_of();
    REQUIRE_FALSE(told.empty());
    CHECK(std::count(told.begin(), told.end(), instead) == std::ssize(told));
}

TEST_CASE("wallets far from a liquidation are looked at so often, near ones with every block",
          "[chain_watch][pace]") {
    constexpr std::uint64_t kFarS = 1'500;
    constexpr std::uint64_t kBlockS = 5;  // no block of the chain comes sooner
    std::size_t near_alone = 0;
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
        CalmWatch calm(kFarS, seed);
        std::uint64_t head = 0;
        std::uint64_t last = 0;
        std::uint64_t all_at = 0;
        std::set<std::string> near;
        for (int look = 0; look < 1'500; ++look) {
            const std::uint64_t block = calm.look_after(kBlockS);
            const std::uint64_t time = calm.head_time();
            if (std::exchange(head, time) == time) {
                CHECK(block == last);  // no new one
                continue;
            }
            if (all_at == 0 || time - all_at >= kFarS) {
                CHECK(block != last);
                near = calm.near();
                all_at = time;
            } else if (near.empty()) {
                CHECK(block == last);
            } else {
                CHECK(block != last);
                const auto now = calm.near();  // of those who were near some may not be any more
                std::erase_if(near, [&](const auto& wallet) { return !now.contains(wallet); });
                ++near_alone;
            }
            const store::Schedule schedule =
                store::read_schedules(calm.file().database()).at("devnet");
            CHECK(schedule.wallets == 4);
            CHECK(std::set(schedule.near.begin(), schedule.near.end()) == near);
            last = block;
        }
    }
    CHECK(near_alone > 10);
}

TEST_CASE("blocks with which nobody has to be looked at are no silence", "[chain_watch][pace]") {
    constexpr std::uint64_t kFarS = 20'000;
    constexpr std::size_t kFar = 3;  // owes two fifths of what it may
    CalmWatch calm(kFarS, 1, kFar, "silence");
    const std::uint64_t first = calm.look_after(100);
    for (int look = 0; look < 190; ++look) {
        CHECK(calm.look_after(100) == first);
        CHECK(calm.told_of().empty());
    }
    // Nor is it one that all are due, and cannot be read at once: only heads come through.
    constexpr int kHeads = 2;
    calm.look_blindly(1'200, kHeads);
    CHECK(calm.told_of().empty());
    // Read anew it goes on at the head.
    const std::uint64_t later = calm.look_after(1);
    CHECK(later > first + 20);
    CHECK(calm.said().find("not evaluated") == std::string::npos);
    // It is one when none is seen any more.
    calm.look_blindly(2'200);
    CHECK(calm.told_of().size() == 1);
}

TEST_CASE("what had no look before a reorganisation gets none behind it", "[chain_watch][pace]") {
    constexpr std::uint64_t kFarS = 20'000;
    constexpr std::size_t kFar = 3;  // owes two fifths of what it may
    CalmWatch calm(kFarS, 1, kFar);
    const std::uint64_t first = calm.look_after(100);
    const std::uint64_t lost = calm.look_after(kFarS + 1'000);
    REQUIRE(lost > first + 20);
    calm.reorganise(3);
    const std::uint64_t instead = calm.look_after(20);
    CHECK(instead >= lost);
    for (const store::WatchedBlock& block : calm.file().blocks("devnet")) {
        CHECK((block.number <= first || block.number >= lost));
    }
    CHECK(calm.said().find("blocks " + std::to_string(lost) + " to " + std::to_string(lost)) !=
          std::string::npos);
}

TEST_CASE("after blindness or a reorganisation all are looked at", "[chain_watch][pace]") {
    const auto all_are_read = [](const std::function<void(CalmWatch&)>& happens) {
        constexpr std::uint64_t kFarS = 1'000'000;
        constexpr std::uint64_t kSomeBlocksS = 3'000;
        CalmWatch calm(kFarS);
        static_cast<void>(calm.look_after(kSomeBlocksS));
        CHECK(calm.watch().report_aside());
        static_cast<void>(calm.look_after(kSomeBlocksS));
        CHECK_FALSE(calm.watch().report_aside());  // it needs all of them
        happens(calm);
        static_cast<void>(calm.look_after(kSomeBlocksS));
        return calm.watch().report_aside();
    };
    CHECK_FALSE(all_are_read([](CalmWatch&) {}));
    CHECK(all_are_read([](CalmWatch& calm) { calm.look_blindly(); }));
    CHECK(all_are_read([](CalmWatch& calm) { calm.reorganise(3); }));
}

TEST_CASE("a defect in reading a chain blinds that chain, and ends nothing", "[chain_watch]") {
    CalmWatch calm;
    const std::uint64_t first = calm.look_after(100);
    calm.look_brokenly(3'000);
    CHECK(calm.watch().is_blind());
    CHECK(calm.said().find("a defect of margrave: what never happens") != std::string::npos);
    CHECK(calm.file().last_block("devnet")->number == first);
    CHECK(calm.look_after(1) > first);
}

TEST_CASE("a watch that was killed before it kept what it told of keeps that when it starts again",
          "[chain_watch]") {
    CalmWatch calm;
    static_cast<void>(calm.look_after(100));
    CHECK(calm.watch().report_aside());
    calm.watch().take_what_came();
    REQUIRE_FALSE(calm.told_of().empty());
    const auto last = calm.file().last_block("devnet");
    const std::string hash = core::to_hex(last->hash);
    REQUIRE(calm.told_of().back() == last->number);
    REQUIRE(store::has_snapshot(calm.file().database(), hash));
    store::Statement(calm.file().database(), "DELETE FROM snapshots").run();
    calm.start_again();
    REQUIRE_FALSE(store::has_snapshot(calm.file().database(), hash));
    SECTION("where that can be read") {}
    SECTION("also where a defect keeps it from that once, which ends nothing") {
        calm.look_brokenly(0);
        CHECK(calm.said().find("is lost") != std::string::npos);
        calm.start_again();
    }
    const std::size_t said = calm.said().size();
    static_cast<void>(calm.look_after(0));
    CHECK(store::has_snapshot(calm.file().database(), hash));
    CHECK(calm.said().find("is lost", said) == std::string::npos);
}

TEST_CASE("a block is passed over when it could not be read for a while, and no sooner",
          "[chain_watch]") {
    constexpr std::uint64_t kSomeBlocksS = 3'000;
    constexpr int kHeads = 2;  // more does not come through
    const auto is_passed_over = [](std::uint64_t every_s, int looks) {
        CalmWatch calm;
        const std::uint64_t first = calm.look_after(100);
        calm.look_blindly(kSomeBlocksS, kHeads);
        for (int look = 1; look < looks; ++look) {
            calm.look_blindly(every_s, kHeads);
        }
        const std::uint64_t last = calm.look_after(1);
        REQUIRE(last > first + 2);
        return calm.said().find("is not evaluated") != std::string::npos;
    };
    CHECK_FALSE(is_passed_over(1, 3));
    CHECK_FALSE(is_passed_over(60, 2));
    CHECK(is_passed_over(15, 3));
}

TEST_CASE("while a chain cannot be read nothing of it is told as known", "[chain_watch]") {
    CalmWatch calm;
    const std::uint64_t first = calm.look_after(3'000);
    CHECK(calm.watch().report_aside());
    calm.look_blindly();
    CHECK(calm.told_of().empty());
    static_cast<void>(calm.look_after(20));
    const auto told = calm.told_of();
    REQUIRE_FALSE(told.empty());
    CHECK(told.front() == first);
}

}  // namespace
}  // namespace margrave
