#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/rule.hpp"
#include "core/archive.hpp"
#include "core/units.hpp"

/// What becomes of one rule for one subject, block after block: a pure state machine, and beside it
/// what people were told of that.
namespace margrave::alert {

/// A block that was evaluated, and when that was.
struct Moment {
    std::uint64_t block = 0;
    std::uint64_t chain_s = 0;  ///< the block's own time
    std::uint64_t wall_s = 0;   ///< of this machine's clock
};

/// That something is not what it was.
struct Change {
    std::string what;  ///< "WETH liquidation threshold"
    std::string was;
    std::string is;
    std::uint64_t block = 0;    ///< at which it was seen first
    std::uint64_t chain_s = 0;  ///< that block's time
};

/// What a rule's quantity is at a moment.
struct Value {
    /// nullopt of what is known: there is nothing to watch, as of an account that owes nothing or
    /// was closed, and that is safe. Of what is not known: it is this, or worse.
    std::optional<core::Wad> number;
    bool is_known = true;
    std::string because;     ///< why it is not known
    std::string about = {};  ///< what it is of, for people: the asset concerned
    /// What others that have it, too, have in common with it: a factor, an asset, a feed; "" of
    /// what has none.
    std::string cause = {};
    /// Of a quantity that counts them, the newest first; `number` may be of more.
    std::vector<Change> changes = {};
};

[[nodiscard]] Value known(core::Wad number);
/// Known, and safe.
[[nodiscard]] Value nothing_to_watch();
[[nodiscard]] Value unknown(std::string because);
/// A value that is not known, but at least so bad that the rule fires: that is enough to know, and
/// `about` says so. Any other is returned as it is.
[[nodiscard]] Value settled(const Rule& rule, Value value);
/// A whole number as a value's.
[[nodiscard]] core::Wad whole(std::uint64_t number);

enum class Phase : std::uint8_t {
    Quiet,
    Pending,     ///< beyond, not yet for long enough
    Firing,      ///< told
    Recovering,  ///< safe again, not yet for long enough
};

/// "quiet", "pending", "firing", "recovering".
[[nodiscard]] std::string_view to_string(Phase phase);

struct State {
    Phase phase = Phase::Quiet;
    Moment since;                           ///< of a phase that waits: its first block
    std::uint64_t blocks = 0;               ///< that a pending condition has held at
    std::uint64_t episode = 0;              ///< how many times it has fired
    std::uint64_t sequence = 0;             ///< transitions that were told, ever
    Moment fired;                           ///< of a firing or recovering one
    bool is_fire_lost = false;              ///< its block was reorganised away since
    std::vector<std::uint64_t> fires = {};  ///< chain seconds of the last ones, for flapping
    bool is_flapping = false;
    /// Since when its value is not known, and whether that was told.
    std::optional<std::uint64_t> unknown_since_s = std::nullopt;
    bool is_unknown_told = false;
    std::uint64_t unknown_episode = 0;  ///< in which: that it is known again is told of the same
    bool is_fire_told = false;          ///< of this episode
    std::uint64_t told_s = 0;           ///< when, on the wall
    bool is_escalated = false;          ///< of this episode
    std::uint64_t told_episode = 0;     ///< that people were told of last
    std::uint64_t newest_change = 0;    ///< while it fires: the block of the newest one
    std::optional<core::Wad> last = std::nullopt;  ///< the value that was last known
    Moment seen;                                   ///< when
    bool seen_any = false;                         ///< it ever was

    /// Firing, or not safe for long enough.
    [[nodiscard]] bool fires_still() const {
        return phase == Phase::Firing || phase == Phase::Recovering;
    }
};

/// What people are told.
enum class Kind : std::uint8_t {
    Fire,
    Resolve,
    Unknown,   ///< it cannot be evaluated any more; what fires goes on firing
    Known,     ///< it can again
    Flapping,  ///< it fires again and again: a fire, and the last one until it is calm
    Escalate,  ///< it was told, and nobody has acknowledged it
    Test,      ///< nothing happened: somebody tries a channel
};

/// "fire", "resolve", "unknown", "known", "flapping", "escalate", "test".
[[nodiscard]] std::string_view to_string(Kind kind);
/// Those that a watch finds.
inline constexpr std::array kTransitions{Kind::Fire,  Kind::Resolve,  Kind::Unknown,
                                         Kind::Known, Kind::Flapping, Kind::Escalate};

struct Transition {
    Kind kind = Kind::Fire;
    std::uint64_t episode = 0;
    std::uint64_t sequence = 0;  ///< with rule and subject: names this transition for ever
};

/// Changes the state for a further moment. A moment that was seen already changes nothing. Not
/// knowing never resolves and never counts. Where a further change joins those that fire it is a
/// new episode, unless it flaps. Nothing is over that was not safe for as many blocks as the
/// chain's `confirmations`, but an age.
void step(const Rule& rule, const Value& value, const Moment& at, State& state,
          std::uint64_t confirmations = 0);

/// Why less may be told than is so.
struct Hush {
    bool is_silenced = false;      ///< by somebody, for a while
    bool is_inhibited = false;     ///< another alert that fires says it all
    bool is_acknowledged = false;  ///< somebody is at it
};

/// What people have to be told at `wall_s`, in its order, and marks it as told. What was held back
/// is told as soon as nothing holds it back, if it is still so. A silence hides no blindness, and
/// never the end of what was told. An episode that another one follows ends first, and the other
/// is told at the next call.
[[nodiscard]] std::vector<Transition> tell(const Rule& rule, const Hush& hush, std::uint64_t wall_s,
                                           State& state);

/// What was told and stands: for somebody who was not told. Nothing where it is held back, where
/// somebody is at it, or where the next tell() ends it.
[[nodiscard]] std::vector<Transition> standing(const Hush& hush, const State& state);

/// The blocks behind `block` were reorganised away: what waits on one of them waits anew. What was
/// told stays told, until blocks that stand say otherwise.
void undo_after(std::uint64_t block, State& state);

/// Nobody watches it any more. Its counts stay: should somebody watch it again, what is told then
/// is something else than what was told before.
void forget(State& state);

/// A state for a file, and back; throws InputError for an archive that is none.
[[nodiscard]] core::Archive to_archive(const State& state);
[[nodiscard]] State restore_state(const core::Archive& archive);

}  // namespace margrave::alert
