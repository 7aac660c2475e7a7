#include "app/process_figures.hpp"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace margrave::app {
namespace {

using Figure = WatchMetrics::Figure;

/// proc(5), /proc/pid/stat.
struct Stat {
    std::uint64_t processor_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};

std::optional<Stat> read_stat(const std::filesystem::path& proc) {
    std::ifstream file(proc / "stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The program's name may have blanks and brackets in it: what follows the last one has none.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream fields(text.substr(name_end + 1));
    const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    constexpr std::size_t kFirst = 3;  // the state, in the manual's count
    const auto field = [&](std::size_t number) -> std::uint64_t {
        std::istringstream word(number - kFirst < words.size() ? words[number - kFirst] : "0");
        std::uint64_t out = 0;
        word >> out;
        return out;
    };
    return Stat{.processor_ticks = field(14) + field(15),
                .threads = field(20),
                .virtual_bytes = field(23),
                .resident_pages = field(24)};
}

std::optional<std::uint64_t> count_files(const std::filesystem::path& proc) {
    std::error_code error;
    const std::filesystem::directory_iterator entries(proc / "fd", error);
    if (error) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(std::distance(begin(entries), end(entries)));
}

Figure figure(const char* name, const char* help, double value, bool is_counter = false) {
    return {.name = name,
            .help = help,
            .samples = {{.labels = {}, .value = value}},
            .is_counter = is_counter};
}

}  // namespace

std::vector<Figure> process_figures(const std::filesystem::path& proc) {
    std::vector<Figure> out;
    if (const auto stat = read_stat(proc)) {
        const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
        const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        constexpr bool kCounter = true;
        out.push_back(figure("process_cpu_seconds_total",
                             "Processor time of the program, its own and the kernel's for it.",
                             static_cast<double>(stat->processor_ticks) / ticks_per_s, kCounter));
        out.push_back(figure("process_resident_memory_bytes", "Memory that it has in use.",
                             static_cast<double>(stat->resident_pages) * page));
        out.push_back(figure("process_virtual_memory_bytes", "Addresses that it has reserved.",
                             static_cast<double>(stat->virtual_bytes)));
        out.push_back(
            figure("process_threads", "Threads that it has.", static_cast<double>(stat->threads)));
    }
    if (const auto files = count_files(proc)) {
        out.push_back(figure("process_open_fds", "Files and connections that it has open.",
                             static_cast<double>(*files)));
    }
    return out;
}

}  // namespace margrave::app
