#include "app/endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chains/evm/head.hpp"
#include "chains/evm/http_transport.hpp"
#include "chains/evm/retry_transport.hpp"
#include "core/errors.hpp"

namespace margrave::app {

using chains::evm::RpcTransport;

namespace {

std::unique_ptr<RpcTransport> open(World& world, const std::string& url,
                                   const settings::Chain& chain, const ConnectOptions& options) {
    const auto timeout = options.timeout.value_or(std::chrono::milliseconds(chain.timeout_ms));
    chains::evm::HttpLimits limits;
    limits.total_timeout = std::min(limits.total_timeout, timeout);
    limits.connect_timeout = std::min(limits.connect_timeout, timeout);
    limits.allow_plain_http = chain.allow_plain_http || options.allow_plain_http;
    return world.open_endpoint(url, limits);
}

std::unique_ptr<RpcTransport> with_retry(World& world, std::unique_ptr<RpcTransport> transport,
                                         const settings::Chain& chain,
                                         const ConnectOptions& options) {
    chains::evm::RetryPolicy policy;
    policy.total_deadline = options.timeout.value_or(std::chrono::milliseconds(chain.timeout_ms));
    policy.jitter_seed = world.seed;
    return chains::evm::make_retry_transport(std::move(transport), policy, world.clock);
}

/// Why the endpoint is of no use now; nullopt when it is. One that answers "slow down" is there.
std::optional<core::ErrorKind> fault_of(RpcTransport& transport) {
    const auto outcomes = transport.send({{{.method = "eth_chainId", .params = "[]"}}});
    const auto& outcome = outcomes.at(0).at(0);
    if (outcome || outcome.error().kind == core::ErrorKind::RateLimited) {
        return std::nullopt;
    }
    return outcome.error().kind;
}

}  // namespace

std::unique_ptr<RpcTransport> connect(World& world, const settings::Chain& chain,
                                      const ConnectOptions& options) {
    core::ensure(!chain.rpc.empty(), "a chain is connected to only when it has an endpoint");
    for (const auto& url : chain.rpc) {
        auto transport = open(world, url, chain, options);
        const bool is_last = &url == &chain.rpc.back();
        const auto fault = is_last ? std::nullopt : fault_of(*transport);
        if (!fault) {
            return with_retry(world, std::move(transport), chain, options);
        }
        say(world,
            fmt::format("warning: {} ({}) does not answer: {}; trying the next endpoint",
                        chains::evm::endpoint_name(url), chain.name, core::to_string(*fault)));
    }
    throw core::InvariantError("the last endpoint is taken without a question");
}

core::ChainId ask_chain_id(World& world, const OtherEndpoint& endpoint,
                           const ConnectOptions& options) {
    const settings::Chain
        unknown;  // its defaults hold for an endpoint whose chain is not known yet
    const auto transport =
        with_retry(world, open(world, endpoint.url, unknown, options), unknown, options);
    return chains::evm::read_chain_id(*transport);
}

}  // namespace margrave::app
