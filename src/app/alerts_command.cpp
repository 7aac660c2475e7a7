#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "app/alerts_list.hpp"
#include "app/commands.hpp"
#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "snapshot/archive_json.hpp"
#include "store/watch_file.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kWadDecimals = 18;

struct ListedAlert {
    std::string key;
    alert::State state;
    std::optional<store::Acknowledgement> acknowledged;

    [[nodiscard]] bool is_of_interest() const {
        return state.phase != alert::Phase::Quiet || state.unknown_since_s;
    }
};

std::vector<ListedAlert> read_alerts(store::WatchFile& file) {
    std::vector<ListedAlert> out;
    const auto acknowledged = store::read_acknowledgements(file.database());
    for (const store::KeptAlert& kept : file.alerts()) {
        ListedAlert one{.key = kept.key,
                        .state = alert::restore_state(snapshot::parse_json(kept.state, {})),
                        .acknowledged = std::nullopt};
        const auto found = acknowledged.find(kept.key);
        if (found != acknowledged.end() && found->second.episode == one.state.episode) {
            one.acknowledged = found->second;
        }
        if (one.is_of_interest()) {
            out.push_back(std::move(one));
        }
    }
    return out;
}

Json to_json(const ListedAlert& alert) {
    const alert::State& state = alert.state;
    return {
        {"alert", alert.key},
        {"phase", to_string(state.phase)},
        {"value", state.last
                      ? Json(core::format_fixed(state.last->value(), kWadDecimals, kWadDecimals))
                      : Json(nullptr)},
        {"episode", state.episode},
        {"fired_at_block",
         state.fires_still() ? Json(std::to_string(state.fired.block)) : Json(nullptr)},
        {"reorganised", state.fires_still() && state.is_fire_lost},
        {"unknown_since",
         state.unknown_since_s ? Json(std::to_string(*state.unknown_since_s)) : Json(nullptr)},
        {"told", state.is_fire_told},
        {"flapping", state.is_flapping},
        {"acknowledged_by", alert.acknowledged ? Json(alert.acknowledged->author) : Json(nullptr)}};
}

Json to_json(const store::Silence& silence) {
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    return {{"id", silence.id},
            {"rule", text_or_null(silence.rule)},
            {"chain", text_or_null(silence.chain)},
            {"market", text_or_null(silence.market)},
            {"wallet", text_or_null(silence.wallet)},
            {"severity", silence.severity},
            {"by", silence.author},
            {"reason", text_or_null(silence.reason)},
            {"until", std::to_string(silence.until)}};
}

Json to_json(const store::Outgoing& message) {
    return {{"key", message.key},           {"alert", message.alert},
            {"channel", message.channel},   {"created_at", std::to_string(message.created_at)},
            {"attempts", message.attempts}, {"error", message.last_error}};
}

Json to_json(const std::pair<const std::string, store::WatchedBlock>& last) {
    const auto& [chain, block] = last;
    return {{"chain", chain},
            {"number", std::to_string(block.number)},
            {"hash", core::to_hex(block.hash)},
            {"timestamp", std::to_string(block.timestamp)}};
}

template <class Items>
Json list_of(const Items& items) {
    Json out = Json::array();
    for (const auto& item : items) {
        out.push_back(to_json(item));
    }
    return out;
}

std::string to_text(const std::map<std::string, store::WatchedBlock>& blocks) {
    std::string out;
    for (const auto& [chain, block] : blocks) {
        out += fmt::format("{} is evaluated to block {}, {}\n", core::printable(chain),
                           block.number, core::format_utc(core::Timestamp(block.timestamp)));
    }
    return out;
}

std::string to_text(const std::vector<ListedAlert>& alerts) {
    std::string out = alerts.empty() ? "No alert fires.\n" : "";
    for (const ListedAlert& one : alerts) {
        out += fmt::format(
            "{:<10} {}{}{}{}{}\n", to_string(one.state.phase), core::printable(one.key, 300),
            one.state.unknown_since_s ? "  (not known now)" : "",
            one.state.fires_still() && !one.state.is_fire_told ? "  (held back)" : "",
            one.state.fires_still() && one.state.is_fire_lost
                ? "  (fired at a block that was reorganised away)"
                : "",
            one.acknowledged
                ? fmt::format("  (acknowledged by {})", core::printable(one.acknowledged->author))
                : "");
    }
    return out;
}

std::string to_text(const std::vector<store::Silence>& silences) {
    std::string out;
    for (const store::Silence& one : silences) {
        out += fmt::format("silence {} until {}, by {}: {}\n", one.id,
                           core::format_utc(core::Timestamp(one.until)),
                           core::printable(one.author), core::printable(one.reason, 200));
    }
    return out;
}

std::string to_text(std::string_view title, const std::vector<store::Outgoing>& messages) {
    std::string out;
    for (const store::Outgoing& message : messages) {
        out +=
            fmt::format("{} to {}, {} attempts: {}  {}\n", title, core::printable(message.channel),
                        message.attempts, core::printable(message.alert, 300),
                        core::printable(message.last_error));
    }
    return out;
}

}  // namespace

std::string alerts_list_json(store::WatchFile& file, std::uint64_t now_s) {
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    const Json json{{"schema", "margrave.alerts/1"},
                    {"blocks", list_of(file.last_blocks())},
                    {"alerts", list_of(read_alerts(file))},
                    {"silences", list_of(store::read_silences(file.database(), now_s))},
                    {"waiting", list_of(file.waiting())},
                    {"dead", list_of(file.dead())}};
    return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n';
}

ExitCode run_alerts_list(World& world, const AlertsListOptions& options) {
    auto file = store::WatchFile::open(options.store);
    if (options.json) {
        write_result(world, alerts_list_json(file, world.wall_s()));
    } else {
        write_result(world, to_text(file.last_blocks()) + to_text(read_alerts(file)) +
                                to_text(store::read_silences(file.database(), world.wall_s())) +
                                to_text("waits", file.waiting()) +
                                to_text("was given up", file.dead()));
    }
    return ExitCode::Fine;
}

}  // namespace margrave::app
