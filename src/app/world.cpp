#include "app/world.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ostream>
#include <syncstream>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

std::uint64_t wall_seconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

void write_result(World& world, std::string_view text) {
    errno = 0;
    world.out << text << std::flush;
    if (world.out.good() || errno == EPIPE) {
        return;
    }
    throw core::InputError(std::string("cannot write the result to the standard output: ") +
                           std::strerror(errno));
}

void print_line(World& world, std::string_view text) {
    std::osyncstream(world.out) << text << '\n' << std::flush;
}

void say(World& world, std::string_view text) {
    std::osyncstream(world.err) << (world.err_is_terminal ? kClearLine : "") << "margrave: " << text
                                << std::endl;
}

void draw_line(World& world, std::string_view text) {
    std::osyncstream(world.err) << kClearLine << text.substr(0, world.columns) << std::flush;
}

void clear_line(World& world) { std::osyncstream(world.err) << kClearLine << std::flush; }

}  // namespace margrave::app
