#include "channels/alert_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "core/time.hpp"
#include "core/u256.hpp"
#include "core/utf8.hpp"

namespace margrave::channels {
namespace {

using nlohmann::json;

/// Of any one text. The longest that margrave writes, the summary, has about 600.
constexpr std::size_t kBytesMax = 2000;
/// As many as a message has.
constexpr std::size_t kOthersMax = 50;
constexpr std::size_t kOtherBytesMax = 200;

std::string text_of(const json& alert, const char* name) {
    const auto found = alert.find(name);
    return found != alert.end() && found->is_string()
               ? core::printable(found->get_ref<const std::string&>(), kBytesMax)
               : std::string();
}

std::optional<std::uint64_t> seconds_of(const json& alert, const char* name) {
    return core::parse_u64(text_of(alert, name));
}

std::uint64_t number_of(const json& alert, const char* name) {
    const auto found = alert.find(name);
    return found != alert.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// Of a decimal, as a person reads it.
std::string shortened(const std::string& decimal, std::size_t digits) {
    const auto point = decimal.find('.');
    return point == std::string::npos ? decimal : decimal.substr(0, point + 1 + digits);
}

/// "collateral 1500.25 USD, debt 1000 USD, health factor 1.0512", of what is known.
std::string inputs_of(const json& alert) {
    constexpr std::size_t kCents = 2;
    constexpr std::size_t kHealthDigits = 4;
    const auto found = alert.find("inputs");
    if (found == alert.end() || !found->is_object()) {
        return "";
    }
    std::vector<std::string> parts;
    const auto add = [&](const char* name, std::size_t digits, const char* what, const char* unit) {
        if (const std::string number = text_of(*found, name); !number.empty()) {
            parts.push_back(what + shortened(number, digits) + unit);
        }
    };
    add("collateral_usd", kCents, "collateral ", " USD");
    add("debt_usd", kCents, "debt ", " USD");
    add("health_factor", kHealthDigits, "health factor ", "");
    return fmt::format("{}", fmt::join(parts, ", "));
}

constexpr std::size_t kChangesMax = 20;
constexpr std::size_t kChangeBytesMax = 400;

std::vector<std::string> changes_of(const json& alert) {
    std::vector<std::string> out;
    const auto found = alert.find("changes");
    if (found == alert.end() || !found->is_array()) {
        return out;
    }
    for (const json& change : *found) {
        if (change.is_object() && out.size() < kChangesMax) {
            out.push_back(
                core::printable(fmt::format("{}: {}, was {} (block {})", text_of(change, "what"),
                                            text_of(change, "is"), text_of(change, "was"),
                                            text_of(change, "block")),
                                kChangeBytesMax));
        }
    }
    return out;
}

/// Its place and value; what a message's alerts have in common stands in the message.
std::string line_of(const json& other) {
    const std::string market = text_of(other, "market");
    const std::string value = text_of(other, "value");
    std::string out = text_of(other, "wallet");
    for (const std::string& part :
         {text_of(other, "protocol") + (market.empty() ? "" : "/" + market),
          value.empty() ? std::string("not known") : value}) {
        out += (out.empty() || part.empty() ? "" : " ") + part;
    }
    for (const std::string& change : changes_of(other)) {
        out += "; " + change;
    }
    return core::printable(out, kOtherBytesMax);
}

std::vector<AlertText::Other> others_of(const json& alert) {
    std::vector<AlertText::Other> out;
    const auto found = alert.find("others");
    if (found == alert.end() || !found->is_array()) {
        return out;
    }
    for (const json& other : *found) {
        if (other.is_object() && out.size() < kOthersMax) {
            out.push_back({.alert = text_of(other, "alert"),
                           .line = line_of(other),
                           .episode = number_of(other, "episode")});
        }
    }
    return out;
}

/// A line for each, and how many have none.
std::vector<std::string> others_shown(const AlertText& alert) {
    std::vector<std::string> out;
    out.reserve(alert.others.size() + 1);
    for (const AlertText::Other& other : alert.others) {
        out.push_back(other.line);
    }
    if (alert.count > out.size() + 1) {
        out.push_back(fmt::format("and {} more", alert.count - 1 - out.size()));
    }
    return out;
}

/// Of valid UTF-8.
std::vector<std::string_view> code_points(std::string_view text) {
    std::vector<std::string_view> out;
    out.reserve(text.size());
    while (!text.empty()) {
        out.push_back(text.substr(0, core::decode_utf8(text).bytes));
        text.remove_prefix(out.back().size());
    }
    return out;
}

/// What changes the character before it: accents, variants, colours of skin.
bool is_attached(std::string_view code_point) {
    struct Range {
        char32_t first;
        char32_t last;
    };
    constexpr std::array<Range, 7> kRanges{{{0x0300, 0x036f},
                                            {0x1ab0, 0x1aff},
                                            {0x1dc0, 0x1dff},
                                            {0x20d0, 0x20ff},
                                            {0xfe00, 0xfe0f},
                                            {0xfe20, 0xfe2f},
                                            {0x1f3fb, 0x1f3ff}}};
    const char32_t value = core::decode_utf8(code_point).value;
    return std::any_of(kRanges.begin(), kRanges.end(), [&](const Range& range) {
        return range.first <= value && value <= range.last;
    });
}

std::string escape(std::string_view code_point, Sink sink) {
    constexpr std::string_view kMarkdown = R"(\`*_~|<>#[](){}@:+-.!=/&)";
    const char first = code_point.front();
    if (sink == Sink::Markup) {
        return first == '&'   ? "&amp;"
               : first == '<' ? "&lt;"
               : first == '>' ? "&gt;"
                              : std::string(code_point);
    }
    const bool is_markdown = sink == Sink::Markdown && kMarkdown.find(first) != kMarkdown.npos;
    return (is_markdown ? "\\" : "") + std::string(code_point);
}

/// The channel in whose place it is told, for this reason.
std::string in_place_of(const json& alert, const char* reason) {
    const auto found = alert.find(reason);
    return found != alert.end() && found->is_object() ? text_of(*found, "channel") : "";
}

}  // namespace

bool AlertText::is_end() const { return kind == "resolve" || kind == "known"; }
bool AlertText::is_about_data() const { return kind == "unknown" || kind == "known"; }

std::string AlertText::title() const {
    return fmt::format("{} {}: {}", severity.empty() ? "alert" : severity,
                       kind.empty() ? "message" : kind, rule.empty() ? "margrave" : rule);
}

std::vector<std::pair<std::string, std::string>> AlertText::facts() const {
    const auto time = [](const std::optional<std::uint64_t>& second) {
        return second ? core::format_utc(core::Timestamp(*second)) : std::string();
    };
    std::vector<std::pair<std::string, std::string>> out{
        {"chain", chain},
        {"protocol", protocol},
        {"market", market},
        {"wallet", wallet},
        {quantity.empty() ? "value" : quantity, value},
        {"about", about},
        {"inputs", inputs},
        {"changed", fmt::format("{}", fmt::join(changes, "\n"))},
        {"not known", unknown_because},
        {"cause", cause == unknown_because ? std::string() : cause},
        {"block", block},
        {"fired", time(fired_at_s)},
        {"found", time(at_s)},
        {"episode", episode == 0 ? std::string() : std::to_string(episode)},
        {"reproduce", reproduce},
        {"reproduce stored", reproduce_stored},
        {kOthersFact, fmt::format("{}", fmt::join(others_shown(*this), "\n"))}};
    std::erase_if(out, [](const auto& fact) { return fact.second.empty(); });
    return out;
}

std::string AlertText::lines() const {
    std::string out;
    for (const auto& [name, text] : facts()) {
        out += fmt::format("{}: {}\n", name, text);
    }
    return out;
}

AlertText read_alert(std::string_view body) {
    constexpr bool kThrow = false;
    const json alert = json::parse(body, nullptr, kThrow);
    AlertText out;
    if (!alert.is_object()) {
        out.summary = core::printable(body, kBytesMax);
        return out;
    }
    const auto block = alert.find("block");
    out = {.alert = text_of(alert, "alert"),
           .kind = text_of(alert, "kind"),
           .severity = text_of(alert, "severity"),
           .summary = text_of(alert, "summary"),
           .rule = text_of(alert, "rule"),
           .chain = text_of(alert, "chain"),
           .protocol = text_of(alert, "protocol"),
           .market = text_of(alert, "market"),
           .wallet = text_of(alert, "wallet"),
           .quantity = text_of(alert, "quantity"),
           .value = text_of(alert, "value"),
           .unknown_because = text_of(alert, "unknown_because"),
           .block = block != alert.end() && block->is_object() ? text_of(*block, "number") : "",
           .reproduce = text_of(alert, "reproduce"),
           .cause = text_of(alert, "cause"),
           .reproduce_stored = text_of(alert, "reproduce_stored"),
           .about = text_of(alert, "about"),
           .inputs = inputs_of(alert),
           .given_up = in_place_of(alert, "given_up"),
           .late = in_place_of(alert, "late"),
           .changes = changes_of(alert),
           .episode = number_of(alert, "episode"),
           .sequence = number_of(alert, "sequence"),
           .is_escalated = alert.value("escalated", json()) == json(true),
           .count = number_of(alert, "count"),
           .others = others_of(alert),
           .at_s = seconds_of(alert, "at"),
           .fired_at_s = seconds_of(alert, "fired_at")};
    if (out.summary.empty()) {
        out.summary = out.title() + " " + out.alert;
    }
    return out;
}

std::size_t units(std::string_view text) {
    std::size_t out = 0;
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        // One for each that begins a code point, and one more where it begins four bytes.
        out += (value & 0xc0U) == 0x80 ? 0 : value >= 0xf0 ? 2 : 1;
    }
    return out;
}

std::string fit(std::string_view text, std::size_t units_max, Sink sink) {
    const auto points = code_points(text);
    std::vector<std::string> escaped;
    escaped.reserve(points.size());
    std::size_t size = 0;
    for (const auto point : points) {
        escaped.push_back(escape(point, sink));
        size += units(escaped.back());
    }
    std::size_t kept = points.size();
    std::string end;
    while (size + units(end) > units_max && kept > 0) {
        do {
            size -= units(escaped[--kept]);
        } while (kept > 0 && is_attached(points[kept]));
        end = fmt::format("…(+{})", points.size() - kept);
    }
    std::string out;
    for (std::size_t i = 0; i < kept; ++i) {
        out += escaped[i];
    }
    return out + end;
}

}  // namespace margrave::channels
