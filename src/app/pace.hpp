#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "alert/observe.hpp"
#include "core/address.hpp"
#include "report/report.hpp"

namespace margrave::app {

/// Which of a chain's wallets are looked at with a block: with each one those that are near a
/// liquidation, or of which that is not known, the others so often by the chain's time. What is
/// not known yet, as after a start, is looked at.
class Pace {
  public:
    /// `far_every_s` 0: all, with every block.
    Pace(std::uint64_t far_every_s, std::vector<core::Address> wallets);

    /// Nobody is with a block but when all are.
    [[nodiscard]] bool is_nobody_near() const;
    /// Whom to look at with a block of that time: all, those who are near, or nobody.
    [[nodiscard]] alert::Scope due(std::uint64_t time_s) const;
    /// What a report shows: a gap that is nobody's alone makes all of its scope near; `waiting` are
    /// accounts' owners of which an alert fires, waits or is not known, near or not.
    void learn(const report::Report& report, const alert::Scope& scope,
               const std::set<core::Address>& waiting, std::uint64_t time_s);
    /// Nothing is known any more: all are due.
    void forget() { all_at_s_.reset(); }

    [[nodiscard]] std::uint64_t far_every_s() const { return far_every_s_; }
    [[nodiscard]] const std::set<core::Address>& near() const { return near_; }
    [[nodiscard]] const std::vector<core::Address>& wallets() const { return wallets_; }

    /// Near is whose collateral may fall by less than a quarter until health is 1.
    static constexpr std::uint64_t kNearOneIn = 4;

  private:
    std::uint64_t far_every_s_;
    std::vector<core::Address> wallets_;
    std::set<core::Address> near_;           ///< of wallets_
    std::optional<std::uint64_t> all_at_s_;  ///< when all were looked at
};

}  // namespace margrave::app
