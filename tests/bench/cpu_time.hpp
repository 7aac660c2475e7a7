#pragma once

#include <cstdint>
#include <ctime>

namespace margrave::bench {

/// Nanoseconds that this process has had of the CPU.
[[nodiscard]] inline std::int64_t cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace margrave::bench
