#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "risk/rescue_lever.hpp"
#include "risk/smallest_amount.hpp"

namespace margrave::risk {

/// The account at both ends of the validity, with what the levers pull at.
class RescueTable {
  public:
    explicit RescueTable(const RescueScene& scene);

    /// What is owed of the token now, and at the end of the validity.
    [[nodiscard]] core::U256 debt_now(const Token& token) const;
    [[nodiscard]] core::U256 debt_at_end(const Token& token) const;
    [[nodiscard]] core::U256 collateral_now(const Token& token) const;

    [[nodiscard]] const RescueScene& scene() const { return scene_; }
    [[nodiscard]] const margin::Market& now() const { return scene_.market; }
    [[nodiscard]] const margin::Market& at_end() const { return *at_end_; }
    [[nodiscard]] core::Timestamp end() const { return at_end_->time(); }

  private:
    const RescueScene& scene_;
    std::unique_ptr<margin::Market> at_end_;
    std::vector<margin::Leg> legs_now_;
    std::vector<margin::Leg> legs_at_end_;
};

/// The pulls as steps in the order of doing: switches, withdrawals from other accounts, swaps, what
/// raises the health with funds at hand (one call for a token, from however many sources), the
/// e-mode that needs a repayment first, then sales, each withdrawn, swapped and repaid, and at last
/// what a flash loan's bundle withdraws. A repayment of more than is owed now
/// is one of everything. nullopt when a swap has no price.
[[nodiscard]] std::optional<std::vector<RescueStep>> steps_of(const RescueTable& table,
                                                              const std::vector<Pull>& pulls);

struct Trial {
    Reach reach = Reach::Refused;
    margin::Refusal refusal;  ///< set when refused
    margin::Health after;     ///< carried out now
    margin::Health after_at_end;
    margin::Health after_late;
};

/// Carries the steps out on forks, now and at the end of the validity. Refused where the protocol
/// refuses at either moment, where a step leaves the health below 1 and below where it was, or
/// where the account that something is withdrawn from would miss the target.
[[nodiscard]] Trial try_steps(const RescueTable& table, const std::vector<RescueStep>& steps);

/// Fills in each step's health, call and approvals.
void document_steps(const RescueTable& table, std::vector<RescueStep>& steps);

/// A repayment or a supply pulls one approval for its token, a swap another unless it pays in
/// native coin, and a flash loan is a call more.
[[nodiscard]] unsigned count_transactions(const std::vector<RescueStep>& steps);

}  // namespace margrave::risk
