#include "exposure/oracle_match.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/text.hpp"

namespace margrave::exposure {
namespace {

using margin::OracleKind;

/// The names by which a pair may stand among factors: its own, and for a token in dollars the one
/// factor that the token is worth.
std::vector<std::string> names_of(const std::string& pair, const FactorMap& map) {
    std::vector<std::string> out{core::lower(pair)};
    const std::size_t slash = pair.find('/');
    if (core::lower(pair.substr(slash + 1)) == "usd") {
        const auto worth = map.factors_of_symbol(pair.substr(0, slash));
        if (worth.size() == 1) {
            out.push_back(core::lower(worth.front()));
        }
    }
    return out;
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
}

/// Whether a factor has one of these names, which are in lower case.
auto is_one_of(const std::vector<std::string>& names) {
    return [&names](const std::string& factor) {
        return std::find(names.begin(), names.end(), core::lower(factor)) != names.end();
    };
}

/// The factors not yet taken, in their order.
class FactorsLeft {
  public:
    explicit FactorsLeft(std::vector<std::string> factors) : left_(std::move(factors)) {}

    /// The factor of one of these names; "" without.
    [[nodiscard]] std::string find(const std::vector<std::string>& names) const {
        const auto found = std::find_if(left_.begin(), left_.end(), is_one_of(names));
        return found == left_.end() ? "" : *found;
    }
    [[nodiscard]] bool has(const std::vector<std::string>& names) const {
        return !find(names).empty();
    }
    void take(const std::string& factor) {
        const auto found = std::find(left_.begin(), left_.end(), factor);
        if (found != left_.end()) {
            left_.erase(found);
        }
    }
    std::string take_last() {
        const std::string last = left_.empty() ? "" : left_.back();
        take(last);
        return last;
    }
    [[nodiscard]] const std::vector<std::string>& names() const { return left_; }

  private:
    std::vector<std::string> left_;
};

std::string shown(const margin::OracleLeaf& leaf) {
    const std::string name = leaf.description.empty() ? leaf.role : leaf.description;
    return '"' + core::printable(name, 80) + '"';
}

}  // namespace

std::string pair_of(const std::string& description) {
    const std::size_t slash = description.find('/');
    if (slash == std::string::npos) {
        return "";
    }
    const auto is_word = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
    };
    std::size_t left_end = slash;
    while (left_end > 0 && description[left_end - 1] == ' ') {
        --left_end;
    }
    std::size_t left = left_end;
    while (left > 0 && is_word(static_cast<unsigned char>(description[left - 1]))) {
        --left;
    }
    std::size_t right = slash + 1;
    while (right < description.size() && description[right] == ' ') {
        ++right;
    }
    std::size_t right_end = right;
    while (right_end < description.size() &&
           is_word(static_cast<unsigned char>(description[right_end]))) {
        ++right_end;
    }
    const bool is_pair = left < left_end && right < right_end && left == 0;
    return is_pair ? description.substr(left, left_end - left) + '/' +
                         description.substr(right, right_end - right)
                   : "";
}

OracleMatch match_oracle(const margin::OracleModel& model, const AnswerFactors& factors,
                         const FactorMap& map) {
    OracleMatch out;
    if (model.source().kind == OracleKind::Opaque || !model.is_confirmed()) {
        return out;
    }
    FactorsLeft left(factors.moving);
    const FactorsLeft all(factors.moving);
    const FactorsLeft cancelled(factors.cancelled);
    std::vector<std::size_t> rates;
    std::vector<std::size_t> alien;
    const auto leaves = model.leaves();
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const std::string pair = leaves[i].role.empty() ? pair_of(leaves[i].description) : "";
        if (pair.empty()) {
            rates.push_back(i);
            continue;
        }
        // A price and the one that caps it may be the same factor.
        const auto names = names_of(pair, map);
        const std::string factor = all.find(names);
        if (!factor.empty()) {
            left.take(factor);
            out.leaves[factor].push_back(i);
        } else if (!cancelled.has(names)) {
            alien.push_back(i);
        }
    }
    // A feed that names no pair, a ratio, a vault: the token's own rate, unless who knows what else
    // may have come in its place.
    for (auto rate = rates.rbegin(); rate != rates.rend(); ++rate) {
        const std::string factor = left.take_last();
        if (!factor.empty()) {
            if (alien.empty()) {
                out.leaves[factor].push_back(*rate);
            }
        } else {
            out.disagreements.push_back("the answer also moves with " + shown(leaves[*rate]) +
                                        ", which no configured factor stands for");
        }
    }
    for (const std::size_t i : alien) {
        out.disagreements.push_back("the answer is made of " + shown(leaves[i]) +
                                    ", which is none of its configured factors");
    }
    if (!left.names().empty()) {
        out.disagreements.push_back("it is configured to follow " + listed(left.names()) +
                                    ", but nothing that it is made of on chain is that");
    }
    return out;
}

std::vector<std::string> oracle_disagreements(const margin::Market& market,
                                              const margin::OracleAnswer& answer,
                                              const FactorMap& map) {
    const auto model = map.oracle_of(market, answer);
    if (!model) {
        return {};
    }
    return match_oracle(*model, map.factors_of_answer(market, answer), map).disagreements;
}

}  // namespace margrave::exposure
