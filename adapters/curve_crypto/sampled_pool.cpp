#include "adapters/curve_crypto/sampled_pool.hpp"

#include <algorithm>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "margin/price_limit.hpp"
#include "margin/venue_token.hpp"

namespace margrave::adapters::curve_crypto {
namespace {

using core::U256;
using margin::PriceRatio;
using margin::Refusal;
using margin::SwapOutcome;

core::Unexpected<Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

/// The first samples that fetch anything, each more than the one before.
std::vector<Sample> rising(const std::vector<Sample>& samples) {
    std::vector<Sample> out;
    for (const Sample& one : samples) {
        if (out.empty() && one.bought == 0) {
            continue;
        }
        const Sample last = out.empty() ? Sample{0, 0} : out.back();
        if (one.sold <= last.sold || one.bought <= last.bought) {
            break;
        }
        out.push_back(one);
    }
    return out;
}

/// A curve seen from the coin that is sold: it rises, and what is bought falls.
struct Seen {
    U256 sold;
    U256 left;
};

Seen seen(const Point& point, bool is_first_sold) {
    return is_first_sold ? Seen{point.first, point.second} : Seen{point.second, point.first};
}

Point point_of(const Seen& at, bool is_first_sold) {
    return is_first_sold ? Point{at.sold, at.left} : Point{at.left, at.sold};
}

/// The points that a sale still has before it, the nearest first.
std::vector<Seen> ahead(const SampledPool::State& state, bool is_first_sold) {
    std::vector<Seen> out;
    const Seen now = seen(state.now, is_first_sold);
    for (const Point& point : state.curve) {
        const Seen one = seen(point, is_first_sold);
        if (one.sold > now.sold && one.left < now.left) {
            out.push_back(one);
        }
    }
    std::sort(out.begin(), out.end(), [](const Seen& a, const Seen& b) { return a.sold < b.sold; });
    return out;
}

PriceRatio slope(const Seen& from, const Seen& to) {
    return {.numerator = from.left - to.left, .denominator = to.sold - from.sold};
}

std::string beyond(const SampledPool::State& state) {
    return "the sale goes beyond what was sampled of " + margin::to_string(state.name);
}

}  // namespace

std::vector<Point> curve_of(const std::vector<Sample>& first_sold,
                            const std::vector<Sample>& second_sold) {
    const auto onward = rising(first_sold);
    const auto back = rising(second_sold);
    const Point begin = begin_of(first_sold, second_sold);
    std::vector<Point> out;
    for (auto one = back.rbegin(); one != back.rend(); ++one) {
        out.push_back({begin.first - one->bought, begin.second + one->sold});
    }
    out.push_back(begin);
    for (const Sample& one : onward) {
        out.push_back({begin.first + one.sold, begin.second - one.bought});
    }
    return out;
}

Point begin_of(const std::vector<Sample>& first_sold, const std::vector<Sample>& second_sold) {
    const auto onward = rising(first_sold);
    const auto back = rising(second_sold);
    return {back.empty() ? U256(0) : back.back().bought,
            onward.empty() ? U256(0) : onward.back().bought};
}

std::optional<std::string> contradiction_in(const SampledPool::State& state) {
    if (state.tokens.size() != 2) {
        return "a sampled pool has two coins";
    }
    if (state.curve.size() < 2) {
        return "a curve has at least two points";
    }
    for (std::size_t i = 1; i < state.curve.size(); ++i) {
        if (state.curve[i].first <= state.curve[i - 1].first ||
            state.curve[i].second >= state.curve[i - 1].second) {
            return "one coin grows as the other falls along a curve";
        }
    }
    const bool is_on_it = state.now.first >= state.curve.front().first &&
                          state.now.first <= state.curve.back().first &&
                          state.now.second <= state.curve.front().second &&
                          state.now.second >= state.curve.back().second;
    return is_on_it ? std::nullopt : std::optional<std::string>("the pool is not on its curve");
}

std::string SampledPool::assumption() const {
    return "a CryptoSwap pool by " + std::to_string(state_.curve.size() - 1) +
           " samples of its own get_dy, straight between them: an approximation, which a way back "
           "takes without a fee";
}

std::optional<PriceRatio> SampledPool::price(const core::Address& sell,
                                             const core::Address& buy) const {
    if (sell == buy || find_token(sell) == nullptr || find_token(buy) == nullptr) {
        return std::nullopt;
    }
    const bool is_first_sold = sell == state_.tokens[0].address;
    const auto points = ahead(state_, is_first_sold);
    return points.empty() ? std::nullopt
                          : std::optional(slope(seen(state_.now, is_first_sold), points.front()));
}

core::Result<SwapOutcome, Refusal> SampledPool::swap(const margin::SwapCall& call) {
    if (call.sell == call.buy || find_token(call.sell) == nullptr ||
        find_token(call.buy) == nullptr) {
        return refuse("unknown_token", margin::to_string(state_.name) + " does not hold both");
    }
    if (call.exact_out) {
        return refuse("not_modelled", "a sampled pool sells an exact amount only");
    }
    if (call.amount == 0) {
        return refuse("zero_amount", "a swap of nothing");
    }
    const bool is_first_sold = call.sell == state_.tokens[0].address;
    const Seen begin = seen(state_.now, is_first_sold);
    Seen at = begin;
    U256 left = call.amount;
    bool is_at_limit = false;
    for (const Seen& next : ahead(state_, is_first_sold)) {
        is_at_limit = call.price_limit && !margin::is_at_least(slope(at, next), *call.price_limit);
        if (left == 0 || is_at_limit) {
            break;
        }
        const U256 whole = next.sold - at.sold;
        const U256 part = std::min(left, whole);
        at = part == whole
                 ? next
                 : Seen{at.sold + part, at.left - core::mul_div_wide<core::Rounding::Down>(
                                                      part, at.left - next.left, whole)};
        left -= part;
    }
    if (left != 0 && !is_at_limit) {
        return refuse("beyond_band", beyond(state_));
    }
    state_.now = point_of(at, is_first_sold);
    return SwapOutcome{
        .sold = at.sold - begin.sold, .bought = begin.left - at.left, .unfilled = left};
}

core::Archive SampledPool::archive() const {
    core::Archive::List tokens;
    for (const margin::VenueToken& token : state_.tokens) {
        tokens.push_back(margin::archive(token));
    }
    const auto write = [](const Point& point) {
        core::Archive out;
        out.set("first", point.first);
        out.set("second", point.second);
        return out;
    };
    core::Archive::List curve;
    for (const Point& point : state_.curve) {
        curve.push_back(write(point));
    }
    core::Archive out;
    out.set("address", state_.name.address);
    out.set("chain", state_.name.chain);
    out.set("curve", std::move(curve));
    out.set("now", write(state_.now));
    out.set("tokens", std::move(tokens));
    return out;
}

std::unique_ptr<SampledPool> SampledPool::restore(const core::Archive& archive) {
    const auto read = [](const core::Archive& point) {
        return Point{point.u256("first"), point.u256("second")};
    };
    State state{.name = {.kind = "curve_crypto",
                         .chain = archive.text("chain"),
                         .address = archive.address("address")},
                .tokens = {},
                .curve = {},
                .now = read(archive.at("now"))};
    for (const core::Archive& token : archive.list("tokens")) {
        state.tokens.push_back(margin::restore_venue_token(token));
    }
    for (const core::Archive& point : archive.list("curve")) {
        state.curve.push_back(read(point));
    }
    if (const auto why = contradiction_in(state)) {
        throw core::InputError(*why);
    }
    return std::make_unique<SampledPool>(std::move(state));
}

}  // namespace margrave::adapters::curve_crypto
