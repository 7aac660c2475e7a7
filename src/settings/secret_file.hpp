#pragma once

#include <string>

namespace margrave::settings {

enum class SecretPlace : bool {
    Own,      ///< a file of the user's: nobody but its owner, or root, may have a part in it
    Service,  ///< a credential that the service manager lays out, with rights of its choosing
};

/// What a file of one secret holds, without the end of its last line. Throws ConfigError, which
/// begins with `where`, names the file and never quotes it: it cannot be read, is no regular file,
/// is empty or of more than 64 KiB, or others than its owner may read or write it.
[[nodiscard]] std::string read_secret_file(const std::string& path, const std::string& where,
                                           SecretPlace place);

}  // namespace margrave::settings
