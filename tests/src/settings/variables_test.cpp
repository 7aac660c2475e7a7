#include "settings/variables.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::settings {
namespace {

using Catch::Matchers::Contains;

struct Files {
    test::TemporaryFolder folder;

    [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                    mode_t mode = 0600) const {
        std::string path = folder.file(name);
        std::ofstream(path) << text;
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        return path;
    }
    [[nodiscard]] std::string expand(const std::string& text) const {
        return expand_variables(
            text, "my.toml:1: key `k`", [&](const std::string& name) -> std::optional<std::string> {
                if (name == "CREDENTIALS_DIRECTORY") {
                    return folder.file("");
                }
                return name == "SET" ? std::optional<std::string>("s3t") : std::nullopt;
            });
    }
};

TEST_CASE("a secret stands in a variable, a file or a credential", "[variables]") {
    const Files files;
    const std::string path = files.write("token", "t0ken\n");
    CHECK(files.expand("a${SET}b") == "as3tb");
    CHECK(files.expand("x${file:" + path + "}y${SET}") == "xt0kenys3t");
    CHECK(files.expand("${credential:token}") == "t0ken");
    // What is in a file is taken as it is, not expanded again.
    CHECK(files.expand("${file:" + files.write("odd", "${SET}\n\n") + "}") == "${SET}\n");
    // Systemd gives its own rights to credentials.
    REQUIRE_FALSE(files.write("shown", "x", 0444).empty());
    CHECK(files.expand("${credential:shown}") == "x");
}

TEST_CASE("a file that others may read holds no secret", "[variables]") {
    const Files files;
    for (const mode_t mode : {0640U, 0604U, 0660U, 0601U}) {
        const std::string path = files.write("token", "t0ken", mode);
        CHECK_THROWS_WITH(
            files.expand("${file:" + path + "}"),
            Contains("my.toml:1: key `k`: " + path) && Contains("chmod 600") && !Contains("t0ken"));
    }
    const auto refusal = [&](const std::string& text) -> std::string {
        try {
            return files.expand(text);
        } catch (const core::ConfigError& error) {
            return error.what();
        }
    };
    CHECK_THAT(refusal("${file:" + files.folder.file("none") + "}"), Contains("No such file"));
    CHECK_THAT(refusal("${file:" + files.folder.file("") + "}"), Contains("no regular file"));
    CHECK_THAT(refusal("${file:/dev/zero}"), Contains("no regular file"));
    CHECK_THAT(refusal("${file:" + files.write("empty", "\n") + "}"), Contains("it is empty"));
    CHECK_THAT(refusal("${file:" + files.write("large", std::string(65537, 'x')) + "}"),
               Contains("too large"));
    CHECK_THAT(refusal("${credential:../token}"), Contains("the name of a credential"));
    CHECK_THAT(refusal("${credential:}"), Contains("the name of a credential"));
    CHECK_THAT(refusal("${credential:none}"), Contains("No such file"));
    CHECK_THAT(refusal("${NOT_SET}"), Contains("NOT_SET is not set"));
    CHECK_THAT(refusal("${not a name}"), Contains("file:PATH or credential:NAME"));
    CHECK_THROWS_WITH(
        expand_variables("${credential:x}", "w", [](const std::string&) { return std::nullopt; }),
        Contains("CREDENTIALS_DIRECTORY is not set"));
}

}  // namespace
}  // namespace margrave::settings
