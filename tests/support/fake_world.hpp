#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "app/world.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_endpoint.hpp"

namespace margrave::test {

/// A world in memory. Endpoints that were not set cannot be reached.
struct FakeWorld {
    std::map<std::string, FakeEndpoint::Answer> endpoints = {};  ///< by URL
    std::map<std::string, std::string> variables = {};           ///< of the environment
    std::istringstream in = {};

    std::mutex mutex = {};
    std::vector<std::string> asked = {};  ///< the URL of every call, in order
    std::vector<chains::evm::HttpLimits> limits = {};
    std::ostringstream out = {};
    std::ostringstream err = {};
    FakeClock clock = {};
    app::World world{
        .out = out,
        .err = err,
        .in = in,
        .environment =
            [this](const std::string& name) {
                const auto found = variables.find(name);
                return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
        .clock = clock,
        .open_endpoint = [this](const std::string& url,
                                const chains::evm::HttpLimits& given) { return open(url, given); }};

  private:
    std::unique_ptr<chains::evm::RpcTransport> open(const std::string& url,
                                                    const chains::evm::HttpLimits& given) {
        limits.push_back(given);
        return std::make_unique<FakeEndpoint>([this, url](const chains::evm::RpcCall& call) {
            const std::lock_guard lock(mutex);  // endpoints are asked on threads of their own
            asked.push_back(url);
            const auto endpoint = endpoints.find(url);
            return endpoint == endpoints.end() ? failed(core::ErrorKind::Unreachable)
                                               : endpoint->second(call);
        });
    }
};

}  // namespace margrave::test
