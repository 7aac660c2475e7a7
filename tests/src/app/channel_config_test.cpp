#include "app/channel_config.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <string>

#include "core/errors.hpp"
#include "evidence/key_file.hpp"
#include "tests/support/reporting_key.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::app {
namespace {

using Catch::Matchers::Contains;

settings::Settings load(const std::string& text) {
    return settings::load(settings::shipped_sources(), settings::Source{"my.toml", text},
                          [](const std::string&) { return std::nullopt; });
}

const std::string kSecret = "whsec_" + std::string(32, 'A');
const std::string kToken = "123456:" + std::string(35, 'b');
const std::string kRoutingKey(32, 'c');

/// As systemd names it to a service.
std::optional<std::string> credentials_folder;

std::optional<std::string> environment(const std::string& name) {
    if (name == "CREDENTIALS_DIRECTORY") {
        return credentials_folder;
    }
    const std::map<std::string, std::string> set{
        {"KEY", "k-e-y"},         {"SECRET", kSecret},       {"TOKEN", kToken},
        {"ROUTING", kRoutingKey}, {"PASSWORD", "hush-hush"}, {"BAD", "hush-hush"}};
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
}

/// An entry's keys, one a line; each mistake replaces one.
using Keys = std::map<std::string, std::string>;

std::string entry(const Keys& keys) {
    std::string out = "[[channels]]\nname = \"ops\"\n";
    for (const auto& [key, value] : keys) {
        out += value.empty() ? "" : key + " = " + value + "\n";
    }
    return out;
}

std::string refusal(const std::string& text) {
    try {
        static_cast<void>(make_channels(load(text), environment));
    } catch (const core::ConfigError& error) {
        return error.what();
    }
    return "taken";
}

const std::map<std::string, Keys>& kinds() {
    static const std::map<std::string, Keys> kKinds{
        {"webhook",
         {{"kind", "\"webhook\""},
          {"url", "\"https://ops.example/${KEY}\""},
          {"secret", "\"${SECRET}\""}}},
        {"slack", {{"kind", "\"slack\""}, {"url", "\"https://hooks.example/${KEY}\""}}},
        {"discord", {{"kind", "\"discord\""}, {"url", "\"https://discord.example/${KEY}\""}}},
        {"telegram",
         {{"kind", "\"telegram\""}, {"token", "\"${TOKEN}\""}, {"chat_id", "\"-100123\""}}},
        {"pagerduty", {{"kind", "\"pagerduty\""}, {"routing_key", "\"${ROUTING}\""}}},
        {"alertmanager",
         {{"kind", "\"alertmanager\""},
          {"urls", "[\"https://am-0.example\", \"http://127.0.0.1:9093/\"]"},
          {"labels", "[\"team=treasury\"]"}}},
        {"email",
         {{"kind", "\"email\""},
          {"url", "\"smtps://mail.example\""},
          {"from", "\"margrave@fund.example\""},
          {"to", "[\"ops@fund.example\"]"},
          {"username", "\"margrave\""},
          {"password", "\"${PASSWORD}\""}}},
        {"command", {{"kind", "\"command\""}, {"argv", "[\"/bin/cat\", \"-\"]"}}}};
    return kKinds;
}

/// Why an entry of this kind with one key written in another way is refused; an empty text leaves
/// it out.
std::string with(const std::string& kind, const std::string& key, const std::string& value) {
    Keys keys = kinds().at(kind);
    keys[key] = value;
    return refusal(entry(keys));
}

}  // namespace

TEST_CASE("every kind of channel is made of its keys", "[channels][channel_config]") {
    std::string all;
    for (const auto& [kind, keys] : kinds()) {
        CAPTURE(kind);
        CHECK(refusal(entry(keys)) == "taken");
        std::string one = entry(keys);
        one.replace(one.find("\"ops\""), 5, "\"" + kind + "\"");
        all += one;
    }
    CHECK(make_channels(load(all), environment).size() == kinds().size());
    CHECK(make_channels(load(""), environment).empty());
    // Others need the variables not at all.
    CHECK_NOTHROW(load(all));
}

TEST_CASE("a key that is missing, or unknown, is named with its place",
          "[channels][channel_config]") {
    const std::map<std::string, std::vector<std::string>> required{
        {"webhook", {"url", "secret"}},
        {"slack", {"url"}},
        {"discord", {"url"}},
        {"telegram", {"token", "chat_id"}},
        {"pagerduty", {"routing_key"}},
        {"alertmanager", {"urls"}},
        {"email", {"url", "from", "to"}},
        {"command", {"argv"}}};
    for (const auto& [kind, keys] : required) {
        for (const std::string& key : keys) {
            CAPTURE(kind, key);
            CHECK_THAT(with(kind, key, ""), Contains("my.toml:") && Contains(key));
        }
        CHECK_THAT(with(kind, "allow_plan", "true"), Contains("allow_plan"));
        CHECK_THAT(
            with(kind, "kind", "\"pigeon\""),
            Contains("my.toml:") && Contains("key `kind`") &&
                Contains("\"pigeon\" is no kind of channel; there are alertmanager, command, "
                         "discord, email, pagerduty, slack, telegram, webhook"));
    }
    CHECK_THAT(with("slack", "secret", "\"x\""), Contains("secret"));
}

TEST_CASE("no mistake in a channel shows its secret", "[channels][channel_config]") {
    const std::vector<std::pair<std::string, std::string>> mistakes{
        {"webhook", "secret"}, {"telegram", "token"}, {"pagerduty", "routing_key"},
        {"webhook", "url"},    {"slack", "url"},      {"discord", "url"},
        {"telegram", "url"},   {"pagerduty", "url"},  {"email", "url"}};
    for (const auto& [kind, key] : mistakes) {
        CAPTURE(kind, key);
        CHECK_THAT(with(kind, key, "\"${BAD}\""),
                   Contains("key `" + key + "`") && Contains("my.toml:") && !Contains("hush"));
        CHECK_THAT(with(kind, key, "\"${NOT_SET}\""), Contains("NOT_SET is not set"));
    }
    CHECK_THAT(with("alertmanager", "urls", "[\"${BAD}\"]"),
               Contains("key `urls`") && !Contains("hush"));
    CHECK_THAT(with("email", "url", "\"smtps://me:hush-hush@mail.example\""),
               Contains("key `url`") && !Contains("hush"));
}

TEST_CASE("what variables stand for is not said of a value that is refused",
          "[channels][channel_config]") {
    CHECK_THAT(with("email", "from", "\"${BAD}\""),
               Contains("key `from`: it is no plain address") && !Contains("hush"));
    CHECK_THAT(with("email", "to", "[\"ops@fund.example\", \"${BAD}\"]"),
               Contains("key `to`") && !Contains("hush"));
    CHECK_THAT(with("webhook", "sign_key", "\"/no/such/${BAD}\""),
               Contains("key `sign_key`: No such file") && !Contains("hush"));
    CHECK_THAT(with("alertmanager", "labels", "[\"a=b\", \"hush-hush\"]"),
               Contains("key `labels`: number 2 is no label") && !Contains("hush"));
    CHECK_THAT(with("command", "argv", "[\"/no/such/hush\"]"),
               Contains("key `argv`") && !Contains("hush"));
    // Arguments are no place for secrets.
    CHECK_THAT(with("command", "argv", "[\"/bin/cat\", \"--key=${PASSWORD}\"]"),
               Contains("my.toml:") && Contains("key `argv`: who is on this machine can read") &&
                   !Contains("hush"));
}

TEST_CASE("a label takes the place of none that an alert is known by",
          "[channels][channel_config]") {
    for (const std::string name :
         {"alertname", "chain", "protocol", "market", "wallet", "condition"}) {
        CHECK_THAT(with("alertmanager", "labels", "[\"team=a\", \"" + name + "=b\"]"),
                   Contains("my.toml:") && Contains("key `labels`") && Contains("`" + name + "`"));
    }
    CHECK_THAT(with("alertmanager", "labels", R"(["team=a", "team=b"])"),
               Contains("key `labels`: `team` is there twice"));
    CHECK(with("alertmanager", "labels", R"(["instance=a", "severity=b"])") == "taken");
}

TEST_CASE("plain http goes to this machine alone, whatever the kind",
          "[channels][channel_config]") {
    for (const std::string kind : {"webhook", "slack", "discord", "telegram", "pagerduty"}) {
        CAPTURE(kind);
        CHECK(with(kind, "url", "\"http://127.0.0.1:80/hook\"") == "taken");
        CHECK_THAT(with(kind, "url", "\"http://ops.example/k-e-y\""),
                   Contains("key `url`") && !Contains("k-e-y"));
        CHECK_THAT(with(kind, "url", "\"ftp://ops.example/k-e-y\""), !Contains("k-e-y"));
        Keys keys = kinds().at(kind);
        keys["url"] = "\"http://ops.example/hook\"";
        keys["allow_plain_http"] = "true";
        CHECK(refusal(entry(keys)) == "taken");
    }
    CHECK_THAT(with("alertmanager", "urls", R"(["http://127.0.0.1", "http://am.example/k-e-y"])"),
               Contains("key `urls`") && !Contains("k-e-y"));
    CHECK_THAT(with("email", "allow_plain", "true"),
               Contains("key `url`") && Contains("this machine alone"));
    Keys mail = kinds().at("email");
    mail["allow_plain"] = "true";
    mail["url"] = "\"smtp://127.0.0.1:2525\"";
    CHECK(refusal(entry(mail)) == "taken");
}

TEST_CASE("mail goes over TLS, but to this machine", "[channels][channel_config]") {
    const auto refused = [](const std::string& url, bool allow_plain) {
        Keys keys = kinds().at("email");
        keys["url"] = "\"" + url + "\"";
        keys["allow_plain"] = allow_plain ? "true" : "false";
        return refusal(entry(keys));
    };
    for (const char* url : {"smtps://mail.example", "smtps://mail.example:465/me.example",
                            "smtp://mail.example:587", "smtp://127.0.0.1:2525"}) {
        CHECK(refused(url, false) == "taken");
    }
    for (const char* url : {"smtp://127.0.0.1:2525", "smtp://localhost", "smtp://[::1]:25"}) {
        CHECK(refused(url, true) == "taken");
    }
    for (const char* url :
         {"smtp://mail.example", "smtp://128.0.0.1", "smtp://localhost.example"}) {
        CHECK_THAT(refused(url, true),
                   Contains("key `url`: allow_plain is for this machine alone"));
    }
    for (const char* url :
         {"mail.example", "https://mail.example", "smtp:/host", "smtp:///host", "smtps://"}) {
        CHECK_THAT(refused(url, false), Contains("key `url`: expected smtps://host"));
    }
    CHECK_THAT(refused("smtps://me:s3cret@mail.example", false),
               Contains("username and password") && !Contains("s3cret"));
}

TEST_CASE("what a kind would misunderstand is refused", "[channels][channel_config]") {
    CHECK_THAT(with("email", "to", R"(["ops@fund.example", "x@y\r\nBcc: z@y"])"),
               Contains("key `to`") && Contains("is no plain address"));
    CHECK_THAT(with("email", "to", "[]"), Contains("key `to`"));
    CHECK_THAT(with("email", "from", "\"Ops <ops@fund.example>\""), Contains("key `from`"));
    CHECK_THAT(with("email", "password", ""), Contains("username and password come together"));
    CHECK_THAT(with("email", "username", ""), Contains("username and password come together"));
    CHECK_THAT(with("command", "argv", "[]"), Contains("key `argv`"));
    CHECK_THAT(with("command", "argv", "[\"cat\"]"), Contains("absolute path"));
    CHECK_THAT(with("command", "argv", "[\"/no/such\"]"), Contains("absolute path"));
    CHECK_THAT(with("command", "argv", "[\"/etc/passwd\"]"), Contains("absolute path"));
    CHECK_THAT(with("alertmanager", "labels", "[\"team\"]"), Contains("key `labels`"));
    CHECK_THAT(with("alertmanager", "labels", "[\"a-b=c\"]"), Contains("key `labels`"));
    CHECK_THAT(with("alertmanager", "labels", "[\"a=\"]"), Contains("key `labels`"));
    CHECK_THAT(with("pagerduty", "routing_key", "\"" + std::string(31, 'c') + "\""),
               Contains("32 letters and digits"));
    CHECK_THAT(with("telegram", "token", "\"123456\""), Contains("BotFather"));
    CHECK_THAT(with("telegram", "token", "\"" + kToken + "/x\""), Contains("BotFather"));
    CHECK_THAT(with("telegram", "chat_id", "-100"), Contains("chat_id"));
}

TEST_CASE("a webhook signs with a reporting key of its own file", "[channels][channel_config]") {
    const test::TemporaryFolder folder;
    const std::string file = folder.file("key");
    evidence::create_key_file(file, *test::cow_key());
    CHECK(with("webhook", "sign_key", "\"" + file + "\"") == "taken");
    CHECK_THAT(with("webhook", "sign_key", "\"" + folder.file("none") + "\""),
               Contains("my.toml:") && Contains("key `sign_key`") && Contains("No such file"));
    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    CHECK_THAT(with("webhook", "sign_key", "\"" + file + "\""),
               Contains("key `sign_key`") && Contains("chmod 600"));
    // systemd's own files are root's, and who may read them is not in their mode.
    credentials_folder = folder.file("");
    while (credentials_folder->ends_with('/')) {
        credentials_folder->pop_back();
    }
    CHECK(with("webhook", "sign_key", "\"${CREDENTIALS_DIRECTORY}/key\"") == "taken");
    CHECK_THAT(with("webhook", "sign_key", "\"${CREDENTIALS_DIRECTORY}/./key\""),
               Contains("chmod 600"));
    credentials_folder.reset();
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    // A key whose address is watched would move funds.
    Keys keys = kinds().at("webhook");
    keys["sign_key"] = "\"" + file + "\"";
    CHECK_THAT(refusal("[wallets]\ntreasury = \"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\"\n" +
                       entry(keys)),
               Contains("key `sign_key`") && Contains("is the wallet treasury"));
    CHECK_THAT(with("slack", "sign_key", "\"" + file + "\""), Contains("sign_key"));
}

}  // namespace margrave::app
