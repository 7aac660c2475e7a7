#include "settings/embedded.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "settings/settings.hpp"

namespace margrave::settings {
namespace {

/// What load() merges; config/ holds other things too, such as the demonstration's recording.
bool is_shipped_configuration(std::string_view path) {
    return path.starts_with("config/chains/") || path.starts_with("config/protocols/") ||
           path.starts_with("config/assets/") || path == "config/factors.toml" ||
           path == "config/rules.toml";
}

}  // namespace

const EmbeddedFile* find_embedded_file(std::string_view path) {
    const auto files = embedded_files();
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const EmbeddedFile& file) { return file.path == path; });
    return found == files.end() ? nullptr : &*found;
}

std::vector<Source> shipped_sources() {
    std::vector<Source> sources;
    for (const auto& file : embedded_files()) {
        if (is_shipped_configuration(file.path)) {
            sources.push_back(
                {.name = "shipped " + std::string(file.path), .text = std::string(file.text)});
        }
    }
    return sources;
}

}  // namespace margrave::settings
