#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chains/evm/aggregate.hpp"
#include "chains/evm/rpc.hpp"

/// Endpoints compared on what they say, never on how they write it: numbers without leading zeros,
/// bytes in any case, a block by hash, number and timestamp, logs by what they log, a refusal of a
/// contract by being one. Answers of an aggregate count call by call.
namespace margrave::chains::evm {

/// What one endpoint answered to a call, in the form in which answers are compared.
struct Ballot {
    std::string who;  ///< the endpoint; equal names have one vote together
    RpcOutcome outcome = core::Unexpected(RpcError{});
    /// Empty for an endpoint's own failure, which is no vote. One part for most calls, one each for
    /// the calls of an aggregate.
    std::vector<std::string> parts = {};
    std::optional<AggregateReply> aggregate = std::nullopt;  ///< the parts' origin
    std::size_t reach = 0;  ///< pairs that a balance program came to; 0: it is none

    [[nodiscard]] bool is_vote() const { return !parts.empty(); }
};

[[nodiscard]] Ballot make_ballot(std::string who, const RpcCall& call, RpcOutcome outcome);

/// What became of a call.
struct Verdict {
    RpcOutcome outcome = core::Unexpected(RpcError{});
    bool settled = false;   ///< as many as needed agree on every part
    bool disputed = false;  ///< different things were said, whoever won, if anybody
    /// Sentences: who said what else, and who was believed.
    std::vector<std::string> disagreements = {};
    /// Places in the ballots of those who were outvoted.
    std::vector<std::size_t> outvoted = {};
};

/// What at least `needed` of the ballots (one and more) say. What too few agree on is NoAgreement
/// where votes contradict each other, of an aggregate only the calls concerned; where failures are
/// the reason, the failure that tells the caller most about how to ask otherwise.
[[nodiscard]] Verdict count_votes(const RpcCall& call, std::span<const Ballot> ballots,
                                  std::size_t needed);

/// Whether the answer is `null`, which a node that lags says of a block it has not seen yet.
[[nodiscard]] bool is_null(const RpcOutcome& outcome);

}  // namespace margrave::chains::evm
