#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace margrave::channels {

/// What people are shown of an alert's JSON. Texts are bounded and core::printable(): no control
/// characters, no bidirectional ones. They come from chains and nodes, so they still are markup to
/// whoever reads markup: fit() them. A member that is missing, or no text, is empty.
struct AlertText {
    std::string alert;  ///< rule and subject
    std::string kind;
    std::string severity;
    std::string summary;  ///< a line; never empty
    std::string rule;
    std::string chain;
    std::string protocol;
    std::string market;
    std::string wallet;
    std::string quantity;
    std::string value;
    std::string unknown_because;
    std::string block;  ///< its number
    std::string reproduce;
    std::string cause;             ///< of a group
    std::string reproduce_stored;  ///< without a node
    std::string about = {};        ///< the asset concerned
    std::string inputs = {};       ///< of an account: what it has and owes
    std::string given_up = {};     ///< the channel that did not take it, and in whose place it is
    std::string late = {};         ///< the channel that has not yet, the same
    std::vector<std::string> changes;  ///< a line each, the newest first
    std::uint64_t episode = 0;
    std::uint64_t sequence = 0;
    bool is_escalated = false;  ///< the episode was
    std::uint64_t count = 0;    ///< alerts of the message: this one and others
    /// One that the message tells besides the alert itself, which is the worst.
    struct Other {
        std::string alert;
        std::string line;  ///< whose it is, and its value
        std::uint64_t episode = 0;
    };
    std::vector<Other> others;
    std::optional<std::uint64_t> at_s;        ///< on the wall, as all times here
    std::optional<std::uint64_t> fired_at_s;  ///< of the episode

    /// It says that what was told before is over: "resolve", "known".
    [[nodiscard]] bool is_end() const;
    /// It is about not knowing, which begins and ends beside what fires: "unknown", "known".
    [[nodiscard]] bool is_about_data() const;
    /// "critical fire: health"
    [[nodiscard]] std::string title() const;
    /// What is known of it, as names and texts: nothing that is empty.
    /// The others are the last and have a line each.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> facts() const;
    /// The same as lines: "name: text".
    [[nodiscard]] std::string lines() const;
};

/// The fact of a message's other alerts.
inline constexpr const char* kOthersFact = "others";

/// Never throws: of what is no JSON the summary is its beginning.
[[nodiscard]] AlertText read_alert(std::string_view body);

/// A reader of text, and what it takes for markup.
enum class Sink : std::uint8_t {
    Plain,     ///< nothing
    Markup,    ///< & < >: HTML, and Slack's mrkdwn
    Markdown,  ///< Discord's
};

/// `text`, which is printable(), so that the sink shows it as it is: with at most `units_max`
/// UTF-16 units after escaping. What is longer ends in "…(+N)", N being how many code points are
/// left out; no letter is cut from its accents.
[[nodiscard]] std::string fit(std::string_view text, std::size_t units_max, Sink sink);

/// UTF-16 units of a UTF-8 text.
[[nodiscard]] std::size_t units(std::string_view text);

}  // namespace margrave::channels
