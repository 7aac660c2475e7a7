#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cascade/dollars.hpp"
#include "cascade/fraction.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/venue.hpp"

namespace margrave::cascade {

/// What is supposed of a market whose depth nobody can read.
struct SquareRootLaw {
    core::Wad y;                 ///< the law's constant, about 0.5 to 1
    core::Bps daily_volatility;  ///< of the price
    core::U256 daily_volume;     ///< base units of the asset, above 0
};

/// An order book or whatever else trades off chain, by the square-root law: after v has been sold
/// the price has fallen by y * volatility * sqrt(v / volume) of where it began (risk sheet 06;
/// Almgren et al. 2005). What is bought back rises along the same curve. Never a pool's own
/// figures: an assumption, and it says so.
class AssumedCurve final : public margin::Venue {
  public:
    /// `price`: base units of `into` for one of `asset` before anything is sold.
    AssumedCurve(margin::VenueName name, margin::VenueToken asset, margin::VenueToken into,
                 Fraction price, SquareRootLaw law);

    /// An outside move is news, not a trade: the whole curve goes with it.
    void move(const Fraction& multiplier) { start_ *= multiplier; }

    [[nodiscard]] const margin::VenueName& name() const override { return name_; }
    [[nodiscard]] const std::vector<margin::VenueToken>& tokens() const override { return tokens_; }
    [[nodiscard]] std::string assumption() const override;
    [[nodiscard]] std::optional<margin::PriceRatio> price(const core::Address& sell,
                                                          const core::Address& buy) const override;
    /// Refuses `exact_out` as "not_modelled". The law ends where the price would be 0.
    [[nodiscard]] core::Result<margin::SwapOutcome, margin::Refusal> swap(
        const margin::SwapCall& call) override;
    [[nodiscard]] std::unique_ptr<margin::Venue> fork() const override;
    /// For a reader alone: no adapter restores it, the playbook makes it.
    [[nodiscard]] core::Archive archive() const override;

  private:
    /// Units of the asset; below zero where more was bought than sold.
    using Units = boost::multiprecision::cpp_int;
    /// up / down, not reduced: a common divisor would be sought for each of thousands of quotes.
    struct Part {
        Units up;
        Units down;
    };

    [[nodiscard]] bool is_here(const core::Address& sell, const core::Address& buy) const;
    [[nodiscard]] Units impact(const Units& sold) const;
    [[nodiscard]] Units size_of(const Units& impact) const;
    [[nodiscard]] Part part_of(const Units& up, const Units& down) const;
    [[nodiscard]] Units most_sold_at(const Part& part) const;
    [[nodiscard]] Units least_sold_at(const Part& part) const;
    [[nodiscard]] std::optional<Fraction> price_after(const Units& sold) const;
    [[nodiscard]] Part worth(const Units& from, const Units& to) const;
    [[nodiscard]] margin::SwapOutcome sell(const margin::SwapCall& call);
    [[nodiscard]] margin::SwapOutcome buy(const margin::SwapCall& call);

    margin::VenueName name_;
    std::vector<margin::VenueToken> tokens_;  ///< the asset, and what it is sold for
    Fraction start_;
    SquareRootLaw law_;
    Units volume_;
    Units slope_;  ///< (y * volatility)^2, 1e54 is one
    Units sold_ = 0;
};

}  // namespace margrave::cascade
