#include "app/alert_groups.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace margrave::app {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Who is told: an end also those who were told that nobody cared.
bool is_told(const ChannelPlan& channel, const alert::Rule& rule, alert::Kind kind,
             const alert::State& state) {
    const bool is_escalated_to = contains(rule.escalate_to, channel.name);
    if (kind == alert::Kind::Escalate) {
        return is_escalated_to;
    }
    return rule.channels.empty() || contains(rule.channels, channel.name) ||
           (kind == alert::Kind::Resolve && state.is_escalated && is_escalated_to);
}

/// In which order kinds are told: what is told of one alert at once keeps its own.
unsigned rank(alert::Kind kind) {
    switch (kind) {
        case alert::Kind::Known:
            return 0;
        case alert::Kind::Unknown:
            return 1;
        case alert::Kind::Resolve:
            return 2;
        case alert::Kind::Fire:
            return 3;
        case alert::Kind::Flapping:
            return 4;
        case alert::Kind::Escalate:
        case alert::Kind::Test:
            break;
    }
    return 5;
}

void sort_worst_first(AlertMessage& message) {
    std::stable_sort(message.members.begin(), message.members.end(),
                     [&](const AlertMember& a, const AlertMember& b) {
                         const auto& left = a.value.number;
                         const auto& right = b.value.number;
                         return left && right &&
                                (message.rule.fires_below ? *left < *right : *right < *left);
                     });
}

store::Outgoing to(const std::string& channel, const AlertMessage& message,
                   const std::string& instance, std::string line) {
    return {.id = 0,
            .key = message_key(instance, message, channel),
            .alert = std::move(line),
            .channel = channel,
            .body = to_json(message),
            .is_urgent = message.rule.severity == alert::Severity::Critical,
            .created_at = message.at_s,
            .attempts = 0};
}

}  // namespace

std::vector<AlertMessage> group(const std::vector<ToldAlert>& told, const AlertMessage& frame) {
    using Name = std::tuple<unsigned, std::string, std::uint64_t>;
    std::map<Name, std::vector<const ToldAlert*>> groups;
    for (const ToldAlert& one : told) {
        groups[{rank(one.member.transition.kind), one.cause, one.block.number}].push_back(&one);
    }
    std::vector<AlertMessage> out;
    out.reserve(groups.size());
    for (const auto& [name, alerts] : groups) {
        AlertMessage message = frame;
        for (const ToldAlert* const one : alerts) {
            message.members.push_back(one->member);
        }
        const store::WatchedBlock& block = alerts.front()->block;
        if (block.number != frame.block || block.hash != frame.block_hash) {
            message.block = block.number;
            message.block_hash = block.hash;
            message.block_time = core::Timestamp(block.timestamp);
            message.store.clear();  // nothing was told at that block, so its reading is not kept
        }
        message.cause = std::get<1>(name);
        sort_worst_first(message);
        out.push_back(std::move(message));
    }
    return out;
}

void queue(const AlertMessage& message, const std::vector<ChannelPlan>& channels,
           const std::string& instance, std::vector<store::Outgoing>& out) {
    const alert::Rule& rule = message.rule;
    for (const ChannelPlan& channel : channels) {
        AlertMessage part = message;
        std::erase_if(part.members, [&](const AlertMember& member) {
            return !is_told(channel, rule, message.kind(), member.state);
        });
        if (channel.is_grouped && !part.members.empty()) {
            const alert::Subject& worst = part.worst().subject;
            const std::string line = part.members.size() == 1
                                         ? alert_key(rule, worst)
                                         : store::name_of_several(rule.name, worst.chain);
            out.push_back(to(channel.name, part, instance, line));
            continue;
        }
        const std::vector<AlertMember> members = std::exchange(part.members, {});
        for (const AlertMember& member : members) {
            part.members = {member};
            out.push_back(to(channel.name, part, instance, alert_key(rule, member.subject)));
        }
    }
}

}  // namespace margrave::app
