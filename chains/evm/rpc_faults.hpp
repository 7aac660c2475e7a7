#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/errors.hpp"

namespace margrave::chains::evm {

/// The questions that are asked about an error, in this order. One code means opposite things at
/// different vendors and one text contains another ("block range … limit" is no rate limit,
/// "missing trie node" no revert), so the order decides. It leans to the endpoint's side: what
/// might be its own trouble is never taken for a contract's answer.
enum class FaultGroup {
    Size,
    Quota,
    Rate,
    BlockTag,
    MissingData,
    NodeTimeout,
    Revert,
    Halt,
    NotSupported,
    BadParams,
    Auth,
    Fallback,  ///< codes that say something only when no text did
};

/// One row of the table: it applies when every part that is set applies.
struct FaultRule {
    FaultGroup group;
    core::ErrorKind kind;
    std::optional<int> status = std::nullopt;         ///< the HTTP status
    std::optional<std::int64_t> code = std::nullopt;  ///< the JSON-RPC code
    std::string_view text = {};    ///< lower case; part of the message or of the data in any case
    std::string_view method = {};  ///< of the call; "": of any
};

/// The table, in the order of its groups.
[[nodiscard]] std::span<const FaultRule> fault_rules();

/// The kind of the first rule that applies, ServerFault when none does. classify() is this with
/// fault_rules().
[[nodiscard]] core::ErrorKind classify_by(std::span<const FaultRule> rules, int http_status,
                                          std::int64_t code, std::string_view message,
                                          std::string_view data, std::string_view method);

}  // namespace margrave::chains::evm
