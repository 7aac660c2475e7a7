#include "tests/bench/peer_side.hpp"

#include <fstream>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "tests/bench/books.hpp"
#include "tests/bench/cpu_time.hpp"
#include "tests/bench/heap.hpp"
#include "tests/bench/reading.hpp"

namespace margrave::bench {
namespace {

using adapters::aave_v3::AaveMarket;
using adapters::morpho_blue::MorphoMarket;
using core::Address;
using core::U256;
using nlohmann::json;

U256 number(const json& field) { return core::parse_decimal(field.get<std::string>()).value(); }
std::uint64_t small(const json& field) { return core::parse_u64(field.get<std::string>()).value(); }
core::Timestamp time_of(const json& field) { return core::Timestamp(small(field)); }

margin::PriceQuote quote(const U256& answer) {
    return {.answer = answer, .source = Address(), .updated_at = std::nullopt};
}

MorphoMarket morpho_market(const json& in) {
    adapters::morpho_blue::State state;
    state.name = {.protocol = "morpho_blue", .chain = "bench", .name = "market"};
    state.params = {.loan_token = Address::parse(in.at("loanToken").get<std::string>()),
                    .collateral_token = Address::parse(in.at("collateralToken").get<std::string>()),
                    .oracle = Address::parse(in.at("oracle").get<std::string>()),
                    .irm = Address::parse(in.at("irm").get<std::string>()),
                    .lltv = number(in.at("lltv"))};
    state.totals = {.supply_assets = number(in.at("totalSupplyAssets")),
                    .supply_shares = number(in.at("totalSupplyShares")),
                    .borrow_assets = number(in.at("totalBorrowAssets")),
                    .borrow_shares = number(in.at("totalBorrowShares"))};
    state.last_update = time_of(in.at("lastUpdate"));
    state.block_time = state.last_update;
    state.fee = number(in.at("fee"));
    state.price = quote(number(in.at("price")));
    state.model.kind = adapters::morpho_blue::RateModel::Kind::AdaptiveCurve;
    state.model.rate_at_target = number(in.at("rateAtTarget"));
    for (const json& position : in.at("positions")) {
        adapters::morpho_blue::Account account;
        account.borrow_shares = number(position.at("borrowShares"));
        account.collateral = number(position.at("collateral"));
        state.accounts.push_back(std::move(account));
    }
    return MorphoMarket(std::move(state));
}

AaveMarket aave_market(const json& in) {
    adapters::aave_v3::State state;
    state.chain = "bench";
    state.market = "core";
    state.behaviour = adapters::aave_v3::find_behaviour("3.6");
    state.base_currency_unit = 100'000'000;
    state.block_time = time_of(in.at("timestamp"));
    for (const json& one : in.at("reserves")) {
        adapters::aave_v3::Reserve reserve;
        reserve.id = static_cast<unsigned>(state.reserves.size());
        reserve.asset = Address::parse(one.at("underlyingAsset").get<std::string>());
        reserve.configuration = adapters::aave_v3::ReserveConfiguration(
            U256(number(one.at("ltv")) + (number(one.at("threshold")) << 16) +
                 (number(one.at("decimals")) << 48) + (U256(1) << 56)));
        reserve.liquidity_index = number(one.at("liquidityIndex"));
        reserve.liquidity_rate = number(one.at("liquidityRate"));
        reserve.borrow_index = number(one.at("variableBorrowIndex"));
        reserve.borrow_rate = number(one.at("variableBorrowRate"));
        reserve.last_update = time_of(one.at("lastUpdateTimestamp"));
        reserve.price = quote(number(one.at("price")));
        state.reserves[reserve.id] = std::move(reserve);
    }
    for (const json& one : in.at("emodes")) {
        adapters::aave_v3::EmodeCategory category;
        category.id = small(one.at("id"));
        category.ltv_bps = small(one.at("ltv"));
        category.liquidation_threshold_bps = small(one.at("threshold"));
        for (const json& reserve : one.at("collateral")) {
            category.collateral.set(reserve.get<std::size_t>());
        }
        state.emodes[category.id] = category;
    }
    for (const json& one : in.at("accounts")) {
        adapters::aave_v3::Account account;
        account.emode_category = small(one.at("emode"));
        U256 bits = 0;
        for (const json& held : one.at("balances")) {
            adapters::aave_v3::Balance balance;
            balance.reserve_id = held.at("reserve").get<unsigned>();
            balance.scaled_supply = number(held.at("supply"));
            balance.scaled_debt = number(held.at("debt"));
            bits |= U256(balance.scaled_supply != 0 ? 2 : 0) << (2 * balance.reserve_id);
            bits |= U256(balance.scaled_debt != 0 ? 1 : 0) << (2 * balance.reserve_id);
            account.balances.push_back(balance);
        }
        account.configuration = adapters::aave_v3::UserConfiguration(bits);
        state.accounts.push_back(std::move(account));
    }
    return AaveMarket(std::move(state));
}

/// What is measured, on the markets of one input file.
class Cases {
  public:
    explicit Cases(const json& in) : timestamp_(time_of(in.at("timestamp"))) {
        for (const json& market : in.at("morpho")) {
            morpho_.push_back(morpho_market(market));
        }
        aave_.push_back(aave_market(in.at("aave")));
        reading_ = std::make_unique<Reading>(aave_.front().state());
    }

    /// Every health factor, as the peers give them; every integer of "decode".
    void run(const std::string& name) {
        if (name == "decode") {
            factors_ = reading_->decode_wallets_reply();
            return;
        }
        factors_.clear();
        for_each_health(name, [&](const margin::Health& health) {
            factors_.push_back(health.health_factor ? health.health_factor->value()
                                                    : core::max_u256());
        });
    }

    [[nodiscard]] json results(const std::string& name) {
        json out = json::array();
        if (name == "decode") {
            for (const U256& number : reading_->decode_wallets_reply()) {
                out.push_back(core::to_decimal(number));
            }
            return out;
        }
        if (name == "wallets_reply") {
            return reading_->wallets_reply();
        }
        if (name == "snapshot_bytes") {
            return snapshot_bytes();
        }
        const auto text = [](const auto& value) -> json {
            return value ? json(core::to_decimal(*value)) : json();
        };
        for_each_health(name, [&](const margin::Health& health) {
            const auto factor = health.health_factor
                                    ? std::optional<U256>(health.health_factor->value())
                                    : std::nullopt;
            out.push_back({{"health_factor", text(factor)},
                           {"debt", text(health.debt)},
                           {"collateral_value", text(health.collateral_value)},
                           {"is_healthy", health.status != margin::Status::Liquidatable}});
        });
        return out;
    }

  private:
    template <class Use>
    void for_each_health(const std::string& name, const Use& use) {
        const auto all_of = [&](const margin::Market& market) {
            for (std::size_t row = 0; row < market.account_count(); ++row) {
                use(market.health(row));
            }
        };
        if (name == "morpho_once") {
            for (MorphoMarket& market : morpho_) {
                market.accrue(timestamp_);
                all_of(market);
            }
        } else if (name == "morpho_each") {
            for (MorphoMarket& market : morpho_) {
                for (std::size_t row = 0; row < market.account_count(); ++row) {
                    market.accrue(timestamp_);
                    use(market.health(row));
                }
            }
        } else if (name == "aave") {
            aave_.front().accrue(timestamp_);
            all_of(aave_.front());
        } else if (name == "refresh") {
            all_of(*reading_->read().markets.front());
        } else {
            throw std::invalid_argument("no case " + name);
        }
    }

    /// What a snapshot of all wallets has of the heap, with all that it knows of the pool.
    [[nodiscard]] std::size_t snapshot_bytes() const {
        const std::size_t before = heap_bytes();
        const snapshot::Snapshot held = reading_->read();
        return heap_bytes() - before;
    }

    core::Timestamp timestamp_;
    std::vector<MorphoMarket> morpho_;
    std::vector<AaveMarket> aave_;
    std::unique_ptr<Reading> reading_;
    std::vector<U256> factors_;
};

}  // namespace

int print_held(std::size_t wallets, std::ostream& answer) {
    constexpr std::uint64_t kSeed = 20260310;
    const std::size_t before = heap_bytes();
    const AaveMarket market(aave_borrowers(wallets, "3.6", kSeed));
    answer << json({{"wallets", market.account_count()}, {"bytes", heap_bytes() - before}}).dump()
           << std::endl;
    return 0;
}

int serve_peer(const std::string& input_file, std::istream& commands, std::ostream& answers) {
    std::ifstream file(input_file);
    Cases cases(json::parse(file));
    std::string verb;
    std::string name;
    while (commands >> verb >> name) {
        if (verb == "run") {
            const std::int64_t start = cpu_ns();
            cases.run(name);
            answers << json({{"cpu_ns", cpu_ns() - start}}).dump() << std::endl;
        } else {
            answers << cases.results(name).dump() << std::endl;
        }
    }
    return 0;
}

}  // namespace margrave::bench
