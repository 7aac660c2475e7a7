#include "app/index_target.hpp"

#include <algorithm>
#include <utility>

namespace margrave::app {

std::optional<IndexTarget> find_target(const settings::Settings& settings, const std::string& chain,
                                       const std::string& protocol, const std::string& name) {
    const settings::MarketEntry* first = nullptr;
    for (const settings::MarketEntry& entry : settings.markets) {
        if (entry.chain != chain || entry.protocol != protocol) {
            continue;
        }
        if (entry.name == name) {
            return IndexTarget{.entry = &entry, .only_market = ""};
        }
        first = first == nullptr ? &entry : first;
    }
    if (first == nullptr || !name.starts_with("0x")) {
        return std::nullopt;
    }
    return IndexTarget{.entry = first, .only_market = name};
}

void add_target(IndexTarget target, std::vector<IndexTarget>& targets) {
    const auto covers = [](const IndexTarget& whole, const IndexTarget& one) {
        return whole.entry == one.entry &&
               (whole.only_market.empty() || whole.only_market == one.only_market);
    };
    if (std::any_of(targets.begin(), targets.end(),
                    [&](const IndexTarget& there) { return covers(there, target); })) {
        return;
    }
    std::erase_if(targets, [&](const IndexTarget& there) { return covers(target, there); });
    targets.push_back(std::move(target));
}

}  // namespace margrave::app
