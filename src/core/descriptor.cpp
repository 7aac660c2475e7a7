#include "core/descriptor.hpp"

#include <unistd.h>

#include <cerrno>

namespace margrave::core {

Descriptor::~Descriptor() {
    if (is_open()) {
        ::close(number_);
    }
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return true;
}

std::optional<std::size_t> read_into(int descriptor, std::span<char> room) {
    std::size_t size = 0;
    while (size < room.size()) {
        const auto count = ::read(descriptor, room.data() + size, room.size() - size);
        if (count < 0 && errno != EINTR) {
            return std::nullopt;
        }
        if (count == 0) {
            break;
        }
        size += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return size;
}

}  // namespace margrave::core
