#include "adapters/morpho_blue/adapter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "chains/erc20.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

/// A deployment as configured.
struct DeploymentConfig {
    std::string chain;
    Address morpho;
    std::vector<Bytes32> market_ids;
    std::set<Address> adaptive_curve_irms;
    std::vector<Address> pre_liquidations;
};

ParamsTuple to_tuple(const Params& params) {
    return {params.loan_token, params.collateral_token, params.oracle, params.irm, params.lltv};
}

/// What the hash of a market's parameters must be. MarketParamsLib.id.
Bytes32 id_of(const ParamsTuple& params) {
    chains::abi::Encoder out;
    chains::abi::Codec<ParamsTuple>::encode(params, out);
    return core::keccak256(out.out());
}

Trouble trouble_of(const ChainError& error, ErrorKind when_reverted) {
    return {.detail = error.what(),
            .kind = error.kind() == ErrorKind::Reverted ? when_reverted : error.kind()};
}

struct PriceReading {
    std::optional<U256> answer;
    Trouble trouble;
};

/// A price of 0 is one: the contract uses it. An oracle that reverts gives none.
Task<PriceReading> read_price(Reader& chain, Address oracle) {
    PriceReading out;
    if (oracle.is_zero()) {
        out.trouble = {.detail = "the market has no oracle", .kind = ErrorKind::NoPrice};
        co_return out;
    }
    const auto answer = co_await chain.try_call(oracle, Price{});
    if (answer) {
        out.answer = *answer;
    } else {
        out.trouble = trouble_of(answer.error(), ErrorKind::NoPrice);
    }
    co_return out;
}

/// The rate model, and under verification what the IRM itself says of the rate.
struct ModelReading {
    RateModel model;
    std::optional<U256> referee_rate;
};

Task<ModelReading> read_adaptive_model(Reader& chain, Address irm, Bytes32 id, ParamsTuple params,
                                       MarketTuple market, bool verify) {
    ModelReading out;
    out.model.kind = RateModel::Kind::AdaptiveCurve;
    auto asked = chain.try_call(irm, RateAtTarget{}, id);
    if (verify) {
        const auto rate = co_await chain.try_call(irm, BorrowRateView{}, params, market);
        out.referee_rate = rate ? std::optional(*rate) : std::nullopt;
    }
    const auto rate_at_target = co_await asked;
    if (!rate_at_target) {
        out.model.trouble = trouble_of(rate_at_target.error(), ErrorKind::Reverted);
    } else if (rate_at_target->negative || rate_at_target->magnitude >> 128U != 0) {
        out.model.trouble = {.detail = irm.to_string() + " rateAtTarget is out of range",
                             .kind = ErrorKind::BadData};
    } else {
        out.model.rate_at_target = rate_at_target->magnitude;
    }
    co_return out;
}

Task<ModelReading> read_quoted_model(Reader& chain, Address irm, ParamsTuple params,
                                     MarketTuple market) {
    ModelReading out;
    out.model.kind = RateModel::Kind::Quoted;
    const auto rate = co_await chain.try_call(irm, BorrowRateView{}, params, market);
    if (rate) {
        out.model.rate = *rate;
    } else {
        out.model.trouble = trouble_of(rate.error(), ErrorKind::Reverted);
    }
    co_return out;
}

Task<ModelReading> read_no_model() { co_return ModelReading{}; }

/// Zero is what an idle market has for a collateral token.
Task<std::string> read_symbol(Reader& chain, Address token) {
    if (token.is_zero()) {
        co_return std::string("none");
    }
    std::string symbol = co_await chains::erc20::read_symbol(chain, token);
    co_return symbol;
}

Task<unsigned> read_decimals(Reader& chain, Address token) {
    if (token.is_zero()) {
        co_return 0U;
    }
    const unsigned decimals = co_await chains::erc20::read_decimals(chain, token);
    co_return decimals;
}

/// Whether the contract takes the position for healthy, heard from a liquidation of one unit that
/// is only simulated: its first refusal for a healthy position is to say so, and for another one it
/// comes to something else. Order of checks: Morpho.liquidate.
Task<std::optional<bool>> ask_whether_healthy(Reader& chain, Address morpho, ParamsTuple params,
                                              Address wallet) {
    const auto outcome = co_await chain.try_call(morpho, LiquidateCall{}, params, wallet, U256(1),
                                                 U256(0), core::Bytes{});
    std::optional<bool> out;
    if (outcome) {
        out = false;
    } else if (outcome.error().kind() == ErrorKind::Reverted) {
        const std::string& why = outcome.error().detail();
        if (why.find("position is healthy") != std::string::npos) {
            out = true;
        } else if (why.find("without a reason") == std::string::npos) {
            out = false;  // no silence of an aggregate's gas: the contract went on beyond the check
        }
    }
    co_return out;
}

class MorphoAdapter final : public Adapter {
  public:
    MorphoAdapter(DeploymentConfig config, AdapterOptions options)
        : config_(std::move(config)), options_(options) {}

    Task<void> read(Reader& chain, Address wallet) override;
    std::vector<std::unique_ptr<margin::Market>> take_markets() override;
    std::vector<margin::Missing> missing() const override;

  private:
    /// A configured market being read.
    struct Slot {
        Bytes32 id{};
        State state;
        std::optional<U256> referee_rate;
        bool is_read = false;               ///< what its accounts share
        std::optional<ChainError> failure;  ///< why not
        std::optional<SharedTask<bool>> shared;
    };
    /// A configured pre-liquidation contract being read.
    struct PreSlot {
        Bytes32 market_id{};
        PreLiquidation contract;
        std::set<Address> authorised_by;
    };

    void begin(Reader& chain);
    Task<bool> read_shared(Reader& chain, std::size_t index);
    Task<bool> read_position(Reader& chain, std::size_t index, Address wallet);
    Task<bool> await_shared(std::size_t index);
    Task<bool> read_pre_liquidation(Reader& chain, std::size_t index);
    Task<bool> read_authorisation(Reader& chain, std::size_t index, Address wallet);
    Task<bool> read_pre_liquidations(Reader& chain);
    void attach_pre_liquidations(Slot& slot) const;

    DeploymentConfig config_;
    AdapterOptions options_;
    std::vector<std::unique_ptr<Slot>> slots_;  ///< by pointer: shared tasks do not move
    std::vector<PreSlot> pre_slots_;
    std::optional<SharedTask<Address>> fee_recipient_;
    std::optional<SharedTask<bool>> pre_shared_;
    std::set<Address> unread_wallets_;  ///< of which no position was read: one gap says so
    std::vector<margin::Missing> apart_;
};

Task<Address> ask_fee_recipient(Reader& chain, Address morpho) {
    const Address recipient = co_await chain.call(morpho, FeeRecipient{});
    co_return recipient;
}

void MorphoAdapter::begin(Reader& chain) {
    if (fee_recipient_) {
        return;
    }
    fee_recipient_.emplace(ask_fee_recipient(chain, config_.morpho));
    fee_recipient_->start();
    for (std::size_t index = 0; index < config_.market_ids.size(); ++index) {
        slots_.push_back(std::make_unique<Slot>());
        slots_[index]->id = config_.market_ids[index];
        slots_[index]->shared.emplace(read_shared(chain, index));
        slots_[index]->shared->start();
    }
    pre_slots_.resize(config_.pre_liquidations.size());
    pre_shared_.emplace(read_pre_liquidations(chain));
    pre_shared_->start();
}

Task<bool> MorphoAdapter::read_shared(Reader& chain, std::size_t index) {
    Slot& slot = *slots_[index];  // stays where it is
    State& state = slot.state;
    const std::string source = config_.morpho.to_string();
    auto asked_params = chain.call(config_.morpho, IdToMarketParams{}, slot.id);
    auto asked_market = chain.call(config_.morpho, MarketOf{}, slot.id);
    const ParamsTuple params = co_await asked_params;
    const MarketTuple market = co_await asked_market;
    const auto& [supply_assets, supply_shares, borrow_assets, borrow_shares, updated, fee] = market;
    if (updated.value == 0) {
        throw ChainError(ErrorKind::BadData, source + " market",
                         "there is no market " + core::to_hex(slot.id));
    }
    if (id_of(params) != slot.id) {
        throw ChainError(ErrorKind::BadData, source + " idToMarketParams",
                         "the parameters are not those of market " + core::to_hex(slot.id));
    }
    if (updated.value > chain.block().timestamp.value()) {
        throw ChainError(ErrorKind::BadData, source + " market",
                         "the last update lies after the block");
    }
    state.name = {.protocol = "morpho_blue", .chain = config_.chain, .name = core::to_hex(slot.id)};
    state.morpho = config_.morpho;
    state.block_time = chain.block().timestamp;
    std::tie(state.params.loan_token, state.params.collateral_token, state.params.oracle,
             state.params.irm, state.params.lltv) = params;
    state.totals = {supply_assets.value, supply_shares.value, borrow_assets.value,
                    borrow_shares.value};
    state.last_update = core::Timestamp(static_cast<std::uint64_t>(updated.value));
    state.fee = fee.value;

    const Address irm = state.params.irm;
    const bool is_adaptive = config_.adaptive_curve_irms.contains(irm);
    SharedTask model(irm.is_zero() ? read_no_model()
                     : is_adaptive
                         ? read_adaptive_model(chain, irm, slot.id, params, market, options_.verify)
                         : read_quoted_model(chain, irm, params, market));
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

Task<bool> MorphoAdapter::read_position(Reader& chain, std::size_t index, Address wallet) {
    Slot& slot = *slots_[index];  // stays where it is; its accounts do not
    const std::size_t row = slot.state.accounts.size();
    slot.state.accounts.emplace_back().wallet = wallet;
    slot.state.accounts[row].trouble = {.detail = "not finished", .kind = ErrorKind::ServerFault};
    const auto position = co_await chain.call(config_.morpho, PositionOf{}, slot.id, wallet);
    Account read;
    read.wallet = wallet;
    read.supply_shares = std::get<0>(position);
    read.borrow_shares = std::get<1>(position).value;
    read.collateral = std::get<2>(position).value;
    static_cast<void>(co_await *slot.shared);
    if (options_.verify && !read.is_empty()) {
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
    slot.state.accounts[row] = std::move(read);
    co_return true;
}

Task<bool> MorphoAdapter::await_shared(std::size_t index) {
    const bool is_read = co_await *slots_[index]->shared;
    co_return is_read;
}

Task<bool> MorphoAdapter::read_pre_liquidation(Reader& chain, std::size_t index) {
    const Address contract = config_.pre_liquidations[index];
    auto asked_morpho = chain.call(contract, PreLiquidationMorpho{});
    auto asked_id = chain.call(contract, PreLiquidationId{});
    auto asked_params = chain.call(contract, PreLiquidationParams{});
    if (co_await asked_morpho != config_.morpho) {
        throw ChainError(ErrorKind::BadData, contract.to_string() + " MORPHO",
                         "it is a pre-liquidation contract of another Morpho");
    }
    PreSlot read;
    read.market_id = co_await asked_id;
    PreLiquidation& by = read.contract;
    by.contract = contract;
    std::tie(by.pre_lltv, by.close_factor_at_pre_lltv, by.close_factor_at_lltv,
             by.incentive_at_pre_lltv, by.incentive_at_lltv, by.oracle) = co_await asked_params;
    const PriceReading price = co_await read_price(chain, by.oracle);
    by.price = price.answer;
    read.authorised_by = std::move(pre_slots_[index].authorised_by);
    pre_slots_[index] = std::move(read);
    co_return true;
}

Task<bool> MorphoAdapter::read_pre_liquidations(Reader& chain) {
    std::vector<Task<bool>> reading;
    for (std::size_t index = 0; index < pre_slots_.size(); ++index) {
        reading.push_back(read_pre_liquidation(chain, index));
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

Task<bool> MorphoAdapter::read_authorisation(Reader& chain, std::size_t index, Address wallet) {
    const Address contract = config_.pre_liquidations[index];
    if (co_await chain.call(config_.morpho, IsAuthorized{}, wallet, contract)) {
        pre_slots_[index].authorised_by.insert(wallet);
    }
    co_return true;
}

Task<void> MorphoAdapter::read(Reader& chain, Address wallet) {
    begin(chain);
    std::vector<Task<bool>> reading;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        reading.push_back(read_position(chain, index, wallet));
    }
    for (std::size_t index = 0; index < pre_slots_.size(); ++index) {
        reading.push_back(read_authorisation(chain, index, wallet));
    }
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        reading.push_back(await_shared(index));
    }
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    static_cast<void>(co_await *pre_shared_);

    // A market may fail alone; only where all do is it the wallet's, or the deployment's, failure.
    const std::size_t first_shared = slots_.size() + pre_slots_.size();
    const ChainError* first = nullptr;
    bool is_any_read = false;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        if (outcomes[index]) {
            is_any_read = true;
            continue;
        }
        const auto& shared = outcomes[first_shared + index];
        const ChainError& error = shared ? outcomes[index].error() : shared.error();
        first = first == nullptr ? &error : first;
        Slot& slot = *slots_[index];
        if (!shared) {
            slot.failure = error;
            continue;
        }
        for (Account& account : slot.state.accounts) {
            if (account.wallet == wallet && !account.is_read()) {
                account.trouble = {.detail = error.what(), .kind = error.kind()};
            }
        }
    }
    for (std::size_t index = 0; index < pre_slots_.size(); ++index) {
        const auto& outcome = outcomes[slots_.size() + index];
        if (is_any_read && !outcome) {
            apart_.push_back({.wallet = wallet,
                              .what = "authorisation of pre-liquidation contract " +
                                      config_.pre_liquidations[index].to_string(),
                              .kind = outcome.error().kind(),
                              .detail = outcome.error().what()});
        }
    }
    if (!is_any_read) {
        unread_wallets_.insert(wallet);
        throw ChainError(*first);
    }
}

void MorphoAdapter::attach_pre_liquidations(Slot& slot) const {
    for (const PreSlot& pre : pre_slots_) {
        if (pre.contract.contract.is_zero() || pre.market_id != slot.id) {
            continue;
        }
        const std::size_t place = slot.state.pre_liquidations.size();
        slot.state.pre_liquidations.push_back(pre.contract);
        for (Account& account : slot.state.accounts) {
            if (pre.authorised_by.contains(account.wallet)) {
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
        if (!state.accounts.empty()) {
            attach_pre_liquidations(*slot);
            out.push_back(std::make_unique<MorphoMarket>(std::move(state)));
        }
    }
    return out;
}

std::vector<margin::Missing> MorphoAdapter::missing() const {
    const bool is_any_read =
        std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->is_read; });
    if (!is_any_read) {
        return {};  // read() said it
    }
    std::vector<margin::Missing> out = apart_;
    for (const std::unique_ptr<Slot>& slot : slots_) {
        if (slot->failure) {
            out.push_back({.wallet = std::nullopt,
                           .what = "market " + core::to_hex(slot->id),
                           .kind = slot->failure->kind(),
                           .detail = slot->failure->what()});
        }
    }
    return out;
}

[[noreturn]] void refuse(const settings::Section& section, std::string_view key,
                         const std::string& why) {
    throw core::ConfigError(section.where(key) + ": " + why);
}

std::vector<Address> read_addresses(const settings::Section& section, std::string_view key) {
    std::vector<Address> out;
    for (const std::string& text : section.texts(key)) {
        const auto address = Address::try_parse(text);
        if (!address) {
            refuse(section, key, address.error());
        }
        out.push_back(*address);
    }
    return out;
}

std::vector<Bytes32> read_market_ids(const settings::Section& section) {
    std::vector<Bytes32> out;
    for (const std::string& text : section.texts("market_ids")) {
        const auto bytes = core::parse_hex(text);
        if (!bytes || bytes->size() != std::tuple_size_v<Bytes32>) {
            refuse(section, "market_ids",
                   "\"" + core::printable(text, 80) +
                       "\" is no market id; it takes 0x and 64 hex digits");
        }
        Bytes32 id{};
        std::copy(bytes->begin(), bytes->end(), id.begin());
        if (std::find(out.begin(), out.end(), id) != out.end()) {
            refuse(section, "market_ids", text + " stands there twice");
        }
        out.push_back(id);
    }
    if (out.empty()) {
        refuse(section, "market_ids",
               "key `market_ids` is missing or empty; it takes the ids of the markets to read: "
               "margrave cannot discover them yet");
    }
    return out;
}

}  // namespace

std::unique_ptr<Adapter> make_adapter(const settings::MarketEntry& entry,
                                      std::span<const settings::Revision> /*revisions*/,
                                      const AdapterOptions& options) {
    DeploymentConfig config;
    config.chain = entry.chain;
    config.morpho = entry.section.address("morpho");
    config.market_ids = read_market_ids(entry.section);
    for (const Address& irm : read_addresses(entry.section, "adaptive_curve_irms")) {
        config.adaptive_curve_irms.insert(irm);
    }
    config.pre_liquidations = read_addresses(entry.section, "pre_liquidations");
    entry.section.reject_unknown_keys();
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
