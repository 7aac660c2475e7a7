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

enum class KeyPlace : bool {
    Own,      ///< a file of whoever runs the program, and nobody else's
    Service,  ///< in the folder of systemd's credentials, which systemd alone fills and guards
};

/// Throws InputError that names the file: it cannot be read, is a symbolic link or no regular file,
/// belongs to somebody else or lets others than its owner do anything (of one's own), is not of
/// this format (a bare private key is not), or its address is not its secret's.
[[nodiscard]] std::unique_ptr<const SecretKey> load_key_file(const std::string& path,
                                                             const Entropy& entropy,
                                                             KeyPlace place = KeyPlace::Own);

}  // namespace margrave::evidence
