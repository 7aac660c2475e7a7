#pragma once

#include <string>
#include <vector>

/// What the command line knows, for those who describe it: completions and the manual page.
namespace margrave::app {

struct OptionWords {
    std::vector<std::string> names;  ///< "-h", "--help"; of a positional word one without dashes
    std::string value;               ///< "FILE"; "" of a flag
    std::string description;

    [[nodiscard]] bool is_flag() const { return value.empty(); }
    [[nodiscard]] bool is_positional() const { return !names.front().starts_with('-'); }
};

struct CommandWords {
    std::string name;
    std::string description;
    std::string footer;  ///< lines about its use, with examples
    std::vector<OptionWords> options;
    std::vector<std::string> words = {};  ///< that may follow it
};

/// The program itself first, then its commands; a command of a command follows it, as
/// "cascade backtest".
[[nodiscard]] std::vector<CommandWords> command_words();

/// "bash", "zsh", "fish".
[[nodiscard]] const std::vector<std::string>& shells();
/// A script that completes commands and options; `shell` is one of shells().
[[nodiscard]] std::string completion_script(const std::vector<CommandWords>& commands,
                                            const std::string& shell);

/// The page for man(1), in its own language.
[[nodiscard]] std::string manual_page(const std::vector<CommandWords>& commands,
                                      const std::string& version);

}  // namespace margrave::app
