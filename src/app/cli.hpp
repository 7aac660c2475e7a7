#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace margrave::app {

/// `margrave audit`, as typed: nothing is understood yet beyond which option is which.
struct AuditOptions {
    std::vector<std::string> wallets;
    std::optional<std::string> wallets_file;  ///< --addresses
    std::optional<std::string> config_file;
    std::vector<std::string> chains;  ///< --chain, commas resolved; "all" is one of the names
    std::optional<std::string> rpc;
    std::optional<std::string> block;
    std::optional<std::string> at;
    std::optional<std::string> snapshot_out;
    std::optional<std::string> snapshot;
    std::optional<std::string> record;
    std::optional<std::string> replay;
    std::optional<std::string> fail_below;
    std::optional<std::chrono::seconds> timeout;
    bool allow_plain_http = false;
    bool json = false;
    bool verify = false;
    bool verbose = false;
    bool no_color = false;
};

struct CheckConfigOptions {
    std::optional<std::string> config_file;
};

struct ProtocolsOptions {};

struct DemoOptions {
    bool json = false;
    bool verbose = false;
    bool no_color = false;
};

/// --help or --version: the text to print.
struct ShowText {
    std::string text;
};

using Command =
    std::variant<AuditOptions, CheckConfigOptions, ProtocolsOptions, DemoOptions, ShowText>;

/// The command that the arguments (without the program's name) ask for. Throws InputError with the
/// nearest known word for an unknown one.
[[nodiscard]] Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace margrave::app
