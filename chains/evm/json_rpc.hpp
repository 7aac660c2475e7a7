#pragma once

#include <cstdint>
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
    std::string body;         ///< after decompression
    std::string retry_after;  ///< the header's value, "" without it
};

/// Outcomes in the order of the request's calls, matched by id alone. A missing id fails its call;
/// a duplicate or foreign id, or a body that is not what JSON-RPC allows, fails all of them. `body`
/// is hostile: size and depth are bounded, nothing is believed that was not checked.
[[nodiscard]] std::vector<RpcOutcome> decode_reply(const RpcRequest& request,
                                                   std::uint64_t first_id, const HttpReply& reply,
                                                   const std::string& source);

/// What a JSON-RPC error means, from status, code, message text and data together (the table of
/// rpc_faults.cpp).
[[nodiscard]] core::ErrorKind classify(int http_status, std::int64_t code, std::string_view message,
                                       std::string_view data);

}  // namespace margrave::chains::evm
