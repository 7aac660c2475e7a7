#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "chains/evm/http_transport.hpp"

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Everything that tests are called, as their sources spell it.
std::string all_tests() {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(MARGRAVE_TEST_DIR)) {
        const std::string name = entry.path().string();
        const bool is_test = name.ends_with("_test.cpp") || name.ends_with(".test.mjs");
        if (is_test && name.find("node_modules") == std::string::npos &&
            name.find("faults_doc_test") == std::string::npos) {
            all += text_of(entry.path());
        }
    }
    return all;
}

/// The cells of a table's row; empty for another line.
std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> out;
    if (!line.starts_with("| ")) {
        return out;
    }
    for (std::size_t at = 1; at < line.size();) {
        const std::size_t end = line.find('|', at);
        if (end == std::string::npos) {
            break;
        }
        out.push_back(line.substr(at + 1, end > at + 2 ? end - at - 2 : 0));
        at = end + 1;
    }
    return out;
}

std::vector<std::string> quoted_in(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at)) {
        const std::size_t end = text.find('"', at + 1);
        REQUIRE(end != std::string::npos);
        out.push_back(text.substr(at + 1, end - at - 1));
        at = end + 1;
    }
    return out;
}

/// Some tests are called by a template with the fault's name in it.
bool is_test(const std::string& name, const std::string& sources) {
    for (const auto& [begin, end] :
         std::map<std::string, std::string>{{"one of three tells ", ": the report is the truth"},
                                            {"", " ends within the deadline"}}) {
        if (name.starts_with(begin) && name.ends_with(end)) {
            const std::string fault =
                name.substr(begin.size(), name.size() - begin.size() - end.size());
            return sources.find("\"" + fault + "\":") != std::string::npos ||
                   sources.find("        " + fault + ":") != std::string::npos;
        }
    }
    return sources.find("\"" + name + "\"") != std::string::npos;
}

/// All of the catalogue's.
std::set<std::string> ids_of_faults() {
    const std::map<std::string, int> last{{"T-", 10}, {"L-", 6},  {"S-", 8}, {"B-", 6}, {"N-", 9},
                                          {"W-", 8},  {"H-", 5},  {"2-", 5}, {"E-", 6}, {"M-", 6},
                                          {"O-", 8},  {"P-", 10}, {"X-", 6}};
    std::set<std::string> ids;
    for (const auto& [letter, count] : last) {
        for (int i = 1; i <= count; ++i) {
            ids.insert(letter + (i < 10 ? "0" : "") + std::to_string(i));
        }
    }
    return ids;
}

TEST_CASE("every fault has a row, and every row names tests that exist", "[docs][faults]") {
    const std::string sources = all_tests();
    std::ifstream page(fs::path(MARGRAVE_ROOT_DIR) / "docs/faults.md");
    REQUIRE(page);
    std::set<std::string> ids;
    for (std::string line; std::getline(page, line);) {
        const auto row = cells(line);
        if (row.empty() || row[0] == "id") {
            continue;
        }
        INFO(line);
        REQUIRE(row.size() == 3);
        CHECK(ids.insert(row[0]).second);
        CHECK(row[1].size() > 5);
        const auto tests = quoted_in(row[2]);
        CHECK((!tests.empty() || row[2] == "Payloads"));
        for (const std::string& test : tests) {
            INFO(test);
            CHECK(is_test(test, sources));
        }
    }
    CHECK(ids == ids_of_faults());
}

TEST_CASE("the pages say how large a reply may be", "[docs][faults]") {
    const margrave::chains::evm::HttpLimits limits;
    REQUIRE(limits.wire_bytes_max == limits.decoded_bytes_max);
    const std::string limit = std::to_string(limits.wire_bytes_max >> 20U) + " MiB";
    const fs::path docs = fs::path(MARGRAVE_ROOT_DIR) / "docs";
    CHECK(text_of(docs / "faults.md").find("at " + limit + " on the wire or unpacked") !=
          std::string::npos);
    CHECK(text_of(docs / "errors.md").find("over margrave's: " + limit + ",") != std::string::npos);
}

}  // namespace
