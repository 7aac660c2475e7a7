#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/gate.hpp"
#include "server/http.hpp"
#include "server/router.hpp"

namespace margrave::server {

/// Longer heads are refused.
inline constexpr std::size_t kHeadBytesMax = std::size_t{16} * 1024;

struct Reply {
    Response response = {};
    bool is_head_only = false;       ///< to HEAD: all but the body
    bool keep_alive = false;         ///< another request may follow on the connection
    std::string last_event_id = {};  ///< of a stream: what the client has seen
};

/// The answer to one request: `head` is its first line and headers with the empty line behind them.
/// Everything that is refused is refused here, before any handler: what is no HTTP/1.1 to the
/// letter (one Host, lines that end in CRLF, no folded header), other hosts and origins, other
/// methods than GET and HEAD, and every body.
[[nodiscard]] Reply answer(std::string_view head, const Gate& gate, const Router& router);

}  // namespace margrave::server
