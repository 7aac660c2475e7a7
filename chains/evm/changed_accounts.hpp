#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "chains/evm/kept_answers.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/address.hpp"

/// Whose kept answers events between two blocks may have changed.
namespace margrave::chains::evm {

/// Whether the kept answers may stand at `head`: it comes after them, not too many blocks, and what
/// they stand on was read within the hour.
[[nodiscard]] bool may_stand(const KeptAnswers& kept, const Block& head);

struct Changes {
    std::set<core::Address> accounts;  ///< that an event between the two blocks names
    std::optional<std::string> unknown_because;
    std::size_t requests = 0;
};

/// Asks in one round for the two blocks and for events by their topics.
[[nodiscard]] Changes changed_since(RpcTransport& rpc, const KeptAnswers& kept, const Block& head);

}  // namespace margrave::chains::evm
