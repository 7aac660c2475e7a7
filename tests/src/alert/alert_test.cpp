#include "alert/alert.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/u256.hpp"

using namespace margrave;
using namespace margrave::alert;
using core::U256;
using core::Wad;

namespace {

/// Hundredths as 1e18.
Wad hundredths(std::uint64_t number) { return Wad(U256(number) * U256(10'000'000'000'000'000)); }

Value health(std::uint64_t number) {
    return {.number = hundredths(number), .is_known = true, .because = ""};
}
Value unread() { return {.number = std::nullopt, .is_known = false, .because = "HTTP 500"}; }
Value closed() { return {.number = std::nullopt, .is_known = true, .because = ""}; }

/// Below 1.10, clear at 1.15.
Rule a_rule() {
    Rule rule;
    rule.name = "health";
    rule.fires = hundredths(110);
    rule.clears = hundredths(115);
    rule.unknown_after_s = 300;
    return rule;
}

/// A block every 12 seconds.
Moment at_block(std::uint64_t block) {
    return {.block = block, .chain_s = 1'000 + 12 * block, .wall_s = 2'000 + 12 * block};
}

/// What a value at each of these blocks makes be told: "fire" and so on, "-" for nothing.
class Story {
  public:
    explicit Story(Rule rule) : rule_(std::move(rule)) {}
    std::string tell(const Value& value, std::uint64_t block, const Hush& hush = {}) {
        return tell(value, at_block(block), hush);
    }
    std::string tell(const Value& value, const Moment& at, const Hush& hush = {}) {
        step(rule_, value, at, state);
        return tell_at(at.wall_s, hush);
    }
    std::string tell_at(std::uint64_t wall_s, const Hush& hush = {}) {
        std::string out;
        for (const Transition& one : alert::tell(rule_, hush, wall_s, state)) {
            out += (out.empty() ? "" : " ") + std::string(to_string(one.kind));
        }
        return out.empty() ? "-" : out;
    }
    State state;

  private:
    Rule rule_;
};

}  // namespace

TEST_CASE("a rule fires once below its number and resolves at the other one", "[alert]") {
    Story story(a_rule());
    CHECK(story.tell(health(110), 1) == "-");  // at the number is not below it
    CHECK(story.tell(health(109), 2) == "fire");
    CHECK(story.tell(health(105), 3) == "-");
    CHECK(story.tell(health(112), 4) == "-");  // between the two: it still fires
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(health(115), 5) == "resolve");
    CHECK(story.tell(health(112), 6) == "-");  // between the two: it is still quiet
    CHECK(story.tell(health(109), 7) == "fire");
    CHECK(story.state.episode == 2);
    CHECK(story.state.sequence == 3);
    CHECK(story.state.fired.block == 7);
}

TEST_CASE("a rule may fire above a number", "[alert]") {
    Rule rule = a_rule();
    rule.fires_below = false;
    rule.fires = hundredths(0);
    rule.clears = hundredths(0);
    Story story(rule);
    CHECK(story.tell(health(0), 1) == "-");
    CHECK(story.tell(health(100), 2) == "fire");
    CHECK(story.tell(health(0), 3) == "resolve");
}

TEST_CASE("a condition must last for as many blocks and seconds as the rule says", "[alert]") {
    Rule rule = a_rule();
    rule.for_blocks = 3;
    Story blocks(rule);
    CHECK(blocks.tell(health(105), 1) == "-");
    CHECK(blocks.tell(health(105), 1) == "-");  // the same block again is no further one
    CHECK(blocks.tell(health(105), 2) == "-");
    CHECK(blocks.tell(health(105), 3) == "fire");

    rule.for_blocks = 1;
    rule.for_s = 24;
    Story seconds(rule);
    CHECK(seconds.tell(health(105), 1) == "-");
    CHECK(seconds.tell(health(105), 2) == "-");
    CHECK(seconds.tell(health(111), 3) == "-");  // not below: the wait begins anew
    CHECK(seconds.tell(health(105), 4) == "-");
    CHECK(seconds.tell(health(105), 5) == "-");
    CHECK(seconds.tell(health(105), 6) == "fire");
}

TEST_CASE("who can be liquidated already waits for nothing", "[alert]") {
    Rule rule = a_rule();
    rule.for_blocks = 100;
    rule.for_s = 3'600;
    Story story(rule);
    CHECK(story.tell(health(100), 1) == "-");  // at 1 nobody is liquidatable
    CHECK(story.tell(health(99), 2) == "fire");

    rule.quantity = Quantity::CollateralFall;  // of which 0.99 means nothing of the kind
    Story other(rule);
    CHECK(other.tell(health(99), 1) == "-");
}

TEST_CASE("it resolves only at depth, and only after its own time", "[alert]") {
    Rule rule = a_rule();
    rule.clear_blocks = 2;
    Story depth(rule);
    CHECK(depth.tell(health(105), 1) == "fire");
    CHECK(depth.tell(health(120), 2) == "-");
    CHECK(depth.state.phase == Phase::Recovering);
    CHECK(depth.tell(health(120), 3) == "-");
    CHECK(depth.tell(health(114), 4) == "-");  // not safe: it begins anew
    CHECK(depth.state.phase == Phase::Firing);
    CHECK(depth.tell(health(120), 5) == "-");
    CHECK(depth.tell(health(120), 6) == "-");
    CHECK(depth.tell(health(120), 7) == "resolve");

    rule.clear_blocks = 0;
    rule.clear_s = 13;
    Story time(rule);
    CHECK(time.tell(health(105), 1) == "fire");
    CHECK(time.tell(health(120), 2) == "-");
    CHECK(time.tell(health(120), 3) == "-");  // 12 seconds later
    CHECK(time.tell(health(120), 4) == "resolve");
}

TEST_CASE("not knowing never resolves, never counts and is told after its time", "[alert]") {
    Story story(a_rule());
    CHECK(story.tell(health(105), 1) == "fire");
    CHECK(story.tell(unread(), 2) == "-");
    CHECK(story.tell(unread(), 26) == "-");  // 288 s later
    CHECK(story.tell(unread(), 27) == "unknown");
    CHECK(story.tell(unread(), 90) == "-");
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(health(120), 91) == "known resolve");

    Story quiet(a_rule());
    CHECK(quiet.tell(unread(), 1) == "-");
    CHECK(quiet.tell(health(120), 2) == "-");  // nobody was told, so there is nothing to take back
    CHECK(quiet.tell(unread(), 3) == "-");
    CHECK(quiet.tell(unread(), 28) == "unknown");
    CHECK(quiet.tell(health(105), 29) == "known fire");

    Rule rule = a_rule();
    rule.for_blocks = 2;
    Story pending(rule);
    CHECK(pending.tell(health(105), 1) == "-");
    CHECK(pending.tell(unread(), 2) == "-");
    CHECK(pending.tell(health(105), 3) == "fire");  // the wait was not begun anew

    rule.clear_blocks = 2;
    rule.for_blocks = 1;
    Story recovering(rule);
    CHECK(recovering.tell(health(105), 1) == "fire");
    CHECK(recovering.tell(health(120), 2) == "-");
    CHECK(recovering.tell(unread(), 3) == "-");
    CHECK(recovering.tell(unread(), 9) == "-");
    CHECK(recovering.tell(health(120), 10) == "-");  // only one block is known to be safe
    CHECK(recovering.tell(health(120), 11) == "resolve");

    rule.for_s = 24;
    Story waiting(rule);
    CHECK(waiting.tell(health(105), 1) == "-");
    CHECK(waiting.tell(unread(), 2) == "-");
    CHECK(waiting.tell(health(105), 9) == "-");
    CHECK(waiting.tell(health(105), 10) == "-");
    CHECK(waiting.tell(health(105), 11) == "fire");
}

TEST_CASE("what is not known fires where what is known of it is enough, and never resolves",
          "[alert]") {
    Rule rule = a_rule();
    rule.quantity = Quantity::OracleDivergence;
    rule.fires_below = false;
    rule.fires = hundredths(2);
    rule.clears = hundredths(1);
    const auto at_least = [](std::uint64_t number) {
        Value out = unread();
        out.number = hundredths(number);
        out.about = "WETH";
        return out;
    };
    const Value enough = settled(rule, at_least(5));
    CHECK(enough.is_known);
    CHECK(enough.about == "WETH; or worse: HTTP 500");
    Story story(rule);
    CHECK(story.tell(settled(rule, at_least(5)), 1) == "fire");
    CHECK(story.tell(settled(rule, at_least(0)), 2) == "-");
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(settled(rule, at_least(0)), 100) == "unknown");
    CHECK(story.tell(settled(rule, health(0)), 101) == "known resolve");

    // A bound says nothing to who waits for the other side, and a cascade's is of the other side.
    rule.fires_below = true;
    CHECK_FALSE(settled(rule, at_least(0)).is_known);
    rule.quantity = Quantity::CascadeDistance;
    CHECK(settled(rule, at_least(0)).is_known);
    CHECK_FALSE(settled(rule, at_least(5)).is_known);
    CHECK_FALSE(settled(rule, unread()).is_known);
}

TEST_CASE("a clock that is set back does not keep blindness silent", "[alert]") {
    Story story(a_rule());
    Moment at = at_block(5);
    CHECK(story.tell(unread(), at) == "-");
    at.wall_s = 100;
    CHECK(story.tell(unread(), at) == "-");
    at.wall_s = 399;
    CHECK(story.tell(unread(), at) == "-");
    at.wall_s = 400;
    CHECK(story.tell(unread(), at) == "unknown");
}

TEST_CASE("what is silenced or inhibited is told when nothing holds it back, if it still is",
          "[alert]") {
    const Hush silenced{.is_silenced = true};
    const Hush inhibited{.is_inhibited = true};
    Story story(a_rule());
    CHECK(story.tell(health(105), 1, silenced) == "-");
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(health(104), 2, inhibited) == "-");
    CHECK(story.tell(health(103), 3) == "fire");
    CHECK(story.tell(health(120), 4, silenced) == "resolve");  // who was told of it hears its end

    Story over(a_rule());
    CHECK(over.tell(health(105), 1, silenced) == "-");
    CHECK(over.tell(health(120), 2, silenced) == "-");
    CHECK(over.tell(health(120), 3) == "-");  // it began and ended unheard
    CHECK(over.state.episode == 1);
}

TEST_CASE("a silence hides no blindness; another alert that says it all does", "[alert]") {
    Story story(a_rule());
    CHECK(story.tell(unread(), 1, {.is_silenced = true}) == "-");
    CHECK(story.tell(unread(), 30, {.is_silenced = true}) == "unknown");

    Story other(a_rule());
    CHECK(other.tell(unread(), 1, {.is_inhibited = true}) == "-");
    CHECK(other.tell(unread(), 30, {.is_inhibited = true}) == "-");
    CHECK(other.tell(unread(), 31) == "unknown");
    CHECK(other.tell(health(120), 32, {.is_inhibited = true}) == "known");
}

TEST_CASE("that it is known again is told of the episode in which it was not", "[alert]") {
    const Rule rule = a_rule();
    State state;
    const auto at = [&](const Value& value, std::uint64_t block) {
        step(rule, value, at_block(block), state);
        return tell(rule, {}, at_block(block).wall_s, state);
    };
    CHECK(at(health(105), 1).size() == 1);
    CHECK(at(health(120), 2).size() == 1);
    CHECK(at(unread(), 3).empty());
    CHECK(at(unread(), 30).front().episode == 1);
    const auto told = at(health(105), 31);
    REQUIRE(told.size() == 2);
    CHECK(told[0].kind == Kind::Known);
    CHECK(told[0].episode == 1);
    CHECK(told[1].kind == Kind::Fire);
    CHECK(told[1].episode == 2);
}

TEST_CASE("who does not acknowledge in time is not the last to be told", "[alert]") {
    Rule rule = a_rule();
    rule.escalate_after_s = 60;
    Story story(rule);
    CHECK(story.tell(health(105), 1) == "fire");
    const std::uint64_t told_s = at_block(1).wall_s;
    CHECK(story.tell_at(told_s + 59) == "-");
    CHECK(story.tell_at(told_s + 60, {.is_acknowledged = true}) == "-");
    CHECK(story.tell_at(told_s + 60) == "escalate");
    CHECK(story.tell_at(told_s + 1'000) == "-");  // once
    CHECK(story.tell(health(120), 2) == "resolve");
    CHECK(story.tell(health(105), 3) == "fire");
    CHECK(story.tell_at(at_block(3).wall_s + 60) == "escalate");  // a new episode, a new wait

    Story silenced(rule);  // the wait begins when it is told
    CHECK(silenced.tell(health(105), 1, {.is_silenced = true}) == "-");
    CHECK(silenced.tell_at(told_s + 100) == "fire");
    CHECK(silenced.tell_at(told_s + 159) == "-");
    CHECK(silenced.tell_at(told_s + 160) == "escalate");

    Story quiet(rule);  // for as long as it is silenced nobody else is woken, either
    CHECK(quiet.tell(health(105), 1) == "fire");
    CHECK(quiet.tell_at(told_s + 60, {.is_silenced = true}) == "-");
    CHECK(quiet.tell_at(told_s + 61, {.is_inhibited = true}) == "-");
    CHECK(quiet.tell_at(told_s + 62) == "escalate");

    Story set_back(rule);  // a clock that was set back begins the wait anew
    CHECK(set_back.tell(health(105), 1) == "fire");
    CHECK(set_back.tell_at(100) == "-");
    CHECK(set_back.tell_at(160) == "escalate");
}

TEST_CASE("what fires again and again is told so, and ends only after a calm", "[alert]") {
    Rule rule = a_rule();
    rule.flap_count = 3;
    rule.flap_window_s = 120;  // ten blocks
    Story story(rule);
    CHECK(story.tell(health(105), 1) == "fire");
    CHECK(story.tell(health(120), 2) == "resolve");
    CHECK(story.tell(health(105), 3) == "fire");
    CHECK(story.tell(health(120), 4) == "resolve");
    CHECK(story.tell(health(105), 5) == "flapping");
    CHECK(story.tell(health(120), 6) == "-");
    CHECK(story.tell(health(105), 7) == "-");
    CHECK(story.tell(health(120), 8) == "-");
    CHECK(story.tell(health(120), 17) == "-");  // 108 s of calm
    CHECK(story.tell(health(120), 18) == "resolve");
    CHECK(story.tell(health(105), 40) == "fire");  // long after that it is news

    rule.flap_count = 0;
    Story never(rule);
    for (std::uint64_t block = 1; block < 40; block += 2) {
        CHECK(never.tell(health(105), block) == "fire");
        CHECK(never.tell(health(120), block + 1) == "resolve");
    }
}

/// One that counts changes, and a value with so many, the newest of that block.
Rule changes_rule() {
    Rule rule = a_rule();
    rule.quantity = Quantity::ParameterChanges;
    rule.fires_below = false;
    rule.fires = rule.clears = whole(0);
    rule.flap_count = 0;
    return rule;
}
Value changes(std::uint64_t count, std::uint64_t newest) {
    Value out{.number = whole(count), .is_known = true, .because = ""};
    if (count > 0) {
        out.changes = {
            {.what = "fee", .was = "1", .is = "2", .block = newest, .chain_s = 12 * newest}};
    }
    return out;
}

TEST_CASE("a further change is told, too: the episode before it ends first", "[alert]") {
    Story story(changes_rule());
    CHECK(story.tell(changes(1, 1), 1) == "fire");
    CHECK(story.tell(changes(1, 1), 2) == "-");
    CHECK(story.tell(changes(3, 3), 3) == "resolve");
    CHECK(story.tell_at(at_block(3).wall_s) == "fire");
    CHECK(story.tell_at(at_block(3).wall_s) == "-");
    CHECK(story.state.episode == 2);
    CHECK(story.tell(changes(2, 3), 4) == "-");  // the first one is too long ago
    // As many as before, and another one is among them.
    CHECK(story.tell(changes(2, 5), 5) == "resolve");
    CHECK(story.tell_at(at_block(5).wall_s) == "fire");
    CHECK(story.tell(changes(0, 0), 6) == "resolve");
    CHECK(story.state.episode == 3);
    CHECK(story.tell(changes(1, 7), 7) == "fire");
}

TEST_CASE("the end of an episode that another one follows is told of the episode itself",
          "[alert]") {
    const Rule rule = changes_rule();
    State state;
    step(rule, changes(1, 1), at_block(1), state);
    CHECK(tell(rule, {}, 1, state).front().episode == 1);
    step(rule, changes(2, 2), at_block(2), state);
    state = restore_state(to_archive(state));  // whatever dies in between
    const auto end = tell(rule, {}, 2, state);
    REQUIRE(end.size() == 1);
    CHECK(end[0].kind == Kind::Resolve);
    CHECK(end[0].episode == 1);
    state = restore_state(to_archive(state));
    const auto begin = tell(rule, {}, 2, state);
    REQUIRE(begin.size() == 1);
    CHECK(begin[0].kind == Kind::Fire);
    CHECK(begin[0].episode == 2);
    CHECK(begin[0].sequence == 3);
}

TEST_CASE("a further change waits for the end of a silence, and for that alone", "[alert]") {
    const Hush silenced{.is_silenced = true};
    Story story(changes_rule());
    CHECK(story.tell(changes(1, 1), 1) == "fire");
    CHECK(story.tell(changes(2, 2), 2, silenced) == "-");
    CHECK(story.tell(changes(2, 2), 3) == "resolve");
    CHECK(story.tell(changes(2, 2), 4) == "fire");
    // What began and ended in a silence is not told; what was told ends as what it was.
    CHECK(story.tell(changes(3, 5), 5, silenced) == "-");
    CHECK(story.tell(changes(0, 0), 6, silenced) == "resolve");
    CHECK(story.tell(changes(0, 0), 7) == "-");
}

TEST_CASE("changes that come again and again are flapping, unless the rule says never", "[alert]") {
    Rule rule = changes_rule();
    rule.flap_count = 2;
    rule.flap_window_s = 120;
    Story story(rule);
    CHECK(story.tell(changes(1, 1), 1) == "fire");
    CHECK(story.tell(changes(2, 2), 2) == "resolve");
    CHECK(story.tell(changes(2, 2), 3) == "flapping");
    CHECK(story.tell(changes(3, 4), 4) == "-");
    Story never(changes_rule());
    CHECK(never.tell(changes(1, 1), 1) == "fire");
    for (std::uint64_t block = 2; block < 20; block += 2) {
        CHECK(never.tell(changes(block, block), block) == "resolve");
        CHECK(never.tell(changes(block, block), block + 1) == "fire");
    }
}

TEST_CASE("a change that a reorganisation puts into another block is told of that one", "[alert]") {
    Story story(changes_rule());
    CHECK(story.tell(changes(1, 5), 5) == "fire");
    undo_after(4, story.state);
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(changes(1, 5), 5) == "resolve");
    CHECK(story.tell(changes(1, 5), 6) == "fire");
    undo_after(4, story.state);
    CHECK(story.tell(changes(0, 0), 5) == "resolve");  // it never was
}

TEST_CASE("an account that is closed is safe", "[alert]") {
    Story story(a_rule());
    CHECK(story.tell(health(105), 1) == "fire");
    CHECK(story.tell(closed(), 2) == "resolve");
    CHECK_FALSE(story.state.last);
}

TEST_CASE("a reorganisation lets what waits wait anew, and takes nothing back", "[alert]") {
    Rule rule = a_rule();
    rule.for_blocks = 2;
    rule.clear_blocks = 2;
    Story story(rule);
    CHECK(story.tell(health(105), 10) == "-");
    undo_after(9, story.state);
    CHECK(story.state.phase == Phase::Quiet);
    CHECK(story.tell(health(105), 10) == "-");  // the other block 10
    undo_after(10, story.state);
    CHECK(story.state.phase == Phase::Pending);  // none of what it waits on is gone
    CHECK(story.tell(health(105), 11) == "fire");
    undo_after(10, story.state);
    CHECK(story.state.phase == Phase::Firing);
    CHECK(story.tell(health(120), 11) == "-");
    CHECK(story.state.phase == Phase::Recovering);
    undo_after(11, story.state);  // nothing that was seen is gone
    CHECK(story.state.phase == Phase::Recovering);
    undo_after(10, story.state);
    CHECK(story.state.phase == Phase::Firing);
}

TEST_CASE("what is not known behind a reorganisation counts for nothing, however young",
          "[alert]") {
    Rule rule = a_rule();
    rule.clear_blocks = 3;
    Story story(rule);
    CHECK(story.tell(health(105), 1) == "fire");
    CHECK(story.tell(health(120), 2) == "-");
    CHECK(story.tell(health(120), 4) == "-");
    undo_after(3, story.state);
    Moment at = at_block(4);
    at.chain_s -= 5;  // the other block 4 is younger than that one was
    CHECK(story.tell(unread(), at) == "-");
    at = at_block(5);
    at.chain_s -= 15;
    CHECK(story.tell(health(120), at) == "-");
    CHECK(story.state.phase == Phase::Recovering);
    CHECK(story.tell(health(120), 6) == "resolve");
}

TEST_CASE("what is not known on a branch that is left does not keep it from resolving", "[alert]") {
    Rule rule = a_rule();
    rule.clear_blocks = 2;
    Story story(rule);
    CHECK(story.tell(health(105), 9) == "fire");
    CHECK(story.tell(health(120), 10) == "-");
    // Not known, and known again an hour later, on a branch that does not last.
    CHECK(story.tell(unread(), 10) == "-");
    Moment later = at_block(11);
    later.chain_s += 3'600;
    CHECK(story.tell(health(120), later) == "-");
    undo_after(10, story.state);
    CHECK(story.tell(unread(), 10) == "-");
    CHECK(story.tell(health(120), 11) == "-");
    CHECK(story.tell(health(120), 12) == "resolve");
}

TEST_CASE("a state is the same after a restart at any point", "[alert][property]") {
    std::mt19937_64 random(20261126);
    for (int run = 0; run < 2'000; ++run) {
        Rule rule = a_rule();
        rule.for_blocks = 1 + random() % 3;
        rule.for_s = random() % 30;
        rule.clear_blocks = random() % 3;
        rule.clear_s = random() % 30;
        rule.unknown_after_s = random() % 60;
        rule.escalate_after_s = random() % 60;
        rule.flap_count = random() % 4;
        rule.flap_window_s = random() % 100;
        State kept;
        State restarted;
        std::uint64_t block = 1;
        int firing = 0;
        for (int i = 0; i < 40; ++i) {
            const std::uint64_t dice = random() % 10;
            Value value = dice == 0 ? unread() : dice == 1 ? closed() : health(95 + random() % 25);
            if (random() % 3 == 0) {  // as if the rule counted something
                value.changes = changes(1, 1 + random() % (block + 1)).changes;
            }
            if (random() % 12 == 0 && block > 4) {
                block -= 1 + random() % 3;
                undo_after(block, kept);
                undo_after(block, restarted);
            }
            block += random() % 2;
            const Hush hush{.is_silenced = random() % 4 == 0,
                            .is_inhibited = random() % 8 == 0,
                            .is_acknowledged = random() % 2 == 0};
            const Moment at = at_block(block);
            step(rule, value, at, kept);
            const auto told = tell(rule, hush, at.wall_s, kept);
            restarted = restore_state(to_archive(restarted));
            step(rule, value, at, restarted);
            const auto again = tell(rule, hush, at.wall_s, restarted);
            REQUIRE(told.size() == again.size());
            for (std::size_t n = 0; n < told.size(); ++n) {
                CHECK(told[n].kind == again[n].kind);
                CHECK(told[n].sequence == again[n].sequence);
                const bool is_begin = told[n].kind == Kind::Fire || told[n].kind == Kind::Flapping;
                firing += is_begin ? 1 : told[n].kind == Kind::Resolve ? -1 : 0;
            }
            // One fire, one resolve, nothing twice, and nothing kept back without a reason.
            const bool is_followed =
                !told.empty() && told.back().kind == Kind::Resolve && kept.fires_still();
            const bool may_be_quiet = hush.is_silenced || hush.is_inhibited || is_followed;
            REQUIRE((firing == (kept.fires_still() ? 1 : 0) || (firing == 0 && may_be_quiet)));
        }
    }
}

TEST_CASE("a state that was written before there was telling told whatever fired", "[alert]") {
    core::Archive archive;
    const core::Archive full = to_archive(State{});
    for (const char* name : {"since", "blocks", "episode", "sequence", "fired", "is_unknown_told",
                             "seen", "seen_any"}) {
        archive.set(name, full.at(name));
    }
    archive.set("phase", core::Archive("recovering"));
    Story story(a_rule());
    story.state = restore_state(archive);
    CHECK(story.state.is_fire_told);
    CHECK(story.tell(health(120), 5) == "resolve");
}

TEST_CASE("an alert that is forgotten is quiet, and what it tells later is something else",
          "[alert]") {
    Story story(a_rule());
    CHECK(story.tell(health(105), 1) == "fire");
    CHECK(story.tell(unread(), 2) == "-");
    forget(story.state);
    CHECK(story.state.phase == Phase::Quiet);
    CHECK_FALSE(story.state.unknown_since_s);
    CHECK(story.tell(health(105), 3) == "fire");
    CHECK(story.state.episode == 2);
    CHECK(story.state.sequence == 2);
}

TEST_CASE("a state that is none is refused", "[alert]") {
    core::Archive archive = to_archive(State{});
    archive.set("phase", core::Archive("asleep"));
    CHECK_THROWS_AS(restore_state(archive), core::InputError);
    CHECK_THROWS_AS(restore_state(core::Archive()), core::InputError);
}

TEST_CASE("what fired at a block that was lost is marked until it fires at one that stands",
          "[alert]") {
    Rule rule = a_rule();
    rule.clear_blocks = 2;
    Story story(rule);
    CHECK(story.tell(health(120), 9) == "-");
    CHECK(story.tell(health(100), 10) == "fire");
    CHECK_FALSE(story.state.is_fire_lost);
    undo_after(10, story.state);  // the block of the fire stands
    CHECK_FALSE(story.state.is_fire_lost);
    SECTION("and ends so, where it was never so on what stands") {
        undo_after(9, story.state);
        CHECK(story.state.is_fire_lost);
        const State kept = restore_state(to_archive(story.state));
        CHECK(kept.is_fire_lost);
        CHECK(story.tell(health(120), 10) == "-");
        CHECK(story.tell(health(120), 12) == "resolve");
        CHECK(story.state.is_fire_lost);
        CHECK(story.tell(health(100), 13) == "fire");
        CHECK_FALSE(story.state.is_fire_lost);
    }
    SECTION("and goes on, told once, from the block at which it is so") {
        undo_after(9, story.state);
        CHECK(story.tell(health(99), 11) == "-");
        CHECK_FALSE(story.state.is_fire_lost);
        CHECK(story.state.fired.block == 11);
        CHECK(story.state.episode == 1);
    }
}

TEST_CASE("what stands is what was told and has not ended", "[alert]") {
    const auto kinds = [](const std::vector<Transition>& all) {
        std::string out;
        for (const Transition& one : all) {
            out += std::string(to_string(one.kind)) + " ";
        }
        return out;
    };
    Story story(a_rule());
    CHECK(story.tell(health(100), 1, {.is_silenced = true}) == "-");
    CHECK(kinds(standing({}, story.state)).empty());  // nobody was told
    CHECK(story.tell(health(100), 2) == "fire");
    CHECK(kinds(standing({}, story.state)) == "fire ");
    CHECK(kinds(standing({.is_acknowledged = true}, story.state)).empty());
    CHECK(kinds(standing({.is_silenced = true}, story.state)).empty());
    CHECK(story.tell(unread(), 3) == "-");
    CHECK(story.tell(unread(), 60) == "unknown");
    CHECK(kinds(standing({}, story.state)) == "unknown fire ");
    CHECK(kinds(standing({.is_inhibited = true}, story.state)).empty());
}
