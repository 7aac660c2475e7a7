#pragma once

#include <iosfwd>
#include <string>

namespace margrave::bench {

/// Starts `PROGRAM --help` twenty times and writes one line of JSON, `{"ms": …}`: the median, by
/// the clock, from the start of the process to its end. Starting a process out of a large one takes
/// as long again where it is copied for that (node's way), so it is done here. Returns an exit
/// code.
int print_start_time(const std::string& program, std::ostream& answer);

}  // namespace margrave::bench
