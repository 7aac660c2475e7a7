#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"

namespace margrave::chains::evm {

/// Throws core::ConfigError when `url` is not an http(s) URL with a host, or is plain http to a
/// host that is not this machine and `allow_plain_http` is false. The message names the host at
/// most, and `permission` as what allows plain http.
void check_endpoint_url(const std::string& url, bool allow_plain_http,
                        std::string_view permission = "set allow_plain_http = true");

/// Whose vote an endpoint's answer is where several must agree: its host's, at whatever port, since
/// that is one operator. Of this machine every port is a vote of its own, under whatever name.
[[nodiscard]] std::string vote_name(const std::string& url);

/// An error about what the URL's host said, with that host in its source.
[[nodiscard]] core::ChainError with_host(const core::ChainError& error, const std::string& url);

/// Of any URL that libcurl knows.
struct UrlParts {
    std::string scheme;
    std::string user;  ///< "" of none
    bool is_of_this_machine = false;
};
/// By the parser that connects to it later; nullopt where it is no URL with a host.
[[nodiscard]] std::optional<UrlParts> url_parts(const std::string& url);

/// The parts of a URL that may be keys: user, password, both as HTTP sends them, longer pieces of
/// the path, values and longer names of the query. Endpoints like to quote the URL in their error
/// pages ("Cannot POST /v2/…"), so their words pass through here before anybody sees them.
class UrlSecrets {
  public:
    /// Empty when the URL does not parse.
    explicit UrlSecrets(const std::string& url);

    /// `text` with every secret replaced by "***", also one that a shortening cut off at the end.
    [[nodiscard]] std::string redact(std::string text) const;

  private:
    std::vector<std::string> secrets_;  ///< the longest first
};

}  // namespace margrave::chains::evm
