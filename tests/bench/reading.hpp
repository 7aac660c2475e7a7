#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "adapters/aave_v3/state.hpp"
#include "chains/evm/json_rpc.hpp"
#include "chains/evm/wire.hpp"
#include "chains/reader.hpp"
#include "collect/collect.hpp"

namespace margrave::bench {

/// A pool and its wallets as margrave reads them. A node in memory is asked once; its replies are
/// kept as the texts that an endpoint sends, so that reading again costs what it costs a client
/// without a network.
class Reading {
  public:
    /// The wallets of the state are address(kFirstWallet) and on, whatever it says.
    explicit Reading(const adapters::aave_v3::State& state);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    static constexpr std::uint64_t kFirstWallet = 0x10'0000;

    /// Everything read anew: requests are written, replies taken apart, the snapshot made. Throws
    /// where it has a gap.
    [[nodiscard]] snapshot::Snapshot read() const;

    /// An endpoint's reply to what every wallet is asked first, its configuration and its e-mode,
    /// in one aggregate: the body of the HTTP response.
    [[nodiscard]] const std::string& wallets_reply() const;
    /// The integers in it, wallet by wallet, by the decoders that read() uses.
    [[nodiscard]] std::vector<core::U256> decode_wallets_reply() const;

  private:
    class Endpoint;
    std::unique_ptr<Endpoint> endpoint_;
    settings::Settings settings_;
    std::vector<core::Address> wallets_;
    chains::evm::Wire wire_;
    std::vector<chains::PendingCall> questions_;
    std::vector<const chains::PendingCall*> asked_;
    chains::evm::RpcRequest request_;
};

}  // namespace margrave::bench
