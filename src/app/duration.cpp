#include "app/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

std::optional<std::uint64_t> parse(std::string_view text) {
    constexpr std::uint64_t kMinute = 60;
    constexpr std::uint64_t kHour = 60 * kMinute;
    constexpr std::uint64_t kDay = 24 * kHour;
    constexpr std::uint64_t kMax = 365'000 * kDay;
    if (text.size() < 2) {
        return std::nullopt;
    }
    const char unit = text.back();
    const std::uint64_t scale = unit == 's'   ? 1
                                : unit == 'm' ? kMinute
                                : unit == 'h' ? kHour
                                : unit == 'd' ? kDay
                                              : 0;
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (scale == 0 || error != std::errc() || stopped != end || number > kMax / scale) {
        return std::nullopt;
    }
    return number * scale;
}

}  // namespace

std::uint64_t parse_duration(std::string_view text, std::string_view option) {
    const auto seconds = parse(text);
    if (!seconds) {
        throw core::InputError(fmt::format(R"({}: "{}" is no time; write 90s, 30m, 2h or 7d)",
                                           option, core::printable(text)));
    }
    return *seconds;
}

}  // namespace margrave::app
