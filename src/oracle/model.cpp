#include "oracle/model.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"
#include "oracle/formulas.hpp"

namespace margrave::oracle {
namespace {

using core::Timestamp;
using margin::Exact;
using margin::Fast;
using margin::OracleBound;
using margin::OracleKind;
using margin::OracleLeaf;
using margin::OraclePart;
using margin::OracleSource;

/// A formula in both arithmetics.
class Rule {
  public:
    virtual ~Rule() = default;
    [[nodiscard]] virtual U256 exact(Inputs<Exact> in, Timestamp at) const = 0;
    [[nodiscard]] virtual double fast(Inputs<Fast> in, Timestamp at) const = 0;
};

template <class Formula>
class RuleOf final : public Rule {
  public:
    explicit RuleOf(Formula formula) : formula_(std::move(formula)) {}
    [[nodiscard]] U256 exact(Inputs<Exact> in, Timestamp at) const override {
        return formula_.template answer<Exact>(in, at);
    }
    [[nodiscard]] double fast(Inputs<Fast> in, Timestamp at) const override {
        return formula_.template answer<Fast>(in, at);
    }

  private:
    Formula formula_;
};

/// An answer that nothing moves.
struct Constant {
    U256 value;
    template <class A>
    [[nodiscard]] typename A::Number answer(Inputs<A> /*in*/, Timestamp /*at*/) const {
        return A::of(value);
    }
};

template <class Formula>
std::unique_ptr<Rule> rule(Formula formula) {
    return std::make_unique<RuleOf<Formula>>(std::move(formula));
}

[[noreturn]] void refuse(const OracleSource& source, const std::string& what) {
    throw core::InputError("price source " + source.address.to_string() + " (" +
                           std::string(to_string(source.kind)) + ") " + what);
}

const U256& parameter(const OracleSource& source, const char* name) {
    const auto found = source.parameters.find(name);
    if (found == source.parameters.end()) {
        refuse(source, std::string("lacks its \"") + name + '"');
    }
    return found->second;
}

std::optional<U256> optional_parameter(const OracleSource& source, const char* name) {
    const auto found = source.parameters.find(name);
    return found == source.parameters.end() ? std::nullopt : std::optional(found->second);
}

/// 10^decimals of a parameter; what no contract's own arithmetic could hold is refused.
U256 unit(const OracleSource& source, const char* name) {
    constexpr unsigned kDecimalsMax = 77;
    const U256& decimals = parameter(source, name);
    if (decimals > kDecimalsMax) {
        refuse(source, std::string("has a \"") + name + "\" over 77");
    }
    return core::pow10(static_cast<unsigned>(decimals));
}

const OraclePart& part(const OracleSource& source, std::size_t index, std::string_view role) {
    if (index >= source.parts.size() || source.parts[index].role != role) {
        refuse(source, "lacks its part \"" + std::string(role) + '"');
    }
    return source.parts[index];
}

CappedRatio capped_ratio(const OracleSource& source) {
    static_cast<void>(part(source, 0, "base"));
    static_cast<void>(part(source, 1, "ratio"));
    CappedRatio out{.ratio_unit = unit(source, "ratio_decimals"),
                    .snapshot_ratio = parameter(source, "snapshot_ratio"),
                    .snapshot_time = parameter(source, "snapshot_timestamp"),
                    .growth = parameter(source, "max_growth_per_second"),
                    .growth_scale = parameter(source, "growth_scale")};
    if (out.growth_scale == 0) {
        refuse(source, "has a \"growth_scale\" of 0");
    }
    return out;
}

CappedByPrice capped_by_price(const OracleSource& source) {
    static_cast<void>(part(source, 0, "asset"));
    static_cast<void>(part(source, 1, "base"));
    return {.ratio = parameter(source, "cap_ratio"), .ratio_unit = unit(source, "ratio_decimals")};
}

bool is_base(const OraclePart& part) { return part.role.starts_with("base_"); }

MorphoChain morpho_chain(const OracleSource& source) {
    const auto& parts = source.parts;
    if (!std::is_partitioned(parts.begin(), parts.end(), is_base)) {
        refuse(source, "has a part of the base behind one of the quote");
    }
    return {
        .scale_factor = parameter(source, "scale_factor"),
        .base_count = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), is_base))};
}

std::unique_ptr<Rule> rule_of(const OracleSource& source) {
    switch (source.kind) {
        case OracleKind::Opaque:
        case OracleKind::Rate:
            return rule(Feed{});
        case OracleKind::Feed:
            return rule(Feed{.min_answer = optional_parameter(source, "min_answer"),
                             .max_answer = optional_parameter(source, "max_answer")});
        case OracleKind::Fixed:
            return rule(Constant{source.answer.value_or(0)});
        case OracleKind::CappedRatio:
            return rule(capped_ratio(source));
        case OracleKind::CappedPrice:
            static_cast<void>(part(source, 0, "asset"));
            return rule(CappedPrice{parameter(source, "cap")});
        case OracleKind::CappedByPrice:
            return rule(capped_by_price(source));
        case OracleKind::Product:
            static_cast<void>(part(source, 0, "asset"));
            static_cast<void>(part(source, 1, "peg"));
            return rule(Product{.unit = unit(source, "decimals"),
                                .denominator = unit(source, "denominator_decimals")});
        case OracleKind::Quotient:
            static_cast<void>(part(source, 0, "asset"));
            static_cast<void>(part(source, 1, "base"));
            return rule(Quotient{unit(source, "decimals")});
        case OracleKind::Discount:
            static_cast<void>(part(source, 0, "asset"));
            return rule(Discount{.maturity = parameter(source, "maturity"),
                                 .rate_per_year = parameter(source, "rate_per_year")});
        case OracleKind::MorphoChain:
            break;
    }
    return rule(morpho_chain(source));
}

bool is_leaf(const OracleSource& source) {
    return source.kind == OracleKind::Opaque || source.kind == OracleKind::Feed ||
           source.kind == OracleKind::Rate;
}

/// A source flattened: nodes come before those that use them.
struct Node {
    std::unique_ptr<Rule> rule;
    struct Input {
        bool is_leaf = false;
        std::size_t index = 0;
    };
    std::vector<Input> inputs;
};

class Model final : public margin::OracleModel {
  public:
    explicit Model(std::shared_ptr<const OracleSource> source) : source_(std::move(source)) {
        add(*source_, 0);
        const auto today = answer(values(), source_->read_at);
        is_confirmed_ = source_->answer && today == source_->answer;
    }

    [[nodiscard]] const OracleSource& source() const override { return *source_; }
    [[nodiscard]] bool is_confirmed() const override { return is_confirmed_; }
    [[nodiscard]] std::span<const OracleLeaf> leaves() const override { return leaves_; }

    [[nodiscard]] std::optional<U256> answer(std::span<const U256> leaves,
                                             Timestamp at) const override {
        core::ensure(leaves.size() == leaves_.size(), "each leaf has one value");
        return margin::value_or_nothing([&] {
            return evaluated<Exact>(
                leaves, [&](const Rule& rule, Inputs<Exact> in) { return rule.exact(in, at); });
        });
    }

    [[nodiscard]] double fast_answer(std::span<const double> leaves, Timestamp at) const override {
        core::ensure(leaves.size() == leaves_.size(), "each leaf has one value");
        const auto value = margin::value_or_nothing([&] {
            return evaluated<Fast>(
                leaves, [&](const Rule& rule, Inputs<Fast> in) { return rule.fast(in, at); });
        });
        return value.value_or(std::numeric_limits<double>::quiet_NaN());
    }

    [[nodiscard]] std::vector<OracleBound> bounds() const override {
        std::vector<OracleBound> out;
        add_bounds(*source_, out);
        return out;
    }

  private:
    [[nodiscard]] std::vector<U256> values() const {
        std::vector<U256> out;
        out.reserve(leaves_.size());
        for (const OracleLeaf& leaf : leaves_) {
            out.push_back(leaf.answer);
        }
        return out;
    }

    template <class A, class Apply>
    typename A::Number evaluated(Inputs<A> leaves, const Apply& apply) const {
        std::vector<typename A::Number> results;
        results.reserve(nodes_.size());
        std::vector<typename A::Number> in;
        for (const Node& node : nodes_) {
            in.clear();
            for (const Node::Input& input : node.inputs) {
                in.push_back(input.is_leaf ? leaves[input.index] : results[input.index]);
            }
            results.push_back(apply(*node.rule, in));
        }
        return results.back();
    }

    Node::Input leaf(OracleLeaf leaf) {
        const auto same = [&](const OracleLeaf& known) {
            return known.source == leaf.source && known.role == leaf.role;
        };
        const auto known = std::find_if(leaves_.begin(), leaves_.end(), same);
        const auto index = static_cast<std::size_t>(known - leaves_.begin());
        if (known == leaves_.end()) {
            leaves_.push_back(std::move(leaf));
        }
        return {.is_leaf = true, .index = index};
    }

    /// Adds the source's nodes; its own comes last.
    void add(const OracleSource& source, std::size_t depth) {
        if (depth > kDepthMax || nodes_.size() >= kNodesMax) {
            refuse(source, "is made of too many others");
        }
        Node node{.rule = rule_of(source), .inputs = {}};
        if (is_leaf(source)) {
            node.inputs.push_back(leaf({.source = source.address,
                                        .role = "",
                                        .description = source.description,
                                        .provider = source.address,
                                        .answer = source.answer.value_or(0),
                                        .updated_at = source.updated_at}));
        } else {
            for (const OraclePart& part : source.parts) {
                if (part.made_of) {
                    add(*part.made_of, depth + 1);
                    node.inputs.push_back({.is_leaf = false, .index = nodes_.size() - 1});
                } else {
                    node.inputs.push_back(leaf({.source = source.address,
                                                .role = part.role,
                                                .description = "",
                                                .provider = part.source,
                                                .answer = part.answer,
                                                .updated_at = part.updated_at}));
                }
            }
        }
        nodes_.push_back(std::move(node));
    }

    static void add_clamps(const OracleSource& source, std::vector<OracleBound>& out) {
        const auto add = [&](const char* name, bool is_upper) {
            const auto limit = optional_parameter(source, name);
            if (limit && source.answer) {
                out.push_back(
                    {.what = name,
                     .source = source.address,
                     .limit = *limit,
                     .value = *source.answer,
                     .is_upper = is_upper,
                     .binds = is_upper ? *source.answer >= *limit : *source.answer <= *limit,
                     .per_second = 0,
                     .released_at = std::nullopt});
            }
        };
        add("min_answer", false);
        add("max_answer", true);
    }

    static void add_cap(const OracleSource& source, const char* what, const U256& limit,
                        const U256& value, std::vector<OracleBound>& out) {
        out.push_back({.what = what,
                       .source = source.address,
                       .limit = limit,
                       .value = value,
                       .is_upper = true,
                       .binds = value > limit,
                       .per_second = 0,
                       .released_at = std::nullopt});
    }

    /// The first second at which snapshot + floor(growth * seconds / scale) >= ratio.
    static std::optional<Timestamp> release(const CappedRatio& rule, const U256& ratio) {
        return rule.growth == 0 || ratio <= rule.snapshot_ratio
                   ? std::nullopt
                   : margin::value_or_nothing([&] {
                         const U256 at = rule.snapshot_time + core::mul_div<Rounding::Up>(
                                                                  ratio - rule.snapshot_ratio,
                                                                  rule.growth_scale, rule.growth);
                         if (at > std::numeric_limits<std::uint32_t>::max()) {
                             throw std::overflow_error("centuries away");
                         }
                         return Timestamp(static_cast<std::uint64_t>(at));
                     });
    }

    static void add_ratio_cap(const OracleSource& source, std::vector<OracleBound>& out) {
        const CappedRatio rule = capped_ratio(source);
        const U256& ratio = source.parts[1].answer;
        const auto cap = margin::value_or_nothing([&] { return rule.cap<Exact>(source.read_at); });
        if (!cap) {
            return;
        }
        add_cap(source, "ratio_cap", *cap, ratio, out);
        const auto per_second = margin::value_or_nothing([&] {
            return core::mul_div<Rounding::Down>(rule.growth, U256(1'000'000), rule.growth_scale);
        });
        out.back().per_second = per_second.value_or(0);
        if (out.back().binds) {
            out.back().released_at = release(rule, ratio);
        }
    }

    static void add_bounds(const OracleSource& source, std::vector<OracleBound>& out) {
        for (const OraclePart& part : source.parts) {
            if (part.made_of) {
                add_bounds(*part.made_of, out);
            }
        }
        if (source.kind == OracleKind::Feed) {
            add_clamps(source, out);
        } else if (source.kind == OracleKind::CappedPrice) {
            add_cap(source, "price_cap", parameter(source, "cap"), source.parts[0].answer, out);
        } else if (source.kind == OracleKind::CappedByPrice) {
            const CappedByPrice rule = capped_by_price(source);
            const auto cap =
                margin::value_or_nothing([&] { return rule.cap<Exact>(source.parts[1].answer); });
            if (cap) {
                add_cap(source, "price_cap", *cap, source.parts[0].answer, out);
            }
        } else if (source.kind == OracleKind::CappedRatio) {
            add_ratio_cap(source, out);
        }
    }

    static constexpr std::size_t kNodesMax = 256;  // what a hostile file may ask for

    std::shared_ptr<const OracleSource> source_;
    std::vector<OracleLeaf> leaves_;
    std::vector<Node> nodes_;
    bool is_confirmed_ = false;
};

}  // namespace

std::shared_ptr<const margin::OracleModel> make_model(
    std::shared_ptr<const margin::OracleSource> source) {
    core::ensure(source != nullptr, "a model is one of a source");
    return std::make_shared<Model>(std::move(source));
}

}  // namespace margrave::oracle
