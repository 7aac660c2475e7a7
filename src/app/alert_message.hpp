#pragma once

#include <cstdint>
#include <string>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "core/keccak.hpp"
#include "core/units.hpp"

namespace margrave::app {

/// A transition and all that is said of it.
struct AlertMessage {
    const alert::Rule& rule;
    const alert::Subject& subject;
    const alert::Value& value;
    const alert::State& state;  ///< after the transition
    alert::Transition transition;
    core::ChainId chain_id;
    /// At which it was found; of what could not be read the last that was.
    std::uint64_t block = 0;
    core::Hash block_hash{};
    core::Timestamp block_time;
    std::uint64_t at_s = 0;  ///< on the wall
};

/// "health ethereum aave_v3/core 0x…": what an alert is known by.
[[nodiscard]] std::string alert_key(const alert::Rule& rule, const alert::Subject& subject);

/// Names this transition of this watch for ever, in hex.
[[nodiscard]] std::string message_key(const std::string& instance, const std::string& alert,
                                      const alert::Transition& transition,
                                      const std::string& channel);

/// A line for people.
[[nodiscard]] std::string to_text(const AlertMessage& message);

/// JSON "margrave.alert/1" (docs/watch.md), on one line.
[[nodiscard]] std::string to_json(const AlertMessage& message);

}  // namespace margrave::app
