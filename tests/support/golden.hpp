#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace margrave::test {

/// A file that a person has read and found right; `path` is relative to tests/. To renew one, write
/// the new output over it and read the difference before committing.
inline std::string golden(const std::string& path) {
    const std::string full = std::string(MARGRAVE_TEST_DIR) + "/" + path;
    std::ifstream file(full, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + full);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace margrave::test
