#include "app/lent_by_others.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "exposure/look_through.hpp"

namespace margrave::app {
namespace {

using core::Address;

class Finder {
  public:
    Finder(const snapshot::Snapshot& snapshot, const cascade::State& state)
        : claims_(snapshot.claims), state_(state) {}

    void add_holding(const snapshot::Holding& held) {
        for (const exposure::LookStep& step : claims_.steps(held.chain, held.asset, held.amount)) {
            add_vault(step);  // a pool's receipt is a leg of the wallet's own account there
        }
    }

    void add_posted(const std::string& chain, const margin::Leg& leg) {
        for (const exposure::LookStep& step : claims_.steps(chain, leg.asset, *leg.amount)) {
            add_vault(step);
            if (step.claim.kind == snapshot::ClaimKind::PoolBalance) {
                add_receipt(step);
            }
        }
    }

    [[nodiscard]] std::vector<cascade::LentByOther> take() { return std::move(found_); }

  private:
    void add_vault(const exposure::LookStep& step) {
        for (const exposure::VaultPart& part : exposure::vault_parts(step)) {
            for (std::size_t i = 0; i < state_.markets.size(); ++i) {
                const margin::MarketName& name = state_.markets[i]->name();
                if (name.protocol == part.allocation.protocol &&
                    name.name == part.allocation.market && step.claim.underlying) {
                    found_.push_back({i, *step.claim.underlying, part.ours});
                }
            }
        }
    }

    void add_receipt(const exposure::LookStep& step) {
        for (std::size_t i = 0; i < state_.markets.size(); ++i) {
            if (state_.markets[i]->keeper() == step.claim.keeper && step.claim.underlying) {
                found_.push_back({i, *step.claim.underlying, step.worth});
            }
        }
    }

    exposure::LookThrough claims_;
    const cascade::State& state_;
    std::vector<cascade::LentByOther> found_;
};

}  // namespace

std::vector<cascade::LentByOther> lent_by_others(const snapshot::Snapshot& snapshot,
                                                 const cascade::State& state,
                                                 const std::vector<Address>& own) {
    const auto is_own = [&](const Address& wallet) {
        return std::find(own.begin(), own.end(), wallet) != own.end();
    };
    Finder finder(snapshot, state);
    for (const snapshot::Holding& held : snapshot.holdings) {
        if (is_own(held.wallet)) {
            finder.add_holding(held);
        }
    }
    for (const auto& market : state.markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            if (!is_own(market->wallet(row))) {
                continue;
            }
            for (const margin::Leg& leg : market->legs(row)) {
                if (leg.side == margin::Side::Collateral && leg.amount) {
                    finder.add_posted(market->name().chain, leg);
                }
            }
        }
    }
    return finder.take();
}

}  // namespace margrave::app
