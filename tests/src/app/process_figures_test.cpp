#include "app/process_figures.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace margrave::app {
namespace {

std::map<std::string, double> values(const std::vector<WatchMetrics::Figure>& figures) {
    std::map<std::string, double> out;
    for (const auto& figure : figures) {
        CHECK(figure.is_counter == figure.name.ends_with("_total"));
        out.emplace(figure.name, figure.samples.at(0).value);
    }
    return out;
}

}  // namespace

TEST_CASE("what this process takes is seen", "[metrics]") {
    const auto before = values(process_figures());
    CHECK(before.size() == 5);
    CHECK(before.at("process_threads") >= 1);
    CHECK(before.at("process_cpu_seconds_total") > 0);
    CHECK(before.at("process_resident_memory_bytes") > 1e6);
    CHECK(before.at("process_virtual_memory_bytes") > before.at("process_resident_memory_bytes"));
    constexpr int kMore = 5;
    const test::TemporaryFolder folder;
    std::vector<std::ofstream> files;
    for (int i = 0; i < kMore; ++i) {
        files.emplace_back(folder.file(std::to_string(i)));
    }
    CHECK(values(process_figures()).at("process_open_fds") ==
          before.at("process_open_fds") + kMore);
}

TEST_CASE("a program may be called anything; what cannot be read is left out",
          "[metrics][boundary]") {
    const test::TemporaryFolder folder;
    const std::filesystem::path proc = folder.file("");
    CHECK(process_figures(proc / "none").empty());
    std::ofstream(proc / "stat") << "12 (a) 9 (b c) S 1 1 1 0 -1 4194304 1 2 3 4 150 50 7 8 20 0 "
                                    "3 0 100 4096000 25 18446744073709551615\n";
    const auto seen = values(process_figures(proc));
    CHECK(seen.size() == 4);
    CHECK(seen.at("process_cpu_seconds_total") == 2);
    CHECK(seen.at("process_threads") == 3);
    CHECK(seen.at("process_virtual_memory_bytes") == 4'096'000);
    CHECK(seen.at("process_resident_memory_bytes") == 25 * 4'096);
}

}  // namespace margrave::app
