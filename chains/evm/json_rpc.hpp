#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chains/evm/rpc.hpp"

namespace margrave::chains::evm {

/// The HTTP body of a request; call k gets the id `first_id + k`.
[[nodiscard]] std::string encode_request(const RpcRequest& request, std::uint64_t first_id);

/// What an endpoint sent back, as far as it matters for understanding it.
struct HttpReply {
    int status = 0;
    std::string body;  ///< after decompression
    /// How long the header, of seconds or of a date, asks to wait.
    std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

/// Outcomes in the order of the request's calls, matched by id alone. A missing id fails its call;
/// a duplicate or foreign id, or a body that is not what JSON-RPC allows, fails all of them. `body`
/// is hostile: size and depth are bounded, nothing is believed that was not checked.
[[nodiscard]] std::vector<RpcOutcome> decode_reply(const RpcRequest& request,
                                                   std::uint64_t first_id, const HttpReply& reply,
                                                   const std::string& source);

/// What a JSON-RPC error means, from status, code, message text, data and the call's method
/// together (the table of rpc_faults.cpp). `method` is "" where it is not known which call is
/// meant.
[[nodiscard]] core::ErrorKind classify(int http_status, std::int64_t code, std::string_view message,
                                       std::string_view data, std::string_view method);

}  // namespace margrave::chains::evm
