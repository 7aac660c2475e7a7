#include "chains/evm/oracles/source_book.hpp"

#include <algorithm>
#include <utility>

#include "chains/evm/oracles/chainlink.hpp"
#include "core/errors.hpp"
#include "oracle/model.hpp"

namespace margrave::chains::evm::oracles {
namespace {

using core::Address;
using core::ChainError;
using core::ErrorKind;
using margin::OracleKind;
using margin::OraclePart;
using margin::OracleSource;

/// Its answer alone: what it is made of is not known.
void make_opaque(OracleSource& source) {
    source.kind = OracleKind::Opaque;
    source.parameters.clear();
    source.parts.clear();
}

}  // namespace

void SourceBook::note(Address source, PriceQuestion question) { begin(source, question, 0); }

void SourceBook::begin(Address source, PriceQuestion question, std::size_t depth) {
    if (source.is_zero() || depth > oracle::kDepthMax) {
        return;
    }
    const auto [entry, is_new] = entries_.try_emplace(source);
    if (is_new) {
        entry->second.depth = depth;
        entry->second.task.emplace(look(source, question));
        entry->second.task->start();
    }
}

Task<bool> SourceBook::look(Address source, PriceQuestion question) {
    std::vector<Task<Probed>> probing;
    probing.push_back(probe(chain_, source, question));
    const auto outcomes = co_await settle_all(std::move(probing));
    Entry& entry = entries_.at(source);  // a map's entries stay where they are
    if (!outcomes.front()) {
        entry.failure = outcomes.front().error();
        co_return false;
    }
    entry.probed = *outcomes.front();
    const auto& parts = entry.probed->source.parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (entry.probed->is_source[i]) {
            begin(parts[i].source, PriceQuestion::LatestAnswer, entry.depth + 1);
        }
    }
    co_return true;
}

void SourceBook::note_sequencer(Address feed, std::uint64_t grace_s) {
    if (!sequencer_) {
        sequencer_.emplace();
        sequencer_->sequencer.feed = feed;
        sequencer_->sequencer.grace_s = grace_s;
        sequencer_->task.emplace(look_at_sequencer(feed));
        sequencer_->task->start();
    }
}

Task<bool> SourceBook::look_at_sequencer(Address feed) {
    const auto round = co_await chain_.try_call(feed, LatestRoundData{});
    if (!round) {
        sequencer_->failure = round.error();
        co_return false;
    }
    const auto& [id, answer, started_at, updated_at, answered_in] = *round;
    if (answer.negative || (started_at >> 32U) != 0) {
        sequencer_->failure = ChainError(ErrorKind::BadData, feed.to_string() + " latestRoundData",
                                         "it is no sequencer's status");
        co_return false;
    }
    sequencer_->sequencer.answer = answer.magnitude;
    sequencer_->sequencer.started_at = core::Timestamp(static_cast<std::uint64_t>(started_at));
    co_return true;
}

std::shared_ptr<const OracleSource> SourceBook::join(Address source, std::vector<Address>& path,
                                                     Joined& joined, margin::OracleBook& book) {
    if (const auto known = joined.find(source); known != joined.end()) {
        return known->second;
    }
    const auto entry = entries_.find(source);
    const bool is_inside_itself = std::find(path.begin(), path.end(), source) != path.end();
    if (entry == entries_.end() || !entry->second.probed || is_inside_itself) {
        return nullptr;
    }
    path.push_back(source);
    OracleSource whole = entry->second.probed->source;
    bool is_whole = true;
    unsigned part_decimals = 0;
    for (std::size_t i = 0; i < whole.parts.size(); ++i) {
        if (!entry->second.probed->is_source[i]) {
            continue;
        }
        OraclePart& part = whole.parts[i];
        part.made_of = join(part.source, path, joined, book);
        is_whole &= part.made_of != nullptr;
        if (part.made_of) {
            part.answer = part.made_of->answer.value_or(0);
            part.updated_at = part.made_of->updated_at;
            part_decimals += part.made_of->decimals.value_or(0);
        }
    }
    path.pop_back();
    if (whole.kind == OracleKind::Product) {
        whole.parameters["denominator_decimals"] = part_decimals;
    }
    if (!is_whole) {
        make_opaque(whole);
    }
    auto shared = std::make_shared<const OracleSource>(std::move(whole));
    std::shared_ptr<const margin::OracleModel> model;
    try {
        // A parsing edge: numbers of a stranger's contract that no adapter of its kind would have.
        model = oracle::make_model(shared);
    } catch (const core::InputError&) {
        OracleSource opaque = *shared;
        make_opaque(opaque);
        shared = std::make_shared<const OracleSource>(std::move(opaque));
        model = oracle::make_model(shared);
    }
    book.models.push_back(std::move(model));
    joined.emplace(source, shared);
    return shared;
}

SourceBook::Found SourceBook::take() {
    Found out;
    Joined joined;
    std::vector<Address> path;
    for (auto& [address, entry] : entries_) {
        entry.task->result();  // rethrows a defect
        if (entry.failure) {
            const ErrorKind kind = entry.failure->kind();
            const auto same =
                std::find_if(out.failures.begin(), out.failures.end(),
                             [&](const Failure& failure) { return failure.kind == kind; });
            Failure& failure = same == out.failures.end() ? out.failures.emplace_back() : *same;
            if (failure.sources.empty()) {
                failure.what = "price source";
                failure.kind = kind;
                failure.detail = entry.failure->what();
            }
            failure.sources.push_back(address);
            continue;
        }
        static_cast<void>(join(address, path, joined, out.book));
    }
    if (sequencer_) {
        sequencer_->task->result();
        if (sequencer_->failure) {
            out.failures.push_back({.sources = {sequencer_->sequencer.feed},
                                    .what = "sequencer uptime feed",
                                    .kind = sequencer_->failure->kind(),
                                    .detail = sequencer_->failure->what()});
        } else {
            out.book.sequencer = sequencer_->sequencer;
        }
    }
    return out;
}

}  // namespace margrave::chains::evm::oracles
