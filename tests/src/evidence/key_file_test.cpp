#include "evidence/key_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "tests/support/reporting_key.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::evidence {
namespace {

namespace fs = std::filesystem;

using Catch::Contains;
using Catch::EndsWith;
using Catch::Equals;
using test::cow_key;
using test::fixed_entropy;
using test::TemporaryFolder;

/// keccak256("cow")
const std::string kSecret = "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4";
const std::string kAddress = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";

/// As docs/signed-reports.md shows it.
std::string file_text(const std::string& secret = kSecret, const std::string& address = kAddress) {
    return "{\n  \"margrave_reporting_key\": 1,\n  \"purpose\": \"signs reports of margrave; "
           "controls "
           "no funds: send nothing to this address\",\n  \"address\": \"" +
           address + "\",\n  \"secret\": \"0x" + secret + "\"\n}\n";
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string write_key(const TemporaryFolder& folder, const std::string& text, mode_t mode = 0600) {
    auto path = folder.file("key");
    std::ofstream(path) << text;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
}

std::string refusal(const std::string& path) {
    try {
        return "accepted as " + load_key_file(path, fixed_entropy(1))->address().to_string();
    } catch (const core::InputError& error) {
        return error.what();
    }
}

TEST_CASE("a key's file is its owner's alone, whatever the umask", "[evidence][key_file]") {
    const TemporaryFolder folder;
    const auto mask = GENERATE(as<mode_t>(), 0000, 0077, 0777);
    const auto before = ::umask(mask);
    create_key_file(folder.file("key"), *cow_key());
    ::umask(before);
    CHECK(fs::status(folder.file("key")).permissions() == fs::perms(0600));
    CHECK(read_text(folder.file("key")) == file_text());
    CHECK(folder.count() == 1);
    const auto key = load_key_file(folder.file("key"), fixed_entropy(1));
    CHECK(key->address().to_string() == kAddress);
    CHECK(key->raw() == cow_key()->raw());
}

TEST_CASE("a key overwrites nothing and follows no link", "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    std::ofstream(folder.file("taken")) << "precious";
    fs::create_symlink(folder.file("nowhere"), folder.file("link"));
    for (const auto* name : {"taken", "link"}) {
        CHECK_THROWS_WITH(create_key_file(folder.file(name), *cow_key()),
                          EndsWith("it exists already, and a key is never overwritten"));
    }
    CHECK(read_text(folder.file("taken")) == "precious");
    CHECK_FALSE(fs::exists(folder.file("nowhere")));
    CHECK_THROWS_WITH(create_key_file(folder.file("none/key"), *cow_key()),
                      EndsWith("No such file or directory"));
}

/// While it lives no file grows beyond `bytes`, as on a full disk.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST_CASE("a disk that is full leaves no half of a key", "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    std::string told = "no error";
    try {
        const FullDisk disk(100);
        create_key_file(folder.file("key"), *cow_key());
    } catch (const core::InputError& error) {
        told = error.what();
    }
    CHECK_THAT(told, EndsWith("key: File too large"));
    CHECK(folder.count() == 0);
}

TEST_CASE("a key that others can use is refused, each bit of theirs",
          "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    const auto mode = GENERATE(as<mode_t>(), 0601, 0602, 0604, 0610, 0620, 0640, 0644);
    const auto path = write_key(folder, file_text(), mode);
    CHECK_THAT(refusal(path),
               Contains("others than its owner may use this reporting key (mode 0") &&
                   Contains("chmod 600 it"));
    CHECK(refusal(write_key(folder, file_text(), 0600)) == "accepted as " + kAddress);
    CHECK(refusal(write_key(folder, file_text(), 0400)) == "accepted as " + kAddress);
}

TEST_CASE("a key that belongs to another user is refused", "[evidence][key_file][errors]") {
    if (::geteuid() != 0) {
        WARN("skipped: only root can give a file away");
        return;
    }
    const TemporaryFolder folder;
    const auto path = write_key(folder, file_text());
    constexpr uid_t kNobody = 65534;
    REQUIRE(::chown(path.c_str(), kNobody, static_cast<gid_t>(-1)) == 0);
    CHECK_THAT(refusal(path), EndsWith("this reporting key belongs to another user"));
}

TEST_CASE("a key is read from a regular file alone, and not waited for",
          "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    const auto path = write_key(folder, file_text());
    fs::create_symlink(path, folder.file("link"));
    CHECK_THAT(refusal(folder.file("link")),
               EndsWith("a reporting key is not read through a symbolic link"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    CHECK_THAT(refusal(folder.file("pipe")), EndsWith("a reporting key is a regular file"));
    CHECK_THAT(refusal(folder.file("")), EndsWith("a reporting key is a regular file"));
    CHECK_THAT(refusal(folder.file("none")), EndsWith("none: No such file or directory"));
}

TEST_CASE("a bare private key is refused, so that no wallet's is used by mistake",
          "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    const auto text = GENERATE(as<std::string>(), kSecret, "0x" + kSecret, kSecret + "\n",
                               "  \"0x" + kSecret + "\"\r\n");
    const auto path = write_key(folder, text);
    CHECK_THAT(
        refusal(path),
        Equals(path + ": this is a bare private key; margrave holds none that may move funds: make "
                      "a reporting key with `margrave sign-key FILE`"));
}

TEST_CASE("a key's digits that stand for its file are refused and not quoted",
          "[evidence][key_file][errors]") {
    const auto digits = GENERATE(as<std::string>(), kSecret, "0x" + kSecret);
    CHECK_THAT(refusal(digits), Equals("a reporting key is named by its file, not by its digits"));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

TEST_CASE("what is no reporting key is refused without a word of it",
          "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    const std::string other(64, '1');
    const auto text = GENERATE_COPY(
        as<std::string>(), "", "{}", "not a key", std::string(5000, 'x'),
        // a wallet's key in JSON, as tools keep it
        R"({"address":")" + kAddress + R"(","privateKey":"0x)" + kSecret + R"("})",
        replaced(file_text(), "margrave_reporting_key", "margrave_wallet_key"),
        replaced(file_text(), "0x" + kSecret, kSecret),
        replaced(file_text(), "\"secret\"", "\"twin\": \"0x" + other + "\", \"secret\""),
        replaced(file_text(), "\"secret\"", "\"secret\": 1, \"secret\""), file_text() + "x");
    const auto path = write_key(folder, text);
    CHECK_THAT(refusal(path), Equals(path + ": this is no reporting key; make one with `margrave "
                                            "sign-key FILE`"));
}

TEST_CASE("a reporting key that does not fit together is damaged", "[evidence][key_file][errors]") {
    const TemporaryFolder folder;
    const auto text =
        GENERATE_COPY(as<std::string>(), file_text(std::string(64, '1')),
                      file_text(std::string(64, '0')), file_text(std::string(64, 'f')),
                      file_text(kSecret, "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"),
                      replaced(file_text(), "_key\": 1", "_key\": 2"),
                      replaced(file_text(), "controls no funds", "controls funds"),
                      replaced(file_text(), "\"secret\"", "\"more\": 1, \"secret\""),
                      replaced(file_text(), "\"secret\"", "\"hidden\""));
    const auto path = write_key(folder, text);
    const auto told = refusal(path);
    CHECK_THAT(told, Contains("damaged, or of another version"));
    CHECK_THAT(told, !Contains(kSecret) && !Contains(kSecret.substr(0, 8)));
}

}  // namespace
}  // namespace margrave::evidence
