#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

namespace margrave::bench {

/// margrave's half of compare.mjs: reads the markets that it wrote to `input_file`, then a line at
/// a time from `commands`: "run CASE" answers with the nanoseconds of CPU that it took, "results
/// CASE" with what came out, both as one line of JSON. Returns the exit code.
int serve_peer(const std::string& input_file, std::istream& commands, std::ostream& answers);

/// What an Aave market of so many wallets has of the heap, as one line of JSON.
int print_held(std::size_t wallets, std::ostream& answer);

}  // namespace margrave::bench
