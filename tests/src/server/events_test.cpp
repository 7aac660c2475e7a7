#include "server/events.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "core/errors.hpp"

namespace margrave::server {
namespace {

struct Listener {
    int woken = 0;
    std::shared_ptr<Mailbox> box = std::make_shared<Mailbox>([this] { ++woken; });
};

}  // namespace

TEST_CASE("who listens gets every event from then on, in order", "[server][events]") {
    EventHub hub("7");
    Listener one;
    hub.tell("block", "{}");
    hub.listen(one.box, "");
    CHECK(one.box->take().empty());
    hub.tell("block", "{\"a\":1}");
    hub.tell("alert", "{\"b\":2}");
    CHECK(one.woken == 1);  // what is not fetched yet needs no second call
    CHECK(one.box->take() ==
          "id: 7-2\nevent: block\ndata: {\"a\":1}\n\nid: 7-3\nevent: alert\ndata: {\"b\":2}\n\n");
    hub.leave(one.box);
    hub.tell("block", "{}");
    CHECK(one.box->take().empty());
}

TEST_CASE("who comes back gets what was missed, or is told that something may be",
          "[server][events]") {
    EventHub hub("7");
    const auto first = [&](const std::string& last_event_id) {
        Listener listener;
        hub.listen(listener.box, last_event_id);
        hub.leave(listener.box);
        return listener.box->take();
    };
    CHECK(first("7-0").empty());
    hub.tell("block", "1");
    hub.tell("block", "2");
    CHECK(first("7-1") == "id: 7-2\nevent: block\ndata: 2\n\n");
    CHECK(first("7-2").empty());
    const std::string gap = "id: 7-2\nevent: gap\ndata: {}\n\n";
    for (const char* unknown : {"7-3", "6-1", "7-", "7", "7-1x", "-1", "nonsense"}) {
        INFO(unknown);
        CHECK(first(unknown) == gap);
    }
    for (std::size_t i = 0; i < EventHub::kKept; ++i) {
        hub.tell("block", "3");
    }
    CHECK_THAT(first("7-1"), Catch::Equals("id: 7-258\nevent: gap\ndata: {}\n\n"));
    CHECK_THAT(first("7-2"), Catch::StartsWith("id: 7-3\nevent: block\n"));
}

TEST_CASE("who has missed more than is held for one is told so, and can go on from there",
          "[server][events]") {
    EventHub hub("7");
    const std::string data(Mailbox::kBytesMax / 4, 'x');
    for (int i = 0; i < 5; ++i) {
        hub.tell("alert", data);
    }
    Listener late;
    hub.listen(late.box, "7-1");
    CHECK_FALSE(late.box->is_overrun());
    CHECK(late.box->take() == "id: 7-5\nevent: gap\ndata: {}\n\n");
    hub.tell("block", "{}");
    CHECK_THAT(late.box->take(), Catch::StartsWith("id: 7-6\n"));
}

TEST_CASE("who reads too slowly loses the events, and keeps no memory", "[server][events]") {
    EventHub hub("7");
    Listener slow;
    hub.listen(slow.box, "");
    const std::string data(Mailbox::kBytesMax / 4, 'x');
    for (int i = 0; i < 3; ++i) {
        hub.tell("block", data);
    }
    CHECK_FALSE(slow.box->is_overrun());
    hub.tell("block", data);
    CHECK(slow.box->is_overrun());
    CHECK(slow.box->take().empty());
}

TEST_CASE("an event of two lines would be two events", "[server][events]") {
    EventHub hub("7");
    CHECK_THROWS_AS(hub.tell("block", "{}\n\nevent: alert"), core::InvariantError);
}

}  // namespace margrave::server
