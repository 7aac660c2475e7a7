#include "core/time.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <string>

using namespace margrave::core;

TEST_CASE("chain time is shown in UTC", "[core][time]") {
    CHECK(format_utc(Timestamp(0)) == "1970-01-01 00:00:00 UTC");
    CHECK(format_utc(Timestamp(1'750'000'000)) == "2025-06-15 15:06:40 UTC");
    CHECK(format_utc(Timestamp(951'782'399)) == "2000-02-28 23:59:59 UTC");
    CHECK(format_utc(Timestamp(951'782'400)) == "2000-02-29 00:00:00 UTC");
    CHECK(format_utc(Timestamp(4'294'967'296)) == "2106-02-07 06:28:16 UTC");
}

TEST_CASE("a nonsense time of a contract is shown as its number", "[core][time][hostile]") {
    CHECK(format_utc(Timestamp(253'402'300'799)) == "9999-12-31 23:59:59 UTC");
    CHECK(format_utc(Timestamp(253'402'300'800)) == "second 253402300800 UTC");
    CHECK(format_utc(Timestamp(18'446'744'073'709'551'615ULL)) ==
          "second 18446744073709551615 UTC");
}

TEST_CASE("chain seconds, an instant and a date are read", "[core][time][parsing]") {
    CHECK(parse_time("1750000000") == Timestamp(1'750'000'000));
    CHECK(parse_time("0") == Timestamp(0));
    CHECK(parse_time("18446744073709551615") == Timestamp(18'446'744'073'709'551'615ULL));
    CHECK(parse_time("2025-06-15T15:06:40Z") == Timestamp(1'750'000'000));
    CHECK(parse_time("2025-06-15") == Timestamp(1'749'945'600));  // 1750000000 - 15:06:40
    CHECK(parse_time("1970-01-01") == Timestamp(0));
    CHECK(parse_time("9999-12-31T23:59:59Z") == Timestamp(253'402'300'799));
}

TEST_CASE("the 29th of February exists in leap years only", "[core][time][parsing]") {
    CHECK(parse_time("2024-02-29") == Timestamp(1'709'164'800));
    CHECK(parse_time("2000-02-29") == Timestamp(951'782'400));
    CHECK(parse_time("2023-02-29") == std::nullopt);
    CHECK(parse_time("2100-02-29") == std::nullopt);
}

TEST_CASE("dates and hours that do not exist are refused", "[core][time][parsing]") {
    const std::string text =
        GENERATE(as<std::string>{}, "2025-13-01", "2025-00-01", "2025-01-00", "2025-01-32",
                 "2025-04-31", "2025-06-15T24:00:00Z", "2025-06-15T23:60:00Z",
                 "2025-06-15T23:59:60Z", "1969-12-31", "1969-12-31T23:59:59Z", "0000-00-00");
    CAPTURE(text);
    CHECK(parse_time(text) == std::nullopt);
}

TEST_CASE("a time in another spelling is refused and not guessed", "[core][time][parsing]") {
    const std::string text = GENERATE(
        as<std::string>{}, "", " ", "now", "yesterday", "-1", "+1", "1.5", "1750000000s", "0x10",
        " 1750000000", "18446744073709551616", "2025-6-15", "2025/06/15", "15.06.2025",
        "2025-06-15 15:06:40", "2025-06-15T15:06:40", "2025-06-15T15:06:40z", "2025-06-15T15:06Z",
        "2025-06-15T15:06:40+02:00", "2025-06-15T15:06:40.5Z", "2025-06-15Z", "2025-06-15\n",
        "20x5-06-15", "2025-06-15T15:06:4 Z", "-025-06-15", "+025-06-15");
    CAPTURE(text);
    CHECK(parse_time(text) == std::nullopt);
}

TEST_CASE("a span is shown by its two largest units, rounded down", "[core][time]") {
    CHECK(format_duration(0) == "0s");
    CHECK(format_duration(45) == "45s");
    CHECK(format_duration(59) == "59s");
    CHECK(format_duration(60) == "1m");
    CHECK(format_duration(200) == "3m 20s");
    CHECK(format_duration(3'599) == "59m 59s");
    CHECK(format_duration(3'600) == "1h");
    CHECK(format_duration(7'500) == "2h 5m");
    CHECK(format_duration(7'559) == "2h 5m");
    CHECK(format_duration(86'399) == "23h 59m");
    CHECK(format_duration(273'600) == "3d 4h");
    CHECK(format_duration(86'400 + 3'599) == "1d");  // The minutes are the third unit.
    CHECK(format_duration(18'446'744'073'709'551'615ULL) == "213503982334601d 7h");
}

TEST_CASE("the machine's clock does not run backwards", "[core][time]") {
    Clock& clock = system_clock();
    const auto before = clock.now();
    clock.sleep_for(std::chrono::milliseconds(0));
    CHECK(clock.now() >= before);
}
