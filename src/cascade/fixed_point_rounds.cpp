#include "cascade/fixed_point_rounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace margrave::cascade::fixed_point_rounds {
namespace {

/// One double for each scenario.
using Eight = double __attribute__((vector_size(64)));
using Four = double __attribute__((vector_size(32)));
using Two = double __attribute__((vector_size(16)));

template <class V>
constexpr std::size_t lanes = sizeof(V) / sizeof(double);

[[gnu::always_inline]] inline double& lane(double& value, std::size_t /*i*/) { return value; }
[[gnu::always_inline]] inline double& lane(Eight& values, std::size_t i) {
    return reinterpret_cast<double*>(&values)[i];
}

/// An array of V; an allocator does not know a vector type's alignment, a struct's it does.
template <class V>
class Array {
  public:
    explicit Array(std::size_t size) : slots_(size) {}
    [[gnu::always_inline]] V& operator[](std::size_t i) { return slots_[i].value; }
    [[gnu::always_inline]] const V& operator[](std::size_t i) const { return slots_[i].value; }

  private:
    struct alignas(sizeof(V)) Slot {
        V value{};
    };
    std::vector<Slot> slots_;
};

/// The least lane.
[[gnu::always_inline]] inline double least_of(const double& value) { return value; }
[[gnu::always_inline]] inline double least_of(const Eight& values) {
    const auto* halves = reinterpret_cast<const Four*>(&values);
    const Four four = halves[0] < halves[1] ? halves[0] : halves[1];
    const auto* quarters = reinterpret_cast<const Two*>(&four);
    const Two two = quarters[0] < quarters[1] ? quarters[0] : quarters[1];
    return two[0] < two[1] ? two[0] : two[1];
}

/// A bit for each lane that is below the limit.
[[gnu::always_inline]] inline unsigned bits_below(const double& value, double limit) {
    return value < limit ? 1U : 0U;
}
[[gnu::always_inline]] inline unsigned bits_below(const Eight& values, double limit) {
    unsigned out = 0;
    for (unsigned i = 0; i < lanes<Eight>; ++i) {
        out |= (values[i] < limit ? 1U : 0U) << i;
    }
    return out;
}

/// 1 for each bit that is set, else 0.
struct MaskTable {
    alignas(64) std::array<std::array<double, 8>, 256> rows{};
    constexpr MaskTable() {
        for (unsigned bits = 0; bits < 256; ++bits) {
            for (unsigned i = 0; i < 8; ++i) {
                rows[bits][i] = (bits >> i & 1U) != 0 ? 1.0 : 0.0;
            }
        }
    }
};
constexpr MaskTable kMasks;

[[gnu::always_inline]] inline void masked(double& value, unsigned bits) {
    value = (bits & 1U) != 0 ? value : 0;
}
[[gnu::always_inline]] inline void masked(Eight& values, unsigned bits) {
    values *= *reinterpret_cast<const Eight*>(kMasks.rows[bits].data());
}

/// Borrowers that were this near to their limit are looked at again, until prices have fallen so
/// far.
constexpr double kNear = 1.12;
/// More than what a sum of products is off by.
constexpr double kRounding = 1e-12;

/// All of it is inlined into one function for each instruction set.
template <class V>
class Solver {
  public:
    [[gnu::always_inline]] Solver(const View& market, Outside outside, Impact impact)
        : market_(market),
          outside_(outside),
          impact_(impact),
          prices_(market.assets),
          reference_(market.assets),
          limit_prices_(market.kinds.size()),
          net_prices_(market.kinds.size()),
          sold_out_(market.kinds.size()),
          sold_kinds_(market.kinds.size()),
          sold_(market.assets),
          fallen_(borrowers()) {
        for (std::size_t j = 0; j < market_.assets; ++j) {
            for (std::size_t i = 0; i < lanes<V>; ++i) {
                // Lanes without a scenario repeat the last one.
                lane(prices_[j], i) = outside_[std::min(i, outside_.size() - 1)][j];
            }
        }
    }

    [[gnu::always_inline]] void solve(const Limits& limits, std::span<FixedPoint> out) {
        unsigned moving = (1U << outside_.size()) - 1;
        for (std::size_t round = 1; round <= limits.rounds_max && moving != 0; ++round) {
            price_kinds();
            if (round == 1 || has_left_reference()) {
                look_at_all();
            } else {
                look_at_near();
            }
            sell();
            moving = move_prices(limits.tolerance, moving, round, out);
        }
        report(out);
    }

  private:
    /// One that has fallen in these lanes and has something left.
    struct Seller {
        std::uint32_t holdings = 0;
        unsigned lanes = 0;
        double debt = 0;
    };

    [[nodiscard, gnu::always_inline]] std::size_t borrowers() const {
        return market_.groups.empty() ? 0 : market_.groups.back();
    }

    [[gnu::always_inline]] void price_kinds() {
        for (std::size_t k = 0; k < market_.kinds.size(); ++k) {
            const auto& kind = market_.kinds[k];
            limit_prices_[k] = prices_[kind.asset] * kind.threshold;
            net_prices_[k] = prices_[kind.asset] / kind.bonus;
        }
    }

    /// What all prices have kept of these, the least of all; 1 at most.
    template <class Prices>
    [[nodiscard, gnu::always_inline]] double kept_of(const Prices& prices) const {
        double out = 1;
        for (std::size_t j = 0; j < market_.assets; ++j) {
            const V part = prices_[j] / prices[j];
            out = std::min(out, least_of(part));
        }
        return out;
    }
    /// Since everyone was looked at.
    [[nodiscard, gnu::always_inline]] double kept() const { return kept_of(reference_); }
    [[nodiscard, gnu::always_inline]] bool has_left_reference() const {
        return kept() * kNear < 1 + kRounding;
    }

    /// Where the borrowers of a group begin that were so healthy when the market was arranged that
    /// none of them can be near.
    [[nodiscard, gnu::always_inline]] std::uint32_t first_far(std::uint32_t from, std::uint32_t to,
                                                              double kept) const {
        constexpr std::uint32_t kStep = FixedPointMarket::kHealthStep;
        const double far = kNear * (1 + kRounding) / kept;
        for (std::uint32_t at = (from + kStep - 1) / kStep; at * kStep < to; ++at) {
            if (market_.healths[at] >= far) {
                return at * kStep;
            }
        }
        return to;
    }

    template <std::size_t N>
    [[gnu::always_inline]] void look_at_group(std::uint32_t from, std::uint32_t to) {
        for (std::uint32_t borrower = from; borrower < to; ++borrower) {
            const std::uint32_t first = market_.first[borrower];
            const std::size_t count = N != 0 ? N : market_.first[borrower + 1] - first;
            V limit = limit_prices_[market_.kind_of[first]] * market_.amounts[first];
            for (std::size_t i = 1; i < count; ++i) {
                limit += limit_prices_[market_.kind_of[first + i]] * market_.amounts[first + i];
            }
            const double debt = market_.debts[borrower];
            const double least = least_of(limit);
            if (least < debt * kNear) {
                note(borrower, limit, debt);
            }
        }
    }

    /// Holdings as they stand one after the other.
    struct Holdings {
        const double* amounts = nullptr;
        const std::uint16_t* kind_of = nullptr;
        std::uint32_t count = 0;
    };
    [[nodiscard, gnu::always_inline]] Holdings holdings_of(std::uint32_t borrower) const {
        const std::uint32_t first = market_.first[borrower];
        return {.amounts = market_.amounts + first,
                .kind_of = market_.kind_of + first,
                .count = market_.first[borrower + 1] - first};
    }

    /// The lanes in which the borrower has fallen now sell what it has: it is copied, so that
    /// further rounds go over nothing else. Returns all the lanes in which it has fallen.
    [[gnu::always_inline]] unsigned take_down(std::uint32_t borrower, const Holdings& held,
                                              double debt, unsigned below) {
        const unsigned fresh = below & ~unsigned{fallen_[borrower]};
        if (fresh != 0) {
            fallen_[borrower] = static_cast<std::uint8_t>(fallen_[borrower] | fresh);
            V one = V{} + 1.0;
            masked(one, fresh);
            fallen_count_ += one;
            sellers_.push_back({.holdings = held.count, .lanes = fresh, .debt = debt});
            sold_amounts_.insert(sold_amounts_.end(), held.amounts, held.amounts + held.count);
            sold_kind_of_.insert(sold_kind_of_.end(), held.kind_of, held.kind_of + held.count);
        }
        return fallen_[borrower];
    }

    /// Takes down who has fallen, and copies who is near in a lane in which it has not.
    [[gnu::always_inline]] void note(std::uint32_t borrower, const V& limit, double debt) {
        const Holdings held = holdings_of(borrower);
        const unsigned fallen = take_down(borrower, held, debt, bits_below(limit, debt));
        const unsigned near = bits_below(limit, debt * kNear) & ~fallen;
        if (near != 0) {
            double cushion = std::numeric_limits<double>::infinity();
            V copy = limit;
            for (std::size_t i = 0; i < lanes<V>; ++i) {
                if ((near >> i & 1U) != 0) {
                    cushion = std::min(cushion, lane(copy, i));
                }
            }
            near_.push_back({.cushion = cushion / debt,
                             .debt = debt,
                             .borrower = borrower,
                             .holdings = held.count});
            near_amounts_.insert(near_amounts_.end(), held.amounts, held.amounts + held.count);
            near_kind_of_.insert(near_kind_of_.end(), held.kind_of, held.kind_of + held.count);
        }
    }

    /// For all that can be near or fall: copying while they grow takes a tenth of the time.
    [[gnu::always_inline]] void make_room(double kept) {
        std::size_t borrowers = 0;
        std::size_t holdings = 0;
        std::uint32_t from = 0;
        for (const std::uint32_t to : market_.groups) {
            const std::uint32_t far = first_far(from, to, kept);
            borrowers += far - from;
            holdings += market_.first[far] - market_.first[from];
            from = to;
        }
        near_.reserve(borrowers);
        near_amounts_.reserve(holdings);
        near_kind_of_.reserve(holdings);
        sellers_.reserve(sellers_.size() + borrowers);
        sold_amounts_.reserve(sold_amounts_.size() + holdings);
        sold_kind_of_.reserve(sold_kind_of_.size() + holdings);
    }

    [[gnu::always_inline]] void look_at_all() {
        near_.clear();
        near_amounts_.clear();
        near_kind_of_.clear();
        reference_ = prices_;
        const double kept = kept_of(market_.arranged_at);
        make_room(kept);
        std::uint32_t from = 0;
        for (std::size_t n = 0; n < market_.groups.size(); ++n) {
            const std::uint32_t to = first_far(from, market_.groups[n], kept);
            switch (n) {
                case 1:
                    look_at_group<1>(from, to);
                    break;
                case 2:
                    look_at_group<2>(from, to);
                    break;
                case 3:
                    look_at_group<3>(from, to);
                    break;
                default:
                    look_at_group<0>(from, to);
            }
            from = market_.groups[n];
        }
    }

    /// Only borrowers whose cushion can have been used up, until they have fallen in every lane.
    [[gnu::always_inline]] void look_at_near() {
        const double used_up = (1 + kRounding) / kept();
        constexpr unsigned kAllLanes = (1U << lanes<V>)-1;
        std::size_t first = 0;
        for (Near& near : near_) {
            if (near.cushion <= used_up) {
                const Holdings held{.amounts = near_amounts_.data() + first,
                                    .kind_of = near_kind_of_.data() + first,
                                    .count = near.holdings};
                V limit{};
                for (std::uint32_t i = 0; i < held.count; ++i) {
                    limit += limit_prices_[held.kind_of[i]] * held.amounts[i];
                }
                const unsigned below = bits_below(limit, near.debt);
                if (below != 0 && take_down(near.borrower, held, near.debt, below) == kAllLanes) {
                    near.cushion = std::numeric_limits<double>::infinity();
                }
            }
            first += near.holdings;
        }
    }

    /// What all holdings of a seller bring.
    [[gnu::always_inline]] void bring(std::size_t first, const Seller& seller, V& net) const {
        net = V{};
        for (std::size_t at = first; at < first + seller.holdings; ++at) {
            net += net_prices_[sold_kind_of_[at]] * sold_amounts_[at];
        }
    }

    /// Whoever has fallen sells at the prices as they are. Who has nothing left by that sells no
    /// more at lower ones: it is taken out of the list.
    [[gnu::always_inline]] void sell() {
        for (std::size_t k = 0; k < market_.kinds.size(); ++k) {
            sold_kinds_[k] = sold_out_[k];
        }
        std::size_t first = 0;
        std::size_t kept_sellers = 0;
        std::size_t kept_holdings = 0;
        for (const Seller& seller : sellers_) {
            const std::size_t end = first + seller.holdings;
            V net;
            bring(first, seller, net);
            const V one = V{} + 1.0;
            V part = seller.debt / net;
            part = part < one ? part : one;
            masked(part, seller.lanes);
            for (std::size_t at = first; at < end; ++at) {
                sold_kinds_[sold_kind_of_[at]] += part * sold_amounts_[at];
            }
            const unsigned empty = bits_below(net, seller.debt) & seller.lanes;
            if (empty != 0) {
                V gone = one;
                masked(gone, empty);
                unpaid_ += gone * seller.debt;
                for (std::size_t at = first; at < end; ++at) {
                    sold_out_[sold_kind_of_[at]] += gone * sold_amounts_[at];
                }
            }
            if (empty != seller.lanes) {
                if (kept_holdings != first || empty != 0) {
                    Seller& kept = sellers_[kept_sellers];
                    kept = seller;
                    kept.lanes &= ~empty;
                    for (std::size_t i = 0; i < seller.holdings; ++i) {
                        sold_amounts_[kept_holdings + i] = sold_amounts_[first + i];
                        sold_kind_of_[kept_holdings + i] = sold_kind_of_[first + i];
                    }
                }
                ++kept_sellers;
                kept_holdings += end - first;
            }
            first = end;
        }
        sellers_.resize(kept_sellers);
        sold_amounts_.resize(kept_holdings);
        sold_kind_of_.resize(kept_holdings);
    }

    /// Lanes that have settled stay where they are. Returns those that still move.
    [[gnu::always_inline]] unsigned move_prices(double tolerance, unsigned moving,
                                                std::size_t round, std::span<FixedPoint> out) {
        for (std::size_t j = 0; j < market_.assets; ++j) {
            sold_[j] = V{};
        }
        for (std::size_t k = 0; k < market_.kinds.size(); ++k) {
            sold_[market_.kinds[k].asset] += sold_kinds_[k];
        }
        unsigned still = 0;
        for (std::size_t i = 0; i < outside_.size(); ++i) {
            if ((moving >> i & 1U) == 0) {
                continue;
            }
            double most = 0;
            for (std::size_t j = 0; j < market_.assets; ++j) {
                double& price = lane(prices_[j], i);
                const double next = outside_[i][j] * std::exp(-impact_[j] * lane(sold_[j], i));
                most = std::max(most, std::abs(next / price - 1));
                price = next;
            }
            out[i].rounds = round;
            out[i].is_settled = most < tolerance;
            still |= (out[i].is_settled ? 0U : 1U) << i;
        }
        return still;
    }

    [[gnu::always_inline]] void report(std::span<FixedPoint> out) {
        price_kinds();
        for (std::size_t i = 0; i < outside_.size(); ++i) {
            out[i].prices.resize(market_.assets);
            out[i].sold.resize(market_.assets);
            for (std::size_t j = 0; j < market_.assets; ++j) {
                out[i].prices[j] = lane(prices_[j], i);
                // Of the prices, and so the same for a lane that settled before the others.
                out[i].sold[j] = impact_[j] == 0
                                     ? lane(sold_[j], i)
                                     : std::log(outside_[i][j] / out[i].prices[j]) / impact_[j];
            }
        }
        // Those who have nothing left bring what all of it is worth together.
        V bad_debt = unpaid_;
        for (std::size_t k = 0; k < market_.kinds.size(); ++k) {
            bad_debt -= net_prices_[k] * sold_out_[k];
        }
        std::size_t first = 0;
        for (const Seller& seller : sellers_) {
            V net;
            bring(first, seller, net);
            V missing = seller.debt - net;
            missing = missing > V{} ? missing : V{};
            masked(missing, seller.lanes);
            bad_debt += missing;
            first += seller.holdings;
        }
        for (std::size_t i = 0; i < outside_.size(); ++i) {
            out[i].fallen = static_cast<std::size_t>(lane(fallen_count_, i));
            out[i].bad_debt = std::max(0.0, lane(bad_debt, i));
        }
    }

    struct Near {
        double cushion = 0;  ///< health at the reference prices
        double debt = 0;
        std::uint32_t borrower = 0;
        std::uint32_t holdings = 0;
    };

    const View& market_;
    Outside outside_;
    Impact impact_;
    Array<V> prices_;
    Array<V> reference_;     ///< at which everyone was looked at
    Array<V> limit_prices_;  ///< of kinds: times the threshold
    Array<V> net_prices_;    ///< over the bonus
    Array<V> sold_out_;      ///< of kinds, by borrowers who have nothing left
    Array<V> sold_kinds_;
    Array<V> sold_;                     ///< of assets
    std::vector<std::uint8_t> fallen_;  ///< a bit for each lane, by borrower
    std::vector<Near> near_;
    std::vector<double> near_amounts_;  ///< of all of them, one after the other
    std::vector<std::uint16_t> near_kind_of_;
    std::vector<Seller> sellers_;
    std::vector<double> sold_amounts_;  ///< of all sellers, one after the other
    std::vector<std::uint16_t> sold_kind_of_;
    V fallen_count_{};
    V unpaid_{};  ///< debts of those who have nothing left
};

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq,avx512vl")]] void solve_512(const View& market, Outside outside,
                                                            Impact impact, const Limits& limits,
                                                            std::span<FixedPoint> out) {
    Solver<Eight>(market, outside, impact).solve(limits, out);
}
[[gnu::target("avx2")]] void solve_256(const View& market, Outside outside, Impact impact,
                                       const Limits& limits, std::span<FixedPoint> out) {
    Solver<Eight>(market, outside, impact).solve(limits, out);
}
#endif
void solve_any(const View& market, Outside outside, Impact impact, const Limits& limits,
               std::span<FixedPoint> out) {
    Solver<Eight>(market, outside, impact).solve(limits, out);
}

}  // namespace

std::vector<Solve*> eight_solvers() {
    std::vector<Solve*> out;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0) {
        out.push_back(solve_512);
    }
    if (__builtin_cpu_supports("avx2") != 0) {
        out.push_back(solve_256);
    }
#endif
    out.push_back(solve_any);
    return out;
}

void solve_greatest(const View& market, Outside outside, Impact impact, const Limits& limits,
                    std::span<FixedPoint> out) {
    static Solve* const widest = eight_solvers().front();
    if (outside.size() == 1) {
        Solver<double>(market, outside, impact).solve(limits, out);
    } else {
        widest(market, outside, impact, limits, out);
    }
}

}  // namespace margrave::cascade::fixed_point_rounds
