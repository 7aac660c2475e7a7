#include "settings/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/descriptor.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::settings {
namespace {

constexpr std::size_t kBytesMax = 65536;
constexpr mode_t kOthers = 0077;

/// Why it is not read; "" when it may be.
std::string find_fault(int file, SecretPlace place) {
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0) {
        return std::strerror(errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return "it is no regular file";
    }
    if (place == SecretPlace::Service) {
        return {};
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return "it belongs to another user";
    }
    return (status.st_mode & kOthers) == 0
               ? std::string()
               : fmt::format("others than its owner may use it (mode {:04o}); chmod 600 it",
                             status.st_mode & 07777U);
}

}  // namespace

std::string read_secret_file(const std::string& path, const std::string& where, SecretPlace place) {
    const auto refuse = [&](std::string_view why) {
        throw core::ConfigError(fmt::format("{}: {}: {}", where, core::printable(path), why));
    };
    // A pipe is refused, and not waited for.
    const core::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (const auto fault = find_fault(file.get(), place); !fault.empty()) {
        refuse(fault);
    }
    std::string text(kBytesMax + 1, '\0');
    const auto size = core::read_into(file.get(), text);
    if (!size) {
        refuse(std::strerror(errno));
    }
    text.resize(*size);
    if (*size > kBytesMax) {
        refuse("it is too large for a secret");
    }
    if (text.ends_with('\n')) {
        text.pop_back();
    }
    if (text.empty()) {
        refuse("it is empty");
    }
    return text;
}

}  // namespace margrave::settings
