#include "app/world.hpp"

#include <cerrno>
#include <cstring>
#include <ostream>

#include "core/errors.hpp"

namespace margrave::app {

void write_result(World& world, std::string_view text) {
    errno = 0;
    world.out << text << std::flush;
    if (world.out.good() || errno == EPIPE) {
        return;
    }
    throw core::InputError(std::string("cannot write the result to the standard output: ") +
                           std::strerror(errno));
}

void say(World& world, std::string_view text) { world.err << "margrave: " << text << std::endl; }

}  // namespace margrave::app
