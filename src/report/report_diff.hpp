#pragma once

#include <cstddef>
#include <string>

namespace margrave::report {

/// A report as JSON "margrave.report/1", and what it is called in messages.
struct NamedReport {
    std::string name;
    std::string json;
};

/// What the later report says otherwise, by account, holding, factor and gap: JSON
/// "margrave.diff/1" (docs/diff.md), with a final newline. Values are the reports' own texts.
/// Throws InputError for what is no report.
[[nodiscard]] std::string diff_to_json(const NamedReport& before, const NamedReport& after);

/// The same for people; one line says so when nothing differs.
[[nodiscard]] std::string diff_to_text(const NamedReport& before, const NamedReport& after,
                                       std::size_t columns);

}  // namespace margrave::report
