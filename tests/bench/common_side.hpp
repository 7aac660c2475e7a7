#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

namespace margrave::bench {

/// margrave's half of common_market.mjs: writes the market to files of doubles in `folder`, then
/// answers a line for each command, as serve_peer() does. Cases: "single", "batch". Returns the
/// exit code.
int serve_common(const std::string& folder, std::size_t borrowers, std::istream& commands,
                 std::ostream& answers);

/// Solves one market of so many borrowers and says what memory the process took at most.
int print_memory(std::size_t borrowers, std::ostream& answer);

}  // namespace margrave::bench
