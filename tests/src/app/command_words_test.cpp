#include "app/command_words.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace margrave::app {
namespace {

using Catch::Contains;

TEST_CASE("every command and option is described from one table", "[app][completions]") {
    const auto commands = command_words();
    const auto audit = std::find_if(commands.begin(), commands.end(),
                                    [](const auto& command) { return command.name == "audit"; });
    REQUIRE(audit != commands.end());
    const auto named = [&](const std::string& name) {
        return std::find_if(audit->options.begin(), audit->options.end(), [&](const auto& option) {
            return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
        });
    };
    REQUIRE(named("--json") != audit->options.end());
    CHECK(named("--json")->is_flag());
    REQUIRE(named("--config") != audit->options.end());
    CHECK(named("--config")->value == "FILE");
    for (const auto& command : commands) {
        CAPTURE(command.name);
        CHECK_FALSE(command.description.empty());
        for (const auto& option : command.options) {
            CHECK_FALSE(option.description.empty());
        }
    }
}

TEST_CASE("completions hold every command, whatever stands in a description",
          "[app][completions]") {
    const std::vector<CommandWords> commands{
        {.name = "margrave", .description = "It's all", .footer = "", .options = {}},
        {.name = "do",
         .description = "Don't [do]: that",
         .footer = "",
         .options = {{.names = {"-f", "--file"}, .value = "FILE", .description = "It's `x`"},
                     {.names = {"--now"}, .value = "", .description = "Now"}}},
        {.name = "do again",
         .description = "Again",
         .footer = "",
         .options = {{.names = {"--now"}, .value = "", .description = "Now"},
                     {.names = {"--twice"}, .value = "", .description = "Twice"}}}};
    CHECK_THAT(completion_script(commands, "bash"),
               Contains("words=\"again -f --file --now --twice\""));
    CHECK_THAT(completion_script(commands, "zsh"),
               Contains("compadd again\n") && Contains("*--file[It'\\''s `x`]:FILE:_files") &&
                   Contains("Don'\\''t \\[do\\]\\: that"));
    CHECK_THAT(completion_script(commands, "fish"),
               Contains("-l file -r -F -d 'It'\\''s `x`'") && Contains("-l now -d 'Now'"));
    const std::string page = manual_page(commands, "1.0");
    CHECK_THAT(page, Contains(".SS margrave do") && Contains("\\-\\-file \\fIFILE"));
    // No line of a text is taken for a request.
    CHECK_THAT(
        manual_page({{.name = "m", .description = ".so /etc/passwd", .footer = "", .options = {}}},
                    "1"),
        Contains("\\&.so"));
}

}  // namespace
}  // namespace margrave::app
