#include "chains/evm/batch_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "chains/evm/head.hpp"
#include "chains/evm/held_tokens.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"

namespace margrave::chains::evm {
namespace {

using core::ErrorKind;

/// Doubtful failures that are asked again one by one; beyond, in groups.
constexpr std::size_t kAskedAloneMax = 64;

/// The hex of one inner call besides its own calldata: tuple offset, address, flag, data offset,
/// length.
constexpr std::size_t kInnerOverheadBytes = std::size_t{2} * 5 * 32;

/// How often silence has requests halved: a quarter of them is the least that a slow endpoint is
/// asked to answer in one go. Each time costs a whole deadline, and a dead endpoint answers
/// nothing.
constexpr unsigned kTimeoutSplitsMax = 2;

/// Of lists their places tell, for they outlive the questions.
std::string identity(const PendingCall& call) {
    return question_identity(call.kind, call.to, reinterpret_cast<std::uintptr_t>(call.list.get()),
                             call.data);
}

}  // namespace

BatchReader::BatchReader(RpcTransport& rpc, const Block& block,
                         std::optional<core::Address> multicall3, const BatchLimits& limits,
                         LogScanner* scanner)
    : rpc_(rpc),
      wire_{.block = block, .pin = Pin::Hash, .multicall3 = multicall3},
      multicall3_(multicall3),
      limits_(limits),
      own_scanner_(rpc, {}),
      scanner_(scanner != nullptr ? *scanner : own_scanner_) {}

void BatchReader::run(std::span<const Task<void>> tasks) {
    for (const Task<void>& task : tasks) {
        task.start();
    }
    // Scans first: what they find is asked for together with everything else.
    while (!scans_.empty() || !parked_.empty()) {
        if (scans_.empty()) {
            answer_parked();
        } else {
            answer_scan();
        }
    }
    core::ensure(
        std::all_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.done(); }),
        "a task that waits for nothing is done");
}

void BatchReader::park(PendingCall& call) {
    if (book_ != nullptr && book_->answer(call)) {
        remember_failure(call, call.outcome, true);
        return;
    }
    if (no_programs_ && is_about_held_tokens(call.kind)) {
        call.outcome = core::Unexpected(*no_programs_);
        call.answered = true;
        return;
    }
    parked_.push_back(&call);
}

void BatchReader::unpark(PendingCall& call) {
    std::erase(parked_, &call);
    std::replace(waking_.begin(), waking_.end(), &call, static_cast<PendingCall*>(nullptr));
}

void BatchReader::answer_scan() {
    PendingScan& scan = *scans_.front();
    scan.failure = scanner_.scan(scan.filter, wire_.block, scan.sink);
    scans_.erase(scans_.begin());
    scan.answered = true;
    if (scan.waiter) {
        std::exchange(scan.waiter, nullptr).resume();
    }
}

void BatchReader::answer_parked() {
    const std::vector<PendingCall*> waiting = std::exchange(parked_, {});
    std::unordered_map<std::string, std::size_t> known;
    std::vector<std::size_t> question_of;
    Questions questions;
    question_of.reserve(waiting.size());
    for (const PendingCall* call : waiting) {
        const auto [found, is_new] = known.try_emplace(identity(*call), questions.size());
        if (is_new) {
            questions.push_back(call);
        } else if (!call->may_revert) {
            questions[found->second] = call;  // who needs the answer decides how sure it must be
        }
        question_of.push_back(found->second);
    }
    const std::vector<CallOutcome> outcomes = ask(questions);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        remember_failure(*questions[i], outcomes[i], questions[i]->may_revert);
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (book_ != nullptr) {
            book_->note(*waiting[i], outcomes[question_of[i]]);
        }
        waiting[i]->outcome = outcomes[question_of[i]];
        waiting[i]->answered = true;
        if (waiting[i]->waiter) {
            waking_.push_back(waiting[i]);
        }
    }
    // What one wakes may end others together with what they wait for: unpark() takes those out.
    for (PendingCall* const& call : waking_) {
        if (call != nullptr) {
            std::exchange(call->waiter, nullptr).resume();
        }
    }
    waking_.clear();
}

std::vector<CallOutcome> BatchReader::ask_at_once(std::span<const PendingCall> calls) {
    Questions questions;
    questions.reserve(calls.size());
    for (const PendingCall& call : calls) {
        questions.push_back(&call);
    }
    return questions.empty() ? std::vector<CallOutcome>{} : ask(questions);
}

std::vector<CallOutcome> BatchReader::ask(const Questions& questions) {
    std::vector<CallOutcome> outcomes(questions.size(), core::Unexpected(CallFailure{}));
    Chunk all(questions.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<Chunk> chunks;
    add_chunks(questions, all, chunks);
    send(questions, std::move(chunks), false, outcomes);
    ask_doubtful_again(questions, outcomes);
    return outcomes;
}

BatchReader::Questions BatchReader::those_of(const Questions& questions, const Chunk& chunk) {
    Questions out;
    out.reserve(chunk.size());
    for (const std::size_t i : chunk) {
        out.push_back(questions[i]);
    }
    return out;
}

void BatchReader::remember_failure(const PendingCall& asked, const CallOutcome& outcome,
                                   bool may_be_artefact) {
    if (!is_contracts_own(outcome)) {
        ++unanswered_;
    }
    if (may_be_artefact && asked.kind == PendingCall::Kind::Contract && !outcome &&
        outcome.error().kind == ErrorKind::Reverted) {
        PendingCall& refused = refused_[identity(asked)];
        refused.to = asked.to;
        refused.data = asked.data;
        refused.function = asked.function;
        refused.may_revert = true;
    }
}

std::vector<CallOutcome> BatchReader::ask_before(const Questions& questions) {
    Wire before = wire_;
    before.pin = Pin::Number;
    before.block.number = core::BlockNumber(wire_.block.number.value() - 1);
    Chunk all(questions.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<Chunk> chunks;
    add_chunks(questions, all, chunks);
    std::vector<Questions> asked;
    std::vector<RpcRequest> requests;
    for (const Chunk& chunk : chunks) {
        const Questions& mine = asked.emplace_back(those_of(questions, chunk));
        requests.push_back(wire_.batches ? encode(before, mine) : encode_alone(before, *mine[0]));
    }
    const RpcCall block_question = block_by_number(before.block.number.value());
    std::vector<std::vector<RpcOutcome>> replies;
    if (wire_.batches) {  // in one request with the first of them, where the endpoint takes that
        requests.front().push_back(block_question);
        replies = send_round(requests);
        requests.front().pop_back();
    }
    auto said =
        replies.empty() ? std::nullopt : std::optional(parse_block_reply(replies.front().back()));
    if (said && *said) {
        replies.front().pop_back();
    } else {
        requests.push_back({block_question});
        replies = send_round(requests);
        said = parse_block_reply(replies.back().at(0));
    }
    const core::Result<Block, core::ChainError>& block = *said;
    std::vector<CallOutcome> outcomes(questions.size(), core::Unexpected(CallFailure{}));
    for (std::size_t c = 0; c < chunks.size(); ++c) {
        if (!block) {
            const CallFailure why{block.error().kind(), block.error().what()};
            for (const std::size_t i : chunks[c]) {
                outcomes[i] = core::Unexpected(why);
            }
            continue;
        }
        before.block = *block;
        const Answers answers =
            wire_.batches ? decode(before, asked[c], replies[c])
                          : Answers(std::vector{decode_alone(*asked[c][0], replies[c].at(0))});
        for (std::size_t k = 0; k < chunks[c].size(); ++k) {
            outcomes[chunks[c][k]] =
                answers ? answers.value()[k] : CallOutcome(core::Unexpected(answers.error()));
        }
    }
    return outcomes;
}

std::optional<core::ChainError> BatchReader::confirm_refusals() {
    const bool is_first_block = wire_.block.number.value() == 0;
    if (refused_.empty() || is_first_block) {
        return std::nullopt;
    }
    Questions questions;
    for (const auto& [key, refused] : refused_) {
        questions.push_back(&refused);
    }
    const std::vector<CallOutcome> before = ask_before(questions);
    // Where the block before has an answer, or cannot be read, the block itself is asked again.
    Questions in_doubt;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (before[i] || before[i].error().kind != ErrorKind::Reverted) {
            in_doubt.push_back(questions[i]);
        }
    }
    const std::vector<CallOutcome> again =
        in_doubt.empty() ? std::vector<CallOutcome>{} : ask(in_doubt);
    std::optional<CallFailure> unseen;
    std::size_t unseen_count = 0;
    for (std::size_t i = 0; i < in_doubt.size(); ++i) {
        if (again[i]) {
            throw core::ChainError(
                ErrorKind::NoAgreement, in_doubt[i]->to.to_string(),
                fmt::format("{} was refused when it was asked first and answered when it was asked "
                            "again at the same block",
                            in_doubt[i]->function));
        }
        if (again[i].error().kind != ErrorKind::Reverted) {
            unseen = again[i].error();
            ++unseen_count;
        }
    }
    // A recording of an earlier margrave has no second look.
    if (!unseen || unseen->kind == ErrorKind::NotRecorded) {
        return std::nullopt;
    }
    return core::ChainError(unseen->kind, "second look",
                            fmt::format("{} refusals of contracts were not seen a second time: {}",
                                        unseen_count, unseen->detail));
}

void BatchReader::ask_doubtful_again(const Questions& questions,
                                     std::vector<CallOutcome>& outcomes) {
    Chunk doubtful;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (!outcomes[i] && outcomes[i].error().doubtful && !questions[i]->may_revert) {
            doubtful.push_back(i);
        }
    }
    if (doubtful.empty()) {
        return;
    }
    const bool alone = doubtful.size() <= kAskedAloneMax;
    const std::size_t group = alone ? 1 : (doubtful.size() + kAskedAloneMax - 1) / kAskedAloneMax;
    std::vector<Chunk> chunks;
    for (std::size_t from = 0; from < doubtful.size(); from += group) {
        const std::size_t to = std::min(doubtful.size(), from + group);
        chunks.emplace_back(doubtful.begin() + static_cast<std::ptrdiff_t>(from),
                            doubtful.begin() + static_cast<std::ptrdiff_t>(to));
    }
    send(questions, std::move(chunks), alone, outcomes);
}

void BatchReader::send(const Questions& questions, std::vector<Chunk> chunks, bool alone,
                       std::vector<CallOutcome>& outcomes) {
    while (!chunks.empty()) {
        const Wire wire = wire_;
        const auto is_program = [&](const Chunk& chunk) {
            return is_about_held_tokens(questions[chunk.front()]->kind);
        };
        // Last, so that what the others teach about the node is known when programs are judged.
        std::stable_partition(chunks.begin(), chunks.end(),
                              [&](const Chunk& chunk) { return !is_program(chunk); });
        const bool singly = alone || !wire.batches;
        std::vector<Questions> asked;
        std::vector<RpcRequest> requests;
        for (const Chunk& chunk : chunks) {
            const Questions& mine = asked.emplace_back(those_of(questions, chunk));
            requests.push_back(is_program(chunk) ? encode_held_tokens(wire, mine)
                               : singly          ? encode_alone(wire, *mine.at(0))
                                                 : encode(wire, mine));
        }
        const auto replies = send_round(requests);
        std::vector<Chunk> again;
        bool silence_splits = false;
        for (std::size_t r = 0; r < chunks.size(); ++r) {
            if (is_program(chunks[r])) {
                silence_splits |=
                    take_held_tokens(questions, wire, chunks[r], replies[r].at(0), outcomes, again);
                continue;
            }
            if (singly) {
                outcomes[chunks[r][0]] = decode_alone(*asked[r].at(0), replies[r].at(0));
                continue;
            }
            const Answers answers = decode(wire, asked[r], replies[r]);
            if (answers) {
                proven_ = true;
                for (std::size_t k = 0; k < chunks[r].size(); ++k) {
                    outcomes[chunks[r][k]] = answers.value()[k];
                }
                continue;
            }
            const CallFailure& why = answers.error();
            if (has_changed(wire) || (!proven_ && fall_back(why.kind, chunks[r].size()))) {
                add_chunks(questions, chunks[r], again);
            } else if (split(chunks[r], why.kind, again)) {
                silence_splits |= why.kind == ErrorKind::Timeout;
            } else {
                for (const std::size_t i : chunks[r]) {
                    outcomes[i] = core::Unexpected(why);
                }
            }
        }
        timeout_splits_ += silence_splits ? 1 : 0;
        chunks = std::move(again);
    }
}

/// What is left over when a program stopped early, or was refused for its size, is asked again in
/// smaller pieces. A failure may also be the pin's, as long as no other way of asking has worked.
bool BatchReader::take_held_tokens(const Questions& questions, const Wire& wire, const Chunk& chunk,
                                   const RpcOutcome& reply, std::vector<CallOutcome>& outcomes,
                                   std::vector<Chunk>& again) {
    Questions asked;
    for (const std::size_t i : chunk) {
        asked.push_back(questions[i]);
    }
    const HeldTokensAnswers answers = decode_held_tokens(wire, asked, reply);
    const std::size_t answered = answers ? answers->size() : 0;
    for (std::size_t k = 0; k < answered; ++k) {
        outcomes[chunk[k]] = (*answers)[k];
    }
    if (answered == chunk.size()) {
        return false;
    }
    if (!answers && has_changed(wire)) {
        add_chunks(questions, chunk, again);
        return false;
    }
    const std::size_t smaller = answered > 0 ? answered : chunk.size() / 2;
    if ((answers || may_split(answers.error().kind)) && smaller > 0) {
        limits_.pairs_max =
            std::min(limits_.pairs_max, smaller * questions[chunk.front()]->list->tokens.size());
        add_programs(questions,
                     {chunk.begin() + static_cast<std::ptrdiff_t>(answered), chunk.end()}, again);
        return !answers && answers.error().kind == ErrorKind::Timeout;
    }
    const CallFailure why =
        answers ? CallFailure{ErrorKind::OutOfGas, "a call's gas is too little for one wallet"}
                : answers.error();
    for (const std::size_t i : chunk) {
        outcomes[i] = core::Unexpected(why);
    }
    if (proven_ && !no_programs_) {
        no_programs_ = why;
    }
    return false;
}

bool BatchReader::has_changed(const Wire& wire) const {
    return wire_.pin != wire.pin || wire_.multicall3 != wire.multicall3 ||
           wire_.batches != wire.batches;
}

std::vector<std::vector<RpcOutcome>> BatchReader::send_round(
    const std::vector<RpcRequest>& requests) {
    ++cost_.rounds;
    cost_.splits += requests.size() - 1;
    return rpc_.send(requests);
}

std::size_t& BatchReader::calls_max() {
    return wire_.multicall3 ? limits_.calls_max : limits_.batch_calls_max;
}

bool BatchReader::may_split(ErrorKind why) const {
    return why == ErrorKind::RequestTooLarge || why == ErrorKind::ReplyTooLarge ||
           why == ErrorKind::OutOfGas || why == ErrorKind::ExecutionTimeout ||
           (why == ErrorKind::Timeout && timeout_splits_ < kTimeoutSplitsMax);
}

bool BatchReader::split(const Chunk& chunk, ErrorKind why, std::vector<Chunk>& again) {
    if (!may_split(why) || chunk.size() < 2) {
        return false;
    }
    const std::size_t half = chunk.size() / 2;
    calls_max() = std::max<std::size_t>(1, std::min(calls_max(), chunk.size() - half));
    const auto middle = chunk.begin() + static_cast<std::ptrdiff_t>(half);
    again.emplace_back(chunk.begin(), middle);
    again.emplace_back(middle, chunk.end());
    return true;
}

/// Steps down from (Multicall3, by hash) to what the node can do. A node that lacks EIP-1898
/// refuses the parameter, ignores it, or answers nothing; an address without Multicall3 answers
/// nothing, or not as Multicall3 would. An endpoint that takes no batches refuses them in many
/// words; only of one question is their size certainly not meant.
bool BatchReader::fall_back(ErrorKind why, std::size_t questions) {
    const bool about_pin = why == ErrorKind::Unsupported || why == ErrorKind::BadRequest ||
                           why == ErrorKind::WrongBlock;
    const bool about_contract =
        why == ErrorKind::EmptyReply || why == ErrorKind::Reverted || why == ErrorKind::BadData;
    const bool about_batches = why == ErrorKind::Unsupported || why == ErrorKind::BadRequest ||
                               why == ErrorKind::BadReply ||
                               (why == ErrorKind::RequestTooLarge && questions == 1);
    if (about_pin && wire_.pin == Pin::Hash) {
        wire_.pin = Pin::Number;
        return true;
    }
    if (about_contract && wire_.multicall3) {
        wire_.multicall3 = std::nullopt;
        return true;
    }
    if (why == ErrorKind::EmptyReply && wire_.pin == Pin::Hash) {
        wire_.pin = Pin::Number;
        wire_.multicall3 = multicall3_;
        return true;
    }
    return about_batches && !wire_.multicall3 && fall_back_to_single_calls();
}

/// A single call has no room for the question which block it runs on, so that is asked first, by
/// hash and then by number.
bool BatchReader::fall_back_to_single_calls() {
    if (std::exchange(single_calls_tried_, true)) {
        return false;
    }
    const Wire before = wire_;
    wire_.batches = false;
    for (const Pin pin : {Pin::Hash, Pin::Number}) {
        wire_.pin = pin;
        const auto replies = send_round({encode_block_check(wire_)});
        if (passes_block_check(wire_, replies.at(0).at(0))) {
            proven_ = true;
            return true;
        }
    }
    wire_ = before;
    return false;
}

void BatchReader::add_chunks(const Questions& questions, const Chunk& which,
                             std::vector<Chunk>& chunks) {
    const std::size_t most = wire_.batches ? calls_max() : 1;
    Chunk chunk;
    std::size_t bytes = 0;
    std::vector<Chunk> by_list;
    std::unordered_map<const TokenList*, std::size_t> list_at;
    for (const std::size_t i : which) {
        if (is_about_held_tokens(questions[i]->kind)) {
            const auto [found, is_new] =
                list_at.try_emplace(questions[i]->list.get(), by_list.size());
            if (is_new) {
                by_list.emplace_back();
            }
            by_list[found->second].push_back(i);
            continue;
        }
        const std::size_t mine = 2 * questions[i]->data.size() + kInnerOverheadBytes;
        if (!chunk.empty() && (chunk.size() >= most || bytes + mine > limits_.request_bytes_max)) {
            chunks.push_back(std::exchange(chunk, {}));
            bytes = 0;
        }
        chunk.push_back(i);
        bytes += mine;
    }
    if (!chunk.empty()) {
        chunks.push_back(std::move(chunk));
    }
    for (const Chunk& about : by_list) {
        add_programs(questions, about, chunks);
    }
}

void BatchReader::add_programs(const Questions& questions, const Chunk& which,
                               std::vector<Chunk>& chunks) {
    const std::size_t most = held_tokens_wallets_max(questions[which.front()]->list->tokens.size(),
                                                     limits_.pairs_max, limits_.request_bytes_max);
    for (std::size_t from = 0; from < which.size(); from += most) {
        const std::size_t to = std::min(which.size(), from + most);
        chunks.emplace_back(which.begin() + static_cast<std::ptrdiff_t>(from),
                            which.begin() + static_cast<std::ptrdiff_t>(to));
    }
}

void BatchReader::confirm_block() {
    if (wire_.pin == Pin::Hash) {
        return;
    }
    ++cost_.rounds;
    const Block now = read_block(rpc_, wire_.block.number);
    if (now.hash != wire_.block.hash) {
        throw core::ChainError(
            ErrorKind::WrongBlock, "eth_getBlockByNumber",
            fmt::format(
                "block {} was {} when reading began and is {} now: the chain was reorganised",
                wire_.block.number.value(), core::to_hex(wire_.block.hash),
                core::to_hex(now.hash)));
    }
}

}  // namespace margrave::chains::evm
