#include "app/fact_rows.hpp"

#include <optional>
#include <vector>

#include "core/address.hpp"
#include "core/short_hash.hpp"

namespace margrave::app {

store::Fact to_row(const alert::Fact& fact) {
    return {.protocol = fact.of.protocol,
            .market = fact.of.market,
            .wallet = fact.of.wallet ? fact.of.wallet->to_string() : "",
            .part = fact.part,
            .name = fact.name,
            .block = fact.block,
            .time = fact.time_s,
            .value = fact.value,
            .is_news = fact.is_news};
}

alert::Fact from_row(const std::string& chain, const store::Fact& row) {
    alert::Fact out{.of = {.chain = chain,
                           .protocol = row.protocol,
                           .market = row.market,
                           .wallet = std::nullopt},
                    .part = row.part,
                    .name = row.name,
                    .block = row.block,
                    .time_s = row.time,
                    .value = row.value,
                    .is_news = row.is_news};
    if (!row.wallet.empty()) {
        out.of.wallet = core::Address::parse(row.wallet);
    }
    return out;
}

std::map<std::string, std::string> coverage_of(const settings::Settings& settings,
                                               const std::string& chain) {
    std::map<std::string, std::string> texts;
    for (const settings::MarketEntry& entry : settings.markets) {
        if (entry.chain != chain) {
            continue;
        }
        std::string& text = texts[entry.protocol];
        text += entry.name + "\n";
        // A deployment may be a list of markets; without one it is all of them.
        if (entry.section.has("market_ids")) {
            for (const std::string& id : entry.section.texts("market_ids")) {
                text += id + "\n";
            }
        }
    }
    for (auto& [protocol, text] : texts) {
        text = core::short_hash(text);
    }
    return texts;
}

}  // namespace margrave::app
