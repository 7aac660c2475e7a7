#include "risk/smallest_amount.hpp"

#include <algorithm>

namespace margrave::risk {
namespace {

using core::U256;
using Attempt = std::function<Reach(const U256&)>;

/// An accepted amount below a refused one: the guess, or the first of max/2, max/4 … that is.
std::optional<U256> find_accepted(const U256& max, const std::optional<U256>& guess,
                                  const Attempt& attempt) {
    if (guess && *guess > 0 && *guess < max && attempt(*guess) != Reach::Refused) {
        return guess;
    }
    for (U256 amount = max / 2; amount > 0; amount /= 2) {
        if (attempt(amount) != Reach::Refused) {
            return amount;
        }
    }
    return std::nullopt;
}

/// The largest accepted amount between an accepted and a refused one.
U256 largest_accepted(U256 accepted, U256 refused, const Attempt& attempt) {
    while (refused - accepted > 1) {
        const U256 middle = accepted + (refused - accepted) / 2;
        (attempt(middle) == Reach::Refused ? refused : accepted) = middle;
    }
    return accepted;
}

/// Two amounts around the smallest enough: the lower is not, the upper is.
struct Bracket {
    U256 low;
    U256 high;

    bool put(const U256& amount, const Attempt& attempt) {
        const bool is_enough = attempt(amount) == Reach::Enough;
        (is_enough ? high : low) = amount;
        return is_enough;
    }
};

/// Closes in on a good guess in steps that grow, until the smallest enough lies between two tries.
void narrow(Bracket& bracket, const U256& guess, const Attempt& attempt) {
    constexpr unsigned kBitsMax = 200;  // so that no step leaves 256 bits
    constexpr unsigned kFirstStepBits = 40;
    constexpr unsigned kGrowthBits = 8;
    if (guess <= bracket.low || guess >= bracket.high || (guess >> kBitsMax) != 0) {
        return;
    }
    const bool is_enough = bracket.put(guess, attempt);
    for (U256 step = (guess >> kFirstStepBits) + 1; step <= guess; step <<= kGrowthBits) {
        const U256 next = is_enough ? U256(guess - step) : U256(guess + step);
        if (next <= bracket.low || next >= bracket.high ||
            bracket.put(next, attempt) != is_enough) {
            return;
        }
    }
}

void bisect(Bracket& bracket, const Attempt& attempt) {
    while (bracket.high - bracket.low > 1) {
        bracket.put(bracket.low + (bracket.high - bracket.low) / 2, attempt);
    }
}

/// An average threshold that is rounded to basis points makes a health fall in small steps while it
/// rises: what is found may not be the first crossing. Looks for one between the guess, which knows
/// no rounding and so lies below, and what was found.
U256 earlier_crossing(const U256& found, const U256& guess, const Attempt& attempt) {
    constexpr unsigned kProbes = 16;
    constexpr unsigned kPreciseBits = 20;  // a guess as good as this leaves no room for one
    if (guess >= found || found - guess <= (found >> kPreciseBits) + kProbes) {
        return found;
    }
    const U256 step = (found - guess) / kProbes;
    for (U256 amount = guess + step; amount < found; amount += step) {
        if (attempt(amount) == Reach::Enough) {
            Bracket bracket{.low = amount - step, .high = amount};
            bisect(bracket, attempt);
            return bracket.high;
        }
    }
    return found;
}

}  // namespace

std::optional<SizedAmount> smallest_enough(const U256& max, const std::optional<U256>& guess,
                                           const Attempt& attempt) {
    if (max == 0) {
        return std::nullopt;
    }
    U256 top = max;
    Reach at_top = attempt(top);
    if (at_top == Reach::Refused) {
        const auto accepted = find_accepted(max, guess, attempt);
        if (!accepted) {
            return std::nullopt;
        }
        at_top = attempt(*accepted);
        top = *accepted;
        if (at_top != Reach::Enough) {
            top = largest_accepted(*accepted, max, attempt);
            at_top = attempt(top);
        }
    }
    if (at_top != Reach::Enough) {
        return SizedAmount{.amount = top, .is_enough = false};
    }
    Bracket bracket{.low = 0, .high = top};
    if (guess) {
        narrow(bracket, *guess, attempt);
    }
    bisect(bracket, attempt);
    const U256 first = guess ? earlier_crossing(bracket.high, *guess, attempt) : bracket.high;
    return SizedAmount{.amount = first, .is_enough = true};
}

}  // namespace margrave::risk
