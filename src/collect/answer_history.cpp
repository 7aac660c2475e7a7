#include "collect/answer_history.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "chains/abi.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/wire.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"

namespace margrave::collect {
namespace {

using chains::Block;
using chains::PendingCall;
using chains::Task;
using chains::evm::BatchReader;
using chains::evm::RpcRequest;
using chains::evm::RpcTransport;
using chains::evm::Wire;
using core::ChainError;
using core::ErrorKind;
using core::U256;

using Answers = std::vector<std::optional<U256>>;
using Word = chains::abi::Function<"oracle answer", U256()>;

/// Blocks in one request, and how many are asked about before it is told how far that is.
constexpr std::size_t kBlocksPerRequest = 20;
constexpr std::size_t kBlocksPerRound = 400;

/// What an oracle that gives no answer makes of a call; all else is the endpoint's failure.
bool is_no_answer(ErrorKind kind) {
    return kind == ErrorKind::Reverted || kind == ErrorKind::EmptyReply ||
           kind == ErrorKind::BadData;
}

/// An answer of 0 is none.
std::optional<U256> answer_in(const U256& word) {
    return word == 0 ? std::nullopt : std::optional(word);
}

PendingCall pending(const margin::AnswerCall& question) {
    PendingCall out;
    out.to = question.contract;
    out.data = question.data;
    out.function = Word::name();
    out.may_revert = true;
    return out;
}

Task<void> ask(chains::Reader& reader, const margin::AnswerCall& question,
               std::optional<U256>& into) {
    chains::Reader::TryCall<Word> asked(reader, pending(question));
    const auto answer = co_await asked;
    if (answer) {
        into = answer_in(answer.value());
    } else if (!is_no_answer(answer.error().kind())) {
        const ChainError& error = answer.error();
        throw ChainError(error.kind(), error.source(),
                         error.kind() == ErrorKind::MissingState
                             ? error.detail() + "; an archive node would have it"
                             : error.detail());
    }
}

class History {
  public:
    History(RpcTransport& rpc, const settings::Chain& chain,
            std::span<const margin::AnswerCall> questions)
        : rpc_(rpc), chain_(chain), questions_(questions) {
        for (const margin::AnswerCall& question : questions_) {
            pending_.push_back(pending(question));
        }
        for (const PendingCall& call : pending_) {
            asked_.push_back(&call);
        }
    }

    /// One block in every way that there is to ask; how it went is remembered.
    Answers read_alone(const Block& block) {
        BatchReader reader(rpc_, block, chain_.multicall3);
        Answers out(questions_.size());
        std::vector<Task<void>> tasks;
        for (std::size_t i = 0; i < questions_.size(); ++i) {
            tasks.push_back(ask(reader, questions_[i], out[i]));
        }
        reader.run(tasks);
        for (const Task<void>& task : tasks) {
            task.result();
        }
        pin_ = reader.pin();
        return out;
    }

    /// Many blocks in few round trips; one whose reply is not whole is asked alone.
    std::vector<Answers> read(std::span<const Block> blocks) {
        std::vector<RpcRequest> requests;
        std::vector<std::size_t> sizes;
        for (const Block& block : blocks) {
            RpcRequest of_block = chains::evm::encode(wire_at(block), asked_);
            sizes.push_back(of_block.size());
            if ((sizes.size() - 1) % kBlocksPerRequest == 0) {
                requests.emplace_back();
            }
            std::move(of_block.begin(), of_block.end(), std::back_inserter(requests.back()));
        }
        const auto replies = rpc_.send(requests);
        std::vector<Answers> out;
        auto begin = replies.front().begin();
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (i % kBlocksPerRequest == 0) {
                begin = replies[i / kBlocksPerRequest].begin();
            }
            const auto end = begin + static_cast<std::ptrdiff_t>(sizes[i]);
            auto answers = whole(wire_at(blocks[i]), {begin, end});
            out.push_back(answers ? *std::move(answers) : read_alone(blocks[i]));
            begin = end;
        }
        return out;
    }

  private:
    [[nodiscard]] Wire wire_at(const Block& block) const {
        return {.block = block, .pin = pin_, .multicall3 = chain_.multicall3, .batches = true};
    }

    /// nullopt unless every question has a plain answer.
    [[nodiscard]] std::optional<Answers> whole(
        const Wire& wire, const std::vector<chains::evm::RpcOutcome>& outcomes) const {
        const chains::evm::Answers decoded = chains::evm::decode(wire, asked_, outcomes);
        if (!decoded) {
            return std::nullopt;
        }
        Answers out;
        for (const chains::CallOutcome& outcome : decoded.value()) {
            if (!outcome || outcome->size() != 32) {
                return std::nullopt;
            }
            out.push_back(answer_in(Word::decode(*outcome)));
        }
        return out;
    }

    RpcTransport& rpc_;
    const settings::Chain& chain_;
    std::span<const margin::AnswerCall> questions_;
    std::vector<PendingCall> pending_;
    std::vector<const PendingCall*> asked_;
    chains::evm::Pin pin_ = chains::evm::Pin::Hash;
};

/// The blocks half way between neighbours that differ.
std::vector<core::BlockNumber> between(const std::map<std::uint64_t, AnswersAt>& known) {
    std::vector<core::BlockNumber> out;
    for (auto later = known.begin(); later != known.end(); ++later) {
        if (later == known.begin()) {
            continue;
        }
        const auto earlier = std::prev(later);
        if (later->first - earlier->first > 1 && later->second.answers != earlier->second.answers) {
            out.emplace_back(earlier->first + (later->first - earlier->first) / 2);
        }
    }
    return out;
}

}  // namespace

std::vector<AnswersAt> read_answer_history(RpcTransport& rpc, const settings::Chain& chain,
                                           std::span<const margin::AnswerCall> questions,
                                           const HistoryRange& range, const TellBlocks& tell) {
    core::ensure(range.every > 0 && range.first.number < range.last.number,
                 "a history has steps, and an end behind its beginning");
    History history(rpc, chain, questions);
    std::map<std::uint64_t, AnswersAt> known;
    known[range.first.number.value()] = {.block = range.first,
                                         .answers = history.read_alone(range.first)};
    std::vector<core::BlockNumber> wanted;
    const std::uint64_t last = range.last.number.value();
    for (std::uint64_t block = range.first.number.value(); last - block > range.every;) {
        block += range.every;
        wanted.emplace_back(block);
    }
    wanted.push_back(range.last.number);
    while (!wanted.empty()) {
        for (std::size_t at = 0; at < wanted.size(); at += kBlocksPerRound) {
            const auto some =
                std::span(wanted).subspan(at, std::min(kBlocksPerRound, wanted.size() - at));
            const std::vector<Block> blocks = chains::evm::read_blocks(rpc, some);
            std::vector<Answers> answers = history.read(blocks);
            for (std::size_t i = 0; i < blocks.size(); ++i) {
                known[blocks[i].number.value()] = {.block = blocks[i],
                                                   .answers = std::move(answers[i])};
            }
            tell(known.size(), known.size() + wanted.size() - at - some.size());
        }
        wanted = between(known);
    }
    std::vector<AnswersAt> out;
    for (auto& [number, at] : known) {
        out.push_back(std::move(at));
    }
    return out;
}

}  // namespace margrave::collect
