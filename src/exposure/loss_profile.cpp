#include "exposure/loss_profile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/fixed_point.hpp"
#include "exposure/aggregate.hpp"
#include "exposure/forced_liquidation.hpp"
#include "exposure/shock.hpp"

namespace margrave::exposure {
namespace {

using core::U256;
using margin::Status;

constexpr double kWad = 1e18;
/// Percent of today's.
constexpr auto kFalls = std::to_array<unsigned>({95, 90, 85, 80, 75, 70, 60, 50, 40, 30, 20, 10});
constexpr auto kRises =
    std::to_array<unsigned>({105, 110, 115, 120, 125, 130, 140, 150, 175, 200, 250, 300});
/// A liquidation that helps so little that it must be repeated more often is given up.
constexpr std::uint64_t kCallsMax = 64;

/// How one factor takes others along: each at its multiplier to the power of its weight.
struct Path {
    std::string factor;
    std::map<std::string, double> weights;  ///< of the others

    [[nodiscard]] bool is_joint() const { return !weights.empty(); }

    [[nodiscard]] Multipliers at(const U256& multiplier) const {
        Multipliers out{{factor, multiplier}};
        for (const auto& [other, weight] : weights) {
            const double moved = std::pow(multiplier.convert_to<double>() / kWad, weight);
            out.emplace(other, std::max(U256(std::floor(moved * kWad)), U256(1)));
        }
        return out;
    }
};

/// A market being liquidated, its answers today's except while it is looked at elsewhere.
class LiquidatedMarket {
  public:
    LiquidatedMarket(const margin::Market& market, const FactorMap& factors)
        : state_(market.fork()),
          today_(market.answers()),
          powers_(factor_powers(market, factors)) {}

    [[nodiscard]] margin::Market& state() { return *state_; }

    /// False when an answer would leave 256 bits.
    [[nodiscard]] bool move(const Multipliers& moves) {
        for (const margin::OracleAnswer& today : today_) {
            const std::optional<U256> answer = moved(today, moves);
            if (today.quote && !answer) {
                return false;
            }
            if (today.quote && *answer != today.quote->answer) {
                state_->set_answer(today.asset, std::max(*answer, U256(1)));
                moved_.insert(today.asset);
            }
        }
        return true;
    }
    void reset() {
        for (const margin::OracleAnswer& today : today_) {
            if (moved_.contains(today.asset)) {
                state_->set_answer(today.asset, today.quote->answer);
            }
        }
        moved_.clear();
    }
    [[nodiscard]] Powers powers(const std::string& factor) const {
        const auto found = powers_.find(factor);
        return found == powers_.end() ? Powers{} : found->second;
    }

  private:
    /// The answer once all these factors have moved: by its composition those that it is made of,
    /// by their powers the others.
    [[nodiscard]] std::optional<U256> moved(const margin::OracleAnswer& today,
                                            const Multipliers& moves) const {
        if (!today.quote) {
            return std::nullopt;
        }
        bool has_rule = false;
        std::vector<std::pair<U256, int>> by_power;
        for (const auto& [factor, multiplier] : moves) {
            const auto of_factor = powers_.find(factor);
            if (of_factor == powers_.end() || !of_factor->second.contains(today.asset)) {
                continue;
            }
            const Follow& follow = of_factor->second.at(today.asset);
            if (follow.rule) {
                has_rule = true;
            } else {
                by_power.emplace_back(multiplier, follow.power);
            }
        }
        std::optional<U256> answer = has_rule ? composed_answer(powers_, today.asset, moves)
                                              : std::optional(today.quote->answer);
        for (const auto& [multiplier, power] : by_power) {
            answer = answer ? scaled_down(*answer, multiplier, power) : answer;
        }
        return answer;
    }

    std::unique_ptr<margin::Market> state_;
    std::vector<margin::OracleAnswer> today_;
    std::map<std::string, Powers> powers_;
    std::set<core::Address> moved_;
};

/// An account of the portfolio: market and row.
using Place = std::pair<std::size_t, std::size_t>;

/// The portfolio on its way along a path in one direction.
class Walk {
  public:
    Walk(const Portfolio& portfolio, const PriceBook& prices, const FactorMap& factors, Path path,
         Direction direction)
        : prices_(prices),
          factors_(factors),
          path_(std::move(path)),
          direction_(direction),
          untouched_(items_of(portfolio, prices, factors)) {
        begin_ = untouched_;
        for (std::size_t i = 0; i < portfolio.markets.size(); ++i) {
            markets_.emplace_back(*portfolio.markets[i], factors);
            for (std::size_t row = 0; row < portfolio.markets[i]->account_count(); ++row) {
                if (portfolio.counts(portfolio.markets[i]->wallet(row))) {
                    find_trigger({i, row}, core::wad());
                }
            }
        }
    }

    /// Through the grid and every trigger before its end; appends to the profile.
    void run(LossProfile& profile) {
        for (const U256& next : grid()) {
            while (auto place = first_before(next)) {
                const U256 at = triggers_.at(*place);
                triggers_.erase(*place);
                liquidate(*place, at);
                profile.points.push_back(point(at));
            }
            profile.points.push_back(point(next));
        }
        for (auto& [place, account] : accounts_) {
            profile.accounts.push_back(account);
        }
    }

  private:
    [[nodiscard]] std::vector<U256> grid() const {
        std::vector<U256> out;
        for (const unsigned percent : direction_ == Direction::Down ? kFalls : kRises) {
            out.push_back(core::wad() * percent / 100);
        }
        return out;
    }

    [[nodiscard]] bool is_before(const U256& a, const U256& b) const {
        return direction_ == Direction::Down ? a > b : a < b;
    }

    /// The nearest trigger that is not beyond the move.
    [[nodiscard]] std::optional<Place> first_before(const U256& move) const {
        std::optional<Place> out;
        for (const auto& [place, at] : triggers_) {
            const bool is_nearer = !out || is_before(at, triggers_.at(*out));
            if (!is_before(move, at) && is_nearer) {
                out = place;
            }
        }
        return out;
    }

    [[nodiscard]] bool fails_at(const Place& place, const U256& multiplier) {
        LiquidatedMarket& market = markets_[place.first];
        const bool fails = market.move(path_.at(multiplier)) &&
                           market.state().health(place.second).status == Status::Liquidatable;
        market.reset();
        return fails;
    }

    /// Where the account falls for the first time at or beyond `from`.
    void find_trigger(const Place& place, const U256& from) {
        const Status today = markets_[place.first].state().health(place.second).status;
        if (today == Status::Unknown || today == Status::NoDebt) {
            return;
        }
        auto trigger = path_.is_joint() ? first_on_grid(place, from) : first_exact(place);
        if (trigger) {
            triggers_.emplace(place, is_before(*trigger, from) ? from : *trigger);
        }
    }

    [[nodiscard]] std::optional<U256> first_exact(const Place& place) {
        LiquidatedMarket& market = markets_[place.first];
        ShockedMarket shocked(market.state());
        const auto crossing =
            find_crossing(shocked, place.second, market.powers(path_.factor), direction_);
        return crossing ? std::optional(crossing->first_failing) : std::nullopt;
    }

    [[nodiscard]] std::optional<U256> first_on_grid(const Place& place, const U256& from) {
        if (fails_at(place, from)) {
            return from;
        }
        U256 safe = from;
        for (const U256& next : grid()) {
            if (!is_before(safe, next)) {
                continue;
            }
            if (!fails_at(place, next)) {
                safe = next;
                continue;
            }
            U256 failing = next;
            while ((safe < failing ? U256(failing - safe) : U256(safe - failing)) > 1) {
                const U256 middle = (safe + failing) / 2;
                (fails_at(place, middle) ? failing : safe) = middle;
            }
            return failing;
        }
        return std::nullopt;
    }

    void liquidate(const Place& place, const U256& at) {
        LiquidatedMarket& market = markets_[place.first];
        margin::Market& state = market.state();
        const std::size_t row = place.second;
        TriggeredAccount& account = account_of(place, at);
        if (!market.move(path_.at(at))) {
            account.reason = "out_of_range";
            return market.reset();
        }
        const MovedPrices moved(prices_, state.name(), factors_, path_.at(at));
        std::uint64_t calls = 0;
        account.reason = "";
        while (state.health(row).status == Status::Liquidatable && account.reason.empty()) {
            const auto done = calls < kCallsMax
                                  ? liquidate_best(state, row, moved)
                                  : core::Unexpected(std::string("64 calls do not heal it"));
            if (!done) {
                account.reason = done.error();
                break;
            }
            ++calls;
            account.seized = account.seized + done->seized;
            account.repaid = account.repaid + done->repaid;
            account.written_off = account.written_off + done->written_off;
            const SignedUsd loss = difference(done->seized, done->repaid);
            loss_ = loss.negative ? loss_ : loss_ + loss.magnitude;
        }
        market.reset();
        account.calls += calls;
        calls_ += calls;
        if (calls > 0) {
            replace_items(place);
        }
        // One that stays liquidatable was refused: further out it is the same account. One that is
        // healthy here without a call lies where a nearer trigger was passed already.
        if (account.reason.empty() && calls > 0) {
            find_trigger(place, at);
        }
    }

    [[nodiscard]] TriggeredAccount& account_of(const Place& place, const U256& at) {
        for (auto& [known, account] : accounts_) {
            if (known == place) {
                return account;
            }
        }
        const margin::Market& state = markets_[place.first].state();
        accounts_.emplace_back(place, TriggeredAccount{.market = state.name(),
                                                       .wallet = state.wallet(place.second),
                                                       .multiplier = at,
                                                       .seized = {},
                                                       .repaid = {},
                                                       .written_off = {},
                                                       .reason = {}});
        return accounts_.back().second;
    }

    void replace_items(const Place& place) {
        const margin::Market& state = markets_[place.first].state();
        const core::Address wallet = state.wallet(place.second);
        std::erase_if(untouched_, [&](const Item& item) {
            return item.market == state.name() && item.wallet == wallet;
        });
        for (Item& item : items_of_row(state, place.second, prices_, factors_)) {
            untouched_.push_back(std::move(item));
        }
    }

    /// What the balances are worth after the moves; one that leaves 256 bits counts as today.
    [[nodiscard]] static std::pair<core::Usd, core::Usd> worth(const std::vector<Item>& items,
                                                               const Multipliers& moves) {
        core::Usd assets;
        core::Usd debt;
        for (const Item& item : items) {
            if (!item.value) {
                continue;
            }
            core::Usd& side = item.is_debt() ? debt : assets;
            side = side + core::Usd(moved_value(item.value->value(), item.found.factors, moves)
                                        .value_or(item.value->value()));
        }
        return {assets, debt};
    }

    [[nodiscard]] LossPoint point(const U256& at) const {
        const Multipliers moves = path_.at(at);
        const auto [assets_before, debt_before] = worth(begin_, {});
        const auto change = [&](const std::vector<Item>& items) {
            const auto [assets, debt] = worth(items, moves);
            return difference(assets + debt_before, assets_before + debt);
        };
        return {.multiplier = at,
                .netted = change(begin_),
                .with_liquidations = change(untouched_),
                .liquidation_loss = loss_,
                .calls = calls_};
    }

    const PriceBook& prices_;
    const FactorMap& factors_;
    Path path_;
    Direction direction_;
    std::vector<Item> untouched_;  ///< as they are after the liquidations so far
    std::vector<Item> begin_;
    std::vector<LiquidatedMarket> markets_;
    std::map<Place, U256> triggers_;
    std::vector<std::pair<Place, TriggeredAccount>> accounts_;
    core::Usd loss_;
    std::uint64_t calls_ = 0;
};

LossProfile profile_of(const Portfolio& portfolio, const PriceBook& prices,
                       const FactorMap& factors, const Path& path) {
    LossProfile profile{.factor = path.factor,
                        .moves_with = {},
                        .points = {},
                        .accounts = {},
                        .worst = std::nullopt};
    for (const auto& [other, weight] : path.weights) {
        profile.moves_with.push_back(other);
    }
    Walk(portfolio, prices, factors, path, Direction::Down).run(profile);
    std::reverse(profile.points.begin(), profile.points.end());
    Walk(portfolio, prices, factors, path, Direction::Up).run(profile);
    for (std::size_t i = 0; i < profile.points.size(); ++i) {
        const SignedUsd& change = profile.points[i].with_liquidations;
        const bool is_worse =
            change.negative &&
            (!profile.worst ||
             change.magnitude > profile.points[*profile.worst].with_liquidations.magnitude);
        if (is_worse) {
            profile.worst = i;
        }
    }
    return profile;
}

/// First factors of balances that some account's health follows.
std::vector<std::string> root_factors(const Portfolio& portfolio, const PriceBook& prices,
                                      const FactorMap& factors) {
    std::set<std::string> followed;
    for (const margin::Market* market : portfolio.markets) {
        for (const auto& [factor, powers] : factor_powers(*market, factors)) {
            followed.insert(factor);
        }
    }
    std::set<std::string> roots;
    for (const Item& item : items_of(portfolio, prices, factors)) {
        if (item.market && !item.found.factors.empty() &&
            followed.contains(item.found.factors.front())) {
            roots.insert(item.found.factors.front());
        }
    }
    return {roots.begin(), roots.end()};
}

/// The roots that load on the common move, led by the one that it moves most; nullopt for fewer
/// than two.
std::optional<Path> joint_path(const std::vector<std::string>& roots, const FactorMap& factors) {
    std::map<std::string, double> sizes;
    for (const std::string& root : roots) {
        const RiskFactor risk = factors.risk_of(root);
        const double size = risk.volatility.value().convert_to<double>() / kWad *
                            risk.common.value().convert_to<double>() / kWad;
        if (size > 0.0) {
            sizes.emplace(root, size);
        }
    }
    if (sizes.size() < 2) {
        return std::nullopt;
    }
    const auto lead =
        std::max_element(sizes.begin(), sizes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    Path path{.factor = lead->first, .weights = {}};
    for (const auto& [root, size] : sizes) {
        if (root != path.factor) {
            path.weights.emplace(root, size / lead->second);
        }
    }
    return path;
}

}  // namespace

std::optional<std::vector<LossProfile>> loss_profiles(const Portfolio& portfolio,
                                                      const PriceBook& prices,
                                                      const FactorMap& factors) {
    std::size_t accounts = 0;
    for (const margin::Market* market : portfolio.markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            accounts += portfolio.counts(market->wallet(row)) && market->is_active(row) ? 1U : 0U;
        }
    }
    if (accounts > kProfiledAccountsMax) {
        return std::nullopt;
    }
    const std::vector<std::string> roots = root_factors(portfolio, prices, factors);
    std::vector<LossProfile> out;
    for (const std::string& root : roots) {
        out.push_back(profile_of(portfolio, prices, factors, {.factor = root, .weights = {}}));
    }
    if (const auto joint = joint_path(roots, factors)) {
        out.push_back(profile_of(portfolio, prices, factors, *joint));
    }
    return out;
}

}  // namespace margrave::exposure
