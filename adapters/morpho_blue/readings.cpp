#include "adapters/morpho_blue/readings.hpp"

#include <tuple>

#include "chains/erc20.hpp"
#include "core/keccak.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Reader;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

Trouble trouble_of(const ChainError& error, ErrorKind when_reverted) {
    return {.detail = error.what(),
            .kind = error.kind() == ErrorKind::Reverted ? when_reverted : error.kind()};
}

}  // namespace

ParamsTuple to_tuple(const Params& params) {
    return {params.loan_token, params.collateral_token, params.oracle, params.irm, params.lltv};
}

Params to_params(const ParamsTuple& params) {
    Params out;
    std::tie(out.loan_token, out.collateral_token, out.oracle, out.irm, out.lltv) = params;
    return out;
}

Bytes32 id_of(const ParamsTuple& params) {
    chains::abi::Encoder out;
    chains::abi::Codec<ParamsTuple>::encode(params, out);
    return core::keccak256(out.out());
}

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
    } else if (rate_at_target->negative || (rate_at_target->magnitude >> 128U) != 0) {
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

Task<Address> ask_fee_recipient(Reader& chain, Address morpho) {
    const Address recipient = co_await chain.call(morpho, FeeRecipient{});
    co_return recipient;
}

}  // namespace margrave::adapters::morpho_blue
