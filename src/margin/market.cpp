#include "margin/market.hpp"

namespace margrave::margin {
namespace {

core::Unexpected<Refusal> not_modelled(const MarketName& name, const char* what) {
    return core::Unexpected(
        Refusal{.reason = "not_modelled",
                .detail = "margrave does not model " + std::string(what) + " of " + name.protocol});
}

}  // namespace

void Market::set_answer(const core::Address& asset, const core::U256& /*answer*/) {
    throw core::InputError(name().protocol + "/" + name().name + " has no oracle answer for " +
                           asset.to_string());
}

core::Result<LiquidationOutcome, Refusal> Market::liquidate(std::size_t /*row*/,
                                                            const LiquidationCall& /*call*/) {
    return not_modelled(name(), "liquidations");
}

core::Result<ActionOutcome, Refusal> Market::apply(std::size_t /*row*/, const Action& /*action*/) {
    return not_modelled(name(), "user actions");
}

core::Result<std::monostate, Refusal> Market::shock(const ParameterShock& /*shock*/) {
    return not_modelled(name(), "changes of parameters");
}

core::Result<ActionCalls, Refusal> Market::calls(std::size_t /*row*/,
                                                 const Action& /*action*/) const {
    return not_modelled(name(), "calls");
}

}  // namespace margrave::margin
