#include "server/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/text.hpp"

namespace margrave::server {
namespace {

struct HostAndPort {
    std::string host;  ///< in lower case, without a final dot
    std::string port;  ///< with its colon, or empty
};

bool is_host_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}

/// Empty where it is none.
HostAndPort split(std::string_view text) {
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    const std::size_t colon = bracket == std::string_view::npos ? text.find(':') : bracket + 1;
    HostAndPort out{.host = core::lower(text.substr(0, colon)),
                    .port = colon < text.size() ? std::string(text.substr(colon)) : ""};
    if (bracket == std::string_view::npos) {
        if (out.host.ends_with('.')) {
            out.host.pop_back();
        }
        if (!std::all_of(out.host.begin(), out.host.end(), is_host_character)) {
            return {};
        }
    }
    const bool is_port =
        out.port.empty() || (out.port.size() > 1 && out.port.front() == ':' &&
                             std::all_of(out.port.begin() + 1, out.port.end(), [](char c) {
                                 return std::isdigit(static_cast<unsigned char>(c)) != 0;
                             }));
    return is_port ? out : HostAndPort{};
}

}  // namespace

Gate::Gate(std::string_view address, std::uint16_t port, const std::vector<std::string>& names) {
    constexpr std::uint16_t kHttpPort = 80;  // which clients leave out
    const std::string own = ':' + std::to_string(port);
    const bool is_ipv6 = address.find(':') != std::string_view::npos;
    for (const std::string& host :
         {std::string("localhost"), std::string("127.0.0.1"), std::string("[::1]"),
          fmt::format(fmt::runtime(is_ipv6 ? "[{}]" : "{}"), address)}) {
        hosts_.push_back(host + own);
        if (port == kHttpPort) {
            hosts_.push_back(host);
        }
    }
    for (const std::string& name : names) {
        const HostAndPort parts = split(name);
        hosts_.push_back(parts.host + parts.port);
        if (parts.port.empty()) {
            hosts_.push_back(parts.host + own);
        }
    }
}

bool Gate::knows_host(std::string_view host) const {
    const HostAndPort parts = split(host);
    return !parts.host.empty() &&
           std::find(hosts_.begin(), hosts_.end(), parts.host + parts.port) != hosts_.end();
}

bool Gate::knows_origin(std::string_view origin) const {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (core::lower(origin.substr(0, scheme.size())) == scheme) {
            return knows_host(origin.substr(scheme.size()));
        }
    }
    return false;
}

bool Gate::is_name(std::string_view text) { return !split(text).host.empty(); }

}  // namespace margrave::server
