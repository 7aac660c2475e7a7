#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/errors.hpp"
#include "settings/settings.hpp"

namespace {

using margrave::settings::Source;

/// Something of every kind, for the user's file to replace.
constexpr const char* kShipped = R"(
[report]
at_risk_below = "1.1"
[chains.c]
chain_id = 1
rpc = ["https://a", "https://b/${K}"]
[[markets]]
protocol = "p"
chain = "c"
name = "m"
[[revisions]]
protocol = "p"
revision = 1
behaviour = "3.0"
[[assets]]
chain = "c"
native = true
[[pools]]
kind = "k"
chain = "c"
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
)";

}  // namespace

/// Any bytes as the user's configuration are either understood or refused with a ConfigError of one
/// line.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    const Source user{.name = "user.toml",
                      .text = std::string(reinterpret_cast<const char*>(data), size)};
    const auto environment = [](const std::string& name) {
        return name == "K" ? std::optional<std::string>("key") : std::nullopt;
    };
    try {
        const settings::Settings read =
            settings::load({{.name = "shipped", .text = kShipped}}, user, environment);
        core::ensure(read.chains.contains("c"), "a file adds to the shipped chains");
    } catch (const core::ConfigError& error) {
        const std::string message = error.what();
        core::ensure(!message.empty() && message.find('\n') == std::string::npos,
                     "a refusal is one line");
    }
    return 0;
}
