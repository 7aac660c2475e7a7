#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "core/hex.hpp"

/// What Multicall3's aggregate3 answers, taken apart: endpoints are compared call by call, so that
/// one that is lied about leaves the others known.
namespace margrave::chains::evm {

struct AggregateItem {
    bool success = false;
    core::Bytes data;
};

/// The items of an aggregate, and those of them that no enough endpoints agree on, with who said
/// what of each.
struct AggregateReply {
    std::vector<AggregateItem> items;
    std::map<std::size_t, std::string> disputed = {};
};

/// Whether the call asks a Multicall3 for several things at once.
[[nodiscard]] bool is_aggregate(const RpcCall& call);

/// nullopt when the result, JSON text, is not what aggregate3 returns.
[[nodiscard]] std::optional<AggregateReply> parse_aggregate(std::string_view result);

/// As JSON text that parse_aggregate() reads. Without disputes it is what a node answers. With some
/// it is an object, {"result": "0x…", "disputed": {"3": "…"}}, which no node answers and a
/// recording keeps.
[[nodiscard]] std::string write_aggregate(const AggregateReply& reply);

/// What the item was asked, for messages: "0x70a08231 of 0x6B17…".
[[nodiscard]] std::string describe_item(const RpcCall& aggregate, std::size_t item);

}  // namespace margrave::chains::evm
