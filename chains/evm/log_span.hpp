#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "chains/evm/rpc.hpp"

namespace margrave::chains::evm {

/// How many blocks a request for logs may span: shrinks with each refusal, grows with success, and
/// remembers what the endpoint accepts. Endpoints limit the blocks, the logs, the bytes, or the
/// time, and say so in many ways.
class LogSpan {
  public:
    /// Enough for any endpoint without a limit to be quick, found in a few steps by one with.
    static constexpr std::uint64_t kFirst = std::uint64_t{1} << 17U;

    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
    /// Begins with what an earlier run found.
    void begin_with(std::uint64_t blocks);
    /// A request for that many blocks was answered with a result of so many bytes.
    void accepted(std::uint64_t blocks, std::uint64_t bytes);
    /// It was refused; false when no smaller request is worth trying. `error` says why.
    [[nodiscard]] bool refused(std::uint64_t blocks, const RpcError& error);

  private:
    std::uint64_t blocks_ = kFirst;
    std::uint64_t best_ = 0;              ///< the most that was accepted
    std::optional<std::uint64_t> limit_;  ///< of blocks: more is refused whatever is in them
    unsigned doubts_ = 0;                 ///< refusals in a row that may mean something else
    unsigned patience_ = 0;               ///< successes to wait for before growing again
};

/// The number of blocks that the refusal's own words suggest, if below `blocks`:
/// "[0x1, 0x1f4]" is 500, "exceed maximum block range: 5000" is 5000, "a 2K block range" is 2000.
[[nodiscard]] std::optional<std::uint64_t> suggested_blocks(std::string_view message,
                                                            std::uint64_t blocks);

/// True for the counts of logs at which endpoints were seen to cut a reply short without a word.
[[nodiscard]] bool is_suspicious_count(std::size_t logs);

}  // namespace margrave::chains::evm
