#include "core/descriptor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

using namespace margrave::core;

TEST_CASE("a descriptor is closed once, with its owner", "[descriptor]") {
    int number = -1;
    {
        const Descriptor file(::memfd_create("test", MFD_CLOEXEC));
        number = file.get();
        CHECK(file.is_open());
        CHECK(::fcntl(number, F_GETFD) >= 0);
    }
    CHECK(::fcntl(number, F_GETFD) < 0);
    CHECK_FALSE(Descriptor().is_open());
}

TEST_CASE("what is written is read until the file ends or the room is full", "[descriptor]") {
    const Descriptor file(::memfd_create("test", MFD_CLOEXEC));
    const std::string text(100'000, 'x');
    REQUIRE(write_all(file.get(), text));
    std::string room(text.size() + 1, '-');
    CHECK(::lseek(file.get(), 0, SEEK_SET) == 0);
    CHECK(read_into(file.get(), room) == text.size());
    CHECK(room == text + "-");
    std::array<char, 10> small{};
    CHECK(::lseek(file.get(), 0, SEEK_SET) == 0);
    CHECK(read_into(file.get(), small) == small.size());
    CHECK(read_into(file.get(), {}) == 0);
}

TEST_CASE("what cannot be read or written says why", "[descriptor]") {
    const Descriptor to_write(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const Descriptor to_read(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::array<char, 4> room{};
    CHECK_FALSE(read_into(to_write.get(), room));
    CHECK(errno == EBADF);
    CHECK_FALSE(write_all(to_read.get(), "text"));
    CHECK(write_all(to_read.get(), ""));
}
