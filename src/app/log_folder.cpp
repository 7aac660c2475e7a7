#include "app/log_folder.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "app/files.hpp"
#include "core/errors.hpp"

namespace margrave::app {
namespace {

namespace fs = std::filesystem;

class LogFolder final : public chains::evm::LogStore {
  public:
    explicit LogFolder(fs::path folder) : folder_(std::move(folder)) {}

    core::Result<std::optional<std::string>, std::string> load(const std::string& name) override {
        const fs::path file = folder_ / name;
        std::error_code error;
        if (!fs::exists(file, error)) {
            return std::optional<std::string>();
        }
        // A parsing edge: what cannot be read is scanned again.
        try {
            return std::optional(read_file(file.string(), kDataBytesMax));
        } catch (const core::InputError& unreadable) {
            return core::Unexpected(std::string(unreadable.what()));
        }
    }

    std::optional<std::string> save(const std::string& name, std::string_view text) override {
        const fs::path file = folder_ / name;
        std::error_code error;
        fs::create_directories(file.parent_path(), error);
        try {
            write_file(file.string(), text);
            return std::nullopt;
        } catch (const core::InputError& unwritable) {
            return unwritable.what();
        }
    }

  private:
    fs::path folder_;
};

}  // namespace

std::optional<std::string> cache_folder(const std::optional<std::string>& given,
                                        const settings::Environment& environment) {
    if (given) {
        return given;
    }
    const auto cache = environment("XDG_CACHE_HOME");
    if (cache && fs::path(*cache).is_absolute()) {
        return (fs::path(*cache) / "margrave").string();
    }
    const auto home = environment("HOME");
    return home && !home->empty()
               ? std::optional((fs::path(*home) / ".cache" / "margrave").string())
               : std::nullopt;
}

std::unique_ptr<chains::evm::LogStore> make_log_folder(std::string folder) {
    return std::make_unique<LogFolder>(fs::path(std::move(folder)) / "logs");
}

}  // namespace margrave::app
