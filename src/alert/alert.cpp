#include "alert/alert.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/errors.hpp"
#include "core/u256.hpp"

namespace margrave::alert {
namespace {

enum class Finding : std::uint8_t { Beyond, Between, Safe };

bool is_beyond(const Rule& rule, const core::Wad& limit, const core::Wad& number) {
    return rule.fires_below ? number < limit : limit < number;
}

Finding judge(const Rule& rule, const Value& value) {
    if (!value.number || !is_beyond(rule, rule.clears, *value.number)) {
        return Finding::Safe;
    }
    return is_beyond(rule, rule.fires, *value.number) ? Finding::Beyond : Finding::Between;
}

/// Whoever can be liquidated at this block has no time to be sure.
bool is_too_late_to_wait(const Rule& rule, const Value& value) {
    return rule.quantity == Quantity::HealthFactor && value.number && *value.number < whole(1);
}

Transition told(Kind kind, State& state) {
    return {.kind = kind, .episode = state.episode, .sequence = ++state.sequence};
}

bool has_lasted(const Moment& since, const Moment& at, std::uint64_t blocks,
                std::uint64_t seconds) {
    return at.block >= since.block + blocks && at.chain_s >= since.chain_s + seconds;
}

/// The last ones within the window, this one included.
void note_fire(const Rule& rule, const Moment& at, State& state) {
    std::erase_if(state.fires,
                  [&](std::uint64_t chain_s) { return chain_s + rule.flap_window_s < at.chain_s; });
    state.fires.push_back(at.chain_s);
    state.is_flapping = rule.flap_count > 0 && state.fires.size() >= rule.flap_count;
}

std::uint64_t newest_change(const Value& value) {
    return value.changes.empty() ? 0 : value.changes.front().block;
}

void begin_episode(const Rule& rule, const Moment& at, State& state) {
    state.fired = at;
    state.is_fire_lost = false;
    ++state.episode;
    note_fire(rule, at, state);
}

void pend(const Rule& rule, const Value& value, const Moment& at, State& state) {
    if (state.phase == Phase::Quiet) {
        state.phase = Phase::Pending;
        state.since = at;
        state.blocks = 0;
    }
    ++state.blocks;
    const bool is_sure =
        state.blocks >= rule.for_blocks && has_lasted(state.since, at, 0, rule.for_s);
    if (is_sure || is_too_late_to_wait(rule, value)) {
        state.phase = Phase::Firing;
        begin_episode(rule, at, state);
    }
}

void recover(const Rule& rule, const Moment& at, std::uint64_t confirmations, State& state) {
    if (state.phase == Phase::Firing) {
        state.phase = Phase::Recovering;
        state.since = at;
    }
    const std::uint64_t calm_s =
        state.is_flapping ? std::max(rule.clear_s, rule.flap_window_s) : rule.clear_s;
    const std::uint64_t depth = rule.quantity == Quantity::BlockAge ? 0 : confirmations;
    if (has_lasted(state.since, at, std::max(rule.clear_blocks, depth), calm_s)) {
        state.phase = Phase::Quiet;
        state.is_flapping = false;
    }
}

void step_known(const Rule& rule, const Value& value, const Moment& at, std::uint64_t confirmations,
                State& state) {
    const Finding finding = judge(rule, value);
    if (state.fires_still()) {
        if (finding == Finding::Safe) {
            recover(rule, at, confirmations, state);
        } else {
            state.phase = Phase::Firing;
            if (finding == Finding::Beyond && state.is_fire_lost) {
                state.fired = at;  // on the branch that stands
                state.is_fire_lost = false;
            }
            const bool has_news = newest_change(value) > state.newest_change;
            if (finding == Finding::Beyond && has_news && !state.is_flapping) {
                begin_episode(rule, at, state);
            }
        }
    } else if (finding == Finding::Beyond) {
        pend(rule, value, at, state);
    } else {
        state.phase = Phase::Quiet;
    }
    state.newest_change = state.fires_still() ? newest_change(value) : 0;
}

/// A clock that was set back begins a wait anew rather than making it endless.
bool has_waited(std::uint64_t& since_s, std::uint64_t wall_s, std::uint64_t wait_s) {
    since_s = std::min(since_s, wall_s);
    return wall_s - since_s >= wait_s;
}

void tell_of_knowing(const Rule& rule, const Hush& hush, std::uint64_t wall_s, State& state,
                     std::vector<Transition>& out) {
    if (!state.unknown_since_s) {
        if (state.is_unknown_told) {
            state.is_unknown_told = false;
            out.push_back(told(Kind::Known, state));
            out.back().episode = state.unknown_episode;
        }
    } else if (!state.is_unknown_told && !hush.is_inhibited &&
               has_waited(*state.unknown_since_s, wall_s, rule.unknown_after_s)) {
        state.is_unknown_told = true;
        state.unknown_episode = state.episode;
        out.push_back(told(Kind::Unknown, state));
    }
}

/// Of the episode that was told: another one may have begun behind it.
Transition told_end(State& state) {
    state.is_fire_told = false;
    Transition out = told(Kind::Resolve, state);
    out.episode = state.told_episode;
    return out;
}

void tell_of_firing(const Rule& rule, const Hush& hush, std::uint64_t wall_s, State& state,
                    std::vector<Transition>& out) {
    if (!state.fires_still()) {
        if (state.is_fire_told) {
            out.push_back(told_end(state));
        }
        return;
    }
    const bool is_held_back = hush.is_silenced || hush.is_inhibited;
    if (state.is_fire_told && state.told_episode != state.episode && !is_held_back) {
        out.push_back(told_end(state));
        return;
    }
    if (!state.is_fire_told) {
        if (!is_held_back) {
            state.is_fire_told = true;
            state.told_episode = state.episode;
            state.is_escalated = false;
            state.told_s = wall_s;
            out.push_back(told(state.is_flapping ? Kind::Flapping : Kind::Fire, state));
        }
        return;
    }
    const bool may_escalate =
        rule.escalate_after_s > 0 && !state.is_escalated && !hush.is_acknowledged && !is_held_back;
    if (may_escalate && has_waited(state.told_s, wall_s, rule.escalate_after_s)) {
        state.is_escalated = true;
        out.push_back(told(Kind::Escalate, state));
    }
}

/// What waits does not wait while nothing is known.
void pass_over(const Moment& at, State& state) {
    if (!state.seen_any) {
        return;
    }
    // Behind a reorganisation blocks may be younger than the one that was seen last.
    if (at.block > state.seen.block) {
        state.since.block += at.block - state.seen.block - 1;
    }
    if (at.chain_s > state.seen.chain_s) {
        state.since.chain_s += at.chain_s - state.seen.chain_s;
    }
    // Nor may what passed on one branch and again on another lead beyond now.
    state.since.block = std::min(state.since.block, at.block);
    state.since.chain_s = std::min(state.since.chain_s, at.chain_s);
}

core::Archive to_archive(const Moment& moment) {
    core::Archive out;
    out.set("block", moment.block);
    out.set("chain_s", moment.chain_s);
    out.set("wall_s", moment.wall_s);
    return out;
}

Moment restore_moment(const core::Archive& archive) {
    return {.block = archive.u64("block"),
            .chain_s = archive.u64("chain_s"),
            .wall_s = archive.u64("wall_s")};
}

constexpr std::array kPhases{Phase::Quiet, Phase::Pending, Phase::Firing, Phase::Recovering};

}  // namespace

Value known(core::Wad number) { return {.number = number, .is_known = true, .because = {}}; }
Value nothing_to_watch() { return {.number = std::nullopt, .is_known = true, .because = {}}; }
Value unknown(std::string because) {
    return {.number = std::nullopt, .is_known = false, .because = std::move(because)};
}

Value settled(const Rule& rule, Value value) {
    // A rule that fires on the other side waits for something better than is known.
    const bool is_worse_below = rule.quantity == Quantity::CascadeDistance ||
                                rule.quantity == Quantity::FreeLiquidity ||
                                rule.quantity == Quantity::NetUsd;
    const bool is_enough = !value.is_known && value.number && rule.fires_below == is_worse_below &&
                           is_beyond(rule, rule.fires, *value.number);
    if (is_enough) {
        value.is_known = true;
        value.about += (value.about.empty() ? "or worse: " : "; or worse: ") + value.because;
        value.because.clear();
    }
    return value;
}

core::Wad whole(std::uint64_t number) {
    return core::Wad(core::U256(number) * core::U256(1'000'000'000'000'000'000));
}

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::Quiet:
            return "quiet";
        case Phase::Pending:
            return "pending";
        case Phase::Firing:
            return "firing";
        case Phase::Recovering:
            break;
    }
    return "recovering";
}

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::Fire:
            return "fire";
        case Kind::Resolve:
            return "resolve";
        case Kind::Unknown:
            return "unknown";
        case Kind::Known:
            return "known";
        case Kind::Flapping:
            return "flapping";
        case Kind::Escalate:
            return "escalate";
        case Kind::Test:
            break;
    }
    return "test";
}

void step(const Rule& rule, const Value& value, const Moment& at, State& state,
          std::uint64_t confirmations) {
    if (!value.is_known) {
        if (!state.unknown_since_s) {
            state.unknown_since_s = at.wall_s;
        }
        return;
    }
    if (state.unknown_since_s) {
        pass_over(at, state);
    }
    state.unknown_since_s.reset();
    const bool is_new_block = !state.seen_any || at.block > state.seen.block;
    state.last = value.number;
    state.seen = at;
    state.seen_any = true;
    if (is_new_block || rule.quantity == Quantity::BlockAge) {
        step_known(rule, value, at, confirmations, state);
    }
}

std::vector<Transition> tell(const Rule& rule, const Hush& hush, std::uint64_t wall_s,
                             State& state) {
    std::vector<Transition> out;
    tell_of_knowing(rule, hush, wall_s, state, out);
    tell_of_firing(rule, hush, wall_s, state, out);
    return out;
}

std::vector<Transition> standing(const Hush& hush, const State& state) {
    std::vector<Transition> out;
    if (state.is_unknown_told && state.unknown_since_s && !hush.is_inhibited) {
        out.push_back(
            {.kind = Kind::Unknown, .episode = state.unknown_episode, .sequence = state.sequence});
    }
    const bool is_told =
        state.is_fire_told && state.fires_still() && state.told_episode == state.episode;
    const bool is_hushed = hush.is_silenced || hush.is_inhibited || hush.is_acknowledged;
    if (is_told && !is_hushed) {
        out.push_back({.kind = state.is_flapping ? Kind::Flapping : Kind::Fire,
                       .episode = state.episode,
                       .sequence = state.sequence});
    }
    return out;
}

void undo_after(std::uint64_t block, State& state) {
    if (state.seen.block <= block) {
        return;
    }
    state.seen.block = block;
    state.is_fire_lost = state.is_fire_lost || (state.fires_still() && state.fired.block > block);
    state.newest_change = std::min(state.newest_change, block);
    if (state.phase == Phase::Pending && state.since.block > block) {
        state.phase = Phase::Quiet;
    }
    state.blocks = std::min(state.blocks, block + 1 - std::min(block + 1, state.since.block));
    if (state.phase == Phase::Recovering && state.since.block > block) {
        state.phase = Phase::Firing;
    }
}

void forget(State& state) {
    state.phase = Phase::Quiet;
    state.unknown_since_s.reset();
    state.is_unknown_told = false;
    state.is_fire_told = false;
    state.is_flapping = false;
    state.fires.clear();
    state.seen_any = false;
}

core::Archive to_archive(const State& state) {
    core::Archive out;
    out.set("phase", std::string(to_string(state.phase)));
    out.set("since", to_archive(state.since));
    out.set("blocks", state.blocks);
    out.set("episode", state.episode);
    out.set("sequence", state.sequence);
    out.set("fired", to_archive(state.fired));
    out.set("is_fire_lost", state.is_fire_lost);
    core::Archive::List fires;
    fires.reserve(state.fires.size());
    for (const std::uint64_t chain_s : state.fires) {
        fires.emplace_back().set("chain_s", chain_s);
    }
    out.set("fires", std::move(fires));
    out.set("is_flapping", state.is_flapping);
    out.set_optional("unknown_since_s", state.unknown_since_s);
    out.set("is_unknown_told", state.is_unknown_told);
    out.set("unknown_episode", state.unknown_episode);
    out.set("is_fire_told", state.is_fire_told);
    out.set("told_s", state.told_s);
    out.set("is_escalated", state.is_escalated);
    out.set("told_episode", state.told_episode);
    out.set("newest_change", state.newest_change);
    if (state.last) {
        out.set("last", state.last->value());
    }
    out.set("seen", to_archive(state.seen));
    out.set("seen_any", state.seen_any);
    return out;
}

namespace {

/// A state of the first version told whatever fired at once.
void restore_telling(const core::Archive& archive, State& state) {
    if (!archive.has("is_fire_told")) {
        state.is_fire_told = state.fires_still();
        state.told_s = state.fired.wall_s;
        state.unknown_episode = state.episode;
        state.told_episode = state.episode;
        return;
    }
    for (const core::Archive& one : archive.list("fires")) {
        state.fires.push_back(one.u64("chain_s"));
    }
    state.is_flapping = archive.flag("is_flapping");
    state.unknown_episode = archive.u64("unknown_episode");
    state.is_fire_told = archive.flag("is_fire_told");
    state.told_s = archive.u64("told_s");
    state.is_escalated = archive.flag("is_escalated");
    // Before changes were counted an episode began only when the one before it was over.
    state.told_episode = archive.optional_u64("told_episode").value_or(state.episode);
    state.newest_change = archive.optional_u64("newest_change").value_or(0);
}

}  // namespace

State restore_state(const core::Archive& archive) {
    State out;
    const std::string& word = archive.text("phase");
    const auto* const phase = std::find_if(kPhases.begin(), kPhases.end(),
                                           [&](Phase one) { return to_string(one) == word; });
    if (phase == kPhases.end()) {
        throw core::InputError("phase: " + word + " is none of an alert");
    }
    out.phase = *phase;
    out.since = restore_moment(archive.at("since"));
    out.blocks = archive.u64("blocks");
    out.episode = archive.u64("episode");
    out.sequence = archive.u64("sequence");
    out.fired = restore_moment(archive.at("fired"));
    out.is_fire_lost = archive.has("is_fire_lost") && archive.flag("is_fire_lost");
    out.unknown_since_s = archive.optional_u64("unknown_since_s");
    out.is_unknown_told = archive.flag("is_unknown_told");
    restore_telling(archive, out);
    if (const auto last = archive.optional_u256("last")) {
        out.last = core::Wad(*last);
    }
    out.seen = restore_moment(archive.at("seen"));
    out.seen_any = archive.flag("seen_any");
    return out;
}

}  // namespace margrave::alert
