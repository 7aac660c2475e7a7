#include "app/whatif_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "app/account_choice.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "margin/guard.hpp"
#include "settings/settings.hpp"

namespace margrave::app {
namespace {

using core::InputError;
using core::U256;

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    throw InputError(fmt::format(
        "\"{}\": {}; steps are ETH=-20%, USDC=0.97, rate:USDC=+5%, LT:WETH=78%, pause:LINK, "
        "days=30 and actions such as repay:USDC:10000@aave-v3",
        core::printable(text), why));
}

struct Words {
    const std::string& whole;

    [[noreturn]] void refuse(const std::string& why) const { app::refuse(whole, why); }
};

/// "5%" or "-5%" without its sign, as a fraction in 1e18; nullopt when it is none.
std::optional<U256> parse_percent(std::string_view text) {
    if (text.empty() || text.back() != '%') {
        return std::nullopt;
    }
    text.remove_suffix(1);
    const auto percent = settings::parse_wad(text);
    return percent ? std::optional(U256(percent->value() / 100)) : std::nullopt;
}

bool has_sign(std::string_view text) {
    return !text.empty() && (text.front() == '+' || text.front() == '-');
}

std::string_view without_sign(std::string_view text) {
    return has_sign(text) ? text.substr(1) : text;
}

risk::PriceMove parse_move(const Words& words, const std::string& value) {
    const bool is_fall = value.starts_with('-');
    if (const auto percent = parse_percent(without_sign(value))) {
        if (!has_sign(value)) {
            words.refuse("a move in percent has a sign, + or -");
        }
        if (is_fall && *percent >= core::wad()) {
            words.refuse(
                "a price cannot fall by 100 % or more: an oracle that answers nothing "
                "is no price");
        }
        const U256 multiplier =
            is_fall ? U256(core::wad() - *percent) : U256(core::wad() + *percent);
        return {.value = core::Wad(multiplier), .is_relative = true};
    }
    const auto level = settings::parse_wad(value);
    if (!level || level->value() == 0) {
        words.refuse("a price is a positive decimal in dollars, or a move in percent");
    }
    return {.value = *level, .is_relative = false};
}

risk::Scenario::RateMove parse_rate(const Words& words, const std::string& value) {
    const auto percent = parse_percent(without_sign(value));
    if (!percent) {
        words.refuse("a rate is percent a year: +5% more than now, or 5%");
    }
    const U256 ray_per_wad = core::ray() / core::wad();
    return {.value = core::Ray(*percent * ray_per_wad),
            .is_relative = has_sign(value),
            .is_fall = value.starts_with('-')};
}

core::Bps parse_threshold(const Words& words, const std::string& value) {
    const auto percent = parse_percent(value);
    if (!percent || *percent > core::wad()) {
        words.refuse("a liquidation threshold is 0% to 100%");
    }
    const U256 wad_per_bps = core::wad() / core::percentage_factor();
    return core::Bps(static_cast<std::uint32_t>(*percent / wad_per_bps));
}

std::uint64_t parse_seconds(const Words& words, const std::string& value) {
    constexpr std::uint64_t kDay = 86'400;
    constexpr std::uint64_t kDaysMax = 36'500;
    const auto days = settings::parse_wad(value);
    if (!days || days->value() > core::wad() * kDaysMax) {
        words.refuse(fmt::format("days are a decimal number up to {}", kDaysMax));
    }
    return static_cast<std::uint64_t>(days->value() * kDay / core::wad());
}

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out;
    std::size_t begin = 0;
    for (auto end = text.find(at); end != std::string::npos; end = text.find(at, begin)) {
        out.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    out.push_back(text.substr(begin));
    return out;
}

struct Verb {
    std::string_view word;
    margin::ActionKind kind;
};

constexpr auto kVerbs = std::to_array<Verb>({
    {"supply", margin::ActionKind::Supply},
    {"withdraw", margin::ActionKind::Withdraw},
    {"add", margin::ActionKind::SupplyCollateral},
    {"remove", margin::ActionKind::WithdrawCollateral},
    {"borrow", margin::ActionKind::Borrow},
    {"repay", margin::ActionKind::Repay},
    {"collateral", margin::ActionKind::SetCollateral},
    {"emode", margin::ActionKind::SetEmode},
});

const Verb* find_verb(const std::string& word) {
    const auto* const found = std::find_if(kVerbs.begin(), kVerbs.end(),
                                           [&](const Verb& verb) { return verb.word == word; });
    return found == kVerbs.end() ? nullptr : found;
}

void set_place(const Words& words, const std::string& place, ActionStep& step) {
    const auto slash = place.find('/');
    step.protocol = protocol_name(place.substr(0, slash));
    if (slash != std::string::npos) {
        step.market = place.substr(slash + 1);
    }
    if (step.protocol.empty()) {
        words.refuse("an action names its protocol behind @, as in @aave-v3 or @aave-v3/core");
    }
}

ActionStep parse_action(const Words& words, const Verb& verb) {
    const auto at = words.whole.rfind('@');
    if (at == std::string::npos) {
        words.refuse("an action names its protocol behind @, as in @aave-v3");
    }
    const auto parts = split(words.whole.substr(0, at), ':');
    ActionStep step;
    step.kind = verb.kind;
    set_place(words, words.whole.substr(at + 1), step);
    if (verb.kind == margin::ActionKind::SetEmode) {
        const auto category = parts.size() == 2 ? core::parse_u64(parts[1]) : std::nullopt;
        if (!category || *category > std::numeric_limits<std::uint8_t>::max()) {
            words.refuse("an e-mode is a number from 0 (none) to 255, as in emode:1@aave-v3");
        }
        step.category = *category;
        return step;
    }
    if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) {
        words.refuse("an action is VERB:ASSET:AMOUNT@PROTOCOL");
    }
    step.symbol = parts[1];
    if (verb.kind == margin::ActionKind::SetCollateral) {
        if (parts[2] != "on" && parts[2] != "off") {
            words.refuse("collateral is on or off");
        }
        step.enable = parts[2] == "on";
    } else if (parts[2] != "max") {
        step.amount = parts[2];
    }
    return step;
}

}  // namespace

Step parse_step(const std::string& text) {
    const Words words{text};
    const auto colon = text.find(':');
    const auto equals = text.find('=');
    const std::string head = text.substr(0, std::min(colon, equals));
    if (const Verb* verb = find_verb(head); verb != nullptr && colon != std::string::npos) {
        return parse_action(words, *verb);
    }
    const auto rest = [&](std::size_t from) { return text.substr(from, equals - from); };
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (head == "pause" && colon != std::string::npos && equals == std::string::npos &&
        colon + 1 < text.size()) {
        return PauseStep{.symbol = text.substr(colon + 1)};
    }
    if (value.empty() || head.empty()) {
        words.refuse("not a step");
    }
    if (head == "rate" && colon < equals) {
        return RateStep{.symbol = rest(colon + 1), .move = parse_rate(words, value)};
    }
    if ((head == "LT" || head == "lt") && colon < equals) {
        return ThresholdStep{.symbol = rest(colon + 1), .value = parse_threshold(words, value)};
    }
    if (head == "days") {
        return TimeStep{.seconds = parse_seconds(words, value)};
    }
    return PriceStep{.name = rest(0), .move = parse_move(words, value)};
}

std::optional<U256> parse_tokens(std::string_view text, unsigned decimals) {
    const auto point = text.find('.');
    std::string digits(text.substr(0, point));
    std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
    if (digits.empty() || (point != std::string_view::npos && fraction.empty()) ||
        fraction.size() > decimals) {
        return std::nullopt;
    }
    fraction.resize(decimals, '0');
    return core::parse_decimal(digits + fraction);
}

}  // namespace margrave::app
