#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace margrave::test {

/// What `margrave watch` says of an account.
inline nlohmann::json example_alert() {
    return {{"schema", "margrave.alert/1"},
            {"alert", "health ethereum aave_v3/core 0x00000000000000000000000000000000000000Aa"},
            {"kind", "fire"},
            {"severity", "critical"},
            {"summary", "critical fire health: health_factor 1.05, fires below 1.1 (block 123)"},
            {"rule", "health"},
            {"episode", 2},
            {"sequence", 5},
            {"chain", "ethereum"},
            {"chain_id", 1},
            {"protocol", "aave_v3"},
            {"market", "core"},
            {"wallet", "0x00000000000000000000000000000000000000Aa"},
            {"quantity", "health_factor"},
            {"value", "1.05"},
            {"unknown_because", nullptr},
            {"fires_below", "1.1"},
            {"clears_above", "1.15"},
            {"block", {{"number", "123"}, {"hash", "0xab"}, {"timestamp", "1767322000"}}},
            {"fired_at_block", "123"},
            {"fired_at", "1767323045"},  // 2026-01-02 03:04:05 UTC
            {"escalated", false},
            {"at", "1767323045"},
            {"reproduce", "margrave audit 0xAa --chain ethereum --block 0xab"}};
}

/// Five accounts that fall with one factor; the message leaves two of them out.
inline nlohmann::json grouped_alert() {
    auto alert = example_alert();
    alert["summary"] = "critical fire health: … and 4 more, all nearest to eth";
    alert["cause"] = "eth";
    alert["count"] = 5;
    alert["others"] = nlohmann::json::array();
    for (const char* digit : {"b", "c"}) {
        const std::string wallet = "0x" + std::string(40, *digit);
        alert["others"].push_back({{"alert", "health ethereum aave_v3/core " + wallet},
                                   {"episode", 1},
                                   {"sequence", 1},
                                   {"protocol", "aave_v3"},
                                   {"market", "core"},
                                   {"wallet", wallet},
                                   {"value", *digit == 'b' ? nlohmann::json("1.07") : nullptr},
                                   {"unknown_because", nullptr}});
    }
    alert["reproduce_stored"] = "margrave alerts snapshot 0xab --store watch.db";
    return alert;
}

inline std::string alert_body(const std::string& kind = "fire") {
    auto alert = example_alert();
    alert["kind"] = kind;
    return alert.dump();
}

/// Names of tokens and words of nodes that mean something to whoever reads markup, headers, cells
/// or terminals. All are UTF-8.
inline std::vector<std::string> hostile_texts() {
    std::string accents;
    std::string stars;
    for (int i = 0; i < 3000; ++i) {
        accents += "e\u0301";
        stars += "*";
    }
    return {"<!channel> <@U123> <https://evil.example|bank>",
            "<script>alert(1)</script><b>",
            "</b><a href=\"https://evil.example\">",
            "&lt;b&gt; & &#60;",
            "@everyone @here <@&42> <#7> <:x:1> <t:0:R>",
            "[bank](https://evil.example) ![x](y)",
            "**b** __u__ ~~s~~ `c` ||s|| > q # h - l 1. n",
            "```\ncode\n```",
            "a\r\nBcc: evil@evil.example\r\n\r\nbody",
            "=?UTF-8?B?QmNj?=",
            std::string("a\0b", 3),
            "\x1b[31mred\x1b]0;t\x07",
            "\u202etxt.exe\u2066\u200b\u2028\ufeff",
            R"("}],"x":[{"y":"\)",
            "=cmd|' /C calc'!A0",
            "\\\\\\",
            "${HOME} $(id) `id` ; rm -rf / %s %n {}",
            std::string(10'000, 'A'),
            "\U0001F4A5\U0001F3FD",
            accents,
            stars};
}

/// The alert with this text wherever a text stands that comes from a chain or a node.
inline std::string hostile_body(const std::string& text, const std::string& kind = "fire") {
    auto alert = example_alert();
    alert["kind"] = kind;
    for (const char* name : {"alert", "severity", "summary", "rule", "chain", "protocol", "market",
                             "wallet", "quantity", "value", "unknown_because", "reproduce"}) {
        alert[name] = text;
    }
    alert["block"]["number"] = text;
    alert["cause"] = alert["reproduce_stored"] = text;
    alert["count"] = 60;
    for (int i = 0; i < 30; ++i) {
        alert["changes"].push_back({{"what", text}, {"was", text}, {"is", text}, {"block", text}});
    }
    alert["others"] = nlohmann::json::array();
    for (int i = 0; i < 55; ++i) {
        alert["others"].push_back({{"alert", text},
                                   {"episode", i},
                                   {"protocol", text},
                                   {"market", text},
                                   {"wallet", text},
                                   {"value", text}});
    }
    return alert.dump();
}

/// Whether a sink may show it: no control characters but line ends, nothing that turns the line.
inline bool is_shown_safely(const std::string& text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n') || byte == 0x7f) {
            return false;
        }
    }
    for (const char* odd : {"\u202e", "\u2066", "\u200b", "\u2028", "\ufeff"}) {
        if (text.find(odd) != std::string::npos) {
            return false;
        }
    }
    return true;
}

}  // namespace margrave::test
