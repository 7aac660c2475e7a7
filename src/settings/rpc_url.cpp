#include "settings/rpc_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/errors.hpp"
#include "settings/variables.hpp"

namespace margrave::settings {
namespace {

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
        auto url = expand_variables(text, where, environment);
        if (!is_http_url(url)) {
            throw core::ConfigError(where +
                                    ": expected a URL that begins with http:// or https://");
        }
        urls.push_back(std::move(url));
    }
    return urls;
}

}  // namespace margrave::settings
