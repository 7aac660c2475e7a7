#include "core/errors.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "core/result.hpp"

using namespace margrave::core;

namespace {

std::vector<ErrorKind> all_kinds() {
    std::vector<ErrorKind> kinds;
    for (int i = 0; i <= static_cast<int>(ErrorKind::NoAgreement); ++i) {
        kinds.push_back(static_cast<ErrorKind>(i));
    }
    return kinds;
}

Result<int, std::string> half(int number) {
    if (number % 2 != 0) {
        return Unexpected(std::string("odd"));
    }
    return number / 2;
}

}  // namespace

TEST_CASE("every kind of error has a snake_case name of its own", "[core][errors]") {
    std::set<std::string_view> names;
    for (const ErrorKind kind : all_kinds()) {
        const std::string_view name = to_string(kind);
        CAPTURE(name);
        CHECK_FALSE(name.empty());
        CHECK(std::all_of(name.begin(), name.end(), [](char letter) {
            return (letter >= 'a' && letter <= 'z') || letter == '_';
        }));
        CHECK(names.insert(name).second);
    }
    CHECK(to_string(ErrorKind::RateLimited) == "rate_limited");
    CHECK(to_string(ErrorKind::OutOfRange) == "out_of_range");
}

TEST_CASE("a kind outside the list is a defect", "[core][errors]") {
    CHECK_THROWS_AS(to_string(static_cast<ErrorKind>(1000)), InvariantError);
}

TEST_CASE("a chain error says who, what kind and why", "[core][errors]") {
    const ChainError error(ErrorKind::Timeout, "rpc.example.org", "no reply within 5000 ms");
    CHECK(error.kind() == ErrorKind::Timeout);
    CHECK(error.source() == "rpc.example.org");
    CHECK(error.detail() == "no reply within 5000 ms");
    CHECK(std::string(error.what()) == "rpc.example.org: timeout: no reply within 5000 ms");
}

TEST_CASE("a chain error is harmless whatever the endpoint wrote", "[core][errors][hostile]") {
    const ChainError error(ErrorKind::Reverted, "pool\x1b[2J", "\x1b[31m" + std::string(5000, 'x'));
    CHECK(error.source() == "pool?[2J");
    CHECK(error.detail().substr(0, 6) == "?[31mx");
    CHECK(error.detail().size() == 1000);
    CHECK(std::string(error.what()).find('\x1b') == std::string::npos);
}

TEST_CASE("ensure throws with its reason only when the condition fails", "[core][errors]") {
    CHECK_NOTHROW(ensure(true, "holds"));
    CHECK_THROWS_WITH(ensure(false, "shares never exceed the supply"),
                      "shares never exceed the supply");
    CHECK_THROWS_AS(ensure(false, ""), InvariantError);
}

TEST_CASE("a result is a value or the reason why there is none", "[core][result]") {
    const auto four = half(8);
    REQUIRE(four.has_value());
    CHECK(static_cast<bool>(four));
    CHECK(four.value() == 4);
    CHECK(*four == 4);

    const auto none = half(7);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error() == "odd");
}

TEST_CASE("asking a result for the other half is a defect", "[core][result]") {
    CHECK_THROWS_AS(half(7).value(), InvariantError);
    CHECK_THROWS_AS(*half(7), InvariantError);
    CHECK_THROWS_AS(half(8).error(), InvariantError);
    auto result = half(7);
    CHECK_THROWS_AS(result.value() = 1, InvariantError);
}

TEST_CASE("a result tells a value from an error of the same type", "[core][result]") {
    const Result<std::string, std::string> good(std::string("text"));
    const Result<std::string, std::string> bad(Unexpected(std::string("text")));
    CHECK(good.has_value());
    CHECK_FALSE(bad.has_value());
}

TEST_CASE("a value that cannot be copied moves out of its result", "[core][result]") {
    Result<std::unique_ptr<int>, std::string> result(std::make_unique<int>(5));
    CHECK(**result == 5);
    const std::unique_ptr<int> taken = std::move(result).value();
    CHECK(*taken == 5);
}
