#pragma once

#include <memory>

#include "alert/observe.hpp"
#include "app/chain_choice.hpp"
#include "app/watch_plan.hpp"
#include "app/world.hpp"
#include "chains/evm/rpc.hpp"
#include "core/keccak.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// Reads one block of a watched chain after the other, each beginning with the answers of the one
/// before it.
class BlockReader {
  public:
    BlockReader(World& world, const WatchPlan& plan, const ChosenChain& chosen,
                chains::evm::RpcTransport& transport);
    ~BlockReader();

    /// What these wallets have there; what of it could not be read is a gap. Throws ChainError
    /// where nothing could.
    [[nodiscard]] snapshot::Snapshot read(const core::Hash& block, const alert::Scope& scope);
    /// The answers of blocks that were reorganised away stand for nothing.
    void forget();

  private:
    class Kept;

    World& world_;
    const WatchPlan& plan_;
    const ChosenChain& chosen_;
    chains::evm::RpcTransport& transport_;
    std::unique_ptr<Kept> of_all_;
    std::unique_ptr<Kept> of_some_;
};

}  // namespace margrave::app
