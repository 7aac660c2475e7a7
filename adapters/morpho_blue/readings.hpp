#pragma once

#include <optional>
#include <string>

#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/state.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"

/// What is asked of the contracts around Morpho, a coroutine each.
namespace margrave::adapters::morpho_blue {

[[nodiscard]] ParamsTuple to_tuple(const Params& params);
[[nodiscard]] Params to_params(const ParamsTuple& params);
/// What the hash of a market's parameters must be. MarketParamsLib.id.
[[nodiscard]] Bytes32 id_of(const ParamsTuple& params);

[[nodiscard]] chains::Task<Address> ask_fee_recipient(chains::Reader& chain, Address morpho);

struct PriceReading {
    std::optional<U256> answer;
    Trouble trouble;
};
/// A price of 0 is one: the contract uses it. An oracle that reverts gives none.
[[nodiscard]] chains::Task<PriceReading> read_price(chains::Reader& chain, Address oracle);

/// The rate model, and under verification what the IRM itself says of the rate.
struct ModelReading {
    RateModel model;
    std::optional<U256> referee_rate;
};
[[nodiscard]] chains::Task<ModelReading> read_adaptive_model(chains::Reader& chain, Address irm,
                                                             Bytes32 id, ParamsTuple params,
                                                             MarketTuple market, bool verify);
[[nodiscard]] chains::Task<ModelReading> read_quoted_model(chains::Reader& chain, Address irm,
                                                           ParamsTuple params, MarketTuple market);
[[nodiscard]] chains::Task<ModelReading> read_no_model();

/// Zero is what an idle market has for a collateral token: "none", with 0 decimals.
[[nodiscard]] chains::Task<std::string> read_symbol(chains::Reader& chain, Address token);
[[nodiscard]] chains::Task<unsigned> read_decimals(chains::Reader& chain, Address token);

/// Whether the contract takes the position for healthy, heard from a liquidation of one unit that
/// is only simulated: its first refusal for a healthy position is to say so, and for another one it
/// comes to something else. Order of checks: Morpho.liquidate.
[[nodiscard]] chains::Task<std::optional<bool>> ask_whether_healthy(chains::Reader& chain,
                                                                    Address morpho,
                                                                    ParamsTuple params,
                                                                    Address wallet);

}  // namespace margrave::adapters::morpho_blue
