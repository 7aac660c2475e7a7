#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "alert/rule.hpp"
#include "app/channel_config.hpp"
#include "app/http_config.hpp"
#include "app/watch_config.hpp"
#include "core/errors.hpp"
#include "settings/settings.hpp"

namespace {

/// Rules in which a reader may trust, whatever stood in the file.
void check(const margrave::alert::Rule& rule, const margrave::settings::Settings& settings) {
    using margrave::core::ensure;
    ensure(rule.fires_below ? !(rule.clears < rule.fires) : !(rule.fires < rule.clears),
           "a rule clears on the safe side of where it fires");
    ensure((rule.escalate_after_s == 0) == rule.escalate_to.empty(),
           "who escalates tells somebody");
    const bool is_cascade = rule.quantity == margrave::alert::Quantity::CascadeDistance;
    ensure(is_cascade || rule.playbook.empty(), "a playbook is a cascade's");
    ensure(!is_cascade || rule.every_s > 0, "a cascade is carried out now and then");
    for (const std::string& name : rule.channels) {
        ensure(std::any_of(settings.channels.begin(), settings.channels.end(),
                           [&](const auto& channel) { return channel.text("name") == name; }),
               "a rule's channel is one");
    }
}

}  // namespace

/// Any bytes as the configuration of a watch are either understood or refused with an error of one
/// line.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    const settings::Source user{.name = "user.toml",
                                .text = std::string(reinterpret_cast<const char*>(data), size)};
    const auto environment = [](const std::string& /*name*/) {
        return std::optional<std::string>();
    };
    try {
        const auto read = settings::load({}, user, environment);
        for (const alert::Rule& rule : app::make_rules(read)) {
            check(rule, read);
        }
        static_cast<void>(app::plan_channels(read));
        static_cast<void>(app::read_http_config(read, std::nullopt, environment));
    } catch (const core::ConfigError& error) {
        const std::string message = error.what();
        core::ensure(!message.empty() && message.find('\n') == std::string::npos,
                     "a refusal is one line");
    }
    return 0;
}
