#include "app/watch_endpoints.hpp"

#include <algorithm>
#include <utility>

#include "app/heard_transport.hpp"

namespace margrave::app {

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
        if (std::find(opened_.begin(), opened_.end(), alias) == opened_.end()) {
            opened_.push_back(alias);
        }
        const auto hear = [this, alias](const HeardTransport::Outcomes& outcomes,
                                        WatchListener::Seconds took) {
            for (const auto& request : outcomes) {
                // A contract that refuses is an answer; what kind of failure it was is told of the
                // chain.
                const bool is_answered = std::any_of(
                    request.begin(), request.end(),
                    [](const auto& outcome) { return outcome || outcome.error().code != 0; });
                listener_.load()->asked(alias, is_answered, took);
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
        [&listener, chain](const HeardTransport::Outcomes& /*outcomes*/,
                           WatchListener::Seconds /*took*/) { listener.heard(chain); });
}

}  // namespace margrave::app
