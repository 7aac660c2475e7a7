#include "app/rule_replay.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "alert/alert.hpp"
#include "settings/settings.hpp"

namespace margrave::app {
namespace {

alert::Value value_of(const store::Point& point) {
    if (!point.value) {
        return alert::unknown("it was not known");
    }
    return {.number = settings::parse_wad(*point.value), .is_known = true, .because = {}};
}

/// Chain times at which health fell below 1.
std::vector<std::uint64_t> liquidatable_at(const std::vector<store::Point>& health) {
    std::vector<std::uint64_t> out;
    bool was = false;
    for (const store::Point& point : health) {
        const auto number = point.value ? settings::parse_wad(*point.value) : std::nullopt;
        const bool is = number ? *number < alert::whole(1) : was && !point.value;
        if (is && !was) {
            out.push_back(point.time);
        }
        was = is;
    }
    return out;
}

class Player {
  public:
    Player(const alert::Rule& rule, std::uint64_t confirmations)
        : rule_(rule), confirmations_(confirmations) {}

    /// What holds from this point until the next one: blocks in between matter to what waits only.
    void play(const store::Point& point, const store::Point* next) {
        const alert::Value value = value_of(point);
        step(value, point);
        const std::uint64_t blocks =
            next != nullptr && next->block > point.block ? next->block - point.block : 1;
        for (std::uint64_t i = 1; i < blocks && is_waiting(); ++i) {
            store::Point between = point;
            between.block += i;
            between.time += (next->time - std::min(next->time, point.time)) * i / blocks;
            step(value, between);
        }
    }
    [[nodiscard]] Replay take() { return std::move(replay_); }

  private:
    [[nodiscard]] bool is_waiting() const {
        return state_.phase == alert::Phase::Pending || state_.phase == alert::Phase::Recovering ||
               (state_.unknown_since_s && !state_.is_unknown_told);
    }
    void step(const alert::Value& value, const store::Point& at) {
        alert::step(rule_, value, {.block = at.block, .chain_s = at.time, .wall_s = at.time},
                    state_, confirmations_);
        for (const alert::Transition& one : alert::tell(rule_, {}, at.time, state_)) {
            note(one.kind, at);
        }
    }
    void note(alert::Kind kind, const store::Point& at) {
        if (kind == alert::Kind::Fire || kind == alert::Kind::Flapping) {
            replay_.alerts.push_back({.fired = at,
                                      .resolved_s = std::nullopt,
                                      .lead_s = std::nullopt,
                                      .is_flapping = kind == alert::Kind::Flapping});
        } else if (kind == alert::Kind::Resolve) {
            replay_.alerts.back().resolved_s = at.time;
        } else if (kind == alert::Kind::Unknown) {
            ++replay_.unknown_told;
        }
    }

    const alert::Rule& rule_;
    std::uint64_t confirmations_;
    alert::State state_;
    Replay replay_;
};

/// Who was told of it before it came to that.
void find_leads(const std::vector<std::uint64_t>& falls, Replay& replay) {
    for (const std::uint64_t fall : falls) {
        const auto told =
            std::find_if(replay.alerts.begin(), replay.alerts.end(), [&](const ReplayedAlert& one) {
                return one.fired.time <= fall && (!one.resolved_s || *one.resolved_s > fall);
            });
        if (told == replay.alerts.end()) {
            replay.missed_s.push_back(fall);
        } else if (!told->lead_s) {
            told->lead_s = fall - told->fired.time;
        }
    }
}

}  // namespace

Replay replay(const alert::Rule& rule, const std::vector<store::Point>& points,
              const std::vector<store::Point>& health, std::uint64_t confirmations) {
    Player player(rule, confirmations);
    for (std::size_t i = 0; i < points.size(); ++i) {
        player.play(points[i], i + 1 < points.size() ? &points[i + 1] : nullptr);
    }
    Replay out = player.take();
    find_leads(liquidatable_at(health), out);
    return out;
}

}  // namespace margrave::app
