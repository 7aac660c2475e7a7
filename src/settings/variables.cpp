#include "settings/variables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"

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
        if (!is_variable_name(name)) {
            throw core::ConfigError(
                where + ": between ${ and } belongs the name of an environment variable");
        }
        const auto value = environment(name);
        if (!value || value->empty()) {
            throw core::ConfigError(
                fmt::format("{}: the environment variable {} is not set", where, name));
        }
        expanded.append(text.substr(0, open)).append(*value);
        text.remove_prefix(close + 1);
    }
    return expanded.append(text);
}

}  // namespace margrave::settings
