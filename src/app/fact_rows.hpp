#pragma once

#include <map>
#include <string>

#include "alert/fact_book.hpp"
#include "settings/settings.hpp"
#include "store/watch_facts.hpp"

/// Facts between a watch's file and what thinks of them.
namespace margrave::app {

[[nodiscard]] store::Fact to_row(const alert::Fact& fact);
/// Throws InputError where its wallet is none.
[[nodiscard]] alert::Fact from_row(const std::string& chain, const store::Fact& row);

/// What is configured to be read of each protocol of the chain: another text when it is something
/// else.
[[nodiscard]] std::map<std::string, std::string> coverage_of(const settings::Settings& settings,
                                                             const std::string& chain);

}  // namespace margrave::app
