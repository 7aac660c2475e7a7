#include "app/kept_readings.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/files.hpp"
#include "app/restore.hpp"
#include "chains/evm/http_transport.hpp"
#include "chains/evm/kept_answers.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/short_hash.hpp"

namespace margrave::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kKeptFor{24};
constexpr const char* kAnswers = "answers.cbor";

class KeptReadings final : public collect::ReadingStore {
  public:
    KeptReadings(fs::path folder, std::string questions)
        : folder_(std::move(folder)), questions_(std::move(questions)) {}

    std::optional<snapshot::Snapshot> find(const collect::ChainRequest& request,
                                           const chains::Block& block) override {
        const fs::path file = folder_ / (name_of(request) + hash_text(block.hash));
        remove_old();
        std::error_code error;
        if (!fs::exists(file, error)) {
            return std::nullopt;
        }
        // A parsing edge: what cannot be read is asked for again.
        try {
            auto kept = read_snapshot(file.string());
            const bool is_it = kept.chains.size() == 1 && kept.chains[0].hash == block.hash &&
                               kept.chains[0].chain == request.chain.name;
            return is_it ? std::optional(std::move(kept)) : std::nullopt;
        } catch (const core::InputError&) {
            return std::nullopt;
        }
    }

    std::optional<chains::evm::KeptAnswers> answers(const collect::ChainRequest& request) override {
        const fs::path file = folder_ / (name_of(request) + kAnswers);
        std::error_code error;
        if (!fs::exists(file, error)) {
            return std::nullopt;
        }
        try {
            return chains::evm::parse_kept_answers(read_file(file.string(), kDataBytesMax));
        } catch (const core::InputError&) {
            return std::nullopt;
        }
    }

    void keep(const collect::ChainRequest& request, const snapshot::Snapshot& read) override {
        const std::string name = name_of(request);
        remove_others(name);
        write(name + hash_text(read.chains.at(0).hash), snapshot::to_json(read));
    }
    void keep(const collect::ChainRequest& request,
              const chains::evm::KeptAnswers& answers) override {
        write(name_of(request) + kAnswers, chains::evm::to_bytes(answers));
    }

  private:
    /// Another build may read something else.
    static std::string program() {
        std::error_code error;
        const fs::path file = fs::read_symlink("/proc/self/exe", error);
        const auto size = fs::file_size(file, error);
        const auto time = fs::last_write_time(file, error);
        return error ? std::string()
                     : fmt::format("{} {} {}", MARGRAVE_VERSION, size,
                                   time.time_since_epoch().count());
    }
    static std::string hash_text(const core::Hash& hash) { return core::to_hex(hash) + ".json"; }

    /// A name for what is asked, but for the block. Of endpoints only hosts are in it.
    [[nodiscard]] std::string name_of(const collect::ChainRequest& request) const {
        std::string all = fmt::format("{}\n{}\n{}\n{}\n", program(), questions_, request.chain.name,
                                      request.chain.chain_id.value());
        for (const std::string& url : request.chain.rpc) {
            all += chains::evm::endpoint_name(url) + "\n";
        }
        for (const core::Address& wallet : request.wallets) {
            all += wallet.to_string() + "\n";
        }
        return core::short_hash(all) + "-";
    }

    /// A full disk costs the next run its requests, and this one nothing.
    void write(const std::string& name, std::string_view bytes) const {
        std::error_code error;
        fs::create_directories(folder_, error);
        fs::permissions(folder_, fs::perms::owner_all, error);
        try {
            write_file((folder_ / name).string(), bytes);
        } catch (const core::InputError&) {
            return;
        }
    }

    template <class IsWanted>
    void remove_if(const IsWanted& is_wanted) const {
        std::error_code error;
        for (fs::directory_iterator at(folder_, error), end; !error && at != end;
             at.increment(error)) {
            std::error_code ignored;
            if (is_wanted(*at)) {
                fs::remove(at->path(), ignored);
            }
        }
    }
    void remove_old() const {
        const auto old = fs::file_time_type::clock::now() - kKeptFor;
        remove_if([&](const fs::directory_entry& entry) {
            std::error_code ignored;
            return entry.last_write_time(ignored) < old;
        });
    }
    /// The same at other blocks.
    void remove_others(const std::string& name) const {
        remove_if([&](const fs::directory_entry& entry) {
            return entry.path().filename().string().starts_with(name);
        });
    }

    fs::path folder_;
    std::string questions_;
};

}  // namespace

std::unique_ptr<collect::ReadingStore> make_kept_readings(std::string folder,
                                                          std::string questions) {
    return std::make_unique<KeptReadings>(fs::path(std::move(folder)) / "readings",
                                          std::move(questions));
}

}  // namespace margrave::app
