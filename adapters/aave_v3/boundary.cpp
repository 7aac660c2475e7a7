#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "core/errors.hpp"
#include "margin/guard.hpp"

/// The oracle answers of a market, and the first of them at which an account can be liquidated.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::Exact;

/// The search gives up here. Only an account that stands within a rounding of its limit over a wide
/// range of answers, long and short in one asset by nearly the same, comes near it.
constexpr std::uint64_t kStepsMax = 4'000'000;
/// Answers are looked for between today's divided and multiplied by this.
constexpr std::uint64_t kRange = 1'000'000;

/// One account's health check as a function of one answer p: the sums of what does not move with
/// it, and what does. Exact, by the rules of rules.hpp.
///
/// The health factor need not be monotone in p: the average threshold, until 3.4, is cut to a basis
/// point and falls by steps, and an asset on both sides raises collateral and debt by steps of
/// their own. But neither collateral nor debt ever falls as p rises, and the average moves one way
/// only. So over an interval of p the least collateral, the least average and the greatest debt
/// bound the health factor from below, exactly where the interval is a single answer. Intervals
/// that pass by this bound are skipped whole; of the others the nearer half is searched first, down
/// to the single answer that fails. Nothing between it and today's is left out.
class Crossing {
  public:
    explicit Crossing(const Behaviour& behaviour) : behaviour_(behaviour) {}

    void add_still(const Position<Exact>& position) {
        add_position<Exact>(behaviour_, position, still_);
    }
    void add_moving(const Position<Exact>& position) { moving_.push_back(position); }

    /// The failing answer nearest to `today`.
    [[nodiscard]] std::optional<U256> nearest(const U256& today);

  private:
    /// The account's sums at one answer.
    struct Point {
        U256 answer;
        Sums<Exact> sums;
    };
    enum class Direction { Down, Up };
    /// Where lhs >= rhs, the account passes: lhs = gain * p + start, rhs = loss * p +
    /// need.
    struct Line {
        U256 gain, start, loss, need;
    };

    [[nodiscard]] Point at(const U256& answer) const;
    [[nodiscard]] U256 least_average(const Point& low, const Point& high) const;
    [[nodiscard]] bool can_fail(const Point& low, const Point& high);
    [[nodiscard]] std::optional<U256> first_failing(const Point& low, const Point& high,
                                                    Direction direction);
    [[nodiscard]] std::optional<U256> search(const U256& low, const U256& high,
                                             Direction direction);
    void draw_line();
    [[nodiscard]] bool passes_by_line(const U256& answer) const;
    [[nodiscard]] std::vector<U256> cuts(const U256& low, const U256& high) const;
    [[nodiscard]] U256 computable_up_to(U256 low, U256 high);

    const Behaviour& behaviour_;
    Sums<Exact> still_;
    std::vector<Position<Exact>> moving_;
    std::optional<Line> line_;
    std::uint64_t steps_ = 0;
};

Crossing::Point Crossing::at(const U256& answer) const {
    Point out{answer, still_};
    for (Position<Exact> position : moving_) {
        position.price = answer;
        add_position<Exact>(behaviour_, position, out.sums);
    }
    return out;
}

/// Until 3.4. Where what moves has one threshold, the average moves one way between the two ends
/// and one of them has the least of it.
U256 Crossing::least_average(const Point& low, const Point& high) const {
    const bool has_one_threshold =
        std::all_of(moving_.begin(), moving_.end(), [&](const Position<Exact>& position) {
            return position.collateral == 0 ||
                   position.threshold_bps == moving_.front().threshold_bps;
        });
    if (!has_one_threshold) {
        return average_bps<Exact>(low.sums.threshold, high.sums.collateral);
    }
    return std::min(average_bps<Exact>(low.sums.threshold, low.sums.collateral),
                    average_bps<Exact>(high.sums.threshold, high.sums.collateral));
}

/// False only when every answer from `low` to `high` passes; exact when they are the same.
bool Crossing::can_fail(const Point& low, const Point& high) {
    ++steps_;
    if (high.sums.debt == 0 || (passes_by_line(low.answer) && passes_by_line(high.answer))) {
        return false;
    }
    Sums<Exact> worst = low.sums;
    worst.debt = high.sums.debt;
    if (!behaviour_.rounds_against_user && low.answer != high.answer) {
        worst.threshold = worst.collateral * least_average(low, high);
    }
    return health_factor<Exact>(behaviour_, worst) < core::wad();
}

std::optional<U256> Crossing::first_failing(const Point& low, const Point& high,
                                            Direction direction) {
    if (steps_ > kStepsMax || !can_fail(low, high)) {
        return std::nullopt;
    }
    if (low.answer == high.answer) {
        return low.answer;
    }
    const U256 middle = low.answer + (high.answer - low.answer) / 2;
    const auto lower = [&] { return first_failing(low, at(middle), direction); };
    const auto upper = [&] { return first_failing(at(middle + 1), high, direction); };
    if (direction == Direction::Up) {
        auto found = lower();
        return found ? found : upper();
    }
    auto found = upper();
    return found ? found : lower();
}

/// Where the account surely passes, all roundings taken against it, as a line in p. With U the
/// largest unit, c and d the moving amounts in it, L their thresholds, n how many they are, C, T
/// and D what does not move: until 3.4 the average is over T / C - 1 and the limit over its product
/// less a half, so L c p + T U >= 10^4 (d p + D U) + (c p + C U) + (sum L + 5000) U; since 3.5 L c
/// p + T U >= 10^4 (d p + D U) + (sum L + 10^4 n) U. Between two answers that pass by it, all do.
void Crossing::draw_line() {
    line_ = margin::value_or_nothing([&] {
        U256 unit = 1;
        for (const Position<Exact>& position : moving_) {
            unit = std::max(unit, position.unit);
        }
        const U256& bps = core::percentage_factor();
        Line out;
        U256 slack = behaviour_.rounds_against_user ? U256(0) : U256(bps / 2);
        for (const Position<Exact>& position : moving_) {
            const U256 scale = unit / position.unit;
            const U256 collateral = position.collateral * scale;
            out.gain += collateral * position.threshold_bps;
            out.loss += position.debt * scale * bps;
            slack += position.threshold_bps;
            if (behaviour_.rounds_against_user) {
                slack += bps;
            } else {
                out.loss += collateral;
            }
        }
        out.start = still_.threshold * unit;
        out.need = (still_.debt * bps + slack) * unit;
        if (!behaviour_.rounds_against_user) {
            out.need += still_.collateral * unit;
        }
        return out;
    });
}

bool Crossing::passes_by_line(const U256& answer) const {
    return line_ &&
           margin::value_or_nothing([&] {
               return line_->gain * answer + line_->start >= line_->loss * answer + line_->need;
           }).value_or(false);
}

/// Where to look first: close around the crossing of the real line and, until 3.4, of the line that
/// the average threshold found there makes. They decide how soon the answer is found, not which.
std::vector<U256> Crossing::cuts(const U256& low, const U256& high) const {
    std::vector<U256> out;
    if (!line_) {
        return out;
    }
    const auto number = [](const U256& value) { return value.convert_to<double>(); };
    const double from = number(low);
    const double to = number(high);
    const auto cut_around = [&](double answer, double width) {
        for (const double cut : {answer - width, answer + width}) {
            if (cut > from && cut < to) {
                out.push_back(std::clamp(U256(cut), low, U256(high - 1)));
            }
        }
    };
    const double crossing =
        (number(line_->need) - number(line_->start)) / (number(line_->gain) - number(line_->loss));
    if (behaviour_.rounds_against_user) {
        cut_around(crossing, crossing * 1e-9 + 4);
    } else {
        cut_around(crossing, crossing * 1e-3 + 4);
        if (crossing > from && crossing < to) {
            const Point there = at(U256(crossing));
            const double average =
                number(average_bps<Exact>(there.sums.threshold, there.sums.collateral)) / 1e4;
            const double need = number(still_.debt) - average * number(still_.collateral);
            double slope = 0;
            for (const Position<Exact>& position : moving_) {
                slope += (average * number(position.collateral) - number(position.debt)) /
                         number(position.unit);
            }
            cut_around(need / slope, need / slope * 1e-9 + 4);
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::optional<U256> Crossing::search(const U256& low, const U256& high, Direction direction) {
    std::vector<std::pair<U256, U256>> parts;
    U256 from = low;
    for (const U256& cut : cuts(low, high)) {
        if (cut >= from) {
            parts.emplace_back(from, cut);
            from = cut + 1;
        }
    }
    parts.emplace_back(from, high);
    if (direction == Direction::Down) {
        std::reverse(parts.begin(), parts.end());
    }
    for (const auto& [first, last] : parts) {
        if (auto found = first_failing(at(first), at(last), direction)) {
            return found;
        }
    }
    return std::nullopt;
}

/// The greatest answer at which nothing leaves 256 bits: beyond, the check neither passes nor
/// fails, it reverts. It is computable at `low`.
U256 Crossing::computable_up_to(U256 low, U256 high) {
    const auto is_computable = [&](const U256& answer) {
        return margin::value_or_nothing([&] {
                   const Point point = at(answer);
                   return can_fail(point, point);
               })
            .has_value();
    };
    if (is_computable(high)) {
        return high;
    }
    while (high - low > 1) {
        const U256 middle = low + (high - low) / 2;
        (is_computable(middle) ? low : high) = middle;
    }
    return low;
}

std::optional<U256> Crossing::nearest(const U256& today) {
    const Point now = at(today);
    if (can_fail(now, now)) {
        return today;
    }
    if (moving_.empty() || today == 0) {
        return std::nullopt;
    }
    draw_line();
    const U256 lowest = (today - 1) / kRange + 1;
    U256 highest = computable_up_to(
        today, today > core::max_u256() / kRange ? core::max_u256() : U256(today * kRange));
    std::optional<U256> below;
    if (lowest < today) {
        below = search(lowest, today - 1, Direction::Down);
    }
    if (below) {
        // Of two that are as far the lower is named.
        highest = std::min(highest, U256(today + (today - *below) - 1));
    }
    std::optional<U256> above;
    if (highest > today) {
        above = search(today + 1, highest, Direction::Up);
    }
    return steps_ > kStepsMax ? std::nullopt : above ? above : below;
}

}  // namespace

std::optional<U256> AaveMarket::liquidation_answer(std::size_t row,
                                                   const core::Address& asset) const {
    const Account& account = state_.accounts.at(row);
    if (!trouble(account).empty()) {
        return std::nullopt;
    }
    const std::optional<U256> today = answer_of(asset);
    if (!today) {
        return std::nullopt;
    }
    auto found = margin::value_or_nothing([&] {
        Crossing crossing(*state_.behaviour);
        for (const Balance& balance : account.balances) {
            if (!account.configuration.is_using(balance.reserve_id)) {
                continue;
            }
            const Position<Exact> entered = position<Exact>(balance, account);
            if (entered.collateral == 0 && entered.debt == 0) {
                continue;
            }
            const bool moves = price_key(state_.reserves.at(balance.reserve_id), account) == asset;
            moves ? crossing.add_moving(entered) : crossing.add_still(entered);
        }
        return crossing.nearest(*today);
    });
    return found.value_or(std::nullopt);
}

std::optional<U256> AaveMarket::answer_of(const core::Address& key) const {
    for (const auto& [id, reserve] : state_.reserves) {
        if (reserve.asset == key && reserve.price) {
            return reserve.price->answer;
        }
    }
    for (const auto& [id, category] : state_.emodes) {
        if (category.price && category.price->source == key) {
            return category.price->answer;
        }
    }
    return std::nullopt;
}

std::vector<margin::OracleAnswer> AaveMarket::answers() const {
    const auto named = [&](const core::Address& key, std::string symbol, unsigned decimals,
                           const std::optional<margin::PriceQuote>& used) {
        margin::OracleAnswer out;
        out.asset = key;
        out.symbol = std::move(symbol);
        out.decimals = decimals;
        if (!is_dollars()) {
            out.denominator = state_.base_currency;
        }
        out.denominator_symbol = quote();
        out.quote = used;
        if (is_dollars()) {
            out.unit = state_.base_currency_unit;
        }
        return out;
    };
    std::vector<margin::OracleAnswer> out;
    const auto is_named = [&](const core::Address& key) {
        return std::any_of(out.begin(), out.end(),
                           [&](const margin::OracleAnswer& answer) { return answer.asset == key; });
    };
    for (const auto& [id, reserve] : state_.reserves) {
        out.push_back(
            named(reserve.asset, reserve.symbol, reserve.configuration.decimals(), reserve.price));
    }
    for (const auto& [id, category] : state_.emodes) {
        if (category.price && !is_named(category.price->source)) {
            out.push_back(named(category.price->source,
                                "price source of e-mode " + std::to_string(id), 0, category.price));
        }
    }
    return out;
}

/// An e-mode's price source is a key of the oracle like an asset, and may be one.
void AaveMarket::set_answer(const core::Address& asset, const U256& answer) {
    if (answer == 0) {
        throw core::InputError("an oracle's answer of 0 is none: it cannot be set for " +
                               asset.to_string());
    }
    bool is_known = false;
    for (auto& [id, reserve] : state_.reserves) {
        if (reserve.asset == asset) {
            reserve.price = reserve.price.value_or(margin::PriceQuote{});
            reserve.price->answer = answer;
            is_known = true;
        }
    }
    for (auto& [id, category] : state_.emodes) {
        if (category.price && category.price->source == asset) {
            category.price->answer = answer;
            is_known = true;
        }
    }
    if (!is_known) {
        Market::set_answer(asset, answer);
    }
    has_own_answers_ = true;
}

}  // namespace margrave::adapters::aave_v3
