#include "app/watch_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t age(std::uint64_t then, std::uint64_t now) { return now > then ? now - then : 0; }

/// Of a chain that was never looked at by whoever keeps schedules: null.
Json schedule_json(const WatchStatus& status, const std::string& chain) {
    const auto found = status.schedules.find(chain);
    if (found == status.schedules.end()) {
        return nullptr;
    }
    return {{"wallets", found->second.wallets},
            {"far_every_s", std::to_string(found->second.far_every_s)},
            {"near", found->second.near}};
}

Json chain_json(const WatchStatus& status, const std::string& chain,
                const store::WatchedBlock& block) {
    return {{"chain", chain},
            {"block",
             {{"number", std::to_string(block.number)},
              {"hash", core::to_hex(block.hash)},
              {"timestamp", std::to_string(block.timestamp)}}},
            {"age_s", std::to_string(age(block.timestamp, status.at_s))},
            {"schedule", schedule_json(status, chain)}};
}

/// "3 of 40 wallets with every block, others every 12 s".
std::string schedule_text(const WatchStatus& status, const std::string& chain) {
    const auto found = status.schedules.find(chain);
    if (found == status.schedules.end()) {
        return "";
    }
    const store::Schedule& schedule = found->second;
    if (schedule.far_every_s == 0 || schedule.near.size() == schedule.wallets) {
        return fmt::format("  all wallets ({}) with every block\n", schedule.wallets);
    }
    std::string out = fmt::format("  {} of {} wallets with every block, others every {} s\n",
                                  schedule.near.size(), schedule.wallets, schedule.far_every_s);
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < schedule.near.size() && i < kShown; ++i) {
        out += fmt::format("    {}\n", core::printable(schedule.near[i]));
    }
    if (schedule.near.size() > kShown) {
        out += fmt::format("    and {} more\n", schedule.near.size() - kShown);
    }
    return out;
}

Json outbox_json(const store::OutboxCount& one) {
    return {{"channel", one.channel},
            {"lane", one.is_urgent ? "urgent" : "normal"},
            {"state", one.is_dead ? "dead" : "waiting"},
            {"count", one.count},
            {"oldest_at", std::to_string(one.oldest)}};
}

}  // namespace

std::vector<AlertState> read_alert_states(store::WatchFile& file) {
    std::vector<AlertState> out;
    for (const store::KeptAlert& kept : file.alerts()) {
        const alert::State state = alert::restore_state(snapshot::parse_json(kept.state, {}));
        out.push_back({.rule = kept.rule,
                       .phase = state.phase,
                       .is_unknown = state.unknown_since_s.has_value(),
                       .unknown_since_s = state.unknown_since_s.value_or(0),
                       .subject = alert::restore_subject(snapshot::parse_json(kept.subject, {}))});
    }
    return out;
}

std::uint64_t WatchStatus::count(alert::Phase phase) const {
    return static_cast<std::uint64_t>(std::count_if(
        alerts.begin(), alerts.end(), [&](const AlertState& one) { return one.phase == phase; }));
}

std::uint64_t WatchStatus::count_unknown() const {
    return static_cast<std::uint64_t>(std::count_if(
        alerts.begin(), alerts.end(), [](const AlertState& one) { return one.is_unknown; }));
}

WatchStatus read_status(store::WatchFile& file, const std::string& path, std::uint64_t now_s) {
    return {.is_watched = store::WatchFile::is_watched(path),
            .chains = file.last_blocks(),
            .schedules = store::read_schedules(file.database()),
            .alerts = read_alert_states(file),
            .outbox = file.outbox_counts(),
            .at_s = now_s};
}

std::string to_json(const WatchStatus& status) {
    Json chains = Json::array();
    for (const auto& [chain, block] : status.chains) {
        chains.push_back(chain_json(status, chain, block));
    }
    Json outbox = Json::array();
    for (const store::OutboxCount& one : status.outbox) {
        outbox.push_back(outbox_json(one));
    }
    const Json json{{"schema", "margrave.status/1"},
                    {"at", std::to_string(status.at_s)},
                    {"is_watched", status.is_watched},
                    {"chains", std::move(chains)},
                    {"alerts",
                     {{"pending", status.count(alert::Phase::Pending)},
                      {"firing", status.count(alert::Phase::Firing)},
                      {"recovering", status.count(alert::Phase::Recovering)},
                      {"unknown", status.count_unknown()}}},
                    {"outbox", std::move(outbox)}};
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n';
}

std::string to_text(const WatchStatus& status) {
    std::string out = status.is_watched ? "A margrave watches with this file.\n"
                                        : "Nobody watches with this file now.\n";
    for (const auto& [chain, block] : status.chains) {
        out += fmt::format("{}: block {} of {}, {} ago\n", core::printable(chain), block.number,
                           core::format_utc(core::Timestamp(block.timestamp)),
                           core::format_duration(age(block.timestamp, status.at_s)));
        out += schedule_text(status, chain);
    }
    out += status.chains.empty() ? "No block was evaluated yet.\n" : "";
    out += fmt::format("Alerts: {} firing, {} recovering, {} pending, {} not known now\n",
                       status.count(alert::Phase::Firing), status.count(alert::Phase::Recovering),
                       status.count(alert::Phase::Pending), status.count_unknown());
    for (const store::OutboxCount& one : status.outbox) {
        out += fmt::format("{}: {}{} {}, the oldest {} ago\n", core::printable(one.channel),
                           one.count, one.is_urgent ? " urgent" : "",
                           one.is_dead ? "given up" : "not delivered yet",
                           core::format_duration(age(one.oldest, status.at_s)));
    }
    out += status.outbox.empty() ? "Every message is delivered.\n" : "";
    return out;
}

}  // namespace margrave::app
