#include "adapters/aave_v3/adapter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapters/aave_v3/account_events.hpp"
#include "adapters/aave_v3/contracts.hpp"
#include "adapters/aave_v3/deployment.hpp"
#include "adapters/aave_v3/emodes.hpp"
#include "adapters/aave_v3/market.hpp"
#include "chains/balances.hpp"
#include "chains/erc20.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;
using chains::erc20::BalanceOf;
using core::ChainError;
using core::ErrorKind;

/// A balance as margrave needs it, and as the tokens themselves say it for the referee.
struct BalanceReading {
    Balance balance;
    std::optional<Referee::TokenBalances> referee;
};

BalanceReading nothing_in(const Reserve& reserve) {
    BalanceReading out;
    out.balance.reserve_id = reserve.id;
    return out;
}

Task<std::optional<StableDebt>> read_stable_debt(Reader& chain, Address token, Address wallet) {
    auto asked_principal = chain.call_of(wallet, token, PrincipalBalanceOf{}, wallet);
    auto asked_rate = chain.call_of(wallet, token, GetUserStableRate{}, wallet);
    auto asked_time = chain.call_of(wallet, token, GetUserLastUpdated{}, wallet);
    StableDebt debt;
    debt.principal = co_await asked_principal;
    debt.rate = co_await asked_rate;
    const Uint<40> updated = co_await asked_time;
    debt.last_update = core::Timestamp(static_cast<std::uint64_t>(updated.value));
    std::optional<StableDebt> out;
    if (debt.principal != 0) {
        out = debt;
    }
    co_return out;
}

Task<Referee::TokenBalances> read_referee_balances(Reader& chain, const Reserve& reserve,
                                                   bool has_stable, Address wallet) {
    auto asked_supply = chain.call(reserve.a_token, BalanceOf{}, wallet);
    auto asked_debt = chain.call(reserve.variable_debt_token, BalanceOf{}, wallet);
    Referee::TokenBalances out;
    out.reserve_id = reserve.id;
    if (has_stable) {
        out.stable_debt = co_await chain.call(reserve.stable_debt_token, BalanceOf{}, wallet);
    }
    out.a_token = co_await asked_supply;
    out.variable_debt = co_await asked_debt;
    co_return out;
}

/// Debt, only where the configuration bit says there is some, and what the referee needs. Supplies
/// are read for all reserves at once.
Task<BalanceReading> read_balance(Reader& chain, const Behaviour& behaviour, const Reserve& reserve,
                                  bool is_borrowing, Address wallet, bool verify) {
    const bool has_stable = behaviour.has_stable_debt && !reserve.stable_debt_token.is_zero();
    const bool by_balance = behaviour.values_non_virtual_debt_by_balance &&
                            !reserve.configuration.has_virtual_accounting();
    std::optional<SharedTask<Referee::TokenBalances>> referee;
    if (verify) {
        referee.emplace(read_referee_balances(chain, reserve, has_stable, wallet));
        referee->start();
    }
    std::optional<SharedTask<std::optional<StableDebt>>> stable;
    if (is_borrowing && has_stable) {
        stable.emplace(read_stable_debt(chain, reserve.stable_debt_token, wallet));
        stable->start();
    }
    BalanceReading out = nothing_in(reserve);
    if (is_borrowing && by_balance) {
        out.balance.debt_by_balance =
            co_await chain.call(reserve.variable_debt_token, BalanceOf{}, wallet);
    } else if (is_borrowing) {
        out.balance.scaled_debt =
            co_await chain.call_of(wallet, reserve.variable_debt_token, ScaledBalanceOf{}, wallet);
    }
    if (stable) {
        out.balance.stable_debt = co_await *stable;
    }
    if (referee) {
        out.referee = co_await *referee;
    }
    co_return out;
}

/// For a book. Where debt is valued by balance the scaled debt is read too: only that adds up.
Task<Balance> read_kept_balance(Reader& chain, const Behaviour& behaviour, const Reserve& reserve,
                                UserConfiguration configuration, Address wallet) {
    SharedTask<BalanceReading> debt(read_balance(
        chain, behaviour, reserve, configuration.is_borrowing(reserve.id), wallet, false));
    debt.start();
    U256 supply;
    if (configuration.is_collateral(reserve.id)) {
        supply = co_await chain.call_of(wallet, reserve.a_token, ScaledBalanceOf{}, wallet);
    }
    Balance out = (co_await debt).balance;
    out.scaled_supply = supply;
    if (out.debt_by_balance) {
        out.scaled_debt =
            co_await chain.call_of(wallet, reserve.variable_debt_token, ScaledBalanceOf{}, wallet);
    }
    co_return out;
}

/// What accounts read already.
Task<EmodeCategory> result_of(SharedTask<EmodeCategory>& reading) {
    EmodeCategory found = co_await reading;
    co_return found;
}

bool is_empty(const Balance& balance) {
    return balance.scaled_supply == 0 && balance.scaled_debt == 0 && !balance.stable_debt &&
           balance.debt_by_balance.value_or(0) == 0;
}

bool is_empty(const Referee::TokenBalances& balances) {
    return balances.a_token == 0 && balances.variable_debt == 0 && balances.stable_debt == 0;
}

class AaveAdapter final : public Adapter {
  public:
    AaveAdapter(DeploymentConfig config, AdapterOptions options)
        : config_(std::move(config)), options_(std::move(options)) {}

    Task<void> read(Reader& chain, Address wallet) override;
    Task<std::optional<AccountEvents>> account_events(Reader& chain) override;
    std::vector<std::unique_ptr<margin::Market>> take_markets() override;

  private:
    void begin(Reader& chain);
    Task<PoolFacts> pool_facts(Reader& chain);
    Task<Reserves> reserves(Reader& chain);
    /// What nobody's health waits for: the prices' ages and the reserves' totals.
    Task<bool> details(Reader& chain);
    SharedTask<EmodeCategory>& emode(Reader& chain, std::uint64_t category);
    Task<EmodeCategory> emode_category(Reader& chain, std::uint64_t category);
    /// Those that no account is in: an action may enter them.
    Task<bool> other_emodes(Reader& chain);
    Task<void> read_account(Reader& chain, std::size_t row);
    Task<void> read_balances(Reader& chain, std::size_t row);
    Task<void> read_kept_balances(Reader& chain, std::size_t row);
    void require_known_reserves(const UserConfiguration& configuration,
                                const Reserves& shared) const;

    DeploymentConfig config_;
    AdapterOptions options_;
    core::Timestamp block_time_;
    std::optional<SharedTask<EntryPoints>> entry_;
    std::optional<SharedTask<PoolFacts>> facts_;
    std::optional<SharedTask<Reserves>> reserves_;
    /// The reserves' aTokens in the order of ids; made when the reserves are read.
    std::shared_ptr<const chains::Tokens<ScaledBalanceOf>> a_tokens_;
    std::optional<SharedTask<bool>> details_;
    std::optional<SharedTask<bool>> other_emodes_;
    std::map<std::uint64_t, SharedTask<EmodeCategory>> emodes_;
    std::vector<Account> accounts_;
    std::vector<margin::Missing> unread_supplies_;
    // What the shared tasks found, for take_markets(); null until then.
    const EntryPoints* known_entry_ = nullptr;
    const PoolFacts* known_facts_ = nullptr;
    Reserves* known_reserves_ = nullptr;
    ById<std::uint64_t, EmodeCategory> known_emodes_;
    std::map<std::uint64_t, std::string> unread_emodes_;
    std::uint64_t emodes_asked_ = 0;
};

void AaveAdapter::begin(Reader& chain) {
    if (entry_) {
        return;
    }
    block_time_ = chain.block().timestamp;
    entry_.emplace(read_entry_points(chain, config_.provider));
    facts_.emplace(pool_facts(chain));
    reserves_.emplace(reserves(chain));
    details_.emplace(details(chain));
    other_emodes_.emplace(other_emodes(chain));
    // Awaited by all accounts, but already on its way before the first of them needs it.
    reserves_->start();
    details_->start();
    other_emodes_->start();
}

Task<PoolFacts> AaveAdapter::pool_facts(Reader& chain) {
    known_entry_ = &co_await *entry_;
    PoolFacts facts = co_await read_pool_facts(chain, *known_entry_, config_);
    co_return facts;
}

Task<Reserves> AaveAdapter::reserves(Reader& chain) {
    known_facts_ = &co_await *facts_;
    Reserves found = co_await read_reserves(chain, *known_entry_, *known_facts_);
    std::vector<Address> a_tokens;
    a_tokens.reserve(found.by_id.size());
    for (const auto& [id, reserve] : found.by_id) {
        a_tokens.push_back(reserve.a_token);
    }
    a_tokens_ = std::make_shared<const chains::Tokens<ScaledBalanceOf>>(
        a_tokens, chains::TokenList::Stands::All);
    co_return found;
}

Task<bool> AaveAdapter::details(Reader& chain) {
    known_reserves_ = &co_await *reserves_;
    if (options_.note_price_source) {
        for (const auto& [id, reserve] : known_reserves_->by_id) {
            if (reserve.price && !reserve.price->source.is_zero()) {
                options_.note_price_source(reserve.price->source,
                                           margin::PriceQuestion::LatestAnswer);
            }
        }
    }
    SharedTask<bool> totals(
        read_totals(chain, *known_entry_, *known_facts_->behaviour, *known_reserves_));
    totals.start();
    const bool done = co_await read_price_ages(chain, *known_reserves_);
    co_return (co_await totals) && done;
}

Task<EmodeCategory> AaveAdapter::emode_category(Reader& chain, std::uint64_t category) {
    const PoolFacts& facts = co_await *facts_;
    EmodeCategory found = co_await read_emode(chain, *known_entry_, *facts.behaviour, category);
    known_emodes_.emplace(category, found);
    co_return found;
}

SharedTask<EmodeCategory>& AaveAdapter::emode(Reader& chain, std::uint64_t category) {
    return emodes_.try_emplace(category, emode_category(chain, category)).first->second;
}

Task<bool> AaveAdapter::other_emodes(Reader& chain) {
    const Behaviour& behaviour = *(co_await *facts_).behaviour;
    EmodeIds ids = co_await read_emode_ids(chain, *known_entry_, behaviour);
    emodes_asked_ = ids.asked;
    unread_emodes_ = std::move(ids.unread);
    std::set<std::uint64_t> of(ids.candidates.begin(), ids.candidates.end());
    for (const std::uint64_t id : of) {
        emode(chain, id).start();
    }
    if (behaviour.emode == EmodeKind::OnePerAsset) {
        for (const auto& [id, reserve] : (co_await *reserves_).by_id) {
            of.insert(reserve.configuration.emode_category());
        }
        of.erase(0);
    }
    std::vector<Task<EmodeCategory>> reading;
    reading.reserve(of.size());
    for (const std::uint64_t id : of) {
        reading.push_back(result_of(emode(chain, id)));
    }
    const auto found = co_await chains::settle_all(std::move(reading));
    auto outcome = found.begin();
    for (const std::uint64_t id : of) {
        if (!*outcome++) {
            unread_emodes_.emplace(id, std::prev(outcome)->error().what());
        }
    }
    co_return true;
}

Task<std::optional<AccountEvents>> AaveAdapter::account_events(Reader& chain) {
    begin(chain);
    const Reserves& shared = co_await *reserves_;
    if (!shared.unread.empty()) {
        const margin::Missing& first = shared.unread.front();
        throw ChainError(first.kind, first.what,
                         first.detail + "; without it events of its tokens would be missed");
    }
    std::optional<AccountEvents> events =
        aave_v3::account_events(config_, co_await *entry_, shared);
    co_return events;
}

Task<void> AaveAdapter::read(Reader& chain, Address wallet) {
    begin(chain);
    const std::size_t row = accounts_.size();
    accounts_.emplace_back().wallet = wallet;
    accounts_[row].trouble = "the account could not be read";
    co_await read_account(chain, row);
    accounts_[row].trouble.clear();
}

Task<void> AaveAdapter::read_account(Reader& chain, std::size_t row) {
    const Address wallet = accounts_[row].wallet;
    const Address pool = (co_await *entry_).pool;
    auto asked_configuration = chain.call_of(wallet, pool, GetUserConfiguration{}, wallet);
    auto asked_emode = chain.call_of(wallet, pool, GetUserEMode{}, wallet);
    const U256 configuration = co_await asked_configuration;
    const U256 category = co_await asked_emode;
    accounts_[row].configuration = UserConfiguration(configuration);
    if (category > std::numeric_limits<std::uint8_t>::max()) {
        throw ChainError(ErrorKind::BadData, pool.to_string() + " getUserEMode",
                         "the category is over 255");
    }
    accounts_[row].emode_category = static_cast<std::uint64_t>(category);
    if (category != 0) {
        emode(chain, accounts_[row].emode_category).start();
    }
    if (options_.verify) {
        // It reverts where an oracle does; the account's health is unknown then anyway.
        const auto view = co_await chain.try_call(pool, GetUserAccountData{}, wallet);
        if (view) {
            const auto& [collateral, debt, available, threshold, ltv, factor] = view.value();
            accounts_[row].referee =
                Referee{collateral, debt, available, threshold, ltv, factor, {}};
        }
    }
    if (options_.for_book) {
        co_await read_kept_balances(chain, row);
    } else {
        co_await read_balances(chain, row);
    }
    if (category != 0) {
        static_cast<void>(co_await emode(chain, accounts_[row].emode_category));
    }
    static_cast<void>(co_await *details_);
    static_cast<void>(co_await *other_emodes_);
}

/// Asks for what the bits name and for supplies, which need no bit.
Task<void> AaveAdapter::read_balances(Reader& chain, std::size_t row) {
    const Reserves& shared = co_await *reserves_;
    const Address wallet = accounts_[row].wallet;
    const UserConfiguration configuration = accounts_[row].configuration;
    const bool verify = accounts_[row].referee.has_value();
    std::vector<Task<BalanceReading>> reading;
    std::vector<const Reserve*> of;
    std::vector<std::size_t> asked;  // places of the reserves that `reading` is of
    std::vector<std::size_t> collateral;
    for (const auto& [id, reserve] : shared.by_id) {
        const bool is_borrowing = configuration.is_borrowing(id);
        if (configuration.is_collateral(id)) {
            collateral.push_back(of.size());
        }
        if (is_borrowing || verify) {
            asked.push_back(of.size());
            reading.push_back(read_balance(chain, *known_facts_->behaviour, reserve, is_borrowing,
                                           wallet, verify));
        }
        of.push_back(&reserve);
    }
    SharedTask<chains::Balances> asked_supplies(
        chains::read_balances(chain, a_tokens_, wallet, collateral));
    asked_supplies.start();
    auto outcomes = co_await chains::settle_all(std::move(reading));
    const chains::Balances& supplies = co_await asked_supplies;
    std::optional<ChainError> failure;
    Account& account = accounts_[row];
    std::size_t next = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
        const bool was_asked = next < asked.size() && asked[next] == i;
        if (!was_asked && supplies[i] && *supplies[i] == 0) {
            continue;
        }
        core::Result<BalanceReading, ChainError> outcome =
            was_asked ? std::move(outcomes[next++]) : nothing_in(*of[i]);
        if (!supplies[i]) {
            outcome = core::Unexpected(supplies[i].error());
        } else if (outcome) {
            outcome.value().balance.scaled_supply = *supplies[i];
        }
        if (!outcome) {
            // What no bit speaks of is a supply outside the health check; the rest of the account
            // stands.
            if (configuration.is_using(of[i]->id)) {
                failure = outcome.error();
            } else {
                unread_supplies_.push_back({.wallet = wallet,
                                            .what = "supply of " + of[i]->symbol,
                                            .kind = outcome.error().kind(),
                                            .detail = outcome.error().what()});
            }
            continue;
        }
        if (!is_empty(outcome->balance)) {
            account.balances.push_back(outcome->balance);
        }
        if (outcome->referee && !(is_empty(*outcome->referee) && is_empty(outcome->balance))) {
            account.referee->balances.push_back(*outcome->referee);
        }
    }
    if (failure) {
        throw ChainError(*failure);
    }
    require_known_reserves(configuration, shared);
}

/// What the bits name, of a borrower.
Task<void> AaveAdapter::read_kept_balances(Reader& chain, std::size_t row) {
    const Reserves& shared = co_await *reserves_;
    const Address wallet = accounts_[row].wallet;
    const UserConfiguration configuration = accounts_[row].configuration;
    require_known_reserves(configuration, shared);
    std::vector<Task<Balance>> reading;
    bool is_borrower = false;
    for (const auto& [id, reserve] : shared.by_id) {
        is_borrower = is_borrower || configuration.is_borrowing(id);
        if (configuration.is_using(id)) {
            reading.push_back(
                read_kept_balance(chain, *known_facts_->behaviour, reserve, configuration, wallet));
        }
    }
    if (!is_borrower) {
        co_return;
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    for (const auto& outcome : outcomes) {
        if (!outcome) {
            throw ChainError(outcome.error());
        }
        if (!is_empty(*outcome)) {
            accounts_[row].balances.push_back(*outcome);
        }
    }
}

/// A bit of an id that no reserve has is a dropped reserve, which the contract skips; unless some
/// reserve is unread.
void AaveAdapter::require_known_reserves(const UserConfiguration& configuration,
                                         const Reserves& shared) const {
    for (unsigned id = 0; id < ReserveBitmap().size() && !shared.unread.empty(); ++id) {
        if (configuration.is_using(id) && shared.by_id.count(id) == 0) {
            throw ChainError(shared.unread.front().kind, config_.market,
                             fmt::format("the account uses reserve {}, which could not be read: {}",
                                         id, shared.unread.front().detail));
        }
    }
}

std::vector<std::unique_ptr<margin::Market>> AaveAdapter::take_markets() {
    std::vector<std::unique_ptr<margin::Market>> out;
    if (known_reserves_ == nullptr) {
        return out;
    }
    State state;
    state.chain = config_.chain;
    state.market = config_.market;
    state.behaviour = known_facts_->behaviour;
    state.pool_revision = known_facts_->revision;
    state.pool = known_entry_->pool;
    state.oracle = known_entry_->oracle;
    state.base_currency = known_facts_->base_currency;
    state.base_currency_unit = known_facts_->base_currency_unit;
    state.block_time = block_time_;
    state.liquidation_allowed = known_reserves_->liquidation_allowed;
    state.borrow_allowed = known_reserves_->borrow_allowed;
    state.reserves = std::move(known_reserves_->by_id);
    state.unread = std::move(known_reserves_->unread);
    if (known_reserves_->unread_sentinel) {
        state.unread.push_back(*known_reserves_->unread_sentinel);
    }
    state.unread.insert(state.unread.end(), unread_supplies_.begin(), unread_supplies_.end());
    state.emodes = std::move(known_emodes_);
    state.emodes.erase_if([&](const auto& entry) {
        // The accounts of a book are not all here.
        const bool may_be_used = options_.for_book && entry.second.ltv_bps != 0;
        return !may_be_used && entry.second.liquidation_threshold_bps == 0 &&
               std::none_of(accounts_.begin(), accounts_.end(), [&](const Account& account) {
                   return account.emode_category == entry.first;
               });
    });
    state.unread_emodes = std::move(unread_emodes_);
    state.emodes_asked = emodes_asked_;
    state.accounts = std::move(accounts_);
    out.push_back(std::make_unique<AaveMarket>(std::move(state)));
    return out;
}

const Behaviour& configured_behaviour(const std::string& name, const std::string& where) {
    const Behaviour* behaviour = find_behaviour(name);
    if (behaviour != nullptr) {
        return *behaviour;
    }
    std::string known;
    for (const Behaviour& row : behaviours()) {
        known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
    }
    throw core::ConfigError(
        fmt::format("{}: \"{}\" is no behaviour of aave_v3; known are {}", where, name, known));
}

}  // namespace

std::unique_ptr<Adapter> make_adapter(const settings::MarketEntry& entry,
                                      std::span<const settings::Revision> revisions,
                                      const AdapterOptions& options) {
    DeploymentConfig config;
    config.chain = entry.chain;
    config.market = entry.name;
    config.from_block = core::BlockNumber(entry.from_block);
    config.provider = entry.section.address("pool_addresses_provider");
    if (const auto name = entry.section.optional_text("behaviour")) {
        config.behaviour = &configured_behaviour(*name, entry.section.where("behaviour"));
    }
    entry.section.reject_unknown_keys();
    for (const settings::Revision& row : revisions) {
        if (row.protocol == "aave_v3") {
            config.revisions[row.revision] =
                &configured_behaviour(row.behaviour, "[[revisions]] of aave_v3");
        }
    }
    return std::make_unique<AaveAdapter>(std::move(config), options);
}

std::unique_ptr<margin::Market> restore_market(const core::Archive& archive) {
    return std::make_unique<AaveMarket>(restore_state(archive));
}

std::vector<RevisionProof> describe() {
    std::vector<RevisionProof> out;
    for (const Behaviour& row : behaviours()) {
        out.push_back({std::string(row.name), std::string(row.proof)});
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
