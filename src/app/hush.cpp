#include "app/hush.hpp"

#include <algorithm>
#include <string_view>

namespace margrave::app {
namespace {

bool is_any_or(std::string_view wanted, std::string_view found) {
    return wanted.empty() || wanted == found;
}

bool covers(const store::Silence& silence, const alert::Rule& rule, const alert::Subject& subject) {
    const std::string market =
        subject.protocol.empty() ? "" : subject.protocol + "/" + subject.market;
    const std::string wallet = subject.wallet ? subject.wallet->to_string() : "";
    return rule.severity <= alert::parse_severity(silence.severity) &&
           is_any_or(silence.rule, rule.name) && is_any_or(silence.chain, subject.chain) &&
           is_any_or(silence.market, market) && is_any_or(silence.wallet, wallet);
}

}  // namespace

bool is_silenced(const std::vector<store::Silence>& silences, const alert::Rule& rule,
                 const alert::Subject& subject) {
    return std::any_of(silences.begin(), silences.end(), [&](const store::Silence& silence) {
        return covers(silence, rule, subject);
    });
}

std::vector<alert::Subject> wider_subjects(const alert::Subject& subject) {
    std::vector<alert::Subject> out{subject};
    if (!subject.protocol.empty()) {
        out.push_back(
            {.chain = subject.chain, .protocol = {}, .market = {}, .wallet = subject.wallet});
    }
    if (subject.wallet) {
        out.push_back({.chain = subject.chain, .protocol = {}, .market = {}, .wallet = {}});
    }
    return out;
}

}  // namespace margrave::app
