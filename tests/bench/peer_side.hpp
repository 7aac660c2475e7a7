#pragma once

#include <iosfwd>
#include <string>

namespace margrave::bench {

/// margrave's half of compare.mjs: reads the markets that it wrote to `input_file`, then a line at
/// a time from `commands`: "run CASE" answers with the nanoseconds of CPU that it took, "results
/// CASE" with what came out, both as one line of JSON. Returns the exit code.
int serve_peer(const std::string& input_file, std::istream& commands, std::ostream& answers);

}  // namespace margrave::bench
