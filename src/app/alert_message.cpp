#include "app/alert_message.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "alert/fact_book.hpp"
#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "core/short_hash.hpp"
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
    return value ? Json(number(*value, kWadDecimals)) : Json(nullptr);
}

/// Names and values come from contracts.
constexpr std::size_t kChangeBytesMax = 100;

std::string to_text(const alert::Change& change) {
    return fmt::format("{} is {}, was {} (block {})", core::printable(change.what, kChangeBytesMax),
                       core::printable(change.is, kChangeBytesMax),
                       core::printable(change.was, kChangeBytesMax), change.block);
}

/// The newest; how many are left out is said by who counts them.
std::string to_text(const std::vector<alert::Change>& changes) {
    constexpr std::size_t kShown = 3;
    std::string out;
    for (std::size_t i = 0; i < changes.size() && i < kShown; ++i) {
        out += (i == 0 ? ": " : "; ") + to_text(changes[i]);
    }
    return out + (changes.size() > kShown ? "; …" : "");
}

std::string finding(const alert::Rule& rule, const alert::Value& value) {
    const auto quantity = to_string(rule.quantity);
    if (!value.is_known) {
        return fmt::format("{} is not known: {}", quantity, core::printable(value.because));
    }
    if (!value.number) {
        return fmt::format("{}: nothing to watch any more", quantity);
    }
    const std::string about =
        value.about.empty() ? "" : fmt::format(" ({})", core::printable(value.about));
    return fmt::format("{} {}{}, fires {} {}{}", quantity, number(*value.number, kShownDecimals),
                       about, rule.fires_below ? "below" : "above",
                       number(rule.fires, kShownDecimals), to_text(value.changes));
}

/// Of an end: what fires still has ended because more of it is told next, and what fired at a block
/// that never was need not have been so.
std::string_view why_ended(const AlertMessage& message) {
    if (message.kind() != alert::Kind::Resolve) {
        return "";
    }
    const alert::State& state = message.worst().state;
    return state.fires_still()  ? ", more of which is told next"
           : state.is_fire_lost ? ", and the block at which it fired was reorganised away"
                                : "";
}

/// Whose cause is a price that moves; of all else it is an asset or a feed that is not as it
/// should.
bool is_distance(alert::Quantity quantity) {
    return quantity == alert::Quantity::HealthFactor ||
           quantity == alert::Quantity::CollateralFall ||
           quantity == alert::Quantity::LiquidationDistance ||
           quantity == alert::Quantity::FactorDistance;
}

std::string and_others(const AlertMessage& message) {
    const std::size_t others = message.members.size() - 1;
    if (others == 0) {
        return "";
    }
    if (message.cause.empty() || !message.worst().value.is_known) {
        return fmt::format(" and {} more", others);
    }
    return fmt::format(" and {} more, all {} {}", others,
                       is_distance(message.rule.quantity) ? "nearest to" : "because of",
                       core::printable(message.cause));
}

/// A word of a command line, whatever is in it.
std::string quoted(const std::string& word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@%:,=";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
        return word;
    }
    std::string out = "'";
    for (const char c : core::printable(word)) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

/// For a command that reads what the watch reads.
std::string with_config(const AlertMessage& message) {
    return message.config.empty() ? "" : " --config " + quoted(message.config);
}

/// The command that shows the same again, where the configuration is.
Json reproduce(const AlertMessage& message) {
    const alert::Subject& subject = message.worst().subject;
    if (!subject.wallet) {
        return nullptr;
    }
    if (message.rule.quantity == alert::Quantity::CascadeDistance) {
        return fmt::format("margrave cascade --playbook {}{}{}", quoted(message.rule.playbook),
                           message.has_book ? "" : " --block " + core::to_hex(message.block_hash),
                           with_config(message));
    }
    return fmt::format("margrave audit {} --chain {} --block {}{}", subject.wallet->to_string(),
                       subject.chain, core::to_hex(message.block_hash), with_config(message));
}

/// Without a node, where the file is: the wallet, or all that was read where it is of a market or
/// the chain.
Json reproduce_stored(const AlertMessage& message) {
    const alert::Subject& subject = message.worst().subject;
    const bool is_cascade = message.rule.quantity == alert::Quantity::CascadeDistance;
    if (message.store.empty() || (is_cascade && message.has_book)) {
        return nullptr;
    }
    if (message.rule.quantity == alert::Quantity::BlockAge) {
        return fmt::format("margrave status --store {}", quoted(message.store));
    }
    if (is_cascade) {
        return fmt::format(
            "margrave alerts snapshot {} --store {} | margrave cascade --playbook {} --snapshot "
            "/dev/stdin{}",
            cascade_reading(message.block_hash), quoted(message.store),
            quoted(message.rule.playbook), with_config(message));
    }
    return fmt::format(
        "margrave alerts snapshot {} --store {} | margrave audit {}--snapshot /dev/stdin{}",
        core::to_hex(message.block_hash), quoted(message.store),
        subject.wallet ? subject.wallet->to_string() + " " : "", with_config(message));
}

Json to_json(const std::vector<alert::Change>& changes, std::size_t count_max) {
    Json out = Json::array();
    for (std::size_t i = 0; i < changes.size() && i < count_max; ++i) {
        const alert::Change& change = changes[i];
        out.push_back({{"what", core::printable(change.what, kChangeBytesMax)},
                       {"was", core::printable(change.was, kChangeBytesMax)},
                       {"is", core::printable(change.is, kChangeBytesMax)},
                       {"block", std::to_string(change.block)},
                       {"timestamp", std::to_string(change.chain_s)}});
    }
    return out;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// Of what may be many, how much is told.
struct Shown {
    std::size_t changes;
    std::size_t legs;
};

/// Whose alert it is and what is so.
Json to_json(const alert::Rule& rule, const AlertMember& member, const Shown& shown) {
    const alert::Subject& subject = member.subject;
    const alert::Value& value = member.value;
    return {
        {"alert", alert_key(rule, subject)},
        {"episode", member.transition.episode},
        {"sequence", member.transition.sequence},
        {"protocol", text_or_null(subject.protocol)},
        {"market", text_or_null(subject.market)},
        {"wallet", subject.wallet ? Json(subject.wallet->to_string()) : Json(nullptr)},
        {"value", number_or_null(value.number)},
        {"unknown_because", value.is_known ? Json(nullptr) : Json(core::printable(value.because))},
        {"about", text_or_null(core::printable(value.about))},
        {"reorganised", member.state.is_fire_lost},
        {"changes", to_json(value.changes, shown.changes)},
        {"inputs", to_json(member.inputs, shown.legs)}};
}

/// A message stays small whatever happens to a thousand accounts at once; the others are in the
/// store, and fire there.
constexpr std::size_t kOthersMax = 50;

Json others(const AlertMessage& message) {
    constexpr Shown kShown{.changes = 5, .legs = 2};
    Json out = Json::array();
    for (std::size_t i = 1; i < message.members.size() && i <= kOthersMax; ++i) {
        out.push_back(to_json(message.rule, message.members[i], kShown));
    }
    return out;
}

}  // namespace

std::string cascade_reading(const core::Hash& block) { return core::to_hex(block) + "-cascade"; }

std::string alert_key(const alert::Rule& rule, const alert::Subject& subject) {
    return rule.name + " " + subject.to_string();
}

std::string message_key(const std::string& instance, const AlertMessage& message,
                        const std::string& channel) {
    std::string text = instance;
    for (const AlertMember& member : message.members) {
        text += fmt::format("\n{}\n{}\n{}\n{}", alert_key(message.rule, member.subject),
                            member.transition.episode, to_string(member.transition.kind),
                            member.transition.sequence);
    }
    text += "\n" + channel;
    return core::short_hash(text);
}

std::string to_text(const AlertMessage& message) {
    if (message.kind() == alert::Kind::Test) {
        return "this is a test of margrave's alerts: nothing happened";
    }
    const AlertMember& worst = message.worst();
    return fmt::format(
        "{} {} {}: {}{} (block {}){}", to_string(message.rule.severity), to_string(message.kind()),
        core::printable(alert_key(message.rule, worst.subject), 300),
        finding(message.rule, worst.value), why_ended(message), message.block, and_others(message));
}

std::string to_json(const AlertMessage& message) {
    const alert::Rule& rule = message.rule;
    const AlertMember& worst = message.worst();
    const bool has_fired = worst.state.episode > 0;
    Json json{{"schema", "margrave.alert/1"},
              {"kind", to_string(message.kind())},
              {"severity", to_string(rule.severity)},
              {"summary", to_text(message)},
              {"rule", rule.name},
              {"chain", worst.subject.chain},
              {"chain_id", message.chain_id.value()}};
    json.update(to_json(rule, worst,
                        {.changes = alert::FactBook::kNamedMax, .legs = AlertInputs::kLegsMax}));
    json.update(Json{
        {"cause", text_or_null(core::printable(message.cause))},
        {"quantity", to_string(rule.quantity)},
        {rule.fires_below ? "fires_below" : "fires_above", number(rule.fires, kWadDecimals)},
        {rule.fires_below ? "clears_above" : "clears_below", number(rule.clears, kWadDecimals)},
        {"block",
         {{"number", std::to_string(message.block)},
          {"hash", core::to_hex(message.block_hash)},
          {"timestamp", std::to_string(message.block_time.value())}}},
        {"fired_at_block",
         has_fired ? Json(std::to_string(worst.state.fired.block)) : Json(nullptr)},
        {"fired_at", has_fired ? Json(std::to_string(worst.state.fired.wall_s)) : Json(nullptr)},
        {"escalated", worst.state.is_escalated},
        {"count", message.members.size()},
        {"others", others(message)},
        {"at", std::to_string(message.at_s)},
        {"reproduce", reproduce(message)},
        {"reproduce_stored", reproduce_stored(message)}});
    constexpr int kOneLine = -1;
    constexpr bool kAscii = true;
    return json.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace margrave::app
