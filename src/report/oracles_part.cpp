#include "report/oracles_part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "exposure/oracle_match.hpp"

namespace margrave::report {
namespace {

using core::Timestamp;
using margin::OracleBound;
using margin::OracleKind;
using margin::OracleLeaf;
using margin::OracleModel;

std::string age_of(Timestamp updated_at, Timestamp block_time) {
    return core::format_duration((block_time - updated_at).value());
}

std::string named(const OracleLeaf& leaf) {
    const std::string words = core::printable(leaf.description, 60);
    return leaf.source.to_string() + (words.empty() ? "" : " (\"" + words + "\")");
}

/// The oldest time of the parts; of a feed its own.
std::optional<Timestamp> oldest(const OracleModel& model) {
    std::optional<Timestamp> out = model.source().updated_at;
    for (const OracleLeaf& leaf : model.leaves()) {
        if (leaf.updated_at && (!out || *leaf.updated_at < *out)) {
            out = leaf.updated_at;
        }
    }
    return out;
}

const margin::FeedRule* rule_of(const FeedRules& rules, const std::string& chain,
                                const core::Address& feed) {
    const auto found = rules.find({chain, feed});
    return found == rules.end() ? nullptr : &found->second;
}

/// Whether the leaf's answer is older than its heartbeat; nullopt when that cannot be said.
std::optional<bool> is_stale(const OracleLeaf& leaf, const margin::FeedRule* rule, Timestamp now) {
    if (rule == nullptr || !rule->heartbeat_s || !leaf.updated_at || now < *leaf.updated_at) {
        return std::nullopt;
    }
    return (now - *leaf.updated_at).value() > *rule->heartbeat_s + kHeartbeatSlackSeconds;
}

void add_staleness(const OracleChain& chain, const FeedRules& rules, OracleRow& row) {
    for (const OracleLeaf& leaf : row.model->leaves()) {
        const margin::FeedRule* rule = rule_of(rules, chain.chain, leaf.source);
        const auto stale =
            leaf.role.empty() ? is_stale(leaf, rule, chain.block_time) : std::optional<bool>();
        if (stale) {
            row.is_stale = row.is_stale.value_or(false) || *stale;
        }
        if (stale.value_or(false)) {
            row.warnings.push_back(
                fmt::format("the answer of feed {} is {} old, its heartbeat is {}", named(leaf),
                            age_of(*leaf.updated_at, chain.block_time),
                            core::format_duration(*rule->heartbeat_s)));
        }
    }
}

std::string bound_warning(const OracleBound& bound) {
    const std::string where = bound.source.to_string();
    if (bound.what == "min_answer" || bound.what == "max_answer") {
        return fmt::format(
            "feed {} {} its aggregator's {} {}: a price beyond it would be refused, and the answer "
            "stay",
            where, bound.binds ? "answers" : "is close to", bound.is_upper ? "highest" : "lowest",
            core::to_decimal(bound.limit));
    }
    const bool is_ratio = bound.what == "ratio_cap";
    std::string out = fmt::format("{} is over the cap of {} ({} over {}): the answer is the cap's",
                                  is_ratio ? "the ratio" : "the market price", where,
                                  core::to_decimal(bound.value), core::to_decimal(bound.limit));
    if (bound.released_at) {
        out += ", which reaches today's ratio at " + core::format_utc(*bound.released_at);
    }
    return out;
}

/// At an aggregator's bound, or one deviation from it: a market that goes on is not answered, so
/// the last answer before the bound may be all that is ever seen of it.
bool is_near_clamp(const OracleBound& bound, const margin::FeedRule* rule) {
    constexpr std::uint64_t kDeviationUsual = 200;  // basis points, the widest usual one
    const auto deviation =
        rule != nullptr && rule->deviation ? *rule->deviation : core::Bps(kDeviationUsual);
    const core::U256 apart = bound.limit < bound.value ? core::U256(bound.value - bound.limit)
                                                       : core::U256(bound.limit - bound.value);
    const bool is_clamp = bound.what == "min_answer" || bound.what == "max_answer";
    return is_clamp && apart <= margin::least_change(bound.value, deviation);
}

bool is_composed(OracleKind kind) {
    return kind != OracleKind::Opaque && kind != OracleKind::Feed && kind != OracleKind::Rate &&
           kind != OracleKind::Fixed;
}

OracleRow make_row(const OracleChain& chain, const FeedRules& rules,
                   std::shared_ptr<const OracleModel> model) {
    OracleRow row{.model = std::move(model),
                  .used_for = {},
                  .bounds = {},
                  .updated_at = std::nullopt,
                  .is_stale = std::nullopt,
                  .next = std::nullopt,
                  .warnings = {}};
    const margin::OracleSource& source = row.model->source();
    row.bounds = row.model->bounds();
    row.updated_at = oldest(*row.model);
    add_staleness(chain, rules, row);
    for (const OracleBound& bound : row.bounds) {
        if (bound.binds || is_near_clamp(bound, rule_of(rules, chain.chain, bound.source))) {
            row.warnings.push_back(bound_warning(bound));
        }
    }
    if (is_composed(source.kind) && !row.model->is_confirmed()) {
        row.warnings.push_back("what price source " + source.address.to_string() +
                               " is made of does not give its answer: only the answer is used");
    }
    if (const auto* rule = rule_of(rules, chain.chain, source.address)) {
        row.rule = *rule;
        if (source.kind == OracleKind::Feed && source.answer && source.updated_at) {
            row.next = margin::next_answer(*rule, *source.answer, *source.updated_at);
        }
    }
    return row;
}

void judge_sequencer(OracleChain& chain) {
    if (!chain.sequencer) {
        return;
    }
    const auto state = chain.sequencer->state(chain.block_time);
    chain.sequencer_state = state;
    const auto since = [&] { return core::format_utc(chain.sequencer->started_at); };
    if (state == margin::SequencerState::Down) {
        chain.warnings.push_back("the sequencer of " + chain.chain + " is down since " + since() +
                                 ": prices may be late, and only L1 transactions get through");
    } else if (state == margin::SequencerState::Grace) {
        chain.warnings.push_back("the sequencer of " + chain.chain + " is up again only since " +
                                 since() + ", within its grace period");
    } else if (state == margin::SequencerState::Invalid) {
        chain.warnings.push_back("the sequencer uptime feed of " + chain.chain +
                                 " has no valid round: nobody knows whether it is up");
    }
}

/// Who uses which source, and where the configuration says otherwise than the chain.
void add_uses(const margin::Market& market, const exposure::FactorMap& factors,
              OracleChain& chain) {
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (!answer.quote || answer.quote->source.is_zero()) {
            continue;
        }
        const auto row =
            std::find_if(chain.rows.begin(), chain.rows.end(), [&](const OracleRow& known) {
                return known.model->source().address == answer.quote->source;
            });
        if (row == chain.rows.end()) {
            continue;
        }
        row->used_for.push_back(
            {.market = market.name(), .asset = answer.asset, .symbol = answer.symbol});
        for (const std::string& what : exposure::oracle_disagreements(market, answer, factors)) {
            const std::string sentence = core::printable(answer.symbol, 24) + " in " +
                                         core::printable(market.name().protocol) + ": " + what;
            if (std::find(row->warnings.begin(), row->warnings.end(), sentence) ==
                row->warnings.end()) {
                row->warnings.push_back(sentence);
            }
        }
    }
}

bool is_priced_by(const Account& account, const OracleRow& row) {
    return std::any_of(row.used_for.begin(), row.used_for.end(), [&](const OracleUse& use) {
        return use.market == account.market &&
               std::any_of(account.legs.begin(), account.legs.end(),
                           [&](const Leg& leg) { return leg.leg.asset == use.asset; });
    });
}

void warn_accounts(const OracleChain& chain, Report& report) {
    for (Account& account : report.accounts) {
        if (account.market.chain != chain.chain) {
            continue;
        }
        std::set<std::string> said(account.warnings.begin(), account.warnings.end());
        const auto say = [&](const std::string& warning) {
            if (said.insert(warning).second) {
                account.warnings.push_back(warning);
            }
        };
        std::for_each(chain.warnings.begin(), chain.warnings.end(), say);
        for (const OracleRow& row : chain.rows) {
            if (is_priced_by(account, row)) {
                std::for_each(row.warnings.begin(), row.warnings.end(), say);
            }
        }
    }
}

}  // namespace

void add_oracles(const snapshot::Snapshot& snapshot, const Options& options, Report& report) {
    const exposure::FactorMap factors = options.factors.with_snapshot(snapshot);
    for (const margin::OracleBook& book : snapshot.oracles) {
        OracleChain chain{.chain = book.chain,
                          .block_time = Timestamp(),
                          .sequencer = book.sequencer,
                          .sequencer_state = std::nullopt,
                          .rows = {},
                          .warnings = {}};
        for (const snapshot::ChainCut& cut : snapshot.chains) {
            chain.block_time = cut.chain == book.chain ? cut.timestamp : chain.block_time;
        }
        for (const auto& model : book.models) {
            chain.rows.push_back(make_row(chain, options.feeds, model));
        }
        for (const auto& market : snapshot.markets) {
            if (market->name().chain == book.chain) {
                add_uses(*market, factors, chain);
            }
        }
        judge_sequencer(chain);
        warn_accounts(chain, report);
        report.oracles.push_back(std::move(chain));
    }
}

}  // namespace margrave::report
