#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "core/keccak.hpp"
#include "tests/adapters/morpho_blue/fake_morpho.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/simulated_chain.hpp"
#include "tests/support/simulated_time.hpp"

namespace margrave::test {

/// One URL and what is behind it: nodes with a SimulatedChain, on which Morpho Blue has two markets
/// and four wallets; with all the faults of such an endpoint.
class SimulatedNode {
  public:
    enum class Fault : std::uint64_t {
        None,
        Unreachable,
        Silent,     ///< every request takes its timeout
        Busy,       ///< HTTP 429
        Broken,     ///< HTTP 5xx
        Garbage,    ///< answers what is none
        Flaky,      ///< every third call fails
        Lags,       ///< some blocks behind
        Uneven,     ///< of several nodes behind it some lag
        Withholds,  ///< tells of blocks whose state it does not have yet
        TwoMinds,   ///< some of its nodes have not heard of the last reorganisation
    };
    static constexpr std::uint64_t kFaults = 10;

    SimulatedNode(std::uint64_t seed, SimulatedChain& chain, SimulatedTime& time);

    [[nodiscard]] std::unique_ptr<chains::evm::RpcTransport> connect();
    [[nodiscard]] static core::Address wallet(std::size_t index) { return address(0xaa + index); }
    [[nodiscard]] std::string market_name(std::size_t index) const {
        return markets_[index].id_text();
    }
    [[nodiscard]] settings::Settings settings(const std::string& more) const;

    /// From now on what it is asked is looked at anew.
    void begin_look();
    /// Nothing was wrong with any answer, all were of one state of the chain.
    [[nodiscard]] bool was_clean() const;
    /// The last block that it called the latest.
    [[nodiscard]] std::optional<core::Hash> announced() const { return announced_; }
    /// Since begin_look() a question about this block's state went wrong.
    [[nodiscard]] bool failed_at(const core::Hash& block) const { return failed_.contains(block); }
    void calm_down() { weather_.calm_down(); }
    /// Something is wrong at this moment.
    [[nodiscard]] Fault fault();

  private:
    class Connection;
    using Outcome = chains::evm::RpcOutcome;

    [[nodiscard]] std::vector<Outcome> answer(const chains::evm::RpcRequest& request);
    [[nodiscard]] Outcome answer(const chains::evm::RpcCall& call, std::size_t tip, Fault fault);
    [[nodiscard]] std::size_t tip_for(Fault fault);
    [[nodiscard]] Outcome execute(const chains::evm::RpcCall& call, std::size_t tip, Fault fault);
    [[nodiscard]] std::size_t find_pinned(const chains::evm::RpcCall& call, std::size_t tip,
                                          Fault fault);
    [[nodiscard]] Outcome find_block(const chains::evm::RpcCall& call, std::size_t tip);
    [[nodiscard]] Outcome find_logs(const chains::evm::RpcCall& call, std::size_t tip) const;
    [[nodiscard]] Outcome garbage();
    void load(std::size_t index);

    SimulatedChain& chain_;
    SimulatedTime& time_;
    Dice dice_;
    Weather weather_;
    FakeNode fake_;
    morpho_blue::FakeMorpho morpho_{fake_};
    std::vector<morpho_blue::FakeMarketOf> markets_;
    std::optional<std::size_t> loaded_;
    std::shared_ptr<const SimulatedBlock::Book> loaded_book_;
    bool is_clean_ = true;
    std::size_t blocks_before_ = 0;
    std::optional<core::Hash> announced_;
    std::set<core::Hash> failed_;
};

}  // namespace margrave::test
