#include "app/watch_endpoints.hpp"

#include <algorithm>
#include <utility>

#include "app/heard_transport.hpp"

namespace margrave::app {
namespace {

/// A contract that refuses is an answer; what kind of failure it was is told of the chain.
WatchListener::Exchange judge(const chains::evm::RpcRequest& request,
                              const std::vector<chains::evm::RpcOutcome>& outcomes) {
    WatchListener::Exchange out;
    const bool is_of_one_kind = std::all_of(request.begin(), request.end(), [&](const auto& call) {
        return call.method == request.front().method;
    });
    out.method = is_of_one_kind && !request.empty() ? request.front().method : "batch";
    out.is_answered = std::any_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return outcome || outcome.error().code != 0;
    });
    out.is_garbled = std::any_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return !outcome && outcome.error().kind == core::ErrorKind::BadReply;
    });
    return out;
}

}  // namespace

EndpointWatch::EndpointWatch(World& world, const settings::Settings& settings) : counted_(world) {
    for (const auto& [name, chain] : settings.chains) {
        for (std::size_t i = 0; i < chain.rpc.size(); ++i) {
            by_url_.emplace(chain.rpc[i], name + '-' + std::to_string(i + 1));
        }
    }
    counted_.open_endpoint =
        [this, open = world.open_endpoint](
            const std::string& url,
            const chains::evm::HttpLimits& limits) -> std::unique_ptr<chains::evm::RpcTransport> {
        const std::string alias = alias_of(url);
        const auto hear = [this, alias](const HeardTransport::Requests& requests,
                                        const HeardTransport::Outcomes& outcomes,
                                        WatchListener::Seconds took) {
            for (std::size_t i = 0; i < requests.size(); ++i) {
                auto exchange = judge(requests[i], outcomes[i]);
                exchange.took = took;
                listener_.load()->asked(alias, exchange);
            }
        };
        return std::make_unique<HeardTransport>(open(url, limits), counted_.clock, hear);
    };
}

std::string EndpointWatch::alias_of(const std::string& url) const {
    const auto found = by_url_.find(url);
    return found == by_url_.end() ? "other" : found->second;
}

std::unique_ptr<chains::evm::RpcTransport> heard_by(
    WatchListener& listener, World& world, const std::string& chain,
    std::unique_ptr<chains::evm::RpcTransport> transport) {
    return std::make_unique<HeardTransport>(
        std::move(transport), world.clock,
        [&listener, chain](const HeardTransport::Requests& /*requests*/,
                           const HeardTransport::Outcomes& /*outcomes*/,
                           WatchListener::Seconds /*took*/) { listener.heard(chain); });
}

}  // namespace margrave::app
