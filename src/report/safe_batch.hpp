#pragma once

#include <string>
#include <vector>

#include "core/units.hpp"
#include "margin/action.hpp"

namespace margrave::report {

/// A batch that one Safe signs at once.
struct SafeBatch {
    core::ChainId chain_id;
    core::Timestamp block_time;  ///< of the snapshot; nothing here reads a clock
    core::Address safe;
    std::vector<margin::UnsignedCall> calls;
};

/// The file that Safe's Transaction Builder loads, version 1.0, with its checksum and a final
/// newline.
[[nodiscard]] std::string safe_batch_json(const SafeBatch& batch);

/// The checksum that the Transaction Builder wants in `meta` of a batch file, given without it: the
/// keccak-256 of the document with sorted keys, the name left out. Throws core::InputError when the
/// text is no JSON object with a `meta`.
/// Source: safe-global/safe-react-apps apps/tx-builder/src/lib/checksum.ts.
[[nodiscard]] std::string safe_checksum(const std::string& document);

}  // namespace margrave::report
