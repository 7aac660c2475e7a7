#pragma once

#include <string>
#include <vector>

#include "app/alert_message.hpp"
#include "app/watch_plan.hpp"
#include "store/watch_file.hpp"

/// From alerts that have something to tell to messages, and to whom each goes.
namespace margrave::app {

/// One alert's transition and what may be its cause: messages are of one kind, one cause and one
/// block.
struct ToldAlert {
    AlertMember member;
    std::string cause;
    /// At which its value was found: an earlier one than the frame's of what was held back till
    /// now.
    store::WatchedBlock block;
};

/// In the order in which they are to be told; `frame` is a message of the rule without members.
[[nodiscard]] std::vector<AlertMessage> group(const std::vector<ToldAlert>& told,
                                              const AlertMessage& frame);

/// Appends what each of the channels is sent of it. What tells of several alerts waits for what was
/// told of any of the rule's, so that no end overtakes its begin; `instance` is the watch's file's.
void queue(const AlertMessage& message, const std::vector<ChannelPlan>& channels,
           const std::string& instance, std::vector<store::Outgoing>& out);

}  // namespace margrave::app
