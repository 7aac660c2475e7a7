#include "settings/variables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "settings/secret_file.hpp"

namespace margrave::settings {
namespace {

constexpr std::string_view kOpen = "${";

bool is_variable_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// Credentials are files of one folder, which systemd names in the environment.
std::string read_credential(const std::string& name, const std::string& where,
                            const Environment& environment) {
    const auto folder = environment("CREDENTIALS_DIRECTORY");
    if (!folder || folder->empty()) {
        throw core::ConfigError(fmt::format(
            "{}: there are no credentials: CREDENTIALS_DIRECTORY is not set, as systemd "
            "does for LoadCredential=",
            where));
    }
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
        throw core::ConfigError(where + ": behind ${credential: belongs the name of a credential");
    }
    return read_secret_file(*folder + "/" + name, where, SecretPlace::Service);
}

/// What stands between "${" and "}" stands for.
std::string value_of(const std::string& name, const std::string& where,
                     const Environment& environment) {
    constexpr std::string_view kFile = "file:";
    constexpr std::string_view kCredential = "credential:";
    if (name.starts_with(kFile)) {
        return read_secret_file(name.substr(kFile.size()), where, SecretPlace::Own);
    }
    if (name.starts_with(kCredential)) {
        return read_credential(name.substr(kCredential.size()), where, environment);
    }
    if (!is_variable_name(name)) {
        throw core::ConfigError(where +
                                ": between ${ and } belongs the name of an environment variable, "
                                "file:PATH or credential:NAME");
    }
    const auto value = environment(name);
    if (!value || value->empty()) {
        throw core::ConfigError(
            fmt::format("{}: the environment variable {} is not set", where, name));
    }
    return *value;
}

}  // namespace

std::string expand_variables(std::string_view text, const std::string& where,
                             const Environment& environment) {
    std::string expanded;
    for (auto open = text.find(kOpen); open != std::string_view::npos; open = text.find(kOpen)) {
        const auto close = text.find('}', open);
        if (close == std::string_view::npos) {
            throw core::ConfigError(where + ": ${ without its }");
        }
        const std::string name(text.substr(open + kOpen.size(), close - open - kOpen.size()));
        expanded.append(text.substr(0, open)).append(value_of(name, where, environment));
        text.remove_prefix(close + 1);
    }
    return expanded.append(text);
}

}  // namespace margrave::settings
