#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "alert/observe.hpp"
#include "margin/account.hpp"
#include "report/report.hpp"

namespace margrave::app {

/// What the value of an account's alert was computed from, as the report has it.
struct AlertInputs {
    static constexpr std::size_t kLegsMax = 8;

    std::string quote;
    margin::Health health;
    std::vector<report::Leg> legs;  ///< what has no value in dollars, then the largest
    std::size_t legs_left_out = 0;
};

/// Accounts' inputs, for the few alerts of a report that have something to tell: whoever asks for
/// none pays nothing.
class InputFinder {
  public:
    /// The report must outlive it.
    InputFinder(const report::Report& report, std::string chain);
    /// nullptr of what is no account of the report.
    [[nodiscard]] std::shared_ptr<const AlertInputs> find(const alert::Subject& subject);

  private:
    const report::Report& report_;
    std::string chain_;
    std::map<alert::Subject, const report::Account*> accounts_;  ///< since the first was asked for
};

/// As in "margrave.alert/1", with so many legs; null for none.
[[nodiscard]] nlohmann::ordered_json to_json(const std::shared_ptr<const AlertInputs>& inputs,
                                             std::size_t legs_max);

}  // namespace margrave::app
