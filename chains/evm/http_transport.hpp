#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "chains/evm/rpc.hpp"

namespace margrave::chains::evm {

/// Limits of one endpoint. A reply is cut off, not truncated silently, where it passes a limit.
struct HttpLimits {
    std::chrono::milliseconds connect_timeout{5'000};
    /// One request, from the first byte to the last.
    std::chrono::milliseconds total_timeout{30'000};
    std::size_t wire_bytes_max = std::size_t{48} << 20U;     ///< a reply as it crosses the wire
    std::size_t decoded_bytes_max = std::size_t{48} << 20U;  ///< a reply after decompression
    /// Larger requests are refused as RequestTooLarge.
    std::size_t request_bytes_max = std::size_t{4} << 20U;
    std::size_t connections_max = 8;
    /// Plain http shows keys and replies to everyone on the way, so only loopback may use it
    /// unasked.
    bool allow_plain_http = false;
};

/// JSON-RPC over HTTP(S) by libcurl's multi interface: connections are reused, HTTP/2 where
/// offered, certificates verified, no redirects, http and https only. `url` may hold a key: only
/// its host ever leaves this object. Throws core::ConfigError when the URL is malformed or of
/// another scheme, or plain http that is not allowed.
[[nodiscard]] std::unique_ptr<RpcTransport> make_http_transport(const std::string& url,
                                                                const HttpLimits& limits);

/// The host (and port) of a URL, for messages; "endpoint" when it has none.
[[nodiscard]] std::string endpoint_name(const std::string& url);

}  // namespace margrave::chains::evm
