#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace margrave::core {

/// An open file of the system, closed when this goes; below 0: none.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }

  private:
    int number_;
};

/// All of it, whatever interrupts; false, with errno, where that fails.
[[nodiscard]] bool write_all(int descriptor, std::string_view text);

/// Until the file ends or the room is full: so many bytes; nullopt, with errno, where that fails.
[[nodiscard]] std::optional<std::size_t> read_into(int descriptor, std::span<char> room);

}  // namespace margrave::core
