#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "app/command_words.hpp"

namespace margrave::app {
namespace {

/// As man(7) reads it: a hyphen is one to copy, and a line does not begin with a request.
std::string roff(std::string_view text) {
    std::string out;
    bool begins_line = true;
    for (const char c : text) {
        if (begins_line && (c == '.' || c == '\'')) {
            out += "\\&";
        }
        if (c == '-') {
            out += "\\-";
        } else if (c == '\\') {
            out += "\\e";
        } else {
            out += c;
        }
        begins_line = c == '\n';
    }
    return out;
}

void add_options(const CommandWords& command, std::string& out) {
    for (const OptionWords& option : command.options) {
        out += fmt::format(
            ".TP\n.B {}{}\n{}\n", roff(fmt::format("{}", fmt::join(option.names, ", "))),
            option.is_flag() || option.is_positional() ? "" : " \\fI" + roff(option.value) + "\\fR",
            roff(option.description));
    }
}

}  // namespace

std::string manual_page(const std::vector<CommandWords>& commands, const std::string& version) {
    const CommandWords& program = commands.front();
    std::string out = fmt::format(
        ".TH MARGRAVE 1 \"\" \"margrave {}\"\n.SH NAME\nmargrave \\- margin risk of DeFi "
        "portfolios, "
        "read straight from the chain\n.SH SYNOPSIS\n.B margrave\n\\fICOMMAND\\fR "
        "[\\fIOPTION\\fR...] [\\fIADDRESS\\fR...]\n.SH DESCRIPTION\n{}\n.SH OPTIONS\n",
        roff(version), roff(program.description));
    add_options(program, out);
    out += ".SH COMMANDS\n";
    for (std::size_t i = 1; i < commands.size(); ++i) {
        out += fmt::format(".SS margrave {}\n{}.\n", roff(commands[i].name),
                           roff(commands[i].description));
        add_options(commands[i], out);
        if (!commands[i].footer.empty()) {
            out += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(commands[i].footer));
        }
    }
    if (!program.footer.empty()) {
        out += fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", roff(program.footer));
    }
    return out;
}

}  // namespace margrave::app
