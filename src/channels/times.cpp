#include "channels/times.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

namespace margrave::channels {
namespace {

/// The C library knows no day behind the year 9999 that RFC 3339 could write.
std::tm to_utc(std::uint64_t second) {
    constexpr std::uint64_t kLast = 253'402'300'799;
    return fmt::gmtime(static_cast<std::time_t>(std::min(second, kLast)));
}

}  // namespace

std::string rfc3339(std::uint64_t second) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", to_utc(second));
}

std::string mail_date(std::uint64_t second) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", to_utc(second));
}

}  // namespace margrave::channels
