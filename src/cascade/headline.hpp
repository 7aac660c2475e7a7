#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cascade/engine.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"

/// Where an account really falls: the smallest outside move after which it is liquidated, everyone
/// else's liquidations included.
namespace margrave::cascade {

enum class Direction { Down, Up };

/// What one outside move of a factor does, kept small: who fell, and the totals.
struct SweepPoint {
    std::uint32_t move_bps = 0;
    std::set<Place> fallen;
    std::size_t liquidations = 0;
    std::size_t rounds = 0;
    /// Why more than these may fall; "" when it is known that none do.
    std::string unknown_because;
};

struct Headline {
    Place place;
    std::string factor;
    Direction direction = Direction::Down;
    /// Basis points of today's price; nullopt: no move of the range does it.
    std::optional<std::uint32_t> naive_bps = {};    ///< with nobody else moving
    std::optional<std::uint32_t> cascade_bps = {};  ///< everyone else's liquidations included
    /// The move that the account's own oracle had made when it fell, over the outside move.
    std::optional<double> amplification = {};
    /// The first move, in either direction, at which it is unknown whether the account falls, where
    /// no price was found before it; and why it is.
    std::optional<std::uint32_t> unknown_from_bps = {};
    std::string unknown_because = {};
    bool non_monotone = false;            ///< some larger move that was tried spares it
    std::optional<Outcome> at_fall = {};  ///< of the cascade move
};

/// Moves that are searched: a basis point to nearly everything down, and to four times today's up.
inline constexpr std::uint32_t kFallBpsMax = 9'900;
inline constexpr std::uint32_t kRiseBpsMax = 30'000;
/// Between the points of the grid that is tried before the search narrows: one that is liquidated
/// between two of them only, and at neither, is not seen.
inline constexpr std::uint32_t kGridBps = 50;
/// So many basis points below the answer are tried too.
inline constexpr std::uint32_t kNeighbours = 20;

/// Answers for own accounts under one engine. Runs are remembered, so accounts share them.
class Headlines {
  public:
    /// The engine must outlive this.
    Headlines(const Engine& engine, std::vector<Place> own)
        : engine_(engine), own_(std::move(own)) {}

    /// Of one of the own places. The nearer direction by the naive price; a row without one in
    /// either has neither price.
    [[nodiscard]] Headline find(const Place& place, const std::string& factor);

    /// What happens at this move; remembered.
    [[nodiscard]] const SweepPoint& at(const std::string& factor, Direction direction,
                                       std::uint32_t bps);

  private:
    struct Key {
        std::string factor;
        Direction direction = Direction::Down;
        std::uint32_t bps = 0;

        friend auto operator<=>(const Key&, const Key&) = default;
    };

    /// Whether an account falls at a move; with a reason, nobody knows.
    struct Fall {
        bool falls = false;
        std::string unknown_because;
    };
    struct Found {
        std::optional<std::uint32_t> bps;
        std::optional<std::uint32_t> unknown_from;
        std::string unknown_because;
    };
    [[nodiscard]] const Fall& falls_alone(const Place& place, const Key& key);
    [[nodiscard]] Found first_alone(const Place& place, const std::string& factor,
                                    Direction direction);
    template <class Fails>
    [[nodiscard]] static Found first_failing(std::uint32_t last, Fails&& fails);
    void find_cascade(Headline& headline);

    const Engine& engine_;
    std::map<Key, SweepPoint> points_;
    std::vector<Place> own_;
    std::map<Key, std::map<Place, Fall>> alone_;  ///< of own places, by the shock itself
};

/// A shock that is one factor's move by so many basis points; none for 0.
[[nodiscard]] Shock move_of(const std::string& factor, Direction direction, std::uint32_t bps);

}  // namespace margrave::cascade
