#include "app/block_reader.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "collect/collect.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"

namespace margrave::app {

/// The answers of the last block, for the next one.
class BlockReader::Kept : public collect::ReadingStore {
  public:
    [[nodiscard]] std::optional<snapshot::Snapshot> find(const collect::ChainRequest& /*request*/,
                                                         const chains::Block& /*block*/) override {
        return std::nullopt;
    }
    [[nodiscard]] std::optional<chains::evm::KeptAnswers> answers(
        const collect::ChainRequest& /*request*/) override {
        return answers_;
    }
    void keep(const collect::ChainRequest& /*request*/,
              const snapshot::Snapshot& /*read*/) override {}
    void keep(const collect::ChainRequest& /*request*/,
              const chains::evm::KeptAnswers& answers) override {
        answers_ = answers;
    }
    void forget() { answers_.reset(); }

  private:
    std::optional<chains::evm::KeptAnswers> answers_;
};

BlockReader::BlockReader(World& world, const WatchPlan& plan, const ChosenChain& chosen,
                         chains::evm::RpcTransport& transport)
    : world_(world),
      plan_(plan),
      chosen_(chosen),
      transport_(transport),
      of_all_(std::make_unique<Kept>()),
      of_some_(std::make_unique<Kept>()) {}

BlockReader::~BlockReader() = default;

void BlockReader::forget() {
    of_all_->forget();
    of_some_->forget();
}

snapshot::Snapshot BlockReader::read(const core::Hash& block, const alert::Scope& scope) {
    collect::CollectOptions how;
    how.readings = scope.is_of_all ? of_all_.get() : of_some_.get();
    how.clock = &world_.clock;
    constexpr std::size_t kCallsMax = 2'500;
    how.calls_max = kCallsMax;
    const auto unreadable = [&](std::string_view why) {
        return core::ChainError(core::ErrorKind::UnknownBlock, chosen_.chain.name, why);
    };
    try {
        auto read = collect::collect(plan_.settings,
                                     {{.chain = chosen_.chain,
                                       .transport = &transport_,
                                       .block = {core::to_hex(block)},
                                       .wallets = scope.wallets}},
                                     how);
        const auto& gaps = read.snapshot.gaps;
        if (!read.unreadable_chains.empty() || read.snapshot.chains.empty()) {
            throw unreadable(gaps.empty() ? "it could not be read" : gaps.front().detail);
        }
        // Some 35,000 years, which keeps sums of seconds within 64 bits.
        constexpr std::uint64_t kSecondsMax = std::uint64_t{1} << 40U;
        if (read.snapshot.chains.front().timestamp.value() > kSecondsMax) {
            throw unreadable("its block is of a time that cannot be");
        }
        return std::move(read.snapshot);
    } catch (const core::InputError& error) {
        // A block that a node behind the same address does not have, or not any more.
        throw unreadable(error.what());
    }
}

}  // namespace margrave::app
