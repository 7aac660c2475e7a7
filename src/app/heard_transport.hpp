#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "core/time.hpp"

namespace margrave::app {

/// Passes everything on, and says when something came back.
class HeardTransport : public chains::evm::RpcTransport {
  public:
    using Outcomes = std::vector<std::vector<chains::evm::RpcOutcome>>;
    using Requests = std::vector<chains::evm::RpcRequest>;
    using Hear =
        std::function<void(const Requests&, const Outcomes&, std::chrono::duration<double> took)>;

    HeardTransport(std::unique_ptr<chains::evm::RpcTransport> inner, core::Clock& clock, Hear hear)
        : inner_(std::move(inner)), clock_(clock), hear_(std::move(hear)) {}

    [[nodiscard]] Outcomes send(const Requests& requests) override {
        const auto begun = clock_.now();
        Outcomes out = inner_->send(requests);
        hear_(requests, out, clock_.now() - begun);
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return inner_->traffic(); }
    [[nodiscard]] chains::evm::Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override { inner_->abandon(); }

  private:
    std::unique_ptr<chains::evm::RpcTransport> inner_;
    core::Clock& clock_;
    Hear hear_;
};

}  // namespace margrave::app
