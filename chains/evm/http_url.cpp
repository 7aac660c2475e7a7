#include "chains/evm/http_url.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "chains/evm/http_transport.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {

namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// A URL taken apart by the parser that will also connect to it, so that the two cannot disagree
/// about the host.
class ParsedUrl {
  public:
    explicit ParsedUrl(const std::string& url) : url_(curl_url()) {
        // libcurl forgives "https:/host" and "https:///host", where the "host" may well be a key.
        const std::size_t scheme_end = url.find("://");
        const bool two_slashes =
            scheme_end != std::string::npos && !url.substr(scheme_end + 3).starts_with('/');
        status_ = two_slashes ? curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), 0)
                              : CURLUE_MALFORMED_INPUT;
    }

    [[nodiscard]] bool ok() const { return status_ == CURLUE_OK; }
    /// One of libcurl's fixed sentences, which quote nothing.
    [[nodiscard]] std::string problem() const { return curl_url_strerror(status_); }

    /// "" when the URL has no such part.
    [[nodiscard]] std::string part(CURLUPart which, unsigned flags = 0) const {
        char* text = nullptr;
        if (!ok() || curl_url_get(url_.get(), which, &text, flags) != CURLUE_OK) {
            return {};
        }
        const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
        return owned.get();
    }

  private:
    std::unique_ptr<CURLU, UrlDeleter> url_;
    CURLUcode status_;
};

bool is_loopback(const std::string& host) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) == 1) {
        return (ntohl(address.s_addr) >> 24U) == 127;
    }
    return host == "localhost" || host == "[::1]";
}

/// One spelling for one host.
std::string host_of(const ParsedUrl& url) {
    std::string host = core::lower(url.part(CURLUPART_HOST));
    if (host.size() > 1 && host.back() == '.') {
        host.pop_back();
    }
    return host;
}

/// ":8545"; "" for the scheme's own.
std::string port_of(const ParsedUrl& url) {
    const std::string port = url.part(CURLUPART_PORT);
    const bool is_usual = port == (url.part(CURLUPART_SCHEME) == "http" ? "80" : "443");
    return port.empty() || is_usual ? "" : ":" + port;
}

/// Shorter ones are words such as "v2" or "rpc", and to blot those out would only garble messages.
constexpr std::size_t kSegmentBytesMin = 6;
constexpr std::size_t kValueBytesMin = 3;

template <class Visit>
void for_each_piece(std::string_view text, std::string_view separators, const Visit& visit) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        visit(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void replace_all(std::string& text, const std::string& secret) {
    constexpr std::string_view kMask = "***";
    for (std::size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kMask.size())) {
        text.replace(at, secret.size(), kMask);
    }
}

/// The length of the longest beginning of `secret` that `text` ends with; 0 when it is too short to
/// matter.
std::size_t cut_off_secret(std::string_view text, std::string_view secret) {
    constexpr std::size_t kTellingBytes = 4;
    for (std::size_t bytes = std::min(text.size(), secret.size()); bytes >= kTellingBytes;
         --bytes) {
        if (text.ends_with(secret.substr(0, bytes))) {
            return bytes;
        }
    }
    return 0;
}

/// As the header of HTTP's basic authentication has it (RFC 4648).
std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            const bool is_there = at + i < bytes.size();
            group = group << 8U | (is_there ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
        }
        for (std::size_t digit = 0; digit < 4; ++digit) {
            const bool is_padding = at + digit > bytes.size();
            out += is_padding ? '=' : kDigits[group >> (18U - 6U * digit) & 63U];
        }
    }
    return out;
}

/// As a URL within a URL has it (RFC 3986): in a redirect to a page that is to lead back, say.
std::string percent_encoded(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kUnreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (const char byte : bytes) {
        if (kUnreserved.find(byte) != std::string_view::npos) {
            out += byte;
            continue;
        }
        const auto code = static_cast<std::uint8_t>(byte);
        out.append({'%', kDigits[code >> 4U], kDigits[code & 15U]});
    }
    return out;
}

}  // namespace

std::string endpoint_name(const std::string& url) {
    const ParsedUrl parsed(url);
    const std::string host = host_of(parsed);
    return host.empty() ? "endpoint" : core::printable(host + port_of(parsed));
}

std::string vote_name(const std::string& url) {
    const ParsedUrl parsed(url);
    const std::string host = host_of(parsed);
    if (is_loopback(host)) {
        return "127.0.0.1" + port_of(parsed);
    }
    return host.empty() ? "endpoint" : core::printable(host);
}

core::ChainError with_host(const core::ChainError& error, const std::string& url) {
    using core::ErrorKind;
    const bool is_about_words = error.kind() == ErrorKind::BadReply ||
                                error.kind() == ErrorKind::WrongChain ||
                                error.kind() == ErrorKind::WrongBlock;
    const std::string host = endpoint_name(url);
    // What the transport itself refuses has its host already.
    return !is_about_words || error.source().starts_with(host)
               ? error
               : core::ChainError(error.kind(), host + " " + error.source(), error.detail());
}

std::optional<UrlParts> url_parts(const std::string& url) {
    const ParsedUrl parsed(url);
    if (!parsed.ok()) {
        return std::nullopt;
    }
    return UrlParts{.scheme = parsed.part(CURLUPART_SCHEME),
                    .user = parsed.part(CURLUPART_USER),
                    .is_of_this_machine = is_loopback(parsed.part(CURLUPART_HOST))};
}

void check_endpoint_url(const std::string& url, bool allow_plain_http,
                        std::string_view permission) {
    const ParsedUrl parsed(url);
    if (!parsed.ok()) {
        // The text itself stays out: it may hold a key.
        throw core::ConfigError("the endpoint's URL is malformed (" + parsed.problem() +
                                "); expected https://host/path");
    }
    const std::string scheme = parsed.part(CURLUPART_SCHEME);
    const std::string name = endpoint_name(url);
    if (scheme != "https" && scheme != "http") {
        throw core::ConfigError("the endpoint " + name +
                                " is not spoken to over http or https; expected https://host/path");
    }
    const bool private_wire = scheme == "https" || is_loopback(parsed.part(CURLUPART_HOST));
    if (!private_wire && !allow_plain_http) {
        throw core::ConfigError("plain http to " + name +
                                " shows the key and lets others alter replies; use https, or " +
                                std::string(permission) + " for a network of your own");
    }
}

UrlSecrets::UrlSecrets(const std::string& url) {
    const ParsedUrl parsed(url);
    const auto keep = [this](std::string_view piece, std::size_t bytes_min) {
        if (piece.size() >= bytes_min) {
            secrets_.emplace_back(piece);
            secrets_.push_back(percent_encoded(piece));
        }
    };
    // An endpoint may quote a part as it was sent, with its percent signs undone, or with more.
    for (const unsigned flags : {0U, unsigned{CURLU_URLDECODE}}) {
        keep(parsed.part(CURLUPART_USER, flags), kValueBytesMin);
        keep(parsed.part(CURLUPART_PASSWORD, flags), kValueBytesMin);
        for_each_piece(parsed.part(CURLUPART_PATH, flags), "/",
                       [&](std::string_view piece) { keep(piece, kSegmentBytesMin); });
        for_each_piece(parsed.part(CURLUPART_QUERY, flags), "&", [&](std::string_view pair) {
            const std::size_t equals = pair.find('=');
            keep(equals == std::string_view::npos ? pair : pair.substr(equals + 1), kValueBytesMin);
            keep(pair.substr(0, equals), kSegmentBytesMin);
        });
    }
    const std::string user = parsed.part(CURLUPART_USER, CURLU_URLDECODE);
    if (!user.empty()) {
        keep(base64(user + ":" + parsed.part(CURLUPART_PASSWORD, CURLU_URLDECODE)), kValueBytesMin);
    }
    std::sort(secrets_.begin(), secrets_.end(), [](const std::string& a, const std::string& b) {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

std::string UrlSecrets::redact(std::string text) const {
    constexpr std::string_view kEllipsis = "…";
    for (const std::string& secret : secrets_) {
        replace_all(text, secret);
        if (text.ends_with(kEllipsis)) {
            const std::size_t end = text.size() - kEllipsis.size();
            const std::size_t cut = cut_off_secret(std::string_view(text).substr(0, end), secret);
            text.replace(end - cut, cut, cut > 0 ? "***" : "");
        }
    }
    return text;
}

}  // namespace margrave::chains::evm
