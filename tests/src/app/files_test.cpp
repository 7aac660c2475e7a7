#include "app/files.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/errors.hpp"

namespace margrave::app {
namespace {

namespace fs = std::filesystem;

/// A folder that goes away with the test.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (fs::temp_directory_path() / "margrave-files-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { fs::remove_all(path_); }

    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }
    [[nodiscard]] std::size_t count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }

  private:
    fs::path path_;
};

TEST_CASE("a written file is read back byte for byte and leaves nothing beside it",
          "[app][files]") {
    const TemporaryFolder folder;
    const std::string text("line\n\0\xff", 7);
    write_file(folder.file("a"), "an older, longer text");
    write_file(folder.file("a"), text);
    CHECK(read_file(folder.file("a"), 7) == text);
    CHECK(folder.count() == 1);
}

TEST_CASE("a written file follows the umask, not the temporary file's privacy", "[app][files]") {
    const TemporaryFolder folder;
    const auto before = ::umask(022);
    write_file(folder.file("a"), "x");
    ::umask(before);
    CHECK(fs::status(folder.file("a")).permissions() == fs::perms(0644));
}

TEST_CASE("writing through a symbolic link keeps the link", "[app][files]") {
    const TemporaryFolder folder;
    write_file(folder.file("target"), "old");
    fs::create_symlink(folder.file("target"), folder.file("link"));
    write_file(folder.file("link"), "new");
    CHECK(fs::is_symlink(folder.file("link")));
    CHECK(read_file(folder.file("target"), 100) == "new");
}

TEST_CASE("a file that cannot be written is named", "[app][files][errors]") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH(write_file(folder.file("no/such/folder"), "x"),
                      Catch::StartsWith("cannot write " + folder.file("no/such/folder")));
    CHECK_THROWS_AS(write_file("/dev/full", "x"), core::InputError);
}

TEST_CASE("a file that cannot be read is named with the reason", "[app][files][errors]") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH(read_file(folder.file("a"), 10),
                      "cannot read " + folder.file("a") + ": No such file or directory");
    CHECK_THROWS_WITH(read_file(folder.file("."), 10), Catch::EndsWith("it is a folder"));
}

TEST_CASE("a file of exactly the allowed size is read, one byte more is refused",
          "[app][files][errors]") {
    const TemporaryFolder folder;
    write_file(folder.file("a"), "12345");
    CHECK(read_file(folder.file("a"), 5) == "12345");
    CHECK_THROWS_WITH(read_file(folder.file("a"), 4),
                      Catch::Contains("larger than the 4 bytes allowed"));
}

TEST_CASE("an endless stream is refused at its bound", "[app][files][errors]") {
    std::istringstream stream(std::string(200'000, 'x'));
    CHECK_THROWS_WITH(read_stream(stream, "stdin", 100'000),
                      Catch::StartsWith("cannot read stdin"));
}

}  // namespace
}  // namespace margrave::app
