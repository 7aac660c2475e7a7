#include "app/alert_message.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kWadDecimals = 18;
/// Of a number for people.
constexpr unsigned kShownDecimals = 4;

std::string number(const core::Wad& value, unsigned decimals) {
    return core::format_fixed(value.value(), kWadDecimals, decimals);
}

Json number_or_null(const std::optional<core::Wad>& value) {
    return value ? Json(number(*value, kWadDecimals)) : Json();
}

std::string finding(const AlertMessage& message) {
    const alert::Rule& rule = message.rule;
    const auto quantity = to_string(rule.quantity);
    if (!message.value.is_known) {
        return fmt::format("{} is not known: {}", quantity, core::printable(message.value.because));
    }
    if (!message.value.number) {
        return fmt::format("{}: nothing to watch any more", quantity);
    }
    return fmt::format("{} {}, fires {} {}", quantity,
                       number(*message.value.number, kShownDecimals),
                       rule.fires_below ? "below" : "above", number(rule.fires, kShownDecimals));
}

/// The command that shows the same again.
Json reproduce(const AlertMessage& message) {
    if (!message.subject.wallet) {
        return nullptr;
    }
    return fmt::format("margrave audit {} --chain {} --block {}",
                       message.subject.wallet->to_string(), message.subject.chain,
                       core::to_hex(message.block_hash));
}

}  // namespace

std::string alert_key(const alert::Rule& rule, const alert::Subject& subject) {
    return rule.name + " " + subject.to_string();
}

std::string message_key(const std::string& instance, const std::string& alert,
                        const alert::Transition& transition, const std::string& channel) {
    const std::string text =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", instance, alert, transition.episode,
                    to_string(transition.kind), transition.sequence, channel);
    constexpr std::size_t kBytes = 16;
    const core::Hash hash =
        core::keccak256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return core::to_hex(std::span(hash).first(kBytes)).substr(2);
}

std::string to_text(const AlertMessage& message) {
    return fmt::format("{} {} {}: {} (block {})", to_string(message.rule.severity),
                       to_string(message.transition.kind),
                       core::printable(alert_key(message.rule, message.subject), 300),
                       finding(message), message.block);
}

std::string to_json(const AlertMessage& message) {
    const alert::Subject& subject = message.subject;
    const alert::Rule& rule = message.rule;
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json() : Json(text);
    };
    const bool has_fired = message.state.episode > 0;
    const Json json{
        {"schema", "margrave.alert/1"},
        {"alert", alert_key(rule, subject)},
        {"kind", to_string(message.transition.kind)},
        {"severity", to_string(rule.severity)},
        {"summary", to_text(message)},
        {"rule", rule.name},
        {"episode", message.transition.episode},
        {"sequence", message.transition.sequence},
        {"chain", subject.chain},
        {"chain_id", message.chain_id.value()},
        {"protocol", text_or_null(subject.protocol)},
        {"market", text_or_null(subject.market)},
        {"wallet", subject.wallet ? Json(subject.wallet->to_string()) : Json()},
        {"quantity", to_string(rule.quantity)},
        {"value", number_or_null(message.value.number)},
        {"unknown_because",
         message.value.is_known ? Json() : Json(core::printable(message.value.because))},
        {rule.fires_below ? "fires_below" : "fires_above", number(rule.fires, kWadDecimals)},
        {rule.fires_below ? "clears_above" : "clears_below", number(rule.clears, kWadDecimals)},
        {"block",
         {{"number", std::to_string(message.block)},
          {"hash", core::to_hex(message.block_hash)},
          {"timestamp", std::to_string(message.block_time.value())}}},
        {"fired_at_block", has_fired ? Json(std::to_string(message.state.fired.block)) : Json()},
        {"fired_at", has_fired ? Json(std::to_string(message.state.fired.wall_s)) : Json()},
        {"at", std::to_string(message.at_s)},
        {"reproduce", reproduce(message)}};
    constexpr int kOneLine = -1;
    constexpr bool kAscii = true;
    return json.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace margrave::app
