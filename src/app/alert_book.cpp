#include "app/alert_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/fact_rows.hpp"
#include "core/text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

/// A quiet state that only tells when it was seen last need not be written with every block, unless
/// that is earlier than it was. Of others it says what they waited through while the watch was not
/// there.
bool is_worth_writing(const alert::State& before, const alert::State& after) {
    const bool has_moved = before.seen.block != after.seen.block || before.last != after.last;
    return before.phase != after.phase || before.sequence != after.sequence ||
           before.unknown_since_s != after.unknown_since_s || before.seen_any != after.seen_any ||
           after.seen.block < before.seen.block ||
           (after.phase != alert::Phase::Quiet && has_moved);
}

alert::Subject chain_itself(const std::string& chain) {
    return {.chain = chain, .protocol = {}, .market = {}, .wallet = std::nullopt};
}

/// The factor whose move alone would liquidate each account first.
std::map<alert::Subject, std::string> nearest_factors(const report::Report& report,
                                                      const std::string& chain) {
    std::map<alert::Subject, std::string> out;
    for (const report::Account& account : report.accounts) {
        if (const auto* const nearest = alert::nearest_factor(account)) {
            out.emplace(alert::subject_of(chain, account), nearest->factor);
        }
    }
    return out;
}

bool follows_prices(alert::Quantity quantity) {
    return quantity == alert::Quantity::HealthFactor || quantity == alert::Quantity::CollateralFall;
}

/// Before it is evaluated again.
bool may_be_told(const alert::State& state) {
    return state.phase != alert::Phase::Quiet || state.is_fire_told || state.is_unknown_told ||
           state.unknown_since_s;
}

}  // namespace

std::string not_watched_any_more(std::string_view key) {
    return fmt::format("not watched any more, and not resolved: {}", core::printable(key, 300));
}

std::string to_json(const core::Archive& archive) {
    std::string out;
    snapshot::append_json(archive, 0, out);
    return out;
}

AlertBook::AlertBook(const WatchPlan& plan, std::string chain, core::ChainId chain_id,
                     std::vector<core::Address> wallets, std::string instance)
    : plan_(plan),
      chain_(std::move(chain)),
      chain_id_(chain_id),
      confirmations_(plan_.settings.confirmations(chain_)),
      wallets_(std::move(wallets)),
      instance_(std::move(instance)),
      facts_(chain_, wallets_, coverage_of(plan_.settings, chain_)) {}

std::vector<std::string> AlertBook::restore(const std::vector<store::KeptAlert>& kept) {
    std::vector<std::string> notes;
    for (const store::KeptAlert& one : kept) {
        Known known{.key = one.key,
                    .subject = alert::restore_subject(snapshot::parse_json(one.subject, {})),
                    .state = alert::restore_state(snapshot::parse_json(one.state, {})),
                    .written = {},
                    .value = {}};
        known.written = known.state;
        known.value =
            known.state.unknown_since_s
                ? alert::unknown("it was not when the watch ended")
                : alert::Value{.number = known.state.last, .is_known = true, .because = {}};
        const bool has_rule =
            std::any_of(plan_.rules.begin(), plan_.rules.end(), [&](const alert::Rule& rule) {
                return rule.name == one.rule && is_asked_of(rule, known.subject);
            });
        if (!has_rule) {
            if (known.state.phase != alert::Phase::Quiet) {
                notes.push_back(not_watched_any_more(one.key));
            }
            alert::forget(known.state);
        }
        alert::Subject subject = known.subject;
        alerts_[one.rule].insert_or_assign(std::move(subject), std::move(known));
    }
    return notes;
}

void AlertBook::welcome(std::vector<ChannelPlan> newcomers) {
    newcomers_ = std::move(newcomers);
    for (auto& [rule, alerts] : alerts_) {
        for (auto& [subject, known] : alerts) {
            known.is_news_to_newcomers = !newcomers_.empty();
        }
    }
}

bool AlertBook::is_asked_of(const alert::Rule& rule, const alert::Subject& subject) const {
    if (!alert::may_be_of(rule.quantity, subject)) {
        return false;  // the rule watched something else when it was told
    }
    if (rule.playbook.empty()) {
        return true;
    }
    const auto playbook = plan_.playbooks.find(chain_);
    return is_put_to(rule, alert::depth_of(rule.quantity)) &&
           (!playbook->second.asks_for || playbook->second.asks_for(subject));
}

bool AlertBook::is_put_to(const alert::Rule& rule, alert::Depth depth) const {
    if (rule.quantity == alert::Quantity::BlockAge || alert::depth_of(rule.quantity) != depth) {
        return false;
    }
    // Its playbook is of one chain.
    const auto playbook = plan_.playbooks.find(chain_);
    return rule.playbook.empty() ||
           (playbook != plan_.playbooks.end() && playbook->second.file == rule.playbook);
}

void AlertBook::restore_facts(const std::vector<store::Fact>& kept,
                              const store::WatchedBlock& last) {
    std::vector<alert::Fact> facts;
    facts.reserve(kept.size());
    for (const store::Fact& row : kept) {
        facts.push_back(from_row(chain_, row));
    }
    facts_.restore(facts);
    for (const alert::Rule& rule : plan_.rules) {
        if (!alert::counts_changes(rule.quantity)) {
            continue;
        }
        auto values = facts_.changes(rule.quantity, rule.within_s, last.timestamp);
        for (auto& [subject, value] : values) {
            if (const auto found = alerts_[rule.name].find(subject);
                found != alerts_[rule.name].end()) {
                found->second.value = std::move(value);
            }
        }
    }
}

void AlertBook::learn_facts(const snapshot::Snapshot& snapshot, const report::Report& report,
                            const FoundAt& at) {
    const auto facts = facts_.learn({.snapshot = snapshot,
                                     .report = report,
                                     .block = at.block.number,
                                     .time_s = at.block.timestamp});
    for (const alert::Fact& fact : facts) {
        new_facts_.push_back(to_row(fact));
    }
}

AlertBook::Known& AlertBook::find_or_add(const alert::Rule& rule, const alert::Subject& subject) {
    Alerts& alerts = alerts_[rule.name];
    const auto found = alerts.find(subject);
    if (found != alerts.end()) {
        return found->second;
    }
    Known known{.key = alert_key(rule, subject),
                .subject = subject,
                .state = {},
                .written = {},
                .value = {}};
    return alerts.emplace(subject, std::move(known)).first->second;
}

void AlertBook::step(const alert::Rule& rule, Known& known, alert::Value value, const FoundAt& at) {
    value = alert::settled(rule, std::move(value));
    alert::step(rule, value,
                {.block = at.block.number, .chain_s = at.block.timestamp, .wall_s = at.wall_s},
                known.state, confirmations_);
    known.value = std::move(value);
    known.found_at = at.block;
    known.inputs.reset();
}

void AlertBook::learn_factors(const report::Report& report) {
    factors_ = nearest_factors(report, chain_);
}

std::vector<std::string> AlertBook::evaluate(const report::Report& report,
                                             const alert::Scope& scope, alert::Depth depth,
                                             const FoundAt& at) {
    std::vector<std::string> notes;
    InputFinder inputs(report, chain_);
    for (const alert::Rule& rule : plan_.rules) {
        if (!is_put_to(rule, depth)) {
            continue;
        }
        if (!alert::counts_changes(rule.quantity)) {
            const auto values = alert::observe(report, chain_, scope, rule.quantity, rule.factors);
            step_all(rule, values, inputs, at);
            evaluate_absent(rule, report, scope, values, at, notes);
        } else if (scope.is_of_all) {  // they are learned from a report of all
            evaluate_changes(rule, report, at, notes);
        }
    }
    return notes;
}

void AlertBook::step_all(const alert::Rule& rule,
                         const std::map<alert::Subject, alert::Value>& values, InputFinder& inputs,
                         const FoundAt& at) {
    for (const auto& [subject, value] : values) {
        Known& known = find_or_add(rule, subject);
        const auto nearest = factors_.find(subject);
        const bool has_factor = follows_prices(rule.quantity) && nearest != factors_.end();
        known.cause = has_factor ? nearest->second : value.cause;
        step(rule, known, value, at);
        if (may_be_told(known.state)) {
            known.inputs = inputs.find(subject);
        }
    }
}

std::set<core::Address> AlertBook::waiting() const {
    std::set<core::Address> out;
    for (const alert::Rule& rule : plan_.rules) {
        const auto alerts = alerts_.find(rule.name);
        if (!follows_prices(rule.quantity) || alerts == alerts_.end()) {
            continue;
        }
        for (const auto& [subject, known] : alerts->second) {
            const bool is_quiet =
                known.state.phase == alert::Phase::Quiet && !known.state.unknown_since_s;
            if (subject.wallet && !is_quiet) {
                out.insert(*subject.wallet);
            }
        }
    }
    return out;
}

void AlertBook::evaluate_absent(const alert::Rule& rule, const report::Report& report,
                                const alert::Scope& scope,
                                const std::map<alert::Subject, alert::Value>& values,
                                const FoundAt& at, std::vector<std::string>& notes) {
    for (auto& [subject, known] : alerts_[rule.name]) {
        if (!values.contains(subject) && alert::speaks_of(report, scope, subject)) {
            auto value = alert::value_of_absent(report, subject, scope.wallets, rule.quantity);
            step_or_forget(rule, report, known, std::move(value), at, notes);
        }
    }
}

/// What could not be read is a gap, and told as one: it is no change before it can be read.
void AlertBook::evaluate_changes(const alert::Rule& rule, const report::Report& report,
                                 const FoundAt& at, std::vector<std::string>& notes) {
    auto values = facts_.changes(rule.quantity, rule.within_s, at.block.timestamp);
    for (auto& [subject, value] : values) {
        step_or_forget(rule, report, find_or_add(rule, subject), std::move(value), at, notes);
    }
    for (auto& [subject, known] : alerts_[rule.name]) {
        if (!values.contains(subject)) {
            step_or_forget(rule, report, known,
                           {.number = alert::whole(0), .is_known = true, .because = {}}, at, notes);
        }
    }
}

void AlertBook::step_or_forget(const alert::Rule& rule, const report::Report& report, Known& known,
                               alert::Value value, const FoundAt& at,
                               std::vector<std::string>& notes) {
    if (!value.is_known || alert::is_watched(report, known.subject, wallets_)) {
        step(rule, known, std::move(value), at);
        return;
    }
    // Nobody asked for it any more: that is no good news of it.
    if (known.state.phase != alert::Phase::Quiet) {
        notes.push_back(not_watched_any_more(known.key));
    }
    alert::forget(known.state);
}

void AlertBook::evaluate_unmade(const report::Report& health, const std::string& why,
                                const FoundAt& at) {
    for (const alert::Rule& rule : plan_.rules) {
        if (!is_put_to(rule, alert::Depth::Whole)) {
            continue;
        }
        for (const alert::Subject& subject : alert::subjects_of(health, chain_, rule.quantity)) {
            static_cast<void>(find_or_add(rule, subject));
        }
        for (auto& [subject, known] : alerts_[rule.name]) {
            step(rule, known, alert::unknown(why), at);
        }
    }
}

void AlertBook::evaluate_blind(const std::string& why, const FoundAt& at) {
    for (const alert::Rule& rule : plan_.rules) {
        // That nothing is read is told once, by the age of the last block.
        // Changes are told when they are read.
        if (rule.quantity == alert::Quantity::BlockAge ||
            rule.quantity == alert::Quantity::CoverageGaps ||
            alert::counts_changes(rule.quantity)) {
            continue;
        }
        for (auto& [subject, known] : alerts_[rule.name]) {
            if (known.state.seen_any) {  // and was not forgotten since
                step(rule, known, alert::unknown(why), at);
            }
        }
    }
}

void AlertBook::evaluate_age(std::uint64_t age_s, const FoundAt& at) {
    for (const alert::Rule& rule : plan_.rules) {
        if (rule.quantity == alert::Quantity::BlockAge) {
            step(rule, find_or_add(rule, chain_itself(chain_)),
                 {.number = alert::whole(age_s), .is_known = true, .because = {}}, at);
        }
    }
}

void AlertBook::undo_after(std::uint64_t block) {
    facts_.undo_after(block);
    for (auto& [rule, alerts] : alerts_) {
        for (auto& [subject, known] : alerts) {
            alert::undo_after(block, known.state);
            if (known.found_at && known.found_at->number > block) {
                known.found_at.reset();
                known.inputs.reset();
            }
        }
    }
}

bool AlertBook::is_inhibited(const alert::Rule& rule, const alert::Subject& subject) const {
    for (const std::string& name : rule.inhibited_by) {
        const auto alerts = alerts_.find(name);
        if (alerts == alerts_.end()) {
            continue;
        }
        for (const alert::Subject& wider : wider_subjects(subject)) {
            const auto found = alerts->second.find(wider);
            if (found != alerts->second.end() && found->second.state.fires_still()) {
                return true;
            }
        }
    }
    return false;
}

ToldAlert AlertBook::to_tell(const Known& known, const alert::Transition& transition,
                             const FoundAt& at) {
    const bool is_unknown = transition.kind == alert::Kind::Unknown;
    return {.member = {.subject = known.subject,
                       .value = known.value,
                       .state = known.state,
                       .transition = transition,
                       .inputs = known.inputs},
            .cause = is_unknown ? known.value.because : known.cause,
            .block = known.found_at.value_or(at.block)};
}

alert::Hush AlertBook::hush_of(const alert::Rule& rule, const Known& known,
                               const Notes& notes) const {
    const auto acknowledged = notes.acknowledged.find(known.key);
    return {.is_silenced = is_silenced(notes.silences, rule, known.subject),
            .is_inhibited = is_inhibited(rule, known.subject),
            .is_acknowledged = acknowledged != notes.acknowledged.end() &&
                               acknowledged->second == known.state.episode};
}

std::vector<ToldAlert> AlertBook::tell(const alert::Rule& rule, const Notes& notes,
                                       const FoundAt& at) {
    std::vector<ToldAlert> out;
    for (auto& [subject, known] : alerts_[rule.name]) {
        const alert::Hush hush = hush_of(rule, known, notes);
        for (const alert::Transition& transition :
             alert::tell(rule, hush, at.wall_s, known.state)) {
            out.push_back(to_tell(known, transition, at));
        }
    }
    return out;
}

std::vector<ToldAlert> AlertBook::tell_newcomers(const alert::Rule& rule, const Notes& notes,
                                                 const FoundAt& at) {
    std::vector<ToldAlert> out;
    for (auto& [subject, known] : alerts_[rule.name]) {
        if (!known.is_news_to_newcomers || !known.found_at) {
            continue;
        }
        for (const alert::Transition& transition :
             alert::standing(hush_of(rule, known, notes), known.state)) {
            out.push_back(to_tell(known, transition, at));
        }
        known.is_news_to_newcomers = false;
    }
    return out;
}

void AlertBook::keep_what_changed(Evaluation& evaluation) {
    for (auto& [rule, alerts] : alerts_) {
        for (auto& [subject, known] : alerts) {
            if (is_worth_writing(known.written, known.state)) {
                evaluation.alerts.push_back({.key = known.key,
                                             .rule = rule,
                                             .subject = to_json(to_archive(known.subject)),
                                             .state = to_json(alert::to_archive(known.state))});
                known.written = known.state;
            }
        }
    }
}

std::vector<std::string> AlertBook::close(const Notes& notes, const FoundAt& at,
                                          std::optional<alert::Depth> depth,
                                          Evaluation& evaluation) {
    std::vector<std::string> lines;
    const auto playbook = plan_.playbooks.find(chain_);
    const bool has_book = playbook != plan_.playbooks.end() && playbook->second.has_book;
    for (const alert::Rule& rule : plan_.rules) {
        if (depth && !is_put_to(rule, *depth)) {
            continue;
        }
        // A cascade's reading is kept with what the cascade itself tells.
        const bool is_late =
            rule.quantity == alert::Quantity::CascadeDistance && depth != alert::Depth::Cascade;
        const AlertMessage frame{.rule = rule,
                                 .members = {},
                                 .cause = {},
                                 .chain_id = chain_id_,
                                 .block = at.block.number,
                                 .block_hash = at.block.hash,
                                 .block_time = core::Timestamp(at.block.timestamp),
                                 .at_s = at.wall_s,
                                 .store = is_late ? "" : plan_.store_name,
                                 .config = plan_.config_name,
                                 .has_book = has_book};
        for (const AlertMessage& message : group(tell_newcomers(rule, notes, at), frame)) {
            queue(message, newcomers_, instance_, evaluation.messages);
        }
        for (AlertMessage& message : group(tell(rule, notes, at), frame)) {
            const auto& wallet = message.worst().subject.wallet;
            if (at.kept_of && wallet && !at.kept_of->contains(*wallet)) {
                message.store.clear();
            }
            lines.push_back(to_text(message));
            plan_.listener->found(chain_, message, to_json(message));
            queue(message, plan_.channels, instance_, evaluation.messages);
        }
    }
    keep_what_changed(evaluation);
    evaluation.facts = std::exchange(new_facts_, {});
    return lines;
}

}  // namespace margrave::app
