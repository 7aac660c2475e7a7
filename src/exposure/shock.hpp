#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/u256.hpp"
#include "exposure/factor_map.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// floor(answer * (multiplier / 1e18)^power), rounded at each of the |power| steps; nullopt above
/// 256 bits. `multiplier` is not 0.
[[nodiscard]] std::optional<core::U256> scaled_down(const core::U256& answer,
                                                    const core::U256& multiplier, int power);

/// The answer today * (multiplier / 1e18)^power, or what its rule gives; nullopt above 256 bits,
/// and where the source would revert.
[[nodiscard]] std::optional<core::U256> moved_answer(const core::U256& today, const Follow& follow,
                                                     const core::U256& multiplier);

/// What the asset's answer is made of, with all these factors moved at once; those that move it by
/// a power alone are left out. nullopt when none has a rule, above 256 bits, and where the source
/// would revert.
[[nodiscard]] std::optional<core::U256> composed_answer(const std::map<std::string, Powers>& powers,
                                                        const core::Address& asset,
                                                        const Multipliers& moves);

/// A fork of a market whose oracle answers are moved together, always from today's. One fork serves
/// every account and every move.
class ShockedMarket {
  public:
    explicit ShockedMarket(const margin::Market& market);

    /// Sets each asset of `powers` to its moved_answer(), never below 1, since 0 is no answer;
    /// every other to today's. False when one has none, and then nothing is known of the market
    /// until the next move.
    [[nodiscard]] bool move(const Powers& powers, const core::U256& multiplier);
    /// Every answer as today.
    void reset();

    [[nodiscard]] const margin::Market& market() const { return *fork_; }

  private:
    std::unique_ptr<margin::Market> fork_;
    std::vector<margin::OracleAnswer> today_;
    Powers moved_;
};

/// The two neighbouring moves between which an account falls, as multipliers of today's, 1e18 is
/// one. Equal, and 1e18, when it can be liquidated today.
struct Crossing {
    core::U256 last_safe;
    core::U256 first_failing;
};

enum class Direction { Down, Up, Nearest };

/// Where a row's health check first fails when the answers of `powers` move together, counted from
/// today's: the nearest solution of the market's linear form, made exact by its own health check. A
/// thousand-and-a-half parts in a million before that solution are searched too, because averages
/// rounded to basis points can fail earlier. The two moves are neighbours: they differ by 1e-18.
/// nullopt when no move between a millionth and a million does it, and when the health is unknown.
[[nodiscard]] std::optional<Crossing> find_crossing(ShockedMarket& shocked, std::size_t row,
                                                    const Powers& powers, Direction direction);

}  // namespace margrave::exposure
