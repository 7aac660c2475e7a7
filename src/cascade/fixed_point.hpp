#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

/// The end of a cascade without its rounds, after Cifuentes, Ferrucci and Shin (2005): prices at
/// which what is sold at them puts them there. For whole markets, many shocks, and bounds.
namespace margrave::cascade {

/// What a borrower has as collateral.
struct Holding {
    std::uint16_t asset = 0;
    double amount = 0;
    double threshold = 0;  ///< part of its value that counts against the debt; 1 is one
    double bonus = 1;      ///< collateral that goes for each unit of value repaid
};

/// What prices do: asset j stands at outside[j] * exp(-impact[j] * sold[j]).
struct Pressure {
    std::vector<double> outside;  ///< in the unit of debts
    std::vector<double> impact;   ///< for each unit sold; 0: no sale moves it
};

struct FixedPoint {
    std::vector<double> prices;
    std::vector<double> sold;  ///< of each asset
    std::size_t fallen = 0;
    double bad_debt = 0;
    std::size_t rounds = 0;
    bool is_settled = false;  ///< prices moved by less than the tolerance in the last round
};

/// Borrowers on flat arrays. One is fallen at prices p when sum(amount * p * threshold) is below
/// its debt D; then the part min(1, D / sum(amount * p / bonus)) of all that it holds is sold, and
/// what of D that does not bring is bad debt. Debts count as they are: what is repaid is bought
/// outside.
///
/// More is sold the lower prices are, so that the map from prices to prices is monotone (Tarski):
/// from the outside prices it falls to the greatest fixed point, the forecast; from the prices at
/// which everything is sold it rises to the least one, the worst that can hold itself.
class FixedPointMarket {
  public:
    explicit FixedPointMarket(std::size_t assets) : asset_count_(assets) {}

    /// Debts are above 0. Borrowers may be added until the first solve.
    void add(std::span<const Holding> holdings, double debt);
    /// Puts borrowers with as many holdings beside each other, those first that are nearest to
    /// their limit at these prices: where others fall no further than the last of them can bear,
    /// they are not looked at. Before solving, and again after an add().
    void arrange(std::span<const double> prices);

    [[nodiscard]] std::size_t borrowers() const { return debts_.size(); }
    [[nodiscard]] std::size_t bytes() const;

    /// `rounds_max` of them at most; `tolerance` is relative, of every price.
    struct Limits {
        double tolerance = 1e-9;
        std::size_t rounds_max = 1000;
    };
    [[nodiscard]] FixedPoint greatest(const Pressure& pressure, const Limits& limits) const;
    [[nodiscard]] FixedPoint least(const Pressure& pressure, const Limits& limits) const;
    /// The greatest for each row of outside prices. The bits do not depend on the number of
    /// threads; those of a scenario that is solved alone may differ in the last places.
    [[nodiscard]] std::vector<FixedPoint> greatest(std::span<const std::vector<double>> outside,
                                                   const std::vector<double>& impact,
                                                   const Limits& limits, unsigned threads) const;

    // For the loops.

    /// An asset on terms: most markets have few.
    struct Kind {
        std::uint16_t asset = 0;
        double threshold = 0;
        double bonus = 1;
    };
    static constexpr std::uint32_t kHealthStep = 128;
    struct View {
        std::span<const Kind> kinds;
        const std::uint32_t* first = nullptr;  ///< holding of each borrower, and one more
        const double* amounts = nullptr;       ///< for each unit of the debt
        const std::uint16_t* kind_of = nullptr;
        const double* debts = nullptr;
        /// Up to groups[n] borrowers have n holdings or fewer.
        std::span<const std::uint32_t> groups;
        std::span<const double> arranged_at;  ///< prices
        /// Of every kHealthStep-th borrower at those prices; they rise within a group.
        std::span<const double> healths;
        std::size_t assets = 0;
    };

    [[nodiscard]] View view() const;

  private:
    std::size_t asset_count_;
    std::map<std::tuple<std::uint16_t, double, double>, std::uint16_t> kind_numbers_;
    std::vector<Kind> kinds_;
    std::vector<std::uint32_t> first_{0};
    std::vector<double> amounts_;  ///< for each unit of the debt: who only stands reads no debt
    std::vector<std::uint16_t> kind_of_;
    std::vector<double> debts_;
    std::vector<std::uint32_t> groups_;
    std::vector<double> arranged_at_;
    std::vector<double> healths_;
};

}  // namespace margrave::cascade
