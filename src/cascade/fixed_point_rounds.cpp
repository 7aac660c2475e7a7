#include "cascade/fixed_point_rounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "cascade/fixed_point_lanes.hpp"

namespace margrave::cascade::fixed_point_rounds {
namespace {

/// Borrowers that were this near to their limit are looked at again, until prices have fallen so
/// far.
constexpr double kNear = 1.08;
/// More than what a sum of products is off by.
constexpr double kRounding = 1e-12;

/// Borrowers at a time, of which those are picked without a branch that something is to be done
/// for: who falls is chance to a branch predictor, and a wrong guess takes longer than a borrower.
constexpr std::size_t kBlock = 256;

/// Places within a block.
class Picked {
  public:
    [[gnu::always_inline]] void add_if(bool is_wanted, std::size_t place) {
        places_[count_] = static_cast<std::uint16_t>(place);
        count_ += is_wanted ? 1U : 0U;
    }
    [[nodiscard]] const std::uint16_t* begin() const { return places_.data(); }
    [[nodiscard]] const std::uint16_t* end() const { return places_.data() + count_; }

  private:
    std::array<std::uint16_t, kBlock + 1> places_;
    std::size_t count_ = 0;
};

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
          healths_(kBlock),
          fallen_(borrowers()),
          pools_(market.groups.size()) {
        for (std::size_t j = 0; j < market_.assets; ++j) {
            for (std::size_t i = 0; i < kLanes<V>; ++i) {
                // Lanes without a scenario repeat the last one.
                lane(prices_[j], i) = outside_[std::min(i, outside_.size() - 1)][j];
            }
        }
    }

    [[gnu::always_inline]] void solve(const Limits& limits, std::span<FixedPoint> out) {
        make_room();
        unsigned moving = (1U << outside_.size()) - 1;
        for (std::size_t round = 1; round <= limits.rounds_max && moving != 0; ++round) {
            price_kinds();
            sell_again();
            if (round == 1 || has_left_reference()) {
                look_at_all();
            } else {
                look_at_near();
            }
            moving = move_prices(limits.tolerance, moving, round, out);
        }
        report(out);
    }

  private:
    /// Borrowers with as many holdings each, so that further rounds go over nothing else.
    struct Pool {
        std::vector<double> cushions;  ///< healths at the reference prices of those that are near
        std::vector<std::uint32_t> near;  ///< borrowers
        /// Those that have fallen in these lanes and have something left, whose holdings are copied
        /// one after the other: they sell in every round.
        std::vector<double> debts;
        std::vector<std::uint8_t> lanes;
        std::vector<double> amounts;
        std::vector<std::uint16_t> kind_of;
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

    /// N holdings, or as many as it says where N is 0; amounts are for each unit of the debt.
    struct Holdings {
        const double* amounts = nullptr;
        const std::uint16_t* kind_of = nullptr;
    };
    [[nodiscard, gnu::always_inline]] Holdings holdings_of(std::uint32_t borrower) const {
        const std::uint32_t at = market_.first[borrower];
        return {.amounts = market_.amounts + at, .kind_of = market_.kind_of + at};
    }

    /// For all that can be near or fall, as copying while they grow takes a tenth of the time;
    /// what is never filled is no memory yet.
    [[gnu::always_inline]] void make_room() {
        std::size_t from = 0;
        for (std::size_t n = 0; n < pools_.size(); ++n) {
            const std::size_t borrowers = market_.groups[n] - from;
            Pool& pool = pools_[n];
            pool.cushions.reserve(borrowers);
            pool.near.reserve(borrowers);
            pool.debts.reserve(borrowers);
            pool.lanes.reserve(borrowers);
            pool.amounts.reserve(borrowers * n);
            pool.kind_of.reserve(borrowers * n);
            from = market_.groups[n];
        }
    }

    template <std::size_t N>
    [[gnu::always_inline]] static void copy(const Holdings& held, std::size_t count,
                                            std::vector<double>& amounts,
                                            std::vector<std::uint16_t>& kind_of) {
        for (std::size_t i = 0; i < (N != 0 ? N : count); ++i) {
            amounts.push_back(held.amounts[i]);
            kind_of.push_back(held.kind_of[i]);
        }
    }

    /// What holdings bring or bear at the prices of their kinds, for each unit of the debt.
    template <std::size_t N>
    [[gnu::always_inline]] static void value(const Array<V>& kind_prices, const Holdings& held,
                                             std::size_t count, V& out) {
        out = kind_prices[held.kind_of[0]] * held.amounts[0];
        for (std::size_t i = 1; i < (N != 0 ? N : count); ++i) {
            out += kind_prices[held.kind_of[i]] * held.amounts[i];
        }
    }

    /// Sells as much as pays the debt, in those lanes; returns the lanes in which all is not
    /// enough.
    template <std::size_t N>
    [[gnu::always_inline]] unsigned sell(const Holdings& held, std::size_t count, double debt,
                                         unsigned lanes) {
        V net;
        value<N>(net_prices_, held, count, net);
        const V one = V{} + 1.0;
        V paid = one / net;
        paid = paid < one ? paid : one;
        masked(paid, lanes);
        paid *= debt;
        for (std::size_t i = 0; i < (N != 0 ? N : count); ++i) {
            sold_kinds_[held.kind_of[i]] += paid * held.amounts[i];
        }
        return bits_below(net, 1) & lanes;
    }

    /// Who has nothing left in those lanes sells no more at lower prices.
    template <std::size_t N>
    [[gnu::always_inline]] void go_broke(const Holdings& held, std::size_t count, double debt,
                                         unsigned lanes) {
        V gone = V{} + debt;
        masked(gone, lanes);
        unpaid_ += gone;
        for (std::size_t i = 0; i < (N != 0 ? N : count); ++i) {
            sold_out_[held.kind_of[i]] += gone * held.amounts[i];
        }
    }

    /// Those of a block that have fallen in lanes of fresh_. Who has something left when it has
    /// sold goes on in further rounds.
    template <std::size_t N, class BorrowerOf>
    [[gnu::always_inline]] void take_down(Pool& pool, const Picked& falling, std::size_t count,
                                          const BorrowerOf& borrower_of) {
        Picked lasting;
        Picked broke;
        std::array<std::uint8_t, kBlock> empty;
        for (const std::size_t i : falling) {
            const std::uint32_t borrower = borrower_of(i);
            std::uint8_t& fallen = fallen_[borrower];
            fallen = static_cast<std::uint8_t>(fallen | fresh_[i]);
            V one = V{} + 1.0;
            masked(one, fresh_[i]);
            fallen_count_ += one;
            empty[i] = static_cast<std::uint8_t>(
                sell<N>(holdings_of(borrower), count, market_.debts[borrower], fresh_[i]));
            lasting.add_if(empty[i] != fresh_[i], i);
            broke.add_if(empty[i] != 0, i);
        }
        for (const std::size_t i : lasting) {
            pool.debts.push_back(market_.debts[borrower_of(i)]);
            pool.lanes.push_back(static_cast<std::uint8_t>(fresh_[i] & ~empty[i]));
            copy<N>(holdings_of(borrower_of(i)), count, pool.amounts, pool.kind_of);
        }
        for (const std::size_t i : broke) {
            const std::uint32_t borrower = borrower_of(i);
            go_broke<N>(holdings_of(borrower), count, market_.debts[borrower], empty[i]);
        }
    }

    /// The least of those lanes.
    [[nodiscard, gnu::always_inline]] double least_of_those(const V& healths,
                                                            unsigned those) const {
        double out = std::numeric_limits<double>::infinity();
        V copy = healths;
        for (std::size_t i = 0; i < kLanes<V>; ++i) {
            if ((those >> i & 1U) != 0) {
                out = std::min(out, lane(copy, i));
            }
        }
        return out;
    }

    template <std::size_t N>
    [[gnu::always_inline]] void look_at_block(Pool& pool, std::uint32_t from, std::uint32_t to,
                                              std::size_t count) {
        const std::size_t first = market_.first[from];
        const auto borrower_of = [&](std::size_t place) {
            return from + static_cast<std::uint32_t>(place);
        };
        Picked close;
        for (std::size_t i = 0; i < to - from; ++i) {
            const std::size_t at = first + i * (N != 0 ? N : count);
            value<N>(limit_prices_,
                     {.amounts = market_.amounts + at, .kind_of = market_.kind_of + at}, count,
                     healths_[i]);
            close.add_if(least_of(healths_[i]) < kNear, i);
        }
        Picked falling;
        Picked near;
        for (const std::size_t i : close) {
            const unsigned before = fallen_[from + i];
            const unsigned below = bits_below(healths_[i], 1);
            fresh_[i] = static_cast<std::uint8_t>(below & ~before);
            falling.add_if(fresh_[i] != 0, i);
            near.add_if((bits_below(healths_[i], kNear) & ~(before | below)) != 0, i);
        }
        take_down<N>(pool, falling, count, borrower_of);
        for (const std::size_t i : near) {
            const unsigned standing = bits_below(healths_[i], kNear) & ~fallen_[from + i];
            pool.cushions.push_back(least_of_those(healths_[i], standing));
            pool.near.push_back(borrower_of(i));
        }
    }

    /// Takes down who has fallen, and notes who is near in a lane in which it has not.
    template <std::size_t N>
    [[gnu::always_inline]] void look_at_group(Pool& pool, std::uint32_t from, std::uint32_t to,
                                              std::size_t count) {
        pool.cushions.clear();
        pool.near.clear();
        for (std::uint32_t block = from; block < to; block += kBlock) {
            look_at_block<N>(pool, block, std::min(to, block + static_cast<std::uint32_t>(kBlock)),
                             count);
        }
    }

    [[gnu::always_inline]] void look_at_all() {
        reference_ = prices_;
        const double kept = kept_of(market_.arranged_at);
        std::uint32_t from = 0;
        for (std::size_t n = 0; n < pools_.size(); ++n) {
            const std::uint32_t to = first_far(from, market_.groups[n], kept);
            switch (n) {
                case 1:
                    look_at_group<1>(pools_[n], from, to, n);
                    break;
                case 2:
                    look_at_group<2>(pools_[n], from, to, n);
                    break;
                case 3:
                    look_at_group<3>(pools_[n], from, to, n);
                    break;
                default:
                    look_at_group<0>(pools_[n], from, to, n);
            }
            from = market_.groups[n];
        }
    }

    template <std::size_t N>
    [[gnu::always_inline]] void look_at_near(Pool& pool, std::size_t begin, std::size_t end,
                                             std::size_t count, double used_up) {
        constexpr unsigned kAllLanes = (1U << kLanes<V>)-1;
        Picked used;
        for (std::size_t i = 0; i < end - begin; ++i) {
            used.add_if(pool.cushions[begin + i] <= used_up, i);
        }
        const auto borrower_of = [&](std::size_t place) { return pool.near[begin + place]; };
        Picked falling;
        for (const std::size_t i : used) {
            V health;
            value<N>(limit_prices_, holdings_of(borrower_of(i)), count, health);
            const unsigned before = fallen_[borrower_of(i)];
            fresh_[i] = static_cast<std::uint8_t>(bits_below(health, 1) & ~before);
            falling.add_if(fresh_[i] != 0, i);
        }
        take_down<N>(pool, falling, count, borrower_of);
        for (const std::size_t i : falling) {
            if (fallen_[borrower_of(i)] == kAllLanes) {
                pool.cushions[begin + i] = std::numeric_limits<double>::infinity();
            }
        }
    }

    /// Only borrowers whose cushion can have been used up, until they have fallen in every lane.
    [[gnu::always_inline]] void look_at_near() {
        const double used_up = (1 + kRounding) / kept();
        for (std::size_t n = 0; n < pools_.size(); ++n) {
            Pool& pool = pools_[n];
            for (std::size_t from = 0; from < pool.cushions.size(); from += kBlock) {
                const std::size_t to = std::min(pool.cushions.size(), from + kBlock);
                switch (n) {
                    case 1:
                        look_at_near<1>(pool, from, to, n, used_up);
                        break;
                    case 2:
                        look_at_near<2>(pool, from, to, n, used_up);
                        break;
                    case 3:
                        look_at_near<3>(pool, from, to, n, used_up);
                        break;
                    default:
                        look_at_near<0>(pool, from, to, n, used_up);
                }
            }
        }
    }

    /// Whoever has fallen before sells at the prices as they are now.
    template <std::size_t N>
    [[gnu::always_inline]] void sell_again(Pool& pool, std::size_t count) {
        const std::size_t size = N != 0 ? N : count;
        broke_.resize(pool.debts.size() + 1);
        std::size_t broke = 0;
        for (std::size_t i = 0; i < pool.debts.size(); ++i) {
            const Holdings held{.amounts = pool.amounts.data() + i * size,
                                .kind_of = pool.kind_of.data() + i * size};
            broke_[broke] = static_cast<std::uint32_t>(i);
            broke += sell<N>(held, count, pool.debts[i], pool.lanes[i]) != 0 ? 1U : 0U;
        }
        broke_.resize(broke);
        take_out<N>(pool, count);
    }

    /// Whom broke_ names; where nothing is left in any lane the last one takes the place.
    template <std::size_t N>
    [[gnu::always_inline]] void take_out(Pool& pool, std::size_t count) {
        const std::size_t size = N != 0 ? N : count;
        std::size_t kept = pool.debts.size();
        for (std::size_t at = broke_.size(); at-- > 0;) {
            const std::size_t i = broke_[at];
            double* const amounts = pool.amounts.data() + i * size;
            std::uint16_t* const kind_of = pool.kind_of.data() + i * size;
            const Holdings held{.amounts = amounts, .kind_of = kind_of};
            V net;
            value<N>(net_prices_, held, count, net);
            const unsigned empty = bits_below(net, 1) & pool.lanes[i];
            go_broke<N>(held, count, pool.debts[i], empty);
            pool.lanes[i] = static_cast<std::uint8_t>(pool.lanes[i] & ~empty);
            if (pool.lanes[i] == 0) {
                --kept;
                pool.debts[i] = pool.debts[kept];
                pool.lanes[i] = pool.lanes[kept];
                for (std::size_t k = 0; k < size; ++k) {
                    amounts[k] = pool.amounts[kept * size + k];
                    kind_of[k] = pool.kind_of[kept * size + k];
                }
            }
        }
        pool.debts.resize(kept);
        pool.lanes.resize(kept);
        pool.amounts.resize(kept * size);
        pool.kind_of.resize(kept * size);
    }

    [[gnu::always_inline]] void sell_again() {
        for (std::size_t k = 0; k < market_.kinds.size(); ++k) {
            sold_kinds_[k] = sold_out_[k];
        }
        for (std::size_t n = 0; n < pools_.size(); ++n) {
            switch (n) {
                case 1:
                    sell_again<1>(pools_[n], n);
                    break;
                case 2:
                    sell_again<2>(pools_[n], n);
                    break;
                case 3:
                    sell_again<3>(pools_[n], n);
                    break;
                default:
                    sell_again<0>(pools_[n], n);
            }
        }
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
        for (std::size_t n = 0; n < pools_.size(); ++n) {
            const Pool& pool = pools_[n];
            for (std::size_t i = 0; i < pool.debts.size(); ++i) {
                V net;
                value<0>(net_prices_,
                         {.amounts = pool.amounts.data() + i * n,
                          .kind_of = pool.kind_of.data() + i * n},
                         n, net);
                V missing = 1.0 - net;
                missing = missing > V{} ? missing : V{};
                missing *= pool.debts[i];
                masked(missing, pool.lanes[i]);
                bad_debt += missing;
            }
        }
        for (std::size_t i = 0; i < outside_.size(); ++i) {
            out[i].fallen = static_cast<std::size_t>(lane(fallen_count_, i));
            out[i].bad_debt = std::max(0.0, lane(bad_debt, i));
        }
    }

    const View& market_;
    Outside outside_;
    Impact impact_;
    Array<V> prices_;
    Array<V> reference_;     ///< at which everyone was looked at
    Array<V> limit_prices_;  ///< of kinds: times the threshold
    Array<V> net_prices_;    ///< over the bonus
    Array<V> sold_out_;      ///< of kinds, by borrowers who have nothing left
    Array<V> sold_kinds_;
    Array<V> sold_;                           ///< of assets
    Array<V> healths_;                        ///< of a block's borrowers
    std::vector<std::uint8_t> fallen_;        ///< a bit for each lane, by borrower
    std::vector<Pool> pools_;                 ///< by the number of holdings
    std::array<std::uint8_t, kBlock> fresh_;  ///< lanes in which one of a block falls now
    std::vector<std::uint32_t> broke_;        ///< sellers of a pool that have nothing left now
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
