#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace margrave::app {

/// Bounds for what is read whole.
inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20U;
inline constexpr std::size_t kAddressBytesMax = std::size_t{16} << 20U;
inline constexpr std::size_t kTokenListBytesMax = std::size_t{16} << 20U;
inline constexpr std::size_t kDataBytesMax = std::size_t{1} << 30U;  ///< snapshots and recordings

/// The whole file. Throws InputError that names it: it does not exist, is a folder, cannot be read,
/// or is larger than `bytes_max`.
[[nodiscard]] std::string read_file(const std::string& path, std::size_t bytes_max);

/// Everything that is left in `stream`, called `name` in messages; throws InputError over
/// `bytes_max`.
[[nodiscard]] std::string read_stream(std::istream& stream, const std::string& name,
                                      std::size_t bytes_max);

/// Replaces the file in one step: whoever reads it sees the old text or the new one, and after a
/// failure the old one is still there. Throws InputError that names the file.
void write_file(const std::string& path, std::string_view text);

}  // namespace margrave::app
