#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "chains/abi.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/units.hpp"

namespace margrave::test {

/// The address 0x00…n.
[[nodiscard]] core::Address address(std::uint64_t n);

/// A result as a contract returns it: several results are a tuple.
template <class T>
[[nodiscard]] core::Bytes abi_result(const T& value) {
    chains::abi::Encoder out;
    if constexpr (std::is_same_v<T, chains::abi::Raw>) {
        return value.data;
    } else if constexpr (requires { std::tuple_size<T>::value; } &&
                         !std::is_same_v<T, chains::abi::Bytes32>) {
        chains::abi::Codec<T>::encode(value, out);
    } else {
        chains::abi::Codec<std::tuple<T>>::encode(std::tuple<T>(value), out);
    }
    return std::move(out.out());
}

/// A node that lives in memory: contracts are tables from calldata to an answer, the same at every
/// block. It speaks eth_chainId, eth_getBlockByNumber, eth_getBlockByHash, eth_call (plain, without
/// a recipient, Multicall3's aggregate3) and eth_getBalance, and can be given the faults of real
/// endpoints.
class FakeNode final : public chains::evm::RpcTransport {
  public:
    /// What it makes of a block parameter {"blockHash": …} (EIP-1898).
    enum class ByHash {
        Works,
        Refused,  ///< an error about the parameter
        Ignored,  ///< answers at its latest block
        Empty,    ///< answers "0x"
    };

    FakeNode();

    core::ChainId chain_id{1};
    chains::Block block;   ///< the block that tests read at
    chains::Block latest;  ///< some blocks later
    core::Address multicall3;

    bool block_before = true;  ///< it has the state of that one, too
    bool has_multicall3 = true;
    ByHash by_hash = ByHash::Works;
    bool has_batches = true;
    /// An aggregate of more inner calls runs out of gas as a whole (the two about the block not
    /// counted).
    std::optional<std::size_t> aggregate_calls_max;
    /// Inner calls from this one on fail without data: the gas that is left is too little for them.
    std::optional<std::size_t> aggregate_gas_for;
    std::uint64_t program_gas = 50'000'000;        ///< of a call without a recipient
    std::optional<std::size_t> request_bytes_max;  ///< of all params; HTTP 413 beyond
    std::optional<std::size_t> batch_calls_max;
    std::optional<chains::Block> executes_on;  ///< instead of the block asked for
    bool pinned_block_is_gone = false;  ///< reorganised away, its number not yet reached again
    /// An error for a whole request, or for one call of it.
    std::function<std::optional<chains::evm::RpcError>(const chains::evm::RpcRequest&)>
        refuse_request;
    std::function<std::optional<chains::evm::RpcError>(const chains::evm::RpcCall&)> refuse_call;
    /// Calls of these contracts are refused as long as it says so of the block.
    std::function<bool(const core::Address&, const chains::Block&)> reverts_now;

    /// Answers methods that this node does not know.
    std::function<chains::evm::RpcOutcome(const chains::evm::RpcCall&)> other_methods;

    template <class F, class... Args>
    void answer(const core::Address& to, F /*function*/, const typename F::Result& result,
                const Args&... args) {
        set(to, F::encode(args...), {Outcome::Data, abi_result(result)});
    }
    template <class F, class... Args>
    void answer_raw(const core::Address& to, F /*function*/, core::Bytes data,
                    const Args&... args) {
        set(to, F::encode(args...), {Outcome::Data, std::move(data)});
    }
    template <class F, class... Args>
    void revert(const core::Address& to, F /*function*/, const Args&... args) {
        set(to, F::encode(args...), {Outcome::Revert, {}});
    }
    template <class F, class... Args>
    void revert_with(core::Bytes data, const core::Address& to, F /*function*/,
                     const Args&... args) {
        set(to, F::encode(args...), {Outcome::Revert, std::move(data)});
    }
    /// The call needs more gas than any call is given.
    template <class F, class... Args>
    void exhaust(const core::Address& to, F /*function*/, const Args&... args) {
        set(to, F::encode(args...), {Outcome::OutOfGas, {}});
    }
    /// The call fails without data inside an aggregate, alone it has gas enough for its answer.
    template <class F, class... Args>
    void exhaust_in_aggregate(const core::Address& to, F function, const typename F::Result& result,
                              const Args&... args) {
        answer(to, function, result, args...);
        hungry_.insert({to, F::encode(args...)});
    }
    void fund(const core::Address& wallet, const core::U256& wei) { balances_[wallet] = wei; }
    /// Multicall3's getEthBalance of the wallet fails without data.
    void starve_balance(const core::Address& wallet);

    /// How often a question was answered, inside an aggregate or not.
    template <class F, class... Args>
    [[nodiscard]] std::size_t times_asked(const core::Address& to, F /*function*/,
                                          const Args&... args) const {
        const auto found = asked_.find({to, F::encode(args...)});
        return found == asked_.end() ? 0 : found->second;
    }
    [[nodiscard]] std::size_t requests() const { return traffic_.requests; }
    /// Calls without a recipient that were run, without those that only ask for the block.
    [[nodiscard]] std::size_t programs() const { return programs_; }
    [[nodiscard]] std::size_t sends() const { return sends_; }  ///< sequential round trips
    [[nodiscard]] std::size_t largest_batch() const { return largest_batch_; }

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override;
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return traffic_; }

  private:
    enum class Outcome { Data, Revert, OutOfGas };
    struct Answer {
        Outcome outcome = Outcome::Revert;
        core::Bytes data;
    };
    using Question = std::pair<core::Address, core::Bytes>;

    void set(const core::Address& to, core::Bytes calldata, Answer answer);
    [[nodiscard]] std::optional<chains::evm::RpcError> fault_of(
        const chains::evm::RpcRequest& request) const;
    [[nodiscard]] chains::evm::RpcOutcome run(const chains::evm::RpcCall& call);
    [[nodiscard]] chains::Block before() const;
    [[nodiscard]] chains::evm::RpcOutcome find_block(const chains::evm::RpcCall& call) const;
    [[nodiscard]] chains::evm::RpcOutcome execute(const chains::evm::RpcCall& call);
    [[nodiscard]] chains::evm::RpcOutcome run_program(const core::Bytes& code,
                                                      const chains::Block& at);
    [[nodiscard]] Answer execute(const core::Address& to, const core::Bytes& data,
                                 const chains::Block& at, bool in_aggregate);
    [[nodiscard]] Answer aggregate(const core::Bytes& data, const chains::Block& at);

    std::map<Question, Answer> answers_;
    std::set<core::Address> contracts_;
    std::set<Question> hungry_;
    std::map<core::Address, core::U256> balances_;
    std::map<Question, std::size_t> asked_;
    chains::evm::RpcTraffic traffic_;
    std::size_t sends_ = 0;
    std::size_t programs_ = 0;
    std::size_t largest_batch_ = 0;
};

/// An error as the transport makes it of a node's words.
[[nodiscard]] chains::evm::RpcError rpc_error(std::int64_t code, std::string_view message,
                                              int http_status = 200, std::string_view data = "",
                                              std::string_view method = "eth_call");

}  // namespace margrave::test
