#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/world.hpp"
#include "chains/evm/rpc.hpp"

namespace margrave::app {

/// Which endpoints are waited for, on stderr, when reading takes longer than a second: a line that
/// is drawn over on a person's terminal, else one after a second and one every ten from then on.
/// Outlives the transports that it watches, which may be used by several threads.
class ReadingProgress {
  public:
    /// When something is told for the first time, and how often from then on.
    struct Pauses {
        std::chrono::milliseconds silent{1'000};
        std::chrono::milliseconds draw{200};  ///< on a terminal
        std::chrono::milliseconds tell{10'000};
    };
    ReadingProgress(World& world, bool quiet, const Pauses& pauses);
    ReadingProgress(World& world, bool quiet) : ReadingProgress(world, quiet, Pauses{}) {}
    ReadingProgress(const ReadingProgress&) = delete;
    ReadingProgress& operator=(const ReadingProgress&) = delete;
    ~ReadingProgress();

    /// The same transport, whose requests are told under that name.
    [[nodiscard]] std::unique_ptr<chains::evm::RpcTransport> watch(
        std::string chain, std::unique_ptr<chains::evm::RpcTransport> inner);

  private:
    class WatchedTransport;

    void sent(const std::string& chain);
    void answered(const std::string& chain, std::size_t requests);
    void run(const std::stop_token& stop);
    void show(std::chrono::seconds since);
    [[nodiscard]] std::string line(std::chrono::seconds since) const;

    World& world_;
    Pauses pauses_;
    std::mutex mutex_;
    std::condition_variable_any ended_;
    std::vector<std::string> waiting_;  ///< chains that were asked and have not answered yet
    std::uint64_t answered_ = 0;        ///< requests
    bool is_drawn_ = false;
    std::jthread teller_;  ///< last: it uses all of the above
};

}  // namespace margrave::app
