#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/command_words.hpp"
#include "core/errors.hpp"

namespace margrave::app {
namespace {

/// Between single quotes of a shell.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c == '\n' ? ' ' : c);
    }
    return out + "'";
}

std::vector<std::string> names_of(const CommandWords& command) {
    std::vector<std::string> out = command.words;
    for (const OptionWords& option : command.options) {
        if (!option.is_positional()) {
            out.insert(out.end(), option.names.begin(), option.names.end());
        }
    }
    return out;
}

/// A command of a command ("cascade backtest") becomes a word of it, and lends it its options.
std::vector<CommandWords> flattened(const std::vector<CommandWords>& commands) {
    std::vector<CommandWords> out;
    for (const CommandWords& command : commands) {
        const auto space = command.name.find(' ');
        if (space == std::string::npos) {
            out.push_back(command);
            continue;
        }
        CommandWords& outer = out.back();
        core::ensure(outer.name == command.name.substr(0, space), "it follows its command");
        outer.words.push_back(command.name.substr(space + 1));
        for (const OptionWords& option : command.options) {
            const bool is_new =
                std::none_of(outer.options.begin(), outer.options.end(),
                             [&](const OptionWords& known) { return known.names == option.names; });
            if (is_new) {
                outer.options.push_back(option);
            }
        }
    }
    return out;
}

bool is_file(const OptionWords& option) {
    return option.value == "FILE" || option.value == "DIR" || option.value == "KEYFILE";
}

std::string bash_script(const std::vector<CommandWords>& commands) {
    std::string names;
    std::string cases;
    for (std::size_t i = 1; i < commands.size(); ++i) {
        names += commands[i].name + ' ';
        cases += fmt::format("    {})\n      words=\"{}\" ;;\n", commands[i].name,
                             fmt::join(names_of(commands[i]), " "));
    }
    return fmt::format(R"(# Completions of margrave for bash.
_margrave() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command= word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {0}" in *" $word "*) command=$word; break ;; esac
  done
  case "$command" in
    "")
      words="{0}{1}" ;;
{2}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _margrave margrave
)",
                       names, fmt::join(names_of(commands.front()), " "), cases);
}

/// A description inside brackets, of which _arguments reads some letters itself.
std::string zsh_text(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c == '[' || c == ']' || c == ':' || c == '\\' ? std::string("\\") + c
                                                             : std::string(1, c == '\n' ? ' ' : c);
    }
    return out;
}

std::string zsh_script(const std::vector<CommandWords>& commands) {
    std::string out =
        "#compdef margrave\n# Completions of margrave for zsh.\n_margrave() {\n"
        "  local -a commands\n  commands=(\n";
    for (std::size_t i = 1; i < commands.size(); ++i) {
        out += fmt::format("    {}\n",
                           quoted(commands[i].name + ":" + zsh_text(commands[i].description)));
    }
    out +=
        "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
        "  case $words[2] in\n";
    for (std::size_t i = 1; i < commands.size(); ++i) {
        out += fmt::format("    {})\n", commands[i].name);
        for (const std::string& word : commands[i].words) {
            out += fmt::format("      compadd {}\n", word);
        }
        out += "      _arguments '*:file:_files'";
        for (const OptionWords& option : commands[i].options) {
            for (const std::string& name : option.names) {
                if (!option.is_positional()) {
                    const std::string value = option.is_flag()
                                                  ? ""
                                                  : fmt::format(":{}:{}", zsh_text(option.value),
                                                                is_file(option) ? "_files" : "");
                    out +=
                        " \\\n        " +
                        quoted(fmt::format("*{}[{}]{}", name, zsh_text(option.description), value));
                }
            }
        }
        out += " ;;\n";
    }
    return out + "  esac\n}\n_margrave \"$@\"\n";
}

std::string fish_script(const std::vector<CommandWords>& commands) {
    std::string out = "# Completions of margrave for fish.\n";
    for (std::size_t i = 1; i < commands.size(); ++i) {
        out += fmt::format("complete -c margrave -f -n __fish_use_subcommand -a {} -d {}\n",
                           commands[i].name, quoted(commands[i].description));
    }
    for (std::size_t i = 1; i < commands.size(); ++i) {
        for (const std::string& word : commands[i].words) {
            out += fmt::format("complete -c margrave -n '__fish_seen_subcommand_from {}' -a {}\n",
                               commands[i].name, word);
        }
        for (const OptionWords& option : commands[i].options) {
            for (const std::string& name : option.names) {
                if (name.starts_with("--")) {
                    out += fmt::format(
                        "complete -c margrave -n '__fish_seen_subcommand_from {}' -l {}{} -d {}\n",
                        commands[i].name, name.substr(2),
                        option.is_flag()  ? ""
                        : is_file(option) ? " -r -F"
                                          : " -x",
                        quoted(option.description));
                }
            }
        }
    }
    return out;
}

}  // namespace

const std::vector<std::string>& shells() {
    static const std::vector<std::string> names{"bash", "zsh", "fish"};
    return names;
}

std::string completion_script(const std::vector<CommandWords>& commands, const std::string& shell) {
    core::ensure(!commands.empty(), "the program itself is among its commands");
    const auto flat = flattened(commands);
    if (shell == "bash") {
        return bash_script(flat);
    }
    return shell == "zsh" ? zsh_script(flat) : fish_script(flat);
}

}  // namespace margrave::app
