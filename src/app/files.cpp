#include "app/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>

#include "core/descriptor.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

[[noreturn]] void fail(std::string_view verb, const std::string& path, std::string_view why) {
    throw core::InputError(fmt::format("cannot {} {}: {}", verb, core::printable(path), why));
}

/// A file next to its target, removed unless it was renamed into place.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& target) : target_(target) {
        static std::atomic<unsigned> number = 0;
        do {
            path_ = fmt::format("{}.{}-{}", target, ::getpid(), ++number);
            // The user's umask decides who may read it.
            descriptor_ = ::open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        } while (descriptor_ < 0 && errno == EEXIST);
        if (descriptor_ < 0) {
            fail("write", target_, std::strerror(errno));
        }
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
            ::unlink(path_.c_str());
        }
    }

    void write(std::string_view text) {
        if (!core::write_all(descriptor_, text)) {
            fail("write", target_, std::strerror(errno));
        }
    }

    void rename_into_place() {
        if (::fsync(descriptor_) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) {
            fail("write", target_, std::strerror(errno));
        }
        ::close(descriptor_);
        descriptor_ = -1;
    }

  private:
    std::string target_;
    std::string path_;
    int descriptor_ = -1;
};

bool is_device(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
           !S_ISDIR(status.st_mode);
}

/// For /dev/stdout, a pipe and the like, which a rename would replace.
void write_device(const std::string& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) {
        fail("write", path, std::strerror(errno));
    }
}

/// The file that a symbolic link leads to, so that the link stays one.
std::string resolve_link(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                               &std::free);
    return resolved ? std::string(resolved.get()) : path;
}

}  // namespace

std::string read_file(const std::string& path, std::size_t bytes_max) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        fail("read", path, std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        fail("read", path, "it is a folder");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        fail("read", path, std::strerror(errno));
    }
    return read_stream(file, path, bytes_max);
}

std::string read_stream(std::istream& stream, const std::string& name, std::size_t bytes_max) {
    std::string text;
    std::array<char, 65536> buffer{};
    while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
        if (text.size() > bytes_max) {
            fail("read", name, fmt::format("it is larger than the {} bytes allowed", bytes_max));
        }
    }
    if (stream.bad()) {
        fail("read", name, std::strerror(errno));
    }
    return text;
}

void write_file(const std::string& path, std::string_view text) {
    if (is_device(path)) {
        write_device(path, text);
        return;
    }
    TemporaryFile file(resolve_link(path));
    file.write(text);
    file.rename_into_place();
}

}  // namespace margrave::app
