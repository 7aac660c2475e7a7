#include "margin/book_sweep.hpp"

#include <array>
#include <limits>

namespace margrave::margin::book_sweep {
namespace {

constexpr std::size_t kLanes = Book::kLanes;

/// The sums of one slice, a lane for each row.
struct Lanes {
    std::array<double, kLanes> weight;
    std::array<double, kLanes> debt;
};

inline double health_of(double weight, double debt) {
    return debt == 0 ? std::numeric_limits<double>::infinity() : weight / debt;
}

/// Written so that NaN, the mark of an unknown row, fails both comparisons.
inline Verdict verdict_of(double weight, double debt, const Book::Slack& slack) {
    constexpr double kMore = 1 + Book::kRounding;
    const double least = weight * (1 - static_cast<double>(slack.relative));
    const auto off = static_cast<double>(slack.absolute);
    const bool is_healthy = debt == 0 || least >= (debt + off) * kMore;
    const bool is_liquidatable = (weight + off) * kMore < debt;
    return is_healthy        ? Verdict::Healthy
           : is_liquidatable ? Verdict::Liquidatable
                             : Verdict::AskExact;
}

/// `legs` times kLanes legs from `leg` on, added to a sum for each lane.
inline void add_legs(const View& view, std::size_t leg, std::size_t legs, double* sums) {
    for (std::size_t i = 0; i < legs; ++i) {
        const double* amounts = view.leg_amounts + (leg + i) * kLanes;
        const std::uint16_t* assets = view.leg_assets + (leg + i) * kLanes;
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            sums[lane] += amounts[lane] * view.answers[assets[lane]];
        }
    }
}

template <class Finish>
void sweep(const View& view, std::size_t first, std::size_t last, const Finish& finish) {
    for (std::size_t s = first; s < last; ++s) {
        const Book::Slice& slice = view.slices[s];
        Lanes lanes{};
        add_legs(view, slice.first_leg, slice.collateral_legs, lanes.weight.data());
        add_legs(view, slice.first_leg + slice.collateral_legs, slice.debt_legs, lanes.debt.data());
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            finish(s * kLanes + lane, lanes.weight[lane], lanes.debt[lane]);
        }
    }
}

}  // namespace

double health(double weight, double debt) { return health_of(weight, debt); }

Verdict verdict(double weight, double debt, const Book::Slack& slack) {
    return verdict_of(weight, debt, slack);
}

void health(const View& view, std::size_t first, std::size_t last, double* out) {
    sweep(view, first, last, [&](std::size_t slot, double weight, double debt) {
        out[view.row_of_slot[slot]] = health_of(weight, debt);
    });
}

void judge(const View& view, std::size_t first, std::size_t last, Verdict* out) {
    sweep(view, first, last, [&](std::size_t slot, double weight, double debt) {
        out[view.row_of_slot[slot]] = verdict_of(weight, debt, view.slacks[slot]);
    });
}

}  // namespace margrave::margin::book_sweep
