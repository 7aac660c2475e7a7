#include "app/delivery.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using channels::Delivery;
using channels::Message;
using Outcome = channels::Delivery::Outcome;

/// Answers as it was told to, one after the other, then takes everything.
class Receiver : public channels::Channel {
  public:
    explicit Receiver(std::deque<Delivery>& answers, std::vector<std::string>& seen)
        : answers_(answers), seen_(seen) {}
    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        seen_.push_back(message.key);
        if (answers_.empty()) {
            return {.outcome = Outcome::Delivered, .why = "", .retry_after_s = std::nullopt};
        }
        Delivery answer = answers_.front();
        answers_.pop_front();
        return answer;
    }

  private:
    std::deque<Delivery>& answers_;
    std::vector<std::string>& seen_;
};

struct Office {
    test::FakeWorld fake;
    World& world = fake.world;
    store::WatchFile file = store::WatchFile::in_memory();
    std::deque<Delivery> answers;
    std::vector<std::string> seen;
    Receiver receiver{answers, seen};
    Courier courier{world, file, "ops", receiver, WatchListener::nobody(), {"ops", "mail"}};
    std::uint64_t now_s = 0;

    Office() {
        world.wall_s = [this] { return now_s; };
    }
    void deliver_at(std::uint64_t second) {
        fake.clock.advance(std::chrono::seconds(second > now_s ? second - now_s : 0));
        now_s = second;
        courier.deliver([] { return false; });
    }
    /// Each of an alert of its own, or all of one.
    void queue(const std::vector<std::string>& keys, const std::string& channel = "ops",
               const std::string& alert = "", const std::string& body = "{}",
               bool is_urgent = false) {
        store::WatchFile::Evaluation evaluation{.chain = "devnet", .at = now_s};
        for (const std::string& key : keys) {
            evaluation.messages.push_back({.id = 0,
                                           .key = key,
                                           .alert = alert.empty() ? "alert of " + key : alert,
                                           .channel = channel,
                                           .body = body,
                                           .is_urgent = is_urgent,
                                           .created_at = 0,
                                           .attempts = 0});
        }
        file.write(evaluation);
    }
};

Delivery later(std::optional<std::uint64_t> retry_after_s = std::nullopt) {
    return {.outcome = Outcome::Later, .why = "HTTP 503", .retry_after_s = retry_after_s};
}

Delivery refused() {
    return {.outcome = Outcome::Refused, .why = "HTTP 404", .retry_after_s = std::nullopt};
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("messages are delivered once", "[delivery]") {
    Office office;
    office.queue({"a", "b"});
    office.deliver_at(100);
    office.deliver_at(101);
    CHECK(office.seen == Keys{"a", "b"});
    CHECK(office.file.waiting().empty());
    CHECK(office.fake.err.str().empty());
}

TEST_CASE("a receiver that fails is left alone until it is time, and then asked again",
          "[delivery]") {
    Office office;
    office.queue({"a", "b"});
    office.answers = {later(7)};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a"});  // "b" is not tried on a receiver that is down
    CHECK(office.fake.err.str().find("is tried again in 7 s: HTTP 503") != std::string::npos);
    office.deliver_at(106);
    CHECK(office.seen == Keys{"a"});
    office.deliver_at(107);
    CHECK(office.seen == Keys{"a", "a", "b"});
    CHECK(office.file.waiting().empty());
}

TEST_CASE("a clock that is set back makes nothing wait for years", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {later()};
    office.deliver_at(1'000'000);
    office.deliver_at(500);
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("a receiver is left alone for as long as it asks, a quarter of an hour at most",
          "[delivery]") {
    const auto asked = GENERATE(300U, 900U, 1'000'000U);
    const std::uint64_t rest_s = std::min(asked, 900U);
    Office office;
    office.queue({"a"});
    office.answers = {later(asked)};
    office.deliver_at(100);
    office.deliver_at(100 + rest_s - 1);
    CHECK(office.seen == Keys{"a"});
    office.deliver_at(100 + rest_s);
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("what a receiver asks for is measured by the clock that nobody sets", "[delivery]") {
    const std::uint64_t set_to = GENERATE(500U, 2'000'000U);
    Office office;
    office.queue({"a"});
    office.answers = {later(300)};
    office.deliver_at(1'000'000);
    office.now_s = set_to;
    office.fake.clock.advance(std::chrono::seconds(299));
    office.courier.deliver([] { return false; });
    CHECK(office.seen == Keys{"a"});
    office.fake.clock.advance(std::chrono::seconds(1));
    office.courier.deliver([] { return false; });
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("a watch that was started anew leaves a receiver alone for a minute of it",
          "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {later(300)};
    office.deliver_at(100);
    Courier anew(office.world, office.file, "ops", office.receiver);
    office.now_s = 159;
    anew.deliver([] { return false; });
    CHECK(office.seen == Keys{"a"});
    office.now_s = 160;
    anew.deliver([] { return false; });
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("what a receiver says is gone is kept apart and said", "[delivery]") {
    Office office;
    office.queue({"a", "b"});
    office.answers = {{.outcome = Outcome::Never, .why = "HTTP 410", .retry_after_s = {}}};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a", "b"});
    REQUIRE(office.file.dead().size() == 1);
    CHECK(office.file.dead()[0].last_error == "HTTP 410");
    CHECK(office.fake.err.str().find("a is given up: HTTP 410") != std::string::npos);
}

/// The message that the other channel waits for; "" where it waits for none.
std::string told_instead(Office& office) {
    const auto message = office.file.next("mail", 100'000);
    if (!message) {
        return "";
    }
    office.file.mark_sent(message->id, 100'000);
    return message->body;
}

TEST_CASE("what a channel gives up is told through the others", "[delivery]") {
    const Delivery gone{.outcome = Outcome::Never, .why = "HTTP 410", .retry_after_s = {}};
    const auto alert = [](const std::string& name, const std::string& others = "") {
        return R"({"alert":")" + name +
               R"(","sequence":1,"summary":"critical fire","kind":"fire")" + others + "}";
    };
    Office office;
    office.queue({"a"}, "ops", "a", alert("a"));
    office.answers = {gone};
    office.deliver_at(100);
    CHECK(told_instead(office) ==
          R"({"alert":"given_up ops a","sequence":1,)"
          R"("summary":"channel ops did not take this (HTTP 410): critical fire","kind":"fire",)"
          R"("given_up":{"channel":"ops","because":"HTTP 410"}})");
    CHECK(told_instead(office).empty());
    const auto give_up = [&](const std::string& name, const std::string& of_mail,
                             std::uint64_t second) {
        office.queue({name}, "ops", name, alert(name));
        if (!of_mail.empty()) {
            office.queue({name + " of mail"}, "mail", name + " of mail", of_mail);
        }
        office.answers = {gone};
        office.deliver_at(second);
        CHECK(told_instead(office) == of_mail);
        return told_instead(office);
    };
    // Within an hour that is enough of what they have anyway, also as a part of a group, ...
    CHECK(give_up("b", alert("b"), 200).empty());
    CHECK(give_up("c", alert("worse", R"(,"others":[{"alert":"c","sequence":1}])"), 3'000).empty());
    // ... but not of what nobody else is told, ...
    CHECK_FALSE(give_up("d", alert("dd"), 3'100).empty());
    CHECK_FALSE(give_up("e", R"({"alert":"e","sequence":1,"kind":"escalate"})", 3'200).empty());
    CHECK_FALSE(give_up("f", R"({"alert":"f","sequence":2,"kind":"fire"})", 3'300).empty());
    // ... and who is there is reminded.
    CHECK(give_up("g", alert("g"), 6'000).empty());
    CHECK_FALSE(give_up("h", alert("h"), 3'300 + 3'601).empty());
    CHECK(office.file.dead().size() == 8);
}

TEST_CASE("what is told in another channel's place, and given up as well, goes round no further",
          "[delivery]") {
    Office office;
    office.queue({"a"}, "ops", "a", R"({"given_up":{"channel":"mail"}})");
    office.answers = {{.outcome = Outcome::Never, .why = "HTTP 410", .retry_after_s = {}}};
    office.deliver_at(100);
    CHECK(office.file.dead().size() == 1);
    CHECK(told_instead(office).empty());
}

constexpr const char* kFire =
    R"({"alert":"a","sequence":1,"summary":"critical fire","kind":"fire"})";

TEST_CASE("an urgent message that waits for two minutes is told through the others, and tried on",
          "[delivery][late]") {
    Office office;
    office.queue({"a"}, "ops", "a", kFire, true);
    office.answers.assign(4, later());
    office.deliver_at(1);
    office.deliver_at(119);
    CHECK(told_instead(office).empty());
    office.deliver_at(180);
    CHECK(told_instead(office) ==
          R"({"alert":"late ops a","sequence":1,)"
          R"("summary":"channel ops had not taken this after 120 s (HTTP 503): critical fire",)"
          R"("kind":"fire","late":{"channel":"ops","because":"HTTP 503"}})");
    // Once, also where the watch is started anew.
    office.deliver_at(300);
    Courier anew(office.world, office.file, "ops", office.receiver, WatchListener::nobody(),
                 {"mail"});
    office.now_s = 400;
    anew.deliver([] { return false; });
    CHECK(told_instead(office).empty());
    CHECK(office.seen == Keys(5, "a"));
    CHECK(office.file.waiting().empty());
    CHECK(office.file.dead().empty());
}

TEST_CASE("another message has an hour", "[delivery][late]") {
    Office office;
    office.queue({"a"}, "ops", "a", kFire);
    office.answers.assign(3, later());
    office.deliver_at(1);
    office.deliver_at(3'599);
    CHECK(told_instead(office).empty());
    office.deliver_at(3'660);
    CHECK_FALSE(told_instead(office).empty());
}

TEST_CASE("what came after all is told to nobody as late", "[delivery][late]") {
    Office office;
    office.queue({"a"}, "ops", "a", kFire, true);
    // Nobody delivered while the watch was down: that is not the channel's fault.
    office.deliver_at(1'000);
    CHECK(told_instead(office).empty());
    office.queue({"b"}, "ops", "b", kFire, true);
    office.answers = {later(200)};
    office.deliver_at(1'001);
    office.deliver_at(1'121);
    REQUIRE(office.file.next("mail", 1'121));
    office.deliver_at(1'201);
    CHECK(told_instead(office).empty());
}

TEST_CASE("what another channel delivered is told as late once an hour", "[delivery][late]") {
    Office office;
    const auto wait = [&](const std::string& name, std::uint64_t from) {
        office.now_s = from;
        const std::string body = R"({"alert":")" + name + R"(","sequence":1,"kind":"fire"})";
        office.queue({name}, "ops", name, body, true);
        office.queue({name + " of mail"}, "mail", name, body, true);
        CHECK(told_instead(office) == body);
        office.answers = {later(900)};
        office.deliver_at(from);
        office.deliver_at(from + 120);
        return told_instead(office);
    };
    CHECK_FALSE(wait("a", 1'000).empty());  // somebody hears that the channel is dead
    office.deliver_at(2'000);
    CHECK(wait("b", 2'500).empty());
    office.deliver_at(4'000);
    CHECK_FALSE(wait("c", 4'800).empty());
}

TEST_CASE("what was told as late and is given up is told once more where nothing else is",
          "[delivery][late]") {
    const Delivery gone{.outcome = Outcome::Never, .why = "HTTP 410", .retry_after_s = {}};
    Office office;
    office.queue({"a"}, "ops", "a", kFire, true);
    office.queue({"b"}, "ops", "b", R"({"alert":"b","sequence":1,"kind":"fire"})", true);
    office.answers = {later(150), gone, gone};
    office.deliver_at(1);
    office.deliver_at(130);
    CHECK(told_instead(office).find(R"("late":)") != std::string::npos);
    CHECK(told_instead(office).find(R"("late":)") != std::string::npos);
    office.deliver_at(151);
    CHECK(told_instead(office).find(R"("given_up":)") != std::string::npos);
    CHECK(told_instead(office).empty());
    CHECK(office.file.dead().size() == 2);
}

TEST_CASE("what is told in another's place goes round no further when it is late",
          "[delivery][late]") {
    Office office;
    office.queue({"a"}, "ops", "a", R"({"late":{"channel":"mail"}})", true);
    office.answers.assign(2, later());
    office.deliver_at(1);
    office.deliver_at(200);
    CHECK(told_instead(office).empty());
}

TEST_CASE("what was given up and is to be tried again has its hour anew", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {refused(), refused(), refused()};
    office.deliver_at(100);
    office.deliver_at(3'701);
    REQUIRE(office.file.dead().size() == 1);
    office.file.mark_queued(office.file.dead()[0].id);
    office.deliver_at(3'702);
    CHECK(office.file.dead().empty());
    CHECK(office.file.next("ops", 3'702)->key == "a");
    office.deliver_at(3'800);
    CHECK(office.seen == Keys(4, "a"));
    CHECK_FALSE(office.file.next("ops", 3'800));
}

TEST_CASE("a refusal is believed after an hour", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {refused(), refused(), refused()};
    office.deliver_at(100);
    office.deliver_at(100 + 3600);
    CHECK(office.file.dead().empty());
    office.deliver_at(100 + 3700);
    CHECK(office.file.dead().size() == 1);
    CHECK(office.seen == Keys{"a", "a", "a"});
}

TEST_CASE("a message that is old for other reasons is not given up at its first refusal",
          "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {later(), refused()};
    office.deliver_at(100);
    office.deliver_at(10'000);  // the receiver was down for hours, and is being moved now
    CHECK(office.file.dead().empty());
    office.deliver_at(10'100);
    CHECK(office.file.waiting().empty());
    CHECK(office.file.dead().empty());
}

TEST_CASE("a clock that jumps ahead makes no refusal an hour old", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {refused(), refused()};
    office.deliver_at(100);
    office.now_s = 8'000;
    office.fake.clock.advance(std::chrono::seconds(60));
    office.courier.deliver([] { return false; });
    CHECK(office.file.dead().empty());
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("a refusal counts from the last other word", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {refused(), later(), refused(), refused()};
    office.deliver_at(100);
    office.deliver_at(2'000);
    office.deliver_at(3'800);  // 3700 s behind the first refusal, and the first of a new hour
    CHECK(office.file.dead().empty());
    office.deliver_at(3'800 + 3'700);
    CHECK(office.file.dead().size() == 1);
}

TEST_CASE("what is refused rests alone, and others go past it", "[delivery]") {
    Office office;
    office.queue({"a", "b"});
    office.answers = {refused()};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a", "b"});
    office.queue({"c"});
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a", "b", "c"});
    office.deliver_at(160);
    CHECK(office.seen == Keys{"a", "b", "c", "a"});
    CHECK(office.file.waiting().empty());
}

TEST_CASE("a receiver that refuses everything is not asked ever more often", "[delivery]") {
    Office office;
    std::vector<std::string> keys;
    for (char c = 'a'; c <= 'z'; ++c) {
        keys.emplace_back(1, c);
        office.answers.push_back(refused());
    }
    office.queue(keys);
    office.deliver_at(100);
    CHECK(office.seen.size() == Courier::kRestAloneMax + 1);
    office.deliver_at(100);
    CHECK(office.seen.size() == Courier::kRestAloneMax + 1);
    office.answers.clear();
    office.deliver_at(170);
    CHECK(office.file.waiting().empty());
}

TEST_CASE("what is refused is not passed by what its own alert tells next", "[delivery]") {
    Office office;
    office.queue({"a fire", "a resolve"}, "ops", "a");
    office.queue({"b"});
    office.answers = {refused()};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a fire", "b"});
    office.deliver_at(160);
    CHECK(office.seen == Keys{"a fire", "b", "a fire", "a resolve"});
}

TEST_CASE("a message that a receiver takes not yet, while it takes others, rests alone",
          "[delivery]") {
    Office office;
    office.queue({"a", "b"});
    office.answers = {{.outcome = Outcome::Later, .why = "not yet", .is_alone = true}, later(7)};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a", "b"});
    office.deliver_at(106);  // "b" has the channel rest
    CHECK(office.seen == Keys{"a", "b"});
    office.deliver_at(160);
    CHECK(office.seen == Keys{"a", "b", "a", "b"});
}

TEST_CASE("a receiver that asks for no rest is left alone for a second", "[delivery]") {
    Office office;
    office.queue({"a"});
    office.answers = {later(0)};
    office.deliver_at(100);
    CHECK(office.seen == Keys{"a"});
    CHECK(office.fake.err.str().find("is tried again in 1 s") != std::string::npos);
    office.deliver_at(101);
    CHECK(office.seen == Keys{"a", "a"});
}

TEST_CASE("waits grow to a minute and differ", "[delivery]") {
    std::set<std::uint64_t> waits;
    for (std::uint64_t attempt = 0; attempt < 100; ++attempt) {
        const std::uint64_t wait = retry_delay_s(attempt, "key");
        CHECK(wait >= 1);
        CHECK(wait <= 1 + std::min<std::uint64_t>(
                              60, std::uint64_t{1} << std::min<std::uint64_t>(attempt, 6)));
        waits.insert(wait);
    }
    CHECK(waits.size() > 20);
    CHECK(retry_delay_s(20, "key") == retry_delay_s(20, "key"));
}

}  // namespace margrave::app
