#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

#include "app/app.hpp"

namespace {

using margrave::app::World;

std::optional<std::string> read_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

unsigned terminal_columns(unsigned otherwise) {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
    // A reader that goes away must not kill the program half-way: writing then fails, and that is
    // looked at.
    std::signal(SIGPIPE, SIG_IGN);
    World world{.out = std::cout,
                .err = std::cerr,
                .in = std::cin,
                .environment = read_environment,
                .clock = margrave::core::system_clock(),
                .open_endpoint = margrave::chains::evm::make_http_transport,
                .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                .seed = std::random_device{}()};
    world.columns = terminal_columns(world.columns);
    return margrave::app::run(world, {argv + 1, argv + std::max(argc, 1)});
}
