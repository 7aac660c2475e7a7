#pragma once

#include <memory>
#include <string>

#include "evidence/signing.hpp"

/// The file of a reporting key: a key of its own that controls no funds. docs/signed-reports.md has
/// the format. No message ever shows what is in such a file.
namespace margrave::evidence {

/// Writes a new file that its owner alone can read. Throws InputError when there is anything at
/// `path` already, or it cannot be written; then nothing of it is left.
void create_key_file(const std::string& path, const SecretKey& key);

/// Throws InputError that names the file: it cannot be read, is a symbolic link or no regular file,
/// belongs to somebody else, lets others than its owner do anything, is not of this format (a bare
/// private key is not), or its address is not its secret's.
[[nodiscard]] std::unique_ptr<const SecretKey> load_key_file(const std::string& path,
                                                             const Entropy& entropy);

}  // namespace margrave::evidence
