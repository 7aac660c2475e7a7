#include "chains/evm/votes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "chains/evm/head.hpp"
#include "chains/evm/wire.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"

namespace margrave::chains::evm {
namespace {

using core::ErrorKind;
using nlohmann::json;

/// Longer values are told by their beginning.
constexpr std::size_t kShownBytes = 90;
constexpr std::size_t kSentencesMax = 3;

const std::string kReverted = "reverted";

/// A balance program's answer (balance_program.hpp): four words, then entries.
constexpr std::size_t kProgramHead = std::size_t{4} * 32;
constexpr std::size_t kProgramEntry = 16;

bool is_quantity_question(const RpcCall& call) {
    return call.method == "eth_chainId" || call.method == "eth_getBalance" ||
           call.method == "eth_blockNumber";
}

RpcOutcome unreadable(const std::string& who, std::string_view what) {
    return core::Unexpected(RpcError{
        .kind = ErrorKind::BadReply, .source = who, .message = std::string(what), .data = {}});
}

/// What a log says, without what some nodes add.
std::string canonical_log(const json& log) {
    if (!log.is_object()) {
        return core::lower(log.dump());
    }
    json out = json::object();
    for (const char* member : {"address", "topics", "data", "blockNumber", "blockHash",
                               "transactionHash", "logIndex", "removed"}) {
        if (log.contains(member) && log[member] != json(false)) {
            out[member] = log[member];
        }
    }
    return core::lower(out.dump());
}

/// nullopt when the result is not what the method answers with.
std::optional<std::string> canonical(const RpcCall& call, const std::string& result) {
    const json value = json::parse(result, nullptr, false);
    if (is_quantity_question(call)) {
        const auto number = value.is_string()
                                ? core::parse_hex_quantity(value.get_ref<const std::string&>())
                                : std::nullopt;
        return number ? std::optional(core::to_decimal(*number)) : std::nullopt;
    }
    if (is_block_question(call)) {
        const auto block = parse_block_reply(result);
        if (!block) {
            return std::nullopt;
        }
        // What contracts are told decides which answers are believed, so it is voted on, too.
        const std::string in_calls =
            block->number_in_calls ? fmt::format(" ({} in calls)", block->number_in_calls->value())
                                   : "";
        return fmt::format("block {} {} at {}{}", block->number.value(), core::to_hex(block->hash),
                           block->timestamp.value(), in_calls);
    }
    if (call.method == "eth_getLogs") {
        if (!value.is_array()) {
            return std::nullopt;
        }
        std::string logs = fmt::format("{} logs:", value.size());
        for (const json& log : value) {
            logs += ' ' + canonical_log(log);
        }
        return logs;
    }
    return value.is_discarded() ? std::nullopt : std::optional(core::lower(value.dump()));
}

/// A part of an aggregate: refusals are alike, whatever they say.
std::string canonical(const AggregateItem& item) {
    return item.success ? core::to_hex(item.data) : kReverted;
}

/// A call without a recipient runs a program.
bool is_program(const RpcCall& call) {
    return call.method == "eth_call" && call.params.starts_with(R"([{"data":)");
}

std::uint64_t word_at(const core::Bytes& data, std::size_t word) {
    std::uint64_t value = 0;
    for (std::size_t i = 24; i < 32; ++i) {
        value = value << 8U | data[32 * word + i];
    }
    return value;
}

/// How many pairs the program says it came to; 0 for what is no answer of a balance program.
std::size_t program_reach(const core::Bytes& data) {
    if (data.size() < kProgramHead || (data.size() - kProgramHead) % kProgramEntry != 0 ||
        word_at(data, 3) != data.size()) {
        return 0;
    }
    return static_cast<std::size_t>(word_at(data, 2));
}

/// The answer as if the program had come no further than `reach` pairs: gas caps differ, and a
/// program that stopped earlier says nothing else.
core::Bytes program_until(const core::Bytes& data, std::size_t reach) {
    core::Bytes out(data.begin(), data.begin() + kProgramHead);
    for (std::size_t at = kProgramHead; at < data.size(); at += kProgramEntry) {
        const std::size_t place = std::size_t{data[at + 14]} << 8U | data[at + 15];
        if (place < reach) {
            const auto entry = data.begin() + static_cast<std::ptrdiff_t>(at);
            out.insert(out.end(), entry, entry + kProgramEntry);
        }
    }
    core::to_big_endian(core::U256(reach), out.data() + 64);
    core::to_big_endian(core::U256(out.size()), out.data() + 96);
    return out;
}

std::optional<core::Bytes> bytes_of(const std::string& result) {
    if (result.size() < 4 || result.front() != '"' || result.back() != '"') {
        return std::nullopt;
    }
    return core::parse_hex(std::string_view(result).substr(1, result.size() - 2));
}

void take_call_result(const RpcCall& call, Ballot& ballot) {
    const auto data = bytes_of(ballot.outcome.value());
    if (!data) {
        ballot.outcome = unreadable(ballot.who, "the result is no hex string");
        return;
    }
    if (is_revert_in_disguise(*data)) {
        ballot.parts = {kReverted};
        return;
    }
    ballot.aggregate = is_aggregate(call) ? parse_aggregate(ballot.outcome.value()) : std::nullopt;
    if (ballot.aggregate && !ballot.aggregate->items.empty()) {
        for (const AggregateItem& item : ballot.aggregate->items) {
            ballot.parts.push_back(canonical(item));
        }
        return;
    }
    ballot.aggregate.reset();
    ballot.reach = is_program(call) ? program_reach(*data) : 0;
    ballot.parts = {core::to_hex(*data)};
}

/// The part as it is compared: programs up to where enough of them came.
std::string part_of(const Ballot& ballot, std::size_t part, std::size_t reach) {
    if (reach == 0 || ballot.reach == 0 || part != 0) {
        return ballot.parts[part];
    }
    return core::to_hex(program_until(*core::parse_hex(ballot.parts[0]), reach));
}

/// As far as enough programs came; 0 where none ran.
std::size_t common_reach(std::span<const Ballot> ballots, std::size_t needed) {
    std::map<std::string_view, std::size_t> farthest;  // equal names have one vote
    for (const Ballot& ballot : ballots) {
        if (ballot.reach > 0) {
            std::size_t& reach = farthest[ballot.who];
            reach = std::max(reach, ballot.reach);
        }
    }
    std::vector<std::size_t> reached;
    reached.reserve(farthest.size());
    for (const auto& [who, reach] : farthest) {
        reached.push_back(reach);
    }
    if (reached.size() < needed) {
        return 0;
    }
    std::sort(reached.rbegin(), reached.rend());
    return reached[needed - 1];
}

/// What one part was said to be, and by whom.
using Sides = std::map<std::string, std::vector<std::size_t>>;

std::size_t voters(std::span<const Ballot> ballots, const std::vector<std::size_t>& side) {
    std::set<std::string_view> names;
    for (const std::size_t i : side) {
        names.insert(ballots[i].who);
    }
    return names.size();
}

std::string names(std::span<const Ballot> ballots, const std::vector<std::size_t>& side) {
    std::string out;
    for (const std::size_t i : side) {
        out += (out.empty() ? "" : " and ") + ballots[i].who;
    }
    return out;
}

/// A value as it may be shown: a word without its leading zeros, and of a text that an endpoint is
/// free to write, which may hold its own key, only what we counted in it.
std::string trimmed(const std::string& value) {
    if (const std::size_t colon = value.find(':'); colon != std::string::npos) {
        const bool is_logs = value.find(" logs:") < colon;
        return is_logs ? value.substr(0, colon) : "something else";
    }
    if (value.find('"') != std::string::npos) {
        return "something else";
    }
    constexpr std::size_t kWord = 66;
    if (value.size() != kWord || !value.starts_with("0x")) {
        return value;
    }
    const std::size_t digit = std::min(value.find_first_not_of('0', 2), kWord - 1);
    return "0x" + value.substr(digit);
}

std::string shown(const std::string& whole) {
    const std::string value = trimmed(whole);
    return value.size() <= kShownBytes
               ? value
               : value.substr(0, kShownBytes) + fmt::format("… ({} characters)", value.size());
}

/// Where two long values differ is what a reader wants to see.
std::string shown_beside(const std::string& value, const std::string& other) {
    if (value.size() <= kShownBytes || !value.starts_with("0x")) {
        return trimmed(value);
    }
    const auto [mine, theirs] =
        std::mismatch(value.begin(), value.end(), other.begin(), other.end());
    const auto at = static_cast<std::size_t>(mine - value.begin());
    if (at + kShownBytes / 2 <= kShownBytes) {
        return shown(value);
    }
    return fmt::format("…{}… (from character {} of {})",
                       value.substr(at - kShownBytes / 3, kShownBytes), at - kShownBytes / 3,
                       value.size());
}

std::string question_of(const RpcCall& call, const Ballot& ballot, std::size_t part) {
    if (ballot.aggregate) {
        return describe_item(call, part);
    }
    return call.method + " " + core::printable(call.params.substr(0, 2 * kShownBytes), kShownBytes);
}

/// "a said X; b and c said Y".
std::string who_said_what(std::span<const Ballot> ballots, const Sides& sides) {
    std::string out;
    for (const auto& [value, side] : sides) {
        out += (out.empty() ? "" : "; ") + names(ballots, side) + " said " +
               shown_beside(value, sides.begin()->first == value ? sides.rbegin()->first
                                                                 : sides.begin()->first);
    }
    for (const Ballot& ballot : ballots) {
        if (!ballot.is_vote()) {
            out +=
                fmt::format("; {}: {}", ballot.who,
                            ballot.outcome ? "null" : core::to_string(ballot.outcome.error().kind));
        }
    }
    return out;
}

/// The more a failure says of how to ask otherwise, the earlier; the passing ones next.
int urgency(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::RequestTooLarge:
        case ErrorKind::ReplyTooLarge:
        case ErrorKind::OutOfGas:
        case ErrorKind::ExecutionTimeout:
            return 0;
        case ErrorKind::Unsupported:
        case ErrorKind::BadRequest:
        case ErrorKind::WrongBlock:
            return 1;
        case ErrorKind::RateLimited:
        case ErrorKind::MissingState:
            return 2;
        case ErrorKind::Unreachable:
        case ErrorKind::Timeout:
        case ErrorKind::ServerFault:
        case ErrorKind::BadReply:
            return 3;
        default:
            return 4;
    }
}

RpcError no_agreement(std::span<const Ballot> ballots, std::string detail) {
    std::vector<std::size_t> all(ballots.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = i;
    }
    return {.kind = ErrorKind::NoAgreement,
            .source = names(ballots, all),
            .message = std::move(detail),
            .data = {}};
}

/// Too few votes: by failures.
RpcOutcome too_few(std::span<const Ballot> ballots, std::size_t needed) {
    const Ballot* worst = nullptr;
    std::size_t votes = 0;
    for (const Ballot& ballot : ballots) {
        votes += ballot.is_vote() ? 1 : 0;
        if (ballot.is_vote() || ballot.outcome) {
            continue;
        }
        if (worst == nullptr ||
            urgency(ballot.outcome.error().kind) < urgency(worst->outcome.error().kind)) {
            worst = &ballot;
        }
    }
    if (worst == nullptr && votes == 0) {
        return ballots.front().outcome;  // everybody says null
    }
    RpcError error = worst != nullptr
                         ? worst->outcome.error()
                         : RpcError{.kind = ErrorKind::MissingState,
                                    .source = ballots.front().who,
                                    .message = "the endpoint does not have the block yet",
                                    .data = {}};
    if (needed > 1) {
        error.message +=
            fmt::format(" ({} of {} endpoints that must agree answered)", votes, needed);
    }
    return core::Unexpected(std::move(error));
}

/// The ballots whose answers have the same parts as most have: an aggregate and a refusal of the
/// whole cannot be compared part by part.
std::vector<std::size_t> of_one_shape(std::span<const Ballot> ballots) {
    std::map<std::pair<bool, std::size_t>, std::vector<std::size_t>> shapes;
    for (std::size_t i = 0; i < ballots.size(); ++i) {
        if (ballots[i].is_vote()) {
            shapes[{ballots[i].aggregate.has_value(), ballots[i].parts.size()}].push_back(i);
        }
    }
    const auto largest =
        std::max_element(shapes.begin(), shapes.end(), [&](const auto& a, const auto& b) {
            return voters(ballots, a.second) < voters(ballots, b.second);
        });
    return largest == shapes.end() ? std::vector<std::size_t>{} : largest->second;
}

/// Counts the votes on one call.
class Count {
  public:
    Count(const RpcCall& call, std::span<const Ballot> ballots, std::size_t needed)
        : call_(call),
          ballots_(ballots),
          needed_(needed),
          reach_(common_reach(ballots, needed)),
          comparable_(of_one_shape(ballots)) {}

    Verdict run() {
        if (voters(ballots_, comparable_) < needed_) {
            decide_without_votes();
            return std::move(verdict_);
        }
        for (std::size_t i = 0; i < ballots_.size(); ++i) {
            if (ballots_[i].is_vote() &&
                std::find(comparable_.begin(), comparable_.end(), i) == comparable_.end()) {
                note(i, fmt::format("{} answered {} with {}", ballots_[i].who, call_.method,
                                    shown(ballots_[i].parts[0])));
            }
        }
        const std::size_t parts = ballots_[comparable_.front()].parts.size();
        std::vector<std::size_t> winners(parts);
        std::map<std::size_t, std::string> disputed;
        for (std::size_t part = 0; part < parts; ++part) {
            if (const auto winner = decide(part, disputed)) {
                winners[part] = *winner;
            }
        }
        const bool is_open = !disputed.empty();
        answer(winners, std::move(disputed));
        tidy();
        verdict_.disputed = is_open || !verdict_.disagreements.empty();
        return std::move(verdict_);
    }

  private:
    void decide_without_votes() {
        Sides sides;
        for (std::size_t i = 0; i < ballots_.size(); ++i) {
            if (ballots_[i].is_vote()) {
                std::string all;
                for (const std::string& part : ballots_[i].parts) {
                    all += part + ' ';
                }
                sides[all].push_back(i);
            }
        }
        verdict_.disputed = sides.size() > 1;
        if (verdict_.disputed) {
            verdict_.outcome = core::Unexpected(no_agreement(
                ballots_,
                fmt::format("{}: {}", question_of(call_, ballots_[comparable_.front()], 0),
                            who_said_what(ballots_, sides))));
        } else {
            verdict_.outcome = too_few(ballots_, needed_);
        }
    }

    /// The place of a ballot on the winning side; nullopt, and an entry in `disputed`, without one.
    std::optional<std::size_t> decide(std::size_t part,
                                      std::map<std::size_t, std::string>& disputed) {
        const std::string& first = ballots_[comparable_.front()].parts[part];
        if (reach_ == 0 && std::all_of(comparable_.begin(), comparable_.end(), [&](std::size_t i) {
                return ballots_[i].parts[part] == first;
            })) {
            return comparable_.front();
        }
        Sides sides;
        for (const std::size_t i : comparable_) {
            if (reach_ == 0 || ballots_[i].reach >= reach_) {
                sides[part_of(ballots_[i], part, reach_)].push_back(i);
            }
        }
        const auto winner = std::find_if(sides.begin(), sides.end(), [&](const auto& side) {
            return voters(ballots_, side.second) >= needed_;
        });
        // Words for a few of them: each takes the whole call apart, and a liar may differ in all.
        const std::string question = told_++ < kSentencesMax
                                         ? question_of(call_, ballots_[comparable_.front()], part)
                                         : "another call of that request";
        if (winner == sides.end()) {
            disputed.emplace(part,
                             fmt::format("{} to {}", who_said_what(ballots_, sides), question));
            return std::nullopt;
        }
        for (const auto& [value, side] : sides) {
            if (&side == &winner->second) {
                continue;
            }
            for (const std::size_t i : side) {
                note(i, fmt::format("{} said {}, believed was {} with {}, to {}", ballots_[i].who,
                                    shown_beside(value, winner->first),
                                    names(ballots_, winner->second),
                                    shown_beside(winner->first, value), question));
            }
        }
        return winner->second.front();
    }

    void answer(const std::vector<std::size_t>& winners,
                std::map<std::size_t, std::string> disputed) {
        const Ballot& first = ballots_[winners.front()];
        verdict_.settled = disputed.empty();
        if (!first.aggregate) {
            verdict_.outcome = disputed.empty() ? whole(first)
                                                : RpcOutcome(core::Unexpected(no_agreement(
                                                      ballots_, disputed.begin()->second)));
            return;
        }
        const bool one_winner = std::all_of(winners.begin(), winners.end(),
                                            [&](std::size_t i) { return i == winners.front(); });
        if (disputed.empty() && one_winner) {
            verdict_.outcome = first.outcome;
            return;
        }
        AggregateReply reply{.items = {}, .disputed = std::move(disputed)};
        for (std::size_t part = 0; part < winners.size(); ++part) {
            reply.items.push_back(reply.disputed.contains(part)
                                      ? AggregateItem{}
                                      : ballots_[winners[part]].aggregate->items[part]);
        }
        verdict_.outcome = write_aggregate(reply);
    }

    [[nodiscard]] RpcOutcome whole(const Ballot& winner) const {
        if (reach_ == 0 || winner.reach == reach_) {
            return winner.outcome;
        }
        return "\"" + part_of(winner, 0, reach_) + "\"";
    }

    void note(std::size_t ballot, std::string sentence) {
        verdict_.outvoted.push_back(ballot);
        verdict_.disagreements.push_back(std::move(sentence));
    }

    void tidy() {
        auto& outvoted = verdict_.outvoted;
        std::sort(outvoted.begin(), outvoted.end());
        outvoted.erase(std::unique(outvoted.begin(), outvoted.end()), outvoted.end());
        auto& sentences = verdict_.disagreements;
        if (sentences.size() > kSentencesMax) {
            const std::size_t more = sentences.size() - kSentencesMax;
            sentences.resize(kSentencesMax);
            sentences.back() += fmt::format("; and {} more of that request", more);
        }
    }

    const RpcCall& call_;
    std::span<const Ballot> ballots_;
    std::size_t needed_;
    std::size_t reach_;
    std::vector<std::size_t> comparable_;
    std::size_t told_ = 0;  ///< parts that were put into words
    Verdict verdict_;
};

}  // namespace

bool is_null(const RpcOutcome& outcome) { return outcome && outcome.value() == "null"; }

Ballot make_ballot(std::string who, const RpcCall& call, RpcOutcome outcome) {
    Ballot ballot{.who = std::move(who), .outcome = std::move(outcome)};
    if (!ballot.outcome) {
        // A contract says no the same way everywhere; everything else is the endpoint's own.
        if (ballot.outcome.error().kind == ErrorKind::Reverted) {
            ballot.parts = {kReverted};
        }
        return ballot;
    }
    if (is_null(ballot.outcome)) {
        return ballot;
    }
    if (call.method == "eth_call") {
        take_call_result(call, ballot);
        return ballot;
    }
    auto part = canonical(call, ballot.outcome.value());
    if (part) {
        ballot.parts = {*std::move(part)};
    } else {
        ballot.outcome = unreadable(ballot.who, "the result is not what " + call.method + " gives");
    }
    return ballot;
}

Verdict count_votes(const RpcCall& call, std::span<const Ballot> ballots, std::size_t needed) {
    core::ensure(!ballots.empty() && needed > 0, "votes are counted when somebody was asked");
    return Count(call, ballots, needed).run();
}

}  // namespace margrave::chains::evm
