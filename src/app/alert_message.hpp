#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "app/alert_inputs.hpp"
#include "core/keccak.hpp"
#include "core/units.hpp"

namespace margrave::app {

/// One alert of a message.
struct AlertMember {
    alert::Subject subject;
    alert::Value value;
    alert::State state;  ///< after the transition
    alert::Transition transition;
    /// Of an account's value; nullptr of what has none, and of what is not known any more.
    std::shared_ptr<const AlertInputs> inputs = nullptr;
};

/// Transitions of one rule that have one cause, and all that is said of them.
struct AlertMessage {
    const alert::Rule& rule;
    std::vector<AlertMember> members;  ///< of one kind, worst first
    /// The factor whose move alone would liquidate them first, the asset or the feed that it is
    /// about, or why they are not known; "" of what has none.
    std::string cause;
    core::ChainId chain_id;
    /// At which it was found; of what could not be read the last that was.
    std::uint64_t block = 0;
    core::Hash block_hash{};
    core::Timestamp block_time;
    std::uint64_t at_s = 0;   ///< on the wall
    std::string store = {};   ///< the name of the file that keeps the block's reading; "" of none
    std::string config = {};  ///< the name of the watch's own configuration; "" of none
    bool has_book = false;    ///< the block is that of a playbook's book

    [[nodiscard]] const AlertMember& worst() const { return members.front(); }
    [[nodiscard]] alert::Kind kind() const { return worst().transition.kind; }
};

/// What the reading that a cascade was carried out on at this block is kept as: it is of other
/// accounts than the block's own.
[[nodiscard]] std::string cascade_reading(const core::Hash& block);

/// "health ethereum aave_v3/core 0x…": what an alert is known by.
[[nodiscard]] std::string alert_key(const alert::Rule& rule, const alert::Subject& subject);

/// Names these transitions of this watch for ever, in hex.
[[nodiscard]] std::string message_key(const std::string& instance, const AlertMessage& message,
                                      const std::string& channel);

/// A line for people.
[[nodiscard]] std::string to_text(const AlertMessage& message);

/// JSON "margrave.alert/1" (docs/watch.md), on one line.
[[nodiscard]] std::string to_json(const AlertMessage& message);

}  // namespace margrave::app
