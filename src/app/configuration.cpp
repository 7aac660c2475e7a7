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

}  // namespace margrave::app
