#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "margin/venue.hpp"

namespace margrave::test {

/// A pool of two tokens without a protocol: every swap up to `depth` is at the same price,
/// `buy_per_sell` as numerator and denominator of token 1 for token 0; beyond it nothing is filled.
/// Rounds against the seller. Its archive keeps the name and the tokens.
class FakeVenue final : public margin::Venue {
  public:
    FakeVenue(std::string chain, core::Address address, core::Address token0, core::Address token1)
        : name_{.kind = "fixed_rate", .chain = std::move(chain), .address = address} {
        tokens_.push_back({.address = token0, .symbol = "T0", .decimals = 18});
        tokens_.push_back({.address = token1, .symbol = "T1", .decimals = 18});
    }

    std::pair<core::U256, core::U256> rate{1, 1};  ///< so many of token 1 for so many of token 0
    core::U256 depth = core::max_u256();           ///< of token 0 that may still move
    bool has_router = false;

    /// The router takes the chain's own coin in this token's place.
    void wrap_native(const core::Address& token) {
        for (margin::VenueToken& one : tokens_) {
            one.wraps_native = one.address == token;
        }
    }

    [[nodiscard]] const margin::VenueName& name() const override { return name_; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override { return tokens_; }

    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override {
        if (sell == buy || find_token(sell) == nullptr || find_token(buy) == nullptr) {
            return std::nullopt;
        }
        const bool is_forward = sell == tokens_[0].address;
        return margin::PriceRatio{.numerator = is_forward ? rate.first : rate.second,
                                  .denominator = is_forward ? rate.second : rate.first};
    }

    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override {
        const auto price_of_sold = price(call.sell, call.buy);
        if (!price_of_sold) {
            return core::Unexpected(margin::Refusal{.reason = "unknown_token", .detail = ""});
        }
        const core::U256 up(price_of_sold->numerator);
        const core::U256 down(price_of_sold->denominator);
        margin::SwapOutcome out;
        if (call.exact_out) {
            out.bought = call.amount;
            out.sold = core::mul_div_wide<core::Rounding::Up>(call.amount, down, up);
        } else {
            out.sold = call.amount;
            out.bought = core::mul_div_wide<core::Rounding::Down>(call.amount, up, down);
        }
        const core::U256& moved = call.sell == tokens_[0].address ? out.sold : out.bought;
        if (moved > depth) {
            return core::Unexpected(margin::Refusal{.reason = "no_liquidity", .detail = ""});
        }
        depth -= moved;
        return out;
    }

    [[nodiscard]] core::Result<margin::ActionCalls, margin::Refusal> calls(
        const margin::SwapCall& call, const margin::SwapTerms& terms) const override {
        if (!has_router) {
            return Venue::calls(call, terms);
        }
        return margin::ActionCalls{
            .approvals = {{.token = call.sell, .spender = name_.address, .amount = terms.limit}},
            .call = {.to = name_.address, .value = 0, .data = {1}, .what = "swap"}};
    }

    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override {
        return std::make_unique<FakeVenue>(*this);
    }

    [[nodiscard]] core::Archive archive() const override {
        core::Archive out;
        out.set("address", name_.address);
        out.set("chain", name_.chain);
        out.set("token0", tokens_[0].address);
        out.set("token1", tokens_[1].address);
        return out;
    }
    [[nodiscard]] static std::unique_ptr<FakeVenue> restore(const core::Archive& archive) {
        return std::make_unique<FakeVenue>(archive.text("chain"), archive.address("address"),
                                           archive.address("token0"), archive.address("token1"));
    }

  private:
    margin::VenueName name_;
    std::vector<margin::VenueToken> tokens_;
};

}  // namespace margrave::test
