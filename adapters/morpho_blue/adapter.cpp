#include "adapters/morpho_blue/adapter.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapters/morpho_blue/account_events.hpp"
#include "adapters/morpho_blue/config.hpp"
#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/discovery.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "adapters/morpho_blue/readings.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

/// Questions travel together: every market's positions first, and then, only for markets in which
/// somebody has something, what else there is to know.
class MorphoAdapter final : public Adapter {
  public:
    MorphoAdapter(DeploymentConfig config, AdapterOptions options)
        : config_(std::move(config)), options_(std::move(options)) {}

    Task<void> read(Reader& chain, Address wallet) override;
    std::vector<chains::LogFilter> scans() const override;
    Task<std::optional<AccountEvents>> account_events(Reader& chain) override;
    std::vector<std::unique_ptr<margin::Market>> take_markets() override;
    std::vector<margin::Missing> missing() const override;

  private:
    /// A market being read.
    struct Slot {
        Bytes32 id{};
        bool is_configured = false;
        bool is_discovered = false;
        State state;
        MarketTuple totals;  ///< as the contract has it
        std::optional<U256> referee_rate;
        bool is_there = false;              ///< parameters and totals are read
        bool is_read = false;               ///< and all else that its accounts share
        std::optional<ChainError> failure;  ///< why not
        std::optional<SharedTask<bool>> basics;
        std::optional<SharedTask<bool>> details;
        bool is_needed = false;  ///< the details are on their way
    };
    /// A pre-liquidation contract being read.
    struct PreSlot {
        Address address;
        std::optional<Bytes32> market_id;  ///< where an event told it
        PreLiquidation contract;           ///< of address zero until it is read
        std::set<Address> authorised_by;
        std::optional<SharedTask<bool>> shared;
    };

    /// Lists are not enough, or there is none.
    [[nodiscard]] bool scans_events() const {
        return options_.discover || config_.market_ids.empty();
    }
    void begin(Reader& chain);
    Slot& add_slot(Reader& chain, const Bytes32& id);
    PreSlot& add_pre_slot(Reader& chain, const Address& contract);
    Task<bool> discover(Reader& chain);
    Task<bool> read_basics(Reader& chain, std::size_t index);
    Task<bool> read_details(Reader& chain, std::size_t index);
    Task<bool> read_position(Reader& chain, std::size_t index, Address wallet);
    Task<bool> await_shared(std::size_t index);
    Task<bool> await_details(std::size_t index);
    Task<bool> read_pre_liquidation(Reader& chain, std::size_t index);
    Task<bool> read_listed_pre_liquidations();
    Task<bool> await_pre_liquidation(std::size_t index);
    Task<bool> read_authorisation(Reader& chain, std::size_t index, Address wallet);
    Task<std::vector<margin::Missing>> read_authorisations(Reader& chain, Address wallet,
                                                           std::vector<std::size_t> which);
    [[nodiscard]] std::vector<std::size_t> listed_pre_liquidations() const;
    [[nodiscard]] std::vector<std::size_t> discovered_pre_liquidations(
        const std::set<Bytes32>& markets) const;
    void attach_pre_liquidations(Slot& slot) const;
    void note_failed_scan(const std::string& what, const ChainError& failure);

    DeploymentConfig config_;
    AdapterOptions options_;
    std::vector<std::unique_ptr<Slot>> slots_;         ///< by pointer: shared tasks do not move
    std::vector<std::unique_ptr<PreSlot>> pre_slots_;  ///< likewise
    std::optional<SharedTask<Address>> fee_recipient_;
    std::optional<SharedTask<bool>> discovered_;
    std::optional<SharedTask<bool>> listed_pre_liquidations_;
    bool is_complete_ = false;          ///< the scan for markets came to its end
    bool is_any_read_ = false;          ///< of some wallet and market
    std::set<Address> unread_wallets_;  ///< of which no position was read: one gap says so
    std::vector<margin::Missing> apart_;
};

std::vector<chains::LogFilter> MorphoAdapter::scans() const {
    std::vector<chains::LogFilter> out;
    if (scans_events()) {
        out.push_back(created_markets(config_.morpho, config_.from_block));
        if (config_.pre_liquidation_factory) {
            out.push_back(
                created_pre_liquidations(*config_.pre_liquidation_factory, config_.from_block));
        }
    }
    return out;
}

Task<std::optional<AccountEvents>> MorphoAdapter::account_events(Reader& /*chain*/) {
    std::optional<AccountEvents> events = morpho_blue::account_events(config_);
    co_return events;
}

void MorphoAdapter::begin(Reader& chain) {
    if (fee_recipient_) {
        return;
    }
    fee_recipient_.emplace(ask_fee_recipient(chain, config_.morpho));
    fee_recipient_->start();
    for (const Bytes32& id : config_.market_ids) {
        Slot& slot = add_slot(chain, id);
        slot.is_configured = true;
        slot.basics->start();  // whether there is such a market is asked at once
    }
    for (const Address& contract : config_.pre_liquidations) {
        add_pre_slot(chain, contract).shared->start();
    }
    listed_pre_liquidations_.emplace(read_listed_pre_liquidations());
    listed_pre_liquidations_->start();
    discovered_.emplace(discover(chain));
    discovered_->start();
}

MorphoAdapter::Slot& MorphoAdapter::add_slot(Reader& chain, const Bytes32& id) {
    const std::size_t index = slots_.size();
    Slot& slot = *slots_.emplace_back(std::make_unique<Slot>());
    slot.id = id;
    slot.basics.emplace(read_basics(chain, index));
    slot.details.emplace(read_details(chain, index));
    return slot;
}

MorphoAdapter::PreSlot& MorphoAdapter::add_pre_slot(Reader& chain, const Address& contract) {
    const std::size_t index = pre_slots_.size();
    PreSlot& slot = *pre_slots_.emplace_back(std::make_unique<PreSlot>());
    slot.address = contract;
    slot.shared.emplace(read_pre_liquidation(chain, index));
    return slot;
}

void MorphoAdapter::note_failed_scan(const std::string& what, const ChainError& failure) {
    apart_.push_back({.wallet = std::nullopt,
                      .what = "the search for " + what + " in events",
                      .kind = failure.kind(),
                      .detail = std::string(failure.what()) + "; " + what + " may be missing"});
}

Task<bool> MorphoAdapter::discover(Reader& chain) {
    if (!scans_events()) {
        co_return true;
    }
    const auto markets =
        co_await discover_markets(chain, created_markets(config_.morpho, config_.from_block));
    for (const DiscoveredMarket& market : markets.found) {
        const auto known = std::find_if(slots_.begin(), slots_.end(),
                                        [&](const auto& slot) { return slot->id == market.id; });
        Slot& slot = known == slots_.end() ? add_slot(chain, market.id) : **known;
        slot.is_discovered = true;
        slot.state.params = to_params(market.params);
    }
    is_complete_ = !markets.failure;
    if (markets.failure) {
        note_failed_scan("markets", *markets.failure);
    }
    if (!config_.pre_liquidation_factory) {
        co_return true;
    }
    const auto contracts = co_await discover_pre_liquidations(
        chain, created_pre_liquidations(*config_.pre_liquidation_factory, config_.from_block));
    for (const DiscoveredPreLiquidation& found : contracts.found) {
        const bool is_known =
            std::any_of(pre_slots_.begin(), pre_slots_.end(),
                        [&](const auto& slot) { return slot->address == found.contract; });
        if (!is_known) {
            add_pre_slot(chain, found.contract).market_id = found.market_id;
        }
    }
    if (contracts.failure) {
        note_failed_scan("pre-liquidation contracts", *contracts.failure);
    }
    co_return true;
}

/// Parameters, where no event told them, and totals.
Task<bool> MorphoAdapter::read_basics(Reader& chain, std::size_t index) {
    Slot& slot = *slots_[index];  // stays where it is
    State& state = slot.state;
    const std::string source = config_.morpho.to_string();
    auto asked_market = chain.call(config_.morpho, MarketOf{}, slot.id);
    if (!slot.is_discovered) {
        auto asked_params = chain.call(config_.morpho, IdToMarketParams{}, slot.id);
        const ParamsTuple params = co_await asked_params;
        slot.totals = co_await asked_market;
        if (std::get<4>(slot.totals).value == 0) {
            throw ChainError(ErrorKind::BadData, source + " market",
                             "there is no market " + core::to_hex(slot.id));
        }
        if (id_of(params) != slot.id) {
            throw ChainError(ErrorKind::BadData, source + " idToMarketParams",
                             "the parameters are not those of market " + core::to_hex(slot.id));
        }
        state.params = to_params(params);
    } else {
        slot.totals = co_await asked_market;
    }
    const auto& [supply_assets, supply_shares, borrow_assets, borrow_shares, updated, fee] =
        slot.totals;
    if (updated.value == 0 || updated.value > chain.block().timestamp.value()) {
        throw ChainError(ErrorKind::BadData, source + " market",
                         updated.value == 0 ? "there is no market " + core::to_hex(slot.id)
                                            : "the last update lies after the block");
    }
    state.name = {.protocol = "morpho_blue", .chain = config_.chain, .name = core::to_hex(slot.id)};
    state.morpho = config_.morpho;
    state.block_time = chain.block().timestamp;
    state.totals = {supply_assets.value, supply_shares.value, borrow_assets.value,
                    borrow_shares.value};
    state.last_update = core::Timestamp(static_cast<std::uint64_t>(updated.value));
    state.fee = fee.value;
    slot.is_there = true;
    co_return true;
}

/// Price, rate and tokens.
Task<bool> MorphoAdapter::read_details(Reader& chain, std::size_t index) {
    Slot& slot = *slots_[index];  // stays where it is
    State& state = slot.state;
    static_cast<void>(co_await *slot.basics);
    const ParamsTuple params = to_tuple(state.params);
    const Address irm = state.params.irm;
    const bool is_adaptive = config_.adaptive_curve_irms.contains(irm);
    SharedTask model(irm.is_zero() ? read_no_model()
                     : is_adaptive ? read_adaptive_model(chain, irm, slot.id, params, slot.totals,
                                                         options_.verify)
                                   : read_quoted_model(chain, irm, params, slot.totals));
    SharedTask price(read_price(chain, state.params.oracle));
    SharedTask loan_symbol(read_symbol(chain, state.params.loan_token));
    SharedTask collateral_symbol(read_symbol(chain, state.params.collateral_token));
    std::vector<Task<unsigned>> decimals;
    decimals.push_back(read_decimals(chain, state.params.loan_token));
    decimals.push_back(read_decimals(chain, state.params.collateral_token));
    SharedTask both_decimals(chains::settle_all(std::move(decimals)));
    model.start();
    price.start();
    loan_symbol.start();
    collateral_symbol.start();
    both_decimals.start();

    state.fee_recipient = co_await *fee_recipient_;
    const ModelReading& rate = co_await model;
    state.model = rate.model;
    slot.referee_rate = rate.referee_rate;
    const PriceReading& answer = co_await price;
    if (answer.answer) {
        state.price = margin::PriceQuote{
            .answer = *answer.answer, .source = state.params.oracle, .updated_at = std::nullopt};
    }
    state.price_trouble = answer.trouble;
    state.loan.symbol = co_await loan_symbol;
    state.collateral.symbol = co_await collateral_symbol;
    const auto& units = co_await both_decimals;
    const auto take_decimals = [&](std::size_t at, Token& token) {
        if (units[at]) {
            token.decimals = *units[at];
        } else {  // no arithmetic needs them: the account stands, shown in base units
            state.unread.push_back({.wallet = std::nullopt,
                                    .what = "decimals of " + token.symbol,
                                    .kind = units[at].error().kind(),
                                    .detail = units[at].error().what()});
        }
    };
    take_decimals(0, state.loan);
    take_decimals(1, state.collateral);
    slot.is_read = true;
    co_return true;
}

/// Whether the wallet holds something there.
Task<bool> MorphoAdapter::read_position(Reader& chain, std::size_t index, Address wallet) {
    Slot& slot = *slots_[index];  // stays where it is
    const auto position =
        co_await chain.call_of(wallet, config_.morpho, PositionOf{}, slot.id, wallet);
    Account read;
    read.wallet = wallet;
    read.supply_shares = std::get<0>(position);
    read.borrow_shares = std::get<1>(position).value;
    read.collateral = std::get<2>(position).value;
    // The fee recipient earns shares that are not stored yet.
    const Address fee_recipient = co_await *fee_recipient_;
    const bool holds = !read.is_empty();
    if (!holds && wallet != fee_recipient && !options_.for_book) {
        co_return false;
    }
    slot.is_needed = true;
    static_cast<void>(co_await *slot.details);
    const bool is_asked = holds || options_.for_book;
    if (options_.note_price_source && is_asked && !slot.state.params.oracle.is_zero()) {
        options_.note_price_source(slot.state.params.oracle, margin::PriceQuestion::Price);
    }
    if (options_.verify && holds) {
        read.referee.emplace();
        read.referee->borrow_rate = slot.referee_rate;
        const bool is_known = slot.state.price && slot.state.model.trouble.detail.empty();
        if (read.borrow_shares != 0 && is_known) {
            read.referee->is_healthy = co_await ask_whether_healthy(
                chain, config_.morpho, to_tuple(slot.state.params), wallet);
        }
        if (read.borrow_shares != 0 && !read.referee->is_healthy) {
            read.referee.reset();  // nothing to compare with
        }
    }
    slot.state.accounts.push_back(std::move(read));
    co_return holds;
}

/// What was asked for of a market without a position in it; a listed one has to exist.
Task<bool> MorphoAdapter::await_shared(std::size_t index) {
    Slot& slot = *slots_[index];
    if (slot.is_configured) {
        static_cast<void>(co_await *slot.basics);
    }
    if (slot.is_needed) {
        static_cast<void>(co_await *slot.details);
    }
    co_return true;
}

Task<bool> MorphoAdapter::await_details(std::size_t index) {
    const bool is_read = co_await *slots_[index]->details;
    co_return is_read;
}

Task<bool> MorphoAdapter::read_pre_liquidation(Reader& chain, std::size_t index) {
    PreSlot& slot = *pre_slots_[index];  // stays where it is
    const Address contract = slot.address;
    auto asked_morpho = chain.call(contract, PreLiquidationMorpho{});
    auto asked_id = chain.call(contract, PreLiquidationId{});
    auto asked_params = chain.call(contract, PreLiquidationParams{});
    if (co_await asked_morpho != config_.morpho) {
        throw ChainError(ErrorKind::BadData, contract.to_string() + " MORPHO",
                         "it is a pre-liquidation contract of another Morpho");
    }
    slot.market_id = co_await asked_id;
    PreLiquidation by;
    by.contract = contract;
    std::tie(by.pre_lltv, by.close_factor_at_pre_lltv, by.close_factor_at_lltv,
             by.incentive_at_pre_lltv, by.incentive_at_lltv, by.oracle) = co_await asked_params;
    const PriceReading price = co_await read_price(chain, by.oracle);
    by.price = price.answer;
    slot.contract = by;
    co_return true;
}

Task<bool> MorphoAdapter::await_pre_liquidation(std::size_t index) {
    const bool is_read = co_await *pre_slots_[index]->shared;
    co_return is_read;
}

/// A contract that a list names and that cannot be read is a gap, whoever authorised it.
Task<bool> MorphoAdapter::read_listed_pre_liquidations() {
    std::vector<Task<bool>> reading;
    for (std::size_t index = 0; index < config_.pre_liquidations.size(); ++index) {
        reading.push_back(await_pre_liquidation(index));
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
        if (!outcomes[index]) {
            apart_.push_back(
                {.wallet = std::nullopt,
                 .what = "pre-liquidation contract " + config_.pre_liquidations[index].to_string(),
                 .kind = outcomes[index].error().kind(),
                 .detail = outcomes[index].error().what()});
        }
    }
    co_return true;
}

/// Whether the wallet authorised the contract, and if so, what the contract may do.
Task<bool> MorphoAdapter::read_authorisation(Reader& chain, std::size_t index, Address wallet) {
    PreSlot& slot = *pre_slots_[index];
    if (co_await chain.call_of(wallet, config_.morpho, IsAuthorized{}, wallet, slot.address)) {
        slot.authorised_by.insert(wallet);
        if (index >= config_.pre_liquidations.size()) {
            static_cast<void>(co_await *slot.shared);
        }
    }
    co_return true;
}

/// What could not be read of it.
Task<std::vector<margin::Missing>> MorphoAdapter::read_authorisations(
    Reader& chain, Address wallet, std::vector<std::size_t> which) {
    std::vector<Task<bool>> reading;
    reading.reserve(which.size());
    for (const std::size_t index : which) {
        reading.push_back(read_authorisation(chain, index, wallet));
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    std::vector<margin::Missing> missing;
    for (std::size_t i = 0; i < which.size(); ++i) {
        if (!outcomes[i]) {
            missing.push_back({.wallet = wallet,
                               .what = "authorisation of pre-liquidation contract " +
                                       pre_slots_[which[i]]->address.to_string(),
                               .kind = outcomes[i].error().kind(),
                               .detail = outcomes[i].error().what()});
        }
    }
    co_return missing;
}

std::vector<std::size_t> MorphoAdapter::listed_pre_liquidations() const {
    std::vector<std::size_t> out(config_.pre_liquidations.size());
    std::iota(out.begin(), out.end(), std::size_t{0});
    return out;
}

/// Those of markets that the wallet is in: a factory has made hundreds.
std::vector<std::size_t> MorphoAdapter::discovered_pre_liquidations(
    const std::set<Bytes32>& markets) const {
    std::vector<std::size_t> out;
    for (std::size_t index = config_.pre_liquidations.size(); index < pre_slots_.size(); ++index) {
        if (markets.contains(pre_slots_[index]->market_id.value_or(Bytes32{}))) {
            out.push_back(index);
        }
    }
    return out;
}

Task<void> MorphoAdapter::read(Reader& chain, Address wallet) {
    begin(chain);
    static_cast<void>(co_await *discovered_);
    if (slots_.empty()) {
        if (!is_complete_) {
            throw ChainError(apart_.front().kind, apart_.front().what, apart_.front().detail);
        }
        is_any_read_ = true;  // Morpho has no market yet
        co_return;
    }
    const std::size_t count = slots_.size();
    SharedTask listed(read_authorisations(chain, wallet, listed_pre_liquidations()));
    listed.start();
    std::vector<Task<bool>> reading;
    for (std::size_t index = 0; index < count; ++index) {
        reading.push_back(read_position(chain, index, wallet));
    }
    const auto positions = co_await chains::settle_all(std::move(reading));
    // Where a position could not be read, its market is shown with an account that is unknown.
    std::vector<Task<bool>> sharing;
    for (std::size_t index = 0; index < count; ++index) {
        sharing.push_back(positions[index] ? await_shared(index) : await_details(index));
    }
    const auto shared = co_await chains::settle_all(std::move(sharing));
    static_cast<void>(co_await *listed_pre_liquidations_);
    std::vector<margin::Missing> unasked = co_await listed;

    // A market may fail alone; only where all do is it the wallet's, or the deployment's, failure.
    const ChainError* first = nullptr;
    bool is_any_read = false;
    std::set<Bytes32> holding;
    for (std::size_t index = 0; index < count; ++index) {
        Slot& slot = *slots_[index];
        if (!shared[index]) {
            slot.failure = shared[index].error();
        }
        if (positions[index]) {
            is_any_read = is_any_read || shared[index].has_value();
            if (*positions[index]) {
                holding.insert(slot.id);
            }
            continue;
        }
        const ChainError& error = shared[index] ? positions[index].error() : shared[index].error();
        first = first == nullptr ? &error : first;
        if (shared[index]) {
            Account& unread = slot.state.accounts.emplace_back();
            unread.wallet = wallet;
            unread.trouble = {.detail = error.what(), .kind = error.kind()};
        }
    }
    if (!is_any_read) {
        unread_wallets_.insert(wallet);
        throw ChainError(first != nullptr ? *first : *slots_.front()->failure);
    }
    is_any_read_ = true;
    const std::vector<margin::Missing> more =
        co_await read_authorisations(chain, wallet, discovered_pre_liquidations(holding));
    unasked.insert(unasked.end(), more.begin(), more.end());
    apart_.insert(apart_.end(), unasked.begin(), unasked.end());
}

void MorphoAdapter::attach_pre_liquidations(Slot& slot) const {
    for (const std::unique_ptr<PreSlot>& pre : pre_slots_) {
        if (pre->contract.contract.is_zero() || pre->market_id != slot.id) {
            continue;
        }
        const std::size_t place = slot.state.pre_liquidations.size();
        slot.state.pre_liquidations.push_back(pre->contract);
        for (Account& account : slot.state.accounts) {
            if (pre->authorised_by.contains(account.wallet)) {
                account.pre_liquidations.push_back(place);
            }
        }
    }
}

/// Markets in which nobody here has anything are left out, and so are rows that hold nothing: a
/// deployment has hundreds of markets, and a wallet is in a few.
std::vector<std::unique_ptr<margin::Market>> MorphoAdapter::take_markets() {
    std::vector<std::unique_ptr<margin::Market>> out;
    for (const std::unique_ptr<Slot>& slot : slots_) {
        if (!slot->is_read) {
            continue;
        }
        State& state = slot->state;
        std::erase_if(state.accounts, [&](const Account& account) {
            const bool is_fee_recipient = account.wallet == state.fee_recipient && state.fee != 0;
            return account.is_read() ? account.is_empty() && !is_fee_recipient
                                     : unread_wallets_.contains(account.wallet);
        });
        if (!state.accounts.empty() || options_.for_book) {
            attach_pre_liquidations(*slot);
            out.push_back(std::make_unique<MorphoMarket>(std::move(state)));
        }
    }
    return out;
}

std::vector<margin::Missing> MorphoAdapter::missing() const {
    if (!is_any_read_) {
        return {};  // read() said it
    }
    std::vector<margin::Missing> out = apart_;
    for (const std::unique_ptr<Slot>& slot : slots_) {
        const std::string what = "market " + core::to_hex(slot->id);
        if (slot->failure) {
            out.push_back({.wallet = std::nullopt,
                           .what = what,
                           .kind = slot->failure->kind(),
                           .detail = slot->failure->what()});
        }
        if (is_complete_ && slot->is_there && !slot->is_discovered) {
            out.push_back({.wallet = std::nullopt,
                           .what = what,
                           .kind = ErrorKind::BadData,
                           .detail = "it is there, but no event from block " +
                                     std::to_string(config_.from_block.value()) +
                                     " on created it: the endpoint's logs are not complete, or "
                                     "from_block is too late; markets may be missing"});
        }
    }
    return out;
}

}  // namespace

std::unique_ptr<Adapter> make_adapter(const settings::MarketEntry& entry,
                                      std::span<const settings::Revision> /*revisions*/,
                                      const AdapterOptions& options) {
    DeploymentConfig config = read_config(entry);
    if (!options.only_market.empty()) {
        const auto id = parse_market_id(options.only_market);
        if (!id) {
            throw core::ConfigError(entry.section.where("market_ids") + ": \"" +
                                    core::printable(options.only_market) +
                                    "\" is no market id; it takes 0x and 64 hex digits");
        }
        config.market_ids = {*id};
    }
    if (options.for_book) {  // who authorised whom is not kept
        config.pre_liquidations.clear();
        config.pre_liquidation_factory.reset();
    }
    return std::make_unique<MorphoAdapter>(std::move(config), options);
}

std::unique_ptr<margin::Market> restore_market(const core::Archive& archive) {
    return std::make_unique<MorphoMarket>(restore_state(archive));
}

std::vector<RevisionProof> describe() {
    return {{"1.0",
             "equal to the contract's own answers on a local node, unit for unit (tests/devnet); "
             "the adaptive curve by published vectors (tests/adapters/morpho_blue)"}};
}

}  // namespace margrave::adapters::morpho_blue
