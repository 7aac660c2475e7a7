#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "channels/base64.hpp"
#include "channels/email.hpp"
#include "channels/times.hpp"
#include "core/short_hash.hpp"

namespace margrave::channels {
namespace {

constexpr std::size_t kSubjectMax = 200;

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }) &&
           text.find("=?") == std::string_view::npos;
}

/// The value of a header as RFC 2047 has it: words of at most 75 characters, each of whole code
/// points.
std::string header_text(std::string_view text) {
    constexpr std::size_t kPlainMax = 60;
    constexpr std::size_t kWordBytes = 42;  // 56 digits and "=?UTF-8?B?" "?="
    if (is_plain(text) && text.size() <= kPlainMax) {
        return std::string(text);
    }
    std::string out;
    while (!text.empty()) {
        std::size_t end = std::min(kWordBytes, text.size());
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) {
            --end;
        }
        out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ",
                           to_base64(text.substr(0, end)));
        text.remove_prefix(end);
    }
    return out;
}

/// RFC 2045 allows lines of 76 digits.
std::string base64_lines(std::string_view text) {
    constexpr std::size_t kDigits = 76;
    const std::string digits = to_base64(text);
    std::string out;
    for (std::size_t at = 0; at < digits.size(); at += kDigits) {
        out.append(digits, at, kDigits).append("\r\n");
    }
    return out;
}

int priority_of(const AlertText& alert) {
    return alert.severity == "critical" ? 1 : alert.severity == "warning" ? 3 : 5;
}

/// All mails of an episode refer to it, so that they stand together whichever of them arrived. What
/// tells several refers to each: they may end apart.
std::vector<std::string> threads_of(const AlertText& alert, const std::string& domain) {
    constexpr std::size_t kMost = 20;
    const auto thread = [&](const std::string& name, std::uint64_t episode) {
        return fmt::format("<{}@{}>", core::short_hash(fmt::format("{}\n{}", name, episode)),
                           domain);
    };
    std::vector<std::string> out{thread(alert.alert, alert.episode)};
    for (const AlertText::Other& other : alert.others) {
        if (out.size() < kMost) {
            out.push_back(thread(other.alert, other.episode));
        }
    }
    return out;
}

std::string body_of(const AlertText& alert) {
    std::string out = alert.summary + "\r\n\r\n";
    for (const char c : alert.lines()) {
        out += c == '\n' ? "\r\n" : std::string(1, c);
    }
    return out;
}

}  // namespace

std::string mail_of(const AlertText& alert, const std::string& key, const EmailTarget& target,
                    std::uint64_t now_s) {
    const std::string domain = target.from.substr(target.from.find('@') + 1);
    return fmt::format(
        "Date: {}\r\nFrom: margrave <{}>\r\nTo: {}\r\nMessage-ID: <{}@{}>\r\n"
        "References: {}\r\nSubject: {}\r\nAuto-Submitted: auto-generated\r\n"
        "X-Priority: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n{}",
        mail_date(alert.at_s.value_or(now_s)), target.from, fmt::join(target.to, ",\r\n "), key,
        domain, fmt::join(threads_of(alert, domain), "\r\n "),
        header_text(fit(alert.title() + " " + alert.wallet, kSubjectMax, Sink::Plain)),
        priority_of(alert), base64_lines(body_of(alert)));
}

bool is_mail_address(std::string_view text) {
    constexpr std::string_view kOthers = ".!#$%&'*+/=?^_`{|}~-";
    constexpr std::size_t kBytesMax = 254;
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    const auto at = text.find('@');
    if (at == std::string_view::npos || text.size() > kBytesMax) {
        return false;
    }
    const auto name = text.substr(0, at);
    const auto host = text.substr(at + 1);
    return !name.empty() && !host.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return is_letter(c) || kOthers.find(c) != std::string_view::npos;
    }) && std::all_of(host.begin(), host.end(), [&](char c) {
        return is_letter(c) || c == '.' || c == '-';
    });
}

}  // namespace margrave::channels
