#include "app/endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "chains/evm/head.hpp"
#include "chains/evm/http_transport.hpp"
#include "chains/evm/http_url.hpp"
#include "chains/evm/paced_transport.hpp"
#include "chains/evm/quorum_transport.hpp"
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
    return chains::evm::make_paced_transport(world.open_endpoint(url, limits), timeout,
                                             world.clock);
}

std::unique_ptr<RpcTransport> with_retry(World& world, std::unique_ptr<RpcTransport> transport,
                                         const settings::Chain& chain,
                                         const ConnectOptions& options) {
    chains::evm::RetryPolicy policy;
    policy.total_deadline = options.timeout.value_or(std::chrono::milliseconds(chain.timeout_ms));
    policy.jitter_seed = world.seed;
    return chains::evm::make_retry_transport(std::move(transport), policy, world.clock);
}

std::unique_ptr<RpcTransport> open_all(World& world, const settings::Chain& chain,
                                       std::uint64_t quorum, const ConnectOptions& options) {
    const auto timeout = options.timeout.value_or(std::chrono::milliseconds(chain.timeout_ms));
    std::vector<chains::evm::NamedEndpoint> endpoints;
    for (const std::string& url : chain.rpc) {
        endpoints.push_back(
            {.name = chains::evm::vote_name(url), .transport = open(world, url, chain, options)});
    }
    chains::evm::QuorumPolicy policy;
    policy.needed = quorum;
    policy.chain_id = chain.chain_id;
    policy.hedge_after = std::min(policy.hedge_after, timeout / 10);
    policy.tell = [&world, name = chain.name](const std::string& line) {
        say(world, fmt::format("warning: {}: {}", name, line));
    };
    return chains::evm::make_quorum_transport(std::move(endpoints), std::move(policy));
}

std::uint64_t quorum_of(const settings::Chain& chain, const ConnectOptions& options) {
    return options.quorum.value_or(chain.quorum);
}

void check_url(const std::string& url, bool allow_plain_http,
               const std::function<std::string()>& said_at) {
    try {
        chains::evm::check_endpoint_url(url, allow_plain_http,
                                        "give --allow-plain-http or set allow_plain_http = true");
    } catch (const core::ConfigError& error) {
        throw core::ConfigError(fmt::format("{}: {}", said_at(), error.what()));
    }
}

/// Why no quorum can be had; "" where one can. Two URLs of one host are one operator, who has one
/// vote.
std::string too_few(const settings::Chain& chain, const ConnectOptions& options) {
    std::set<std::string> hosts;
    for (const std::string& url : chain.rpc) {
        hosts.insert(chains::evm::vote_name(url));
    }
    const std::uint64_t needed = quorum_of(chain, options);
    return needed <= hosts.size()
               ? std::string()
               : fmt::format(
                     "{} endpoints must agree, but the rpc of chain {} names {} of different "
                     "hosts: add endpoints, or lower --quorum or the chain's `quorum`",
                     needed, chain.name, hosts.size());
}

/// Stands for endpoints that cannot agree, as there are too few.
class TooFew final : public RpcTransport {
  public:
    TooFew(std::string source, std::string why)
        : source_(std::move(source)), why_(std::move(why)) {}

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override {
        const chains::evm::RpcError error{
            .kind = core::ErrorKind::NoAgreement, .source = source_, .message = why_, .data = {}};
        std::vector<std::vector<chains::evm::RpcOutcome>> out;
        out.reserve(requests.size());
        for (const auto& request : requests) {
            out.emplace_back(request.size(), core::Unexpected(error));
        }
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

  private:
    std::string source_;
    std::string why_;
};

}  // namespace

void check_endpoints(const settings::Chain& chain, const ConnectOptions& options,
                     const SaidAt& said_at) {
    for (std::size_t i = 0; i < chain.rpc.size(); ++i) {
        check_url(chain.rpc[i], chain.allow_plain_http || options.allow_plain_http, [&] {
            const std::string place = said_at("rpc");
            return chain.rpc.size() == 1 ? place : fmt::format("{}, entry {}", place, i + 1);
        });
    }
    const std::string why =
        chain.rpc.empty() || options.are_too_few_gone ? "" : too_few(chain, options);
    if (!why.empty()) {
        throw core::ConfigError(
            fmt::format("{}: {}", options.quorum ? "--quorum" : said_at("quorum"), why));
    }
}

std::unique_ptr<RpcTransport> connect(World& world, const settings::Chain& chain,
                                      const ConnectOptions& options) {
    core::ensure(!chain.rpc.empty(), "a chain is connected to only when it has an endpoint");
    check_endpoints(chain, options,
                    [&](const std::string& /*key*/) { return "chain " + chain.name; });
    if (const std::string why = too_few(chain, options); !why.empty()) {
        return std::make_unique<TooFew>(chain.name, why);
    }
    auto transport = chain.rpc.size() == 1
                         ? open(world, chain.rpc.front(), chain, options)
                         : open_all(world, chain, quorum_of(chain, options), options);
    return with_retry(world, std::move(transport), chain, options);
}

core::ChainId ask_chain_id(World& world, const OtherEndpoint& endpoint,
                           const ConnectOptions& options) {
    check_url(endpoint.url, options.allow_plain_http, [&] { return endpoint.origin; });
    const settings::Chain
        unknown;  // its defaults hold for an endpoint whose chain is not known yet
    const auto transport =
        with_retry(world, open(world, endpoint.url, unknown, options), unknown, options);
    try {
        return chains::evm::read_chain_id(*transport);
    } catch (const core::ChainError& error) {
        throw chains::evm::with_host(error, endpoint.url);
    }
}

}  // namespace margrave::app
