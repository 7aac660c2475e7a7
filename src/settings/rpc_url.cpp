#include "settings/rpc_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/errors.hpp"
#include "core/text.hpp"

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

/// `where` begins the messages.
std::string expand(std::string_view url, const std::string& where, const Environment& environment) {
    std::string expanded;
    for (auto open = url.find(kOpen); open != std::string_view::npos; open = url.find(kOpen)) {
        const auto close = url.find('}', open);
        if (close == std::string_view::npos) {
            throw core::ConfigError(where + ": ${ without its }");
        }
        const std::string name(url.substr(open + kOpen.size(), close - open - kOpen.size()));
        if (!is_variable_name(name)) {
            throw core::ConfigError(
                where + ": between ${ and } belongs the name of an environment variable");
        }
        const auto value = environment(name);
        if (!value || value->empty()) {
            throw core::ConfigError(
                fmt::format("{}: the environment variable {} is not set", where, name));
        }
        expanded.append(url.substr(0, open)).append(*value);
        url.remove_prefix(close + 1);
    }
    return expanded.append(url);
}

bool is_http_url(std::string_view url) {
    constexpr std::string_view kHttp = "http://";
    constexpr std::string_view kHttps = "https://";
    const bool has_scheme = url.starts_with(kHttp) || url.starts_with(kHttps);
    const bool has_host = url.size() > (url.starts_with(kHttps) ? kHttps : kHttp).size();
    const bool is_plain =
        std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != '\x7f'; });
    return has_scheme && has_host && is_plain;
}

}  // namespace

std::vector<std::string> read_rpc_urls(const Section& chain, const Environment& environment) {
    std::vector<std::string> urls;
    for (const auto& text : chain.texts("rpc")) {
        const auto where = fmt::format("{}, entry {}", chain.where("rpc"), urls.size() + 1);
        auto url = expand(text, where, environment);
        if (!is_http_url(url)) {
            throw core::ConfigError(where +
                                    ": expected a URL that begins with http:// or https://");
        }
        urls.push_back(std::move(url));
    }
    return urls;
}

}  // namespace margrave::settings
