#include "app/configuration.hpp"

#include "app/files.hpp"

namespace margrave::app {

settings::Settings load_settings(const World& world,
                                 const std::optional<std::string>& config_file) {
    std::optional<settings::Source> user;
    if (config_file) {
        user = settings::Source{.name = *config_file,
                                .text = read_file(*config_file, kConfigBytesMax)};
    }
    return settings::load(settings::shipped_sources(), user, world.environment);
}

std::string chain_key_place(const std::optional<std::string>& config_file, const std::string& chain,
                            const std::string& key) {
    if (config_file) {
        const settings::Section root(
            "", settings::parse_document(
                    {.name = *config_file, .text = read_file(*config_file, kConfigBytesMax)}));
        for (const auto& [name, section] : root.tables("chains")) {
            if (name == chain && section.has(key)) {
                return section.where(key);
            }
        }
    }
    return "chain " + chain;
}

}  // namespace margrave::app
