#include "core/time.hpp"

#include <array>
#include <cstdio>
#include <thread>

#include "core/u256.hpp"

namespace margrave::core {

namespace {

class SystemClock final : public Clock {
  public:
    std::chrono::steady_clock::time_point now() override {
        return std::chrono::steady_clock::now();
    }
    void sleep_for(std::chrono::milliseconds duration) override {
        std::this_thread::sleep_for(duration);
    }
};

struct Field {
    std::size_t at;
    std::size_t digits;
};

/// Whether `text` has the shape of `pattern`, in which 'd' stands for a digit.
bool has_shape(std::string_view text, std::string_view pattern) {
    if (text.size() != pattern.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) {
            return false;
        }
    }
    return true;
}

/// The number of a field that has_shape has seen to be digits.
unsigned field(std::string_view text, Field where) {
    return static_cast<unsigned>(parse_u64(text.substr(where.at, where.digits)).value_or(0));
}

std::optional<Timestamp> parse_date(std::string_view text, std::uint64_t seconds_of_day) {
    const std::chrono::year_month_day date(
        std::chrono::year(static_cast<int>(field(text, {.at = 0, .digits = 4}))),
        std::chrono::month(field(text, {.at = 5, .digits = 2})),
        std::chrono::day(field(text, {.at = 8, .digits = 2})));
    if (!date.ok()) {
        return std::nullopt;
    }
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    if (days < 0) {
        return std::nullopt;
    }
    return Timestamp(static_cast<std::uint64_t>(days) * 86'400 + seconds_of_day);
}

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

std::string format_utc(Timestamp time) {
    constexpr std::uint64_t kYear10000 = 253'402'300'800;
    const std::uint64_t seconds = time.value();
    if (seconds >= kYear10000) {
        return "second " + std::to_string(seconds) + " UTC";
    }
    const auto days = static_cast<int>(seconds / 86'400);
    const auto of_day = static_cast<unsigned>(seconds % 86'400);
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
    std::array<char, 64> out{};
    const int written = std::snprintf(
        out.data(), out.size(), "%04d-%02u-%02u %02u:%02u:%02u UTC", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600,
        of_day / 60 % 60, of_day % 60);
    return {out.data(), static_cast<std::size_t>(written)};
}

std::optional<Timestamp> parse_time(std::string_view text) {
    if (has_shape(text, "dddd-dd-dd")) {
        return parse_date(text, 0);
    }
    if (has_shape(text, "dddd-dd-ddTdd:dd:ddZ")) {
        const unsigned hours = field(text, {.at = 11, .digits = 2});
        const unsigned minutes = field(text, {.at = 14, .digits = 2});
        const unsigned seconds = field(text, {.at = 17, .digits = 2});
        // 23:59:60 is refused: chain time has no leap seconds.
        if (hours > 23 || minutes > 59 || seconds > 59) {
            return std::nullopt;
        }
        return parse_date(text, hours * 3600 + minutes * 60 + seconds);
    }
    const std::optional<std::uint64_t> seconds = parse_u64(text);
    return seconds ? std::optional<Timestamp>(Timestamp(*seconds)) : std::nullopt;
}

std::string format_duration(std::uint64_t seconds) {
    struct Unit {
        std::uint64_t seconds;
        char letter;
    };
    constexpr std::array<Unit, 4> kUnits{{{86'400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
    for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
        if (seconds < kUnits[i].seconds) {
            continue;
        }
        const std::uint64_t rest = seconds % kUnits[i].seconds / kUnits[i + 1].seconds;
        std::string text = std::to_string(seconds / kUnits[i].seconds) + kUnits[i].letter;
        return rest == 0 ? text : text + " " + std::to_string(rest) + kUnits[i + 1].letter;
    }
    return std::to_string(seconds) + "s";
}

}  // namespace margrave::core
