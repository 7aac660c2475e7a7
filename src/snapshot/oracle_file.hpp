#pragma once

#include <vector>

#include "snapshot/file_field.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::snapshot {

/// The list "oracles" of the file: one book a chain, a source once, behind those it is made of.
[[nodiscard]] core::Archive archive_oracles(const std::vector<margin::OracleBook>& books);

/// Its inverse. Throws InputError that names the field: a chain that is not read or stands there
/// twice, a source twice, a part made of a source that does not stand before.
[[nodiscard]] std::vector<margin::OracleBook> read_oracles(const FileField& list,
                                                           const std::vector<ChainCut>& chains,
                                                           const MakeOracle& make_oracle);

}  // namespace margrave::snapshot
