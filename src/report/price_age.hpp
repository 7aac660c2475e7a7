#pragma once

#include <cstdint>
#include <string>

#include "core/units.hpp"
#include "margin/account.hpp"
#include "report/report.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {

/// The time of the chain's block, against which ages are measured.
[[nodiscard]] core::Timestamp block_time(const Report& report, const std::string& chain);

/// A day, the longest heartbeat of the usual Chainlink feeds, and an hour's grace. An older answer
/// is one that the protocol may still accept and that a person should look at.
inline constexpr std::uint64_t kOldPriceSeconds = std::uint64_t{25} * 3600;

/// True for an answer that is older than that at its block, or later than its block.
[[nodiscard]] bool is_suspect(const margin::PriceQuote& price, core::Timestamp block_time);

/// How old a price was at its block: "12m 5s", "3d 4h !" for an old one, "-" when the feed does not
/// say.
[[nodiscard]] Cell age_cell(const margin::PriceQuote& price, core::Timestamp block_time);

}  // namespace margrave::report
