#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chains/evm/rpc.hpp"

namespace margrave::test {

/// A transport that answers every call by a function of it.
class FakeEndpoint final : public chains::evm::RpcTransport {
  public:
    using Answer = std::function<chains::evm::RpcOutcome(const chains::evm::RpcCall& call)>;

    explicit FakeEndpoint(Answer answer) : answer_(std::move(answer)) {}

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override {
        std::vector<std::vector<chains::evm::RpcOutcome>> outcomes;
        for (const auto& request : requests) {
            auto& answers = outcomes.emplace_back();
            for (const auto& call : request) {
                answers.push_back(answer_(call));
            }
        }
        return outcomes;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

  private:
    Answer answer_;
};

/// The failure of a call for which only the kind matters.
[[nodiscard]] inline chains::evm::RpcOutcome failed(core::ErrorKind kind) {
    return core::Unexpected(chains::evm::RpcError{
        .kind = kind, .source = "fake.example", .code = 0, .message = "fails", .data = {}});
}

}  // namespace margrave::test
