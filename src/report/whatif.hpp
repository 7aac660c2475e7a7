#pragma once

#include <string>
#include <vector>

#include "report/report.hpp"
#include "risk/scenario.hpp"

namespace margrave::report {

/// One step of a what-if as typed, with what it did.
struct WhatIfStep {
    std::string text;  ///< "ETH=-20%"
    std::vector<risk::StepEffect> effects;
};

/// Two reports on the same accounts, before and after the steps.
struct WhatIf {
    std::vector<WhatIfStep> steps;
    Report before;
    Report after;
};

/// The same account in both reports; nullptr where it is in one only.
struct AccountPair {
    const Account* before = nullptr;
    const Account* after = nullptr;
};
/// In the order of the report after, then what is only in the one before.
[[nodiscard]] std::vector<AccountPair> pair_accounts(const WhatIf& whatif);

/// JSON "margrave.whatif/1" (docs/whatif.md), with a final newline.
[[nodiscard]] std::string to_json(const WhatIf& whatif);
/// For a person in a terminal: before and after side by side.
[[nodiscard]] std::string to_text(const WhatIf& whatif, const TextStyle& style);

}  // namespace margrave::report
