#include "cascade/outcome.hpp"

#include <algorithm>

namespace margrave::cascade {

std::size_t Round::successes() const {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [](const Call& call) { return call.ok; }));
}

std::vector<Sale> Round::all_sales() const {
    std::vector<Sale> out;
    for (const Call& call : calls) {
        if (call.sale) {
            out.push_back(*call.sale);
        }
    }
    out.insert(out.end(), sales.begin(), sales.end());
    return out;
}

std::size_t Outcome::liquidations() const {
    std::size_t sum = 0;
    for (const Round& round : rounds) {
        sum += round.successes();
    }
    return sum;
}

std::vector<margin::Deficit> Outcome::deficits(std::size_t market) const {
    std::vector<margin::Deficit> out;
    for (const Round& round : rounds) {
        for (const Call& call : round.calls) {
            if (!call.ok || call.place.market != market) {
                continue;
            }
            for (const margin::Deficit& deficit : call.outcome.deficits) {
                const auto known = std::find_if(
                    out.begin(), out.end(),
                    [&](const margin::Deficit& one) { return one.asset == deficit.asset; });
                if (known == out.end()) {
                    out.push_back(deficit);
                } else {
                    known->amount += deficit.amount;
                }
            }
        }
    }
    return out;
}

std::set<Place> Outcome::fallen() const {
    std::set<Place> out;
    for (const Round& round : rounds) {
        for (const Call& call : round.calls) {
            if (call.ok) {
                out.insert(call.place);
            }
        }
    }
    return out;
}

std::optional<std::size_t> Outcome::round_of(const Place& place) const {
    for (const Round& round : rounds) {
        for (const Call& call : round.calls) {
            if (call.ok && call.place == place) {
                return round.number;
            }
        }
    }
    return std::nullopt;
}

}  // namespace margrave::cascade
