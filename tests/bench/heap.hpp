#pragma once

#include <malloc.h>

#include <cstddef>

namespace margrave::bench {

/// Bytes that this process has allocated and not freed.
[[nodiscard]] inline std::size_t heap_bytes() {
    const auto held = mallinfo2();
    return held.uordblks + held.hblkhd;
}

}  // namespace margrave::bench
