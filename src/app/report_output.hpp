#pragma once

#include <cstddef>
#include <string>

#include "app/world.hpp"
#include "collect/collect.hpp"
#include "evidence/signing.hpp"
#include "report/report.hpp"

namespace margrave::app {

struct OutputOptions {
    bool json = false;
    bool csv = false;
    bool verbose = false;
    bool no_color = false;
};

/// How text is laid out for this output.
[[nodiscard]] report::TextStyle text_style(const World& world, const OutputOptions& options);

/// The report as it goes to stdout. Colours only for a person's terminal: not with --no-color,
/// NO_COLOR or TERM=dumb.
[[nodiscard]] std::string render(const World& world, const report::Report& report,
                                 const OutputOptions& options);

/// The same, signed with `key`: JSON with the member `signature`, text with lines that say who
/// signed what. Throws InputError for a report that is too large to be verified.
[[nodiscard]] std::string render_signed(const World& world, const report::Report& report,
                                        const OutputOptions& options,
                                        const evidence::SecretKey& key);

/// What reading one chain cost, as a line for stderr.
[[nodiscard]] std::string describe(const collect::ReadingCost& cost, std::size_t wallets);

}  // namespace margrave::app
