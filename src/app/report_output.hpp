#pragma once

#include <cstddef>
#include <string>

#include "app/world.hpp"
#include "collect/collect.hpp"
#include "report/report.hpp"

namespace margrave::app {

struct OutputOptions {
    bool json = false;
    bool verbose = false;
    bool no_color = false;
};

/// How text is laid out for this output.
[[nodiscard]] report::TextStyle text_style(const World& world, const OutputOptions& options);

/// The report as it goes to stdout. Colours only for a person's terminal: not with --no-color,
/// NO_COLOR or TERM=dumb.
[[nodiscard]] std::string render(const World& world, const report::Report& report,
                                 const OutputOptions& options);

/// What reading one chain cost, as a line for stderr.
[[nodiscard]] std::string describe(const collect::ReadingCost& cost, std::size_t wallets);

}  // namespace margrave::app
