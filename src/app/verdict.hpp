#pragma once

#include <optional>

#include "app/exit_codes.hpp"
#include "core/units.hpp"
#include "report/report.hpp"

namespace margrave::app {

struct VerdictOptions {
    std::optional<core::Wad> fail_below;  ///< a health factor
    bool verify = false;                  ///< an account without the protocol's own view is a gap
};

/// What a report means for the exit status. What is unknown is never fine.
[[nodiscard]] Findings judge(const report::Report& report, const VerdictOptions& options);

/// How many accounts agree with the protocols' own view.
struct VerifyCount {
    std::size_t agree = 0;
    std::size_t differ = 0;
    std::size_t unverified = 0;
};
[[nodiscard]] VerifyCount count_verified(const report::Report& report);

}  // namespace margrave::app
