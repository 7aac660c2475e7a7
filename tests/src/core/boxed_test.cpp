#include "core/boxed.hpp"

#include <catch2/catch.hpp>
#include <string>

using margrave::core::Boxed;

TEST_CASE("a box holds a value of its own, or none", "[core][boxed]") {
    Boxed<std::string> box;
    CHECK_FALSE(box);
    CHECK(box.value_or("nothing") == "nothing");
    CHECK_FALSE(box == std::string());
    CHECK(std::optional<std::string>(box) == std::nullopt);
    box = std::string("first");
    REQUIRE(box.has_value());
    CHECK(box == std::string("first"));
    CHECK(box->size() == 5);
    CHECK(std::optional<std::string>(box) == "first");

    Boxed<std::string> copy = box;
    *copy = "second";
    CHECK(*box == "first");
    box = copy;
    CHECK(*box == "second");
    copy.reset();
    CHECK_FALSE(copy);
    CHECK(box.value_or("nothing") == "second");
    box = std::optional<std::string>();
    CHECK_FALSE(box);
    CHECK(sizeof(box) == sizeof(void*));
}
