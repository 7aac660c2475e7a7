#include "adapters/morpho_blue/market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/fixed_point.hpp"
#include "margin/book.hpp"
#include "margin/guard.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using core::Address;
using core::ErrorKind;

/// An LLTV is a whole number of these per basis point.
const U256& wad_of_a_bps() {
    static const U256 value = core::wad() / core::percentage_factor();
    return value;
}

core::Bps to_bps(const U256& lltv) {
    if (lltv <= core::wad()) {  // as every market's is
        constexpr std::uint64_t kWadOfABps = 100'000'000'000'000;
        return core::Bps(static_cast<std::uint32_t>(static_cast<std::uint64_t>(lltv) / kWadOfABps));
    }
    return core::Bps(static_cast<std::uint32_t>(U256(lltv / wad_of_a_bps())));
}

/// "86.25 %", rounded down.
std::string percent(const U256& wad) { return core::format_fixed(wad, 16, 2) + " %"; }

/// price() turns base units into base units at 1e36, so a whole loan token for a whole collateral
/// token is 10^(36 + loan decimals - collateral decimals).
std::optional<U256> unit_of(unsigned loan_decimals, unsigned collateral_decimals) {
    constexpr unsigned kPriceDecimals = 36;
    return margin::value_or_nothing([&] {
        return U256(core::pow10(kPriceDecimals + loan_decimals) / core::pow10(collateral_decimals));
    });
}

}  // namespace

Accrued accrue_to(const State& state, core::Timestamp time) {
    const std::uint64_t seconds = (time - state.last_update).value();
    Accrued out{.totals = state.totals,
                .fee_shares = 0,
                .rate = 0,
                .rate_at_target = state.model.rate_at_target};
    switch (state.model.kind) {
        case RateModel::Kind::None:
            return out;
        case RateModel::Kind::AdaptiveCurve: {
            const AdaptiveRate rate =
                adaptive_rate(state.model.rate_at_target, state.totals, seconds);
            out.rate = rate.average;
            // Within the block of the last update the contract does not ask its IRM again.
            out.rate_at_target =
                seconds == 0 ? state.model.rate_at_target : rate.end_rate_at_target;
            break;
        }
        case RateModel::Kind::Quoted:
            out.rate = state.model.rate.value();
            break;
    }
    const Accrual grown = morpho_blue::accrue(state.totals, out.rate, state.fee, seconds);
    out.totals = grown.totals;
    out.fee_shares = grown.fee_shares;
    return out;
}

MorphoMarket::MorphoMarket(State state) : state_(std::move(state)), time_(state_.block_time) {
    look_at_time();
}

/// Interest up to time_, once for all accounts.
void MorphoMarket::look_at_time() {
    now_.reset();
    borrowed_.reset();
    no_interest_because_.clear();
    const bool is_stored = time_ == state_.last_update;
    if (const std::string& trouble = state_.model.trouble.detail; trouble.empty()) {
        now_ = margin::value_or_nothing([&] { return accrue_to(state_, time_); });
    } else if (is_stored) {
        now_ = Accrued{.totals = state_.totals, .fee_shares = 0, .rate = 0, .rate_at_target = 0};
    } else {
        no_interest_because_ = "no borrow rate: " + trouble;
        return;
    }
    if (now_) {
        borrowed_ = margin::value_or_nothing([&] { return now_->totals.borrow(); });
    }
    if (!borrowed_) {
        now_.reset();
        no_interest_because_ = "the contract's own interest arithmetic reverts";
    }
}

Address MorphoMarket::wallet(std::size_t row) const { return state_.accounts.at(row).wallet; }

bool MorphoMarket::is_active(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    return !account.is_read() || !account.is_empty() || supply_shares_of(account) != 0;
}

/// Shares of the fee that is not stored yet are the fee recipient's already.
U256 MorphoMarket::supply_shares_of(const Account& account) const {
    const bool gains = now_ && account.wallet == state_.fee_recipient;
    return gains ? U256(account.supply_shares + now_->fee_shares) : account.supply_shares;
}

/// Base units of the loan token, rounded up; nullopt when interest is not known.
std::optional<U256> MorphoMarket::debt_of(const Account& account) const {
    if (account.borrow_shares == 0) {
        return U256(0);
    }
    if (!borrowed_) {
        return std::nullopt;
    }
    return to_assets_up<Exact>(account.borrow_shares, *borrowed_);
}

/// What keeps the account's health from being known; "" when nothing does.
std::string MorphoMarket::trouble(const Account& account) const {
    if (!account.is_read()) {
        return "the position could not be read: " + account.trouble.detail;
    }
    if (account.borrow_shares == 0) {
        return "";
    }
    if (!now_) {
        return no_interest_because_;
    }
    return state_.price ? "" : "no oracle price: " + state_.price_trouble.detail;
}

margin::Health MorphoMarket::known_health(const Account& account) const {
    margin::Health out;
    out.collateral = account.collateral;
    out.debt = debt_of(account);
    out.liquidation_threshold = to_bps(state_.params.lltv);
    out.max_ltv = out.liquidation_threshold;
    if (account.borrow_shares == 0) {
        out.status = margin::Status::NoDebt;
        if (state_.price) {
            out.collateral_value = margin::value_or_nothing(
                [&] { return collateral_value<Exact>(account.collateral, state_.price->answer); });
        }
        return out;
    }
    out.collateral_value = collateral_value<Exact>(account.collateral, state_.price->answer);
    const U256 limit = max_borrow<Exact>(*out.collateral_value, state_.params.lltv);
    // The ratio is margrave's own figure: a limit beyond all bounds must not make the health
    // unknown.
    const auto factor = margin::value_or_nothing(
        [&] { return core::mul_div_wide<Rounding::Down>(limit, core::wad(), *out.debt); });
    out.health_factor = core::Wad(factor.value_or(core::max_u256()));
    // The contract's own check; the floored ratio is below 1e18 in exactly the same cases.
    out.status = limit < *out.debt ? margin::Status::Liquidatable : margin::Status::Healthy;
    return out;
}

margin::Health MorphoMarket::health(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (std::string why = trouble(account); !why.empty()) {
        margin::Health unknown;
        unknown.unknown_because = std::move(why);
        if (account.is_read()) {  // what does not depend on what is missing stands
            unknown.collateral = account.collateral;
            unknown.debt =
                margin::value_or_nothing([&] { return debt_of(account); }).value_or(std::nullopt);
            unknown.liquidation_threshold = to_bps(state_.params.lltv);
            unknown.max_ltv = unknown.liquidation_threshold;
        }
        return unknown;
    }
    return margin::health_or_unknown([&] { return known_health(account); });
}

std::vector<margin::Leg> MorphoMarket::legs(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<margin::Leg> out;
    const auto add = [&](const Address& asset, const Token& token, margin::Side side,
                         std::optional<U256> amount) {
        margin::Leg leg;
        leg.asset = asset;
        leg.symbol = token.symbol;
        leg.decimals = token.decimals;
        leg.side = side;
        leg.amount = std::move(amount);
        out.push_back(std::move(leg));
    };
    if (account.collateral != 0) {
        add(state_.params.collateral_token, state_.collateral, margin::Side::Collateral,
            account.collateral);
        out.back().price = state_.price;
    }
    if (const U256 shares = supply_shares_of(account); shares != 0) {
        const auto lent = now_ ? margin::value_or_nothing([&] {
            return to_assets_down<Exact>(shares, now_->totals.supply());
        })
                               : std::nullopt;
        add(state_.params.loan_token, state_.loan, margin::Side::Supply, lent);
    }
    if (account.borrow_shares != 0) {
        const auto debt = margin::value_or_nothing([&] { return debt_of(account); });
        add(state_.params.loan_token, state_.loan, margin::Side::Debt, debt.value_or(std::nullopt));
    }
    return out;
}

std::optional<std::uint64_t> MorphoMarket::emode_category(std::size_t /*row*/) const {
    return std::nullopt;
}

/// Morpho has no pause: only its oracle or its IRM can stand in the way, by reverting.
std::vector<std::string> MorphoMarket::blocked_by(std::size_t row) const {
    std::vector<std::string> out;
    if (state_.accounts.at(row).borrow_shares == 0) {
        return out;
    }
    if (!state_.price && state_.price_trouble.kind == ErrorKind::NoPrice) {
        out.emplace_back("oracle");
    }
    if (!now_ && state_.model.trouble.kind == ErrorKind::Reverted) {
        out.emplace_back("irm");
    }
    return out;
}

/// True when a quoted rate is used for a time or a state that it was not quoted for.
bool MorphoMarket::quotes_later() const {
    return state_.model.kind == RateModel::Kind::Quoted &&
           (state_.model.is_assumed || time_ > state_.block_time);
}

std::vector<std::string> MorphoMarket::warnings(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<std::string> out;
    if (account.borrow_shares == 0 || !account.is_read()) {
        return out;
    }
    for (const std::size_t place : account.pre_liquidations) {
        out.push_back(pre_liquidation_warning(account, state_.pre_liquidations.at(place)));
    }
    if (quotes_later()) {
        out.push_back("interest is assumed to stay at the rate last known: IRM " +
                      state_.params.irm.to_string() + " is none that margrave computes");
    }
    return out;
}

/// Source: PreLiquidation.preLiquidate: from strictly above the pre-LLTV up to the LLTV itself.
std::string MorphoMarket::pre_liquidation_warning(const Account& account,
                                                  const PreLiquidation& by) const {
    std::string out = fmt::format(
        "pre-liquidation contract {} is authorised: it may act from LTV {} on, the LLTV "
        "is {}",
        by.contract.to_string(), percent(by.pre_lltv), percent(state_.params.lltv));
    const bool is_own_oracle = by.oracle != state_.params.oracle;
    const auto price = is_own_oracle  ? by.price
                       : state_.price ? std::optional(state_.price->answer)
                                      : std::nullopt;
    if (!price || !now_) {
        return out + "; whether it may now is not known";
    }
    const auto can_now = margin::value_or_nothing([&] {
        const U256 value = collateral_value<Exact>(account.collateral, *price);
        const U256 debt = debt_of(account).value();
        return debt > max_borrow<Exact>(value, by.pre_lltv) &&
               debt <= max_borrow<Exact>(value, state_.params.lltv);
    });
    return out + (can_now.value_or(false) ? "; it may now" : "; not now");
}

/// Healthy means floor(floor(c p / 1e36) lltv / 1e18) >= debt: the floors take less than lltv /
/// 1e18 and less than 1. The debt itself is exact.
std::optional<margin::LinearForm> MorphoMarket::linear_form(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (!trouble(account).empty()) {
        return std::nullopt;
    }
    if (account.borrow_shares == 0) {
        return margin::LinearForm{};
    }
    const auto debt =
        margin::value_or_nothing([&] { return debt_of(account); }).value_or(std::nullopt);
    const double collateral = Fast::of(account.collateral);
    const double lltv = Fast::of(state_.params.lltv);
    // What the check multiplies, at the greatest answer that a form may be asked about.
    const double product = collateral * Fast::of(state_.price->answer) * margin::Book::kAnswerRange;
    constexpr double kProductMax = 1e76;
    if (!debt || product > kProductMax || lltv > Fast::of(core::wad()) ||
        state_.params.collateral_token.is_zero()) {
        return std::nullopt;
    }
    return margin::LinearForm{
        .legs = {{.asset = state_.params.collateral_token,
                  .weight = max_borrow<Fast>(collateral_value<Fast>(collateral, 1), lltv),
                  .debt = 0},
                 {.asset = Address(), .weight = 0, .debt = Fast::of(*debt)}},
        .relative_slack = 0,
        .slack = 2};
}

void MorphoMarket::fast_health_factors(std::vector<double>& out) const {
    margin::fast_health_factors(*this, out);
}

std::vector<margin::OracleAnswer> MorphoMarket::answers() const {
    if (state_.params.oracle.is_zero()) {
        return {};
    }
    return {{.asset = state_.params.collateral_token,
             .symbol = state_.collateral.symbol,
             .decimals = state_.collateral.decimals,
             .denominator = state_.params.loan_token,
             .denominator_symbol = state_.loan.symbol,
             .denominator_decimals = state_.loan.decimals,
             .quote = state_.price,
             .unit = unit_of(state_.loan.decimals, state_.collateral.decimals)}};
}

void MorphoMarket::set_answer(const Address& asset, const U256& answer) {
    if (asset != state_.params.collateral_token || state_.params.oracle.is_zero()) {
        return margin::Market::set_answer(asset, answer);  // throws
    }
    state_.price = margin::PriceQuote{
        .answer = answer, .source = state_.params.oracle, .updated_at = std::nullopt};
    state_.price_trouble = {};
    for (Account& account : state_.accounts) {
        account.referee.reset();  // it spoke of another answer
    }
}

/// Healthy means floor(floor(c p / 1e36) lltv / 1e18) >= debt, which unwinds floor by floor to
/// p >= ceil(1e36 ceil(1e18 debt / lltv) / c): the answer below that is the first that fails. More
/// collateral value never hurts, so no answer above today's does.
std::optional<U256> MorphoMarket::liquidation_answer(std::size_t row, const Address& asset) const {
    const Account& account = state_.accounts.at(row);
    if (asset != state_.params.collateral_token || account.borrow_shares == 0) {
        return std::nullopt;
    }
    const margin::Health now = health(row);
    if (now.status == margin::Status::Unknown) {
        return std::nullopt;
    }
    const U256& today = state_.price->answer;
    if (now.status == margin::Status::Liquidatable) {
        return today;
    }
    const auto crossing = margin::value_or_nothing([&] {
        const U256 value =
            core::mul_div_wide<Rounding::Up>(*now.debt, core::wad(), state_.params.lltv);
        const U256 lowest_healthy =
            core::mul_div_wide<Rounding::Up>(value, oracle_price_scale(), account.collateral);
        return U256(lowest_healthy - 1);
    });
    constexpr unsigned kMillion = 1'000'000;
    const bool in_range = crossing && *crossing >= U256(today / kMillion) &&
                          core::U512(*crossing) * kMillion >= core::U512(today);
    return in_range ? crossing : std::nullopt;
}

std::vector<margin::WeightedLeg> MorphoMarket::weighted_legs(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    const margin::Health now = health(row);
    if (now.status == margin::Status::Unknown || !state_.price || !now_) {
        return {};
    }
    const double weight = max_borrow<Fast>(
        collateral_value<Fast>(Fast::of(account.collateral), Fast::of(state_.price->answer)),
        Fast::of(state_.params.lltv));
    return {{.asset = state_.params.collateral_token, .weight = weight, .debt = 0},
            {.asset = Address(), .weight = 0, .debt = Fast::of(*now.debt)}};
}

std::vector<margin::LiquidationPair> MorphoMarket::liquidation_pairs(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (account.collateral == 0 || account.borrow_shares == 0) {
        return {};
    }
    return {{.collateral = state_.params.collateral_token,
             .collateral_symbol = state_.collateral.symbol,
             .debt = state_.params.loan_token,
             .debt_symbol = state_.loan.symbol}};
}

/// Only what an account here depends on.
std::vector<margin::Missing> MorphoMarket::missing() const {
    std::vector<margin::Missing> out = state_.unread;
    bool has_debt = false;
    bool has_interest = false;
    for (const Account& account : state_.accounts) {
        has_debt = has_debt || account.borrow_shares != 0;
        has_interest = has_interest || account.borrow_shares != 0 || account.supply_shares != 0;
        if (!account.is_read()) {
            out.push_back({.wallet = account.wallet,
                           .what = "position",
                           .kind = account.trouble.kind,
                           .detail = account.trouble.detail});
        }
    }
    if (!state_.price && has_debt) {
        out.push_back({.wallet = std::nullopt,
                       .what = "oracle price of " + state_.collateral.symbol,
                       .kind = state_.price_trouble.kind,
                       .detail = state_.price_trouble.detail});
    }
    if (!state_.model.trouble.detail.empty() && has_interest) {
        out.push_back({.wallet = std::nullopt,
                       .what = "borrow rate",
                       .kind = state_.model.trouble.kind,
                       .detail = state_.model.trouble.detail});
    }
    return out;
}

bool MorphoMarket::has_referee(std::size_t row) const {
    // Later than its block the contracts' answers are no longer comparable.
    return time_ == state_.block_time && state_.accounts.at(row).referee.has_value();
}

std::vector<margin::Difference> MorphoMarket::verify(std::size_t row) const {
    std::vector<margin::Difference> out;
    if (!has_referee(row)) {
        return out;
    }
    const Referee& referee = *state_.accounts.at(row).referee;
    if (referee.borrow_rate) {
        const std::string theirs = core::to_decimal(*referee.borrow_rate);
        const std::string ours = now_ ? core::to_decimal(now_->rate) : "unknown";
        if (ours != theirs) {
            out.push_back({"borrow rate", ours, theirs});
        }
    }
    if (referee.is_healthy) {
        const auto word = [](bool is_healthy) { return is_healthy ? "healthy" : "liquidatable"; };
        const margin::Status status = health(row).status;
        const std::string ours = status == margin::Status::Unknown
                                     ? "unknown"
                                     : word(status != margin::Status::Liquidatable);
        if (ours != word(*referee.is_healthy)) {
            out.push_back({"health check", ours, word(*referee.is_healthy)});
        }
    }
    return out;
}

void MorphoMarket::accrue(core::Timestamp to) {
    core::ensure(to >= time_, "interest accrues forwards in time");
    time_ = to;
    look_at_time();
}

std::unique_ptr<margin::Market> MorphoMarket::fork() const {
    return std::make_unique<MorphoMarket>(*this);
}

core::Archive MorphoMarket::archive() const { return archive_state(state_); }

}  // namespace margrave::adapters::morpho_blue
