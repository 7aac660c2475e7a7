#include "app/channel_config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "chains/evm/http_url.hpp"
#include "channels/alertmanager.hpp"
#include "channels/command.hpp"
#include "channels/discord.hpp"
#include "channels/email.hpp"
#include "channels/pagerduty.hpp"
#include "channels/slack.hpp"
#include "channels/telegram.hpp"
#include "channels/webhook.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "evidence/key_file.hpp"
#include "evidence/signed_report.hpp"
#include "settings/section.hpp"
#include "settings/variables.hpp"

namespace margrave::app {
namespace {

using channels::Channel;
using channels::Secret;
using core::ConfigError;
using settings::Section;

/// One [[channels]] entry, its texts expanded.
class Entry {
  public:
    Entry(const Section& section, const settings::Settings& settings,
          const settings::Environment& environment)
        : section_(section), settings_(settings), environment_(environment) {}

    [[nodiscard]] const Section& section() const { return section_; }
    [[nodiscard]] const settings::Settings& settings() const { return settings_; }
    [[nodiscard]] const settings::Environment& environment() const { return environment_; }

    [[noreturn]] void refuse(std::string_view key, std::string_view why) const {
        throw ConfigError(fmt::format("{}: {}", section_.where(key), why));
    }
    [[nodiscard]] std::string text(std::string_view key) const {
        return expand(key, section_.text(key));
    }
    [[nodiscard]] std::string text_or(std::string_view key, std::string otherwise) const {
        return section_.has(key) ? text(key) : std::move(otherwise);
    }
    /// Of a list that may not be empty.
    [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
        std::vector<std::string> out;
        for (const std::string& one : section_.texts(key)) {
            out.push_back(expand(key, one));
        }
        if (out.empty()) {
            refuse(key, fmt::format("`{}` is a list of one text or more", key));
        }
        return out;
    }
    /// An http(s) URL; plain only to this machine, or where it is allowed.
    [[nodiscard]] std::string checked_url(std::string_view key, std::string url) const {
        try {
            chains::evm::check_endpoint_url(url, section_.flag("allow_plain_http", false));
        } catch (const ConfigError& error) {
            refuse(key, error.what());
        }
        return url;
    }
    [[nodiscard]] Secret url() const { return Secret(checked_url("url", text("url"))); }

  private:
    [[nodiscard]] std::string expand(std::string_view key, const std::string& text) const {
        return settings::expand_variables(text, section_.where(key), environment_);
    }

    const Section& section_;
    const settings::Settings& settings_;
    const settings::Environment& environment_;
};

/// A file of systemd's credentials is root's, and readable for the service alone.
evidence::KeyPlace place_of(const std::string& path, const settings::Environment& environment) {
    const std::string folder = environment("CREDENTIALS_DIRECTORY").value_or("") + "/";
    const bool is_credential = folder.size() > 1 && path.starts_with(folder) &&
                               path.find('/', folder.size()) == std::string::npos;
    return is_credential ? evidence::KeyPlace::Service : evidence::KeyPlace::Own;
}

/// Signs with the reporting key of a file. A key that moves funds signs nothing for anybody.
channels::Sign make_sign(const Entry& entry) {
    constexpr std::string_view kKey = "sign_key";
    const std::string path = entry.text(kKey);
    try {
        const std::shared_ptr<const evidence::SecretKey> key = evidence::load_key_file(
            path, evidence::system_entropy(), place_of(path, entry.environment()));
        for (const auto& [name, wallet] : entry.settings().wallets) {
            const auto address = core::Address::try_parse(wallet);
            if (address && *address == key->address()) {
                entry.refuse(kKey, fmt::format("its address is the wallet {}: a reporting key "
                                               "controls no funds",
                                               core::printable(name)));
            }
        }
        return [key](std::string_view json) {
            return evidence::attach_seal(json, evidence::seal_report(json, *key));
        };
    } catch (const core::InputError& error) {
        // The path may be made of what stands in variables.
        std::string_view why = error.what();
        const std::string begin = core::printable(path) + ": ";
        why.remove_prefix(why.starts_with(begin) ? begin.size() : 0);
        entry.refuse(kKey, why);
    }
}

std::unique_ptr<Channel> read_webhook(const Entry& entry) {
    channels::WebhookTarget target{.url = entry.url(), .secret = {}};
    try {
        target.secret = channels::parse_webhook_secret(entry.text("secret"));
    } catch (const core::InputError& error) {
        entry.refuse("secret", error.what());
    }
    if (entry.section().has("sign_key")) {
        target.sign = make_sign(entry);
    }
    return channels::make_webhook(std::move(target));
}

std::unique_ptr<Channel> read_slack(const Entry& entry) {
    return channels::make_slack(entry.url());
}

std::unique_ptr<Channel> read_discord(const Entry& entry) {
    return channels::make_discord(entry.url());
}

std::unique_ptr<Channel> read_telegram(const Entry& entry) {
    channels::TelegramTarget target;
    target.api = entry.checked_url("url", entry.text_or("url", target.api));
    while (target.api.ends_with('/')) {
        target.api.pop_back();
    }
    const std::string token = entry.text("token");
    if (!channels::is_telegram_token(token)) {
        entry.refuse("token",
                     "a bot's token is its number, a colon and 30 characters or more, as "
                     "from BotFather");
    }
    target.token = Secret(token);
    target.chat_id = entry.text("chat_id");
    return channels::make_telegram(std::move(target));
}

std::unique_ptr<Channel> read_pagerduty(const Entry& entry) {
    channels::PagerDutyTarget target;
    target.url = entry.checked_url("url", entry.text_or("url", target.url));
    const std::string key = entry.text("routing_key");
    constexpr std::size_t kKeyBytes = 32;
    const bool is_plain = std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (key.size() != kKeyBytes || !is_plain) {
        entry.refuse("routing_key",
                     "an integration key of PagerDuty's Events API v2 has 32 "
                     "letters and digits");
    }
    target.routing_key = Secret(key);
    return channels::make_pagerduty(std::move(target));
}

std::unique_ptr<Channel> read_alertmanager(const Entry& entry) {
    channels::AlertmanagerTarget target;
    for (std::string url : entry.texts("urls")) {
        while (url.ends_with('/')) {
            url.pop_back();
        }
        target.urls.emplace_back(entry.checked_url("urls", std::move(url)));
    }
    std::set<std::string> names;
    for (const std::string& label : entry.section().texts("labels")) {
        const auto equals = std::min(label.find('='), label.size());
        const std::string name = label.substr(0, equals);
        if (!channels::is_label_name(name) || equals + 1 >= label.size()) {
            entry.refuse("labels", fmt::format(R"(number {} is no label; write it as in )"
                                               R"("team=treasury")",
                                               target.labels.size() + 1));
        }
        if (channels::is_own_label(name)) {
            entry.refuse("labels", fmt::format("an alert is known by its own `{}`: take another "
                                               "name",
                                               name));
        }
        if (!names.insert(name).second) {
            entry.refuse("labels", fmt::format("`{}` is there twice", name));
        }
        target.labels.emplace_back(name, core::printable(label.substr(equals + 1)));
    }
    return channels::make_alertmanager(std::move(target));
}

std::string mail_address(const Entry& entry, std::string_view key, const std::string& text) {
    if (!channels::is_mail_address(text)) {
        entry.refuse(key, "it is no plain address such as ops@fund.example");
    }
    return text;
}

/// Mail goes over TLS, but to this machine.
void check_mail_url(const Entry& entry, const channels::EmailTarget& target) {
    const auto url = chains::evm::url_parts(target.url);
    if (!url || (url->scheme != "smtps" && url->scheme != "smtp")) {
        entry.refuse("url", "expected smtps://host or smtp://host:587");
    }
    if (!url->user.empty()) {
        entry.refuse("url", "who logs in stands in username and password, not in the URL");
    }
    if (target.allow_plain && !url->is_of_this_machine) {
        entry.refuse("url", "allow_plain is for this machine alone: mail leaves it over TLS");
    }
}

std::unique_ptr<Channel> read_email(const Entry& entry) {
    channels::EmailTarget target{.url = entry.text("url"),
                                 .from = mail_address(entry, "from", entry.text("from")),
                                 .to = {},
                                 .username = entry.text_or("username", ""),
                                 .password = Secret(entry.text_or("password", "")),
                                 .allow_plain = entry.section().flag("allow_plain", false)};
    check_mail_url(entry, target);
    for (const std::string& one : entry.texts("to")) {
        target.to.push_back(mail_address(entry, "to", one));
    }
    if (target.username.empty() != target.password.is_empty()) {
        entry.refuse("", "username and password come together");
    }
    return channels::make_email(std::move(target));
}

std::unique_ptr<Channel> read_command(const Entry& entry) {
    for (const std::string& text : entry.section().texts("argv")) {
        if (text.find("${") != std::string::npos) {
            entry.refuse("argv",
                         "who is on this machine can read a program's arguments: `${` is not for "
                         "them; let it read a secret from a file of its own");
        }
    }
    channels::CommandTarget target{.argv = entry.texts("argv")};
    const std::string& program = target.argv.front();
    if (!program.starts_with('/') || ::access(program.c_str(), X_OK) != 0) {
        entry.refuse("argv", "it begins with no program's absolute path that may be run");
    }
    target.path = entry.environment()("PATH").value_or(target.path);
    return channels::make_command(std::move(target));
}

struct Kind {
    std::string_view name;
    std::unique_ptr<Channel> (*read)(const Entry& entry) = nullptr;
};

constexpr auto kKinds = std::to_array<Kind>({{"alertmanager", read_alertmanager},
                                             {"command", read_command},
                                             {"discord", read_discord},
                                             {"email", read_email},
                                             {"pagerduty", read_pagerduty},
                                             {"slack", read_slack},
                                             {"telegram", read_telegram},
                                             {"webhook", read_webhook}});

std::unique_ptr<Channel> make_channel(const Entry& entry) {
    const std::string word = entry.section().text("kind");
    const auto* const kind = std::find_if(kKinds.begin(), kKinds.end(),
                                          [&](const Kind& one) { return one.name == word; });
    if (kind == kKinds.end()) {
        std::vector<std::string_view> names;
        names.reserve(kKinds.size());
        for (const Kind& one : kKinds) {
            names.push_back(one.name);
        }
        entry.refuse("kind", fmt::format(R"("{}" is no kind of channel; there are {})",
                                         core::printable(word), fmt::join(names, ", ")));
    }
    auto out = kind->read(entry);
    entry.section().reject_unknown_keys();
    return out;
}

}  // namespace

std::vector<ChannelPlan> plan_channels(const settings::Settings& settings) {
    std::vector<ChannelPlan> out;
    out.reserve(settings.channels.size());
    for (const Section& section : settings.channels) {
        // Such a receiver keeps alerts apart itself.
        const std::string kind = section.text("kind");
        const bool keeps_apart = kind == "pagerduty" || kind == "alertmanager";
        const bool is_grouped = section.flag("grouped", !keeps_apart);
        if (keeps_apart && is_grouped) {
            throw core::ConfigError(fmt::format("{}: {} keeps alerts apart itself: leave it out",
                                                section.where("grouped"), kind));
        }
        out.push_back({.name = section.text("name"), .is_grouped = is_grouped});
    }
    return out;
}

Channels make_channels(const settings::Settings& settings,
                       const settings::Environment& environment) {
    static_cast<void>(plan_channels(settings));  // the keys that it knows are known
    Channels out;
    for (const Section& section : settings.channels) {
        out.emplace(section.text("name"), make_channel(Entry(section, settings, environment)));
    }
    return out;
}

}  // namespace margrave::app
