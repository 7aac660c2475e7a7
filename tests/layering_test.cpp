// The layer rule of docs/architecture.md, held by reading every #include of the project.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// What each folder may include of the project besides itself.
const std::map<std::string, std::set<std::string>>& allowed() {
    static const std::map<std::string, std::set<std::string>> kAllowed{
        {"src/core", {}},
        {"src/margin", {"src/core"}},
        {"src/oracle", {"src/core", "src/margin"}},
        {"src/snapshot", {"src/core", "src/margin"}},
        {"chains", {"src/core"}},
        {"chains/evm", {"src/core", "chains"}},
        {"chains/evm/oracles", {"src/core", "src/margin", "src/oracle", "chains"}},
        {"adapters", {"src/core", "src/margin", "chains", "src/settings"}},
        {"adapters/*",
         {"src/core", "src/margin", "src/oracle", "chains", "src/settings", "adapters",
          "chains/evm/oracles"}},
        {"src/collect",
         {"src/core", "src/margin", "src/snapshot", "src/settings", "chains", "chains/evm",
          "chains/evm/oracles", "adapters"}},
        {"src/exposure", {"src/core", "src/margin", "src/snapshot"}},
        {"src/cascade", {"src/core", "src/margin", "src/oracle", "src/snapshot"}},
        {"src/risk", {"src/core", "src/margin", "src/snapshot", "src/exposure"}},
        {"src/report",
         {"src/core", "src/margin", "src/snapshot", "src/exposure", "src/cascade", "src/risk"}},
        {"src/alert",
         {"src/core", "src/margin", "src/snapshot", "src/exposure", "src/cascade", "src/risk",
          "src/report"}},
        {"src/channels", {"src/core"}},
        {"src/server", {"src/core"}},
        {"src/settings", {"src/core"}},
        {"src/store", {"src/core", "src/snapshot"}},
        {"src/evidence", {"src/core"}},
        {"src/app",
         {"src/store", "src/alert", "src/channels", "src/evidence", "src/server", "src/core",
          "src/margin", "src/oracle", "src/snapshot", "src/settings", "src/collect", "src/exposure",
          "src/cascade", "src/report", "src/risk", "chains", "chains/evm", "adapters"}},
    };
    return kAllowed;
}

/// Headers of packages that only some folders may see.
const std::map<std::string, std::set<std::string>>& fenced() {
    static const std::map<std::string, std::set<std::string>> kFenced{
        {"nlohmann/",
         {"src/snapshot", "src/report", "src/settings", "src/app", "src/evidence", "src/channels",
          "chains/evm"}},
        {"simdjson", {"chains/evm"}},
        {"curl/", {"chains/evm", "src/channels"}},
        {"sqlite3", {"src/store"}},
        {"secp256k1", {"src/evidence"}},
        {"boost/asio", {"src/server"}},
        {"boost/beast", {"src/server"}},
        {"prometheus/", {"src/app"}},
        {"CLI/", {"src/app"}},
        {"toml++/", {"src/settings", "src/app"}},
    };
    return kFenced;
}

/// "adapters/aave_v3/market.hpp" is in "adapters/aave_v3".
std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

/// Includes name src/core as "core": the include roots are the repository and src/.
std::string resolve(const fs::path& root, const std::string& include) {
    return fs::exists(root / "src" / include) ? "src/" + include : include;
}

const std::set<std::string>& allowed_for(const std::string& folder) {
    const auto own = allowed().find(folder);
    const bool is_adapter = folder.rfind("adapters/", 0) == 0;
    REQUIRE((own != allowed().end() || is_adapter));
    return own != allowed().end() ? own->second : allowed().at("adapters/*");
}

std::string names(const std::set<std::string>& folders) {
    std::string out;
    for (const std::string& folder : folders) {
        out += " " + folder;
    }
    return out.empty() ? " nothing" : out;
}

/// A line for each forbidden include of one file.
std::vector<std::string> violations(const fs::path& root, const std::string& file) {
    static const std::regex kInclude(R"(^\s*#include\s+["<]([^">]+)[">])");
    const std::string folder = folder_of(file);
    std::vector<std::string> out;
    std::ifstream in(root / file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        std::smatch match;
        if (!std::regex_search(line, match, kInclude)) {
            continue;
        }
        const std::string include = match[1];
        const std::string where = file + ":" + std::to_string(number) + ": ";
        const std::string target = resolve(root, include);
        if (fs::exists(root / target)) {
            const std::string other = folder_of(target);
            if (other != folder && allowed_for(folder).count(other) == 0) {
                out.push_back(where + "includes " + include + "; " + folder + " may include" +
                              names(allowed_for(folder)));
            }
        }
        for (const auto& [prefix, folders] : fenced()) {
            if (include.rfind(prefix, 0) == 0 && folders.count(folder) == 0) {
                out.push_back(where + "includes " + include + ", which belongs to" +
                              names(folders));
            }
        }
    }
    return out;
}

std::vector<std::string> sources(const fs::path& root) {
    std::vector<std::string> out;
    for (const char* top : {"src", "chains", "adapters"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const std::string extension = entry.path().extension().string();
            if (extension == ".cpp" || extension == ".hpp") {
                out.push_back(fs::relative(entry.path(), root).string());
            }
        }
    }
    return out;
}

}  // namespace

TEST_CASE("every folder includes only what its layer may see", "[layering]") {
    const fs::path root = MARGRAVE_ROOT_DIR;
    const std::vector<std::string> files = sources(root);
    REQUIRE(files.size() > 50);
    std::string found;
    for (const std::string& file : files) {
        for (const std::string& violation : violations(root, file)) {
            found += violation + "\n";
        }
    }
    INFO(found);
    CHECK(found.empty());
}

TEST_CASE("an include against the layers is found, with its line and what is allowed",
          "[layering]") {
    const fs::path root = fs::temp_directory_path() / "margrave_layering_test";
    fs::create_directories(root / "src/report");
    fs::create_directories(root / "chains/evm");
    std::ofstream(root / "chains/evm/rpc.hpp") << "#pragma once\n";
    std::ofstream(root / "src/report/bad.cpp")
        << "#include <string>\n#include \"chains/evm/rpc.hpp\"\n";
    const std::vector<std::string> found = violations(root, "src/report/bad.cpp");
    fs::remove_all(root);
    REQUIRE(found.size() == 1);
    CHECK(found[0] ==
          "src/report/bad.cpp:2: includes chains/evm/rpc.hpp; src/report may include src/cascade "
          "src/core src/exposure src/margin src/risk src/snapshot");
}
