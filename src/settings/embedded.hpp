#pragma once

#include <span>
#include <string_view>

namespace margrave::settings {

/// A file of the repository's config/ that cmake/EmbedFiles.cmake put into the program.
struct EmbeddedFile {
    std::string_view path;  ///< "config/chains/ethereum.toml"
    std::string_view text;
};

/// All of them, by path. The table is generated at build time.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();
/// nullptr when there is none of that path.
[[nodiscard]] const EmbeddedFile* find_embedded_file(std::string_view path);

}  // namespace margrave::settings
