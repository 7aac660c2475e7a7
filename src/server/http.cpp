#include "server/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::server {
namespace {

struct Reason {
    unsigned status;
    std::string_view text;
};

constexpr auto kReasons = std::to_array<Reason>({
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
});

bool is_plain(char c) { return c >= ' ' && c != '\x7f'; }

}  // namespace

std::string_view reason(unsigned status) {
    const auto* found = std::find_if(kReasons.begin(), kReasons.end(),
                                     [&](const Reason& one) { return one.status == status; });
    return found == kReasons.end() ? "Error" : found->text;
}

std::string json_string(std::string_view text) {
    // Without control characters and what is no UTF-8 only two characters are left to escape.
    std::string out = "\"";
    for (const char c : core::printable(text, text.size() + 1)) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

Response problem(unsigned status, std::string_view detail) {
    return {.status = status,
            .type = "application/problem+json",
            .body = fmt::format("{{\"type\":\"about:blank\",\"title\":{},\"status\":{},"
                                "\"detail\":{}}}\n",
                                json_string(reason(status)), status, json_string(detail))};
}

Decoded percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const auto byte = core::parse_hex(fmt::format("0x{}", text.substr(i + 1, 2)));
            if (!byte || byte->size() != 1) {
                return {.text = {}, .is_good = false};
            }
            c = static_cast<char>(byte->front());
            i += 2;
        }
        if (!is_plain(c) && static_cast<unsigned char>(c) < 0x80U) {
            return {.text = {}, .is_good = false};
        }
        out += c;
    }
    return {.text = std::move(out), .is_good = true};
}

}  // namespace margrave::server
