#include "tests/bench/start_time.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <ostream>
#include <vector>

namespace margrave::bench {
namespace {

constexpr std::size_t kStarts = 20;

/// Whether it ended well.
bool run_help(std::string program) {
    std::string help = "--help";
    const std::array<char*, 3> words{program.data(), help.data(), nullptr};
    posix_spawn_file_actions_t silence{};
    posix_spawn_file_actions_init(&silence);
    posix_spawn_file_actions_addopen(&silence, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int status = 1;
    const bool has_ended_well =
        posix_spawn(&child, program.c_str(), &silence, nullptr, words.data(), environ) == 0 &&
        waitpid(child, &status, 0) == child && status == 0;
    posix_spawn_file_actions_destroy(&silence);
    return has_ended_well;
}

}  // namespace

int print_start_time(const std::string& program, std::ostream& answer) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> took;
    for (std::size_t i = 0; i < kStarts; ++i) {
        const Clock::time_point start = Clock::now();
        if (!run_help(program)) {
            std::cerr << program << " --help cannot be started, or fails\n";
            return 1;
        }
        took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    std::sort(took.begin(), took.end());
    answer << "{\"ms\": " << took[took.size() / 2] << "}\n";
    return 0;
}

}  // namespace margrave::bench
