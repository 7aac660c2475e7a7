#include "chains/evm/quorum_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "chains/evm/endpoint_worker.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/shown_heads.hpp"
#include "chains/evm/votes.hpp"
#include "core/hex.hpp"

namespace margrave::chains::evm {
namespace {

using core::ErrorKind;
using std::chrono::milliseconds;
// Threads wait for each other in real time, whatever clock a test gives to what is above.
using RealClock = std::chrono::steady_clock;

constexpr std::size_t kDisagreementsMax = 20;

RpcCall chain_id_question() { return {"eth_chainId", "[]"}; }

bool is_chain_id_question(const RpcCall& call) { return call.method == "eth_chainId"; }

/// A block that every endpoint may take for another one.
bool is_tag_question(const RpcCall& call) {
    return call.method == "eth_getBlockByNumber" && !call.params.starts_with("[\"0x");
}

std::optional<core::ChainId> chain_id_in(const RpcOutcome& outcome) {
    const auto value =
        outcome ? nlohmann::json::parse(outcome.value(), nullptr, false) : nlohmann::json();
    const auto number = value.is_string()
                            ? core::parse_hex_quantity(value.get_ref<const std::string&>())
                            : std::nullopt;
    return number && *number <= std::numeric_limits<std::uint64_t>::max()
               ? std::optional(core::ChainId(static_cast<std::uint64_t>(*number)))
               : std::nullopt;
}

std::size_t bytes_of(const RpcRequest& request) {
    std::size_t bytes = 0;
    for (const RpcCall& call : request) {
        bytes += call.params.size();
    }
    return bytes;
}

/// How much less an endpoint is trusted for a failure.
double weight(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::Unauthorized:
        case ErrorKind::QuotaExceeded:
        case ErrorKind::TlsFailed:
        case ErrorKind::WrongChain:
            return 10;
        case ErrorKind::Unreachable:
        case ErrorKind::Timeout:
        case ErrorKind::ServerFault:
        case ErrorKind::BadReply:
        case ErrorKind::RateLimited:
        case ErrorKind::WrongBlock:
            return 1;
        case ErrorKind::MissingState:
        case ErrorKind::Unsupported:
            return 0.25;
        default:
            return 0;  // a limit, or the question's own fault
    }
}

constexpr double kWeightOfLie = 4;
constexpr double kWeightOfSilence = 0.5;
/// Of one failure, till a good answer halves it.
constexpr double kBadnessOfDistrust = 1;

/// A call of the requests, by its place.
struct CallAt {
    std::size_t request = 0;
    std::size_t call = 0;
};

/// What is known of a call while it is asked about.
struct Asked {
    CallAt at;
    std::vector<Ballot> ballots = {};
    std::vector<std::size_t> endpoints = {};        ///< whose those are
    std::size_t pending = 0;                        ///< endpoints that have not answered it yet
    std::optional<Verdict> verdict = std::nullopt;  ///< once it is settled
};

/// What one endpoint was sent.
struct Job {
    std::size_t endpoint = 0;
    std::vector<RpcRequest> requests = {};
    std::vector<std::vector<std::size_t>> asked =
        {};                  ///< the same shape: places in the list of Asked
    bool has_check = false;  ///< the last two requests are the check of an endpoint that is new
};

struct Endpoint {
    std::string name;
    std::unique_ptr<EndpointWorker> worker;
    double badness = 0;
    RealClock::time_point cooling_until{};
    bool excluded = false;  ///< serves another chain
    bool admitted = false;  ///< is known to have the block that reading began with
    std::uint64_t outvoted = 0;
    bool is_far = false;  ///< its last head was not near the others'
    std::uint64_t far_heads = 0;
    bool is_apart = false;  ///< its last head was another block than the others' of that number
    /// Sizes that it has refused: bytes of parameters, calls in a batch.
    std::size_t bytes_refused = std::numeric_limits<std::size_t>::max();
    std::size_t calls_refused = std::numeric_limits<std::size_t>::max();
    std::set<ErrorKind> told = {};
};

class QuorumTransport final : public RpcTransport {
  public:
    QuorumTransport(std::vector<NamedEndpoint> endpoints, QuorumPolicy policy)
        : policy_(std::move(policy)) {
        for (NamedEndpoint& endpoint : endpoints) {
            endpoints_.push_back(
                {.name = std::move(endpoint.name),
                 .worker = std::make_unique<EndpointWorker>(std::move(endpoint.transport), mail_)});
        }
    }

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> outcomes;
        outcomes.reserve(requests.size());
        for (const RpcRequest& request : requests) {
            outcomes.emplace_back(request.size(), core::Unexpected(RpcError{}));
        }
        std::vector<CallAt> rest;
        const RpcCall* tag = first_tag(requests);
        std::optional<HeadAnswer> head;
        if (tag != nullptr) {
            head = ask_head(*tag);
        }
        for (std::size_t r = 0; r < requests.size(); ++r) {
            for (std::size_t c = 0; c < requests[r].size(); ++c) {
                const RpcCall& call = requests[r][c];
                if (head && call == *tag) {
                    outcomes[r][c] = head->block;
                } else if (head && is_chain_id_question(call)) {
                    outcomes[r][c] = head->chain_id;
                } else if (is_tag_question(call)) {
                    outcomes[r][c] = ask_head(call).block;
                } else {
                    rest.push_back({.request = r, .call = c});
                }
            }
        }
        if (!rest.empty()) {
            for (Asked& asked : ask(requests, rest)) {
                outcomes[asked.at.request][asked.at.call] = std::move(asked.verdict->outcome);
            }
        }
        return outcomes;
    }

    [[nodiscard]] RpcTraffic traffic() const override {
        RpcTraffic sum;
        for (const Endpoint& endpoint : endpoints_) {
            const RpcTraffic one = endpoint.worker->traffic();
            sum.requests += one.requests;
            sum.calls += one.calls;
            sum.retries += one.retries;
            sum.bytes_sent += one.bytes_sent;
            sum.bytes_received += one.bytes_received;
        }
        return sum;
    }

    [[nodiscard]] Agreement agreement() const override {
        Agreement out{.endpoints = policy_.needed,
                      .disagreements = disagreements_,
                      .disputes = disputes_,
                      .is_split = is_split_};
        for (const Endpoint& endpoint : endpoints_) {
            out.standings.push_back({.state = state_of(endpoint),
                                     .outvoted = endpoint.outvoted,
                                     .far_heads = endpoint.far_heads});
        }
        return out;
    }

    void abandon() override {
        for (const Endpoint& endpoint : endpoints_) {
            endpoint.worker->abandon();
        }
    }

  private:
    struct HeadAnswer {
        RpcOutcome chain_id;
        RpcOutcome block;
    };

    [[nodiscard]] static EndpointStanding::State state_of(const Endpoint& endpoint) {
        using State = EndpointStanding::State;
        if (endpoint.excluded) {
            return State::Excluded;
        }
        if (endpoint.cooling_until > RealClock::now()) {
            return State::Resting;
        }
        return endpoint.badness >= kBadnessOfDistrust ? State::Distrusted : State::InUse;
    }

    static const RpcCall* first_tag(const std::vector<RpcRequest>& requests) {
        for (const RpcRequest& request : requests) {
            for (const RpcCall& call : request) {
                if (is_tag_question(call)) {
                    return &call;
                }
            }
        }
        return nullptr;
    }

    /// Endpoints that may be asked, the best first.
    [[nodiscard]] std::vector<std::size_t> order() const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < endpoints_.size(); ++i) {
            if (!endpoints_[i].excluded) {
                out.push_back(i);
            }
        }
        const auto now = RealClock::now();
        std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
            const auto rank = [&](std::size_t i) {
                return std::pair(endpoints_[i].cooling_until > now, endpoints_[i].badness);
            };
            return rank(a) < rank(b);
        });
        return out;
    }

    /// Asks until every call is settled or nobody is left to ask.
    std::vector<Asked> ask(const std::vector<RpcRequest>& requests,
                           const std::vector<CallAt>& calls) {
        std::vector<Asked> all;
        all.reserve(calls.size());
        for (const CallAt& at : calls) {
            all.push_back({.at = at});
        }
        const std::vector<std::size_t> candidates = order();
        std::size_t next = 0;
        std::map<std::uint64_t, Job> running;
        const auto launch = [&] { launch_at(candidates[next++], requests, all, running); };
        while (next < std::min(policy_.needed, candidates.size())) {
            launch();
        }
        auto hedge_at = RealClock::now() + policy_.hedge_after;
        while (true) {
            settle(requests, all);
            if (is_settled(all)) {
                break;
            }
            if (next < candidates.size() && (running.empty() || needs_more(requests, all))) {
                launch();
                hedge_at = RealClock::now() + policy_.hedge_after;
                continue;
            }
            if (running.empty()) {
                break;
            }
            const bool may_hedge = next < candidates.size();
            if (!take_one(may_hedge ? hedge_at : RealClock::time_point::max(), requests, all,
                          running)) {
                blame_silence(running);
                if (!may_hedge) {
                    break;
                }
                launch();
                hedge_at = RealClock::now() + policy_.hedge_after;
            }
        }
        for (const auto& [id, job] : running) {
            endpoints_[job.endpoint].worker->abandon();
        }
        conclude(requests, all);
        return all;
    }

    /// Waits for a job of this round and files its answers; false when the time is up.
    bool take_one(RealClock::time_point deadline, const std::vector<RpcRequest>& requests,
                  std::vector<Asked>& all, std::map<std::uint64_t, Job>& running) {
        // A wait without end would have the standard library overflow.
        const auto latest = RealClock::now() + std::chrono::hours(24);
        auto finished = mail_.take_until(std::min(deadline, latest));
        if (!finished) {
            return false;
        }
        if (finished->defect) {
            std::rethrow_exception(finished->defect);
        }
        const auto found = running.find(finished->job);
        if (found != running.end()) {  // else of a round that did not wait for it
            const Job job = std::move(found->second);
            running.erase(found);
            file(job, std::move(finished->outcomes), requests, all);
        }
        return true;
    }

    void launch_at(std::size_t endpoint, const std::vector<RpcRequest>& requests,
                   std::vector<Asked>& all, std::map<std::uint64_t, Job>& running) {
        Job job{.endpoint = endpoint};
        std::map<std::size_t, std::size_t> place;  // of a request in the job
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].verdict) {
                continue;
            }
            const auto [found, is_new] = place.try_emplace(all[i].at.request, job.requests.size());
            if (is_new) {
                job.requests.emplace_back();
                job.asked.emplace_back();
            }
            job.requests[found->second].push_back(requests[all[i].at.request][all[i].at.call]);
            job.asked[found->second].push_back(i);
        }
        refuse_too_large(job, requests, all);
        if (job.requests.empty()) {
            return;
        }
        for (const auto& asked : job.asked) {
            for (const std::size_t i : asked) {
                ++all[i].pending;
            }
        }
        start(std::move(job), running);
    }

    void start(Job job, std::map<std::uint64_t, Job>& running) {
        Endpoint& endpoint = endpoints_[job.endpoint];
        if (policy_.needed == 1 && reference_ && !endpoint.admitted) {
            job.requests.push_back({chain_id_question()});
            job.requests.push_back({reference_question()});
            job.has_check = true;
        }
        const std::uint64_t id = next_job_++;
        endpoint.worker->start(id, job.requests);
        running.emplace(id, std::move(job));
    }

    /// What the endpoint has refused before it is not sent again.
    void refuse_too_large(Job& job, const std::vector<RpcRequest>& requests,
                          std::vector<Asked>& all) {
        const Endpoint& endpoint = endpoints_[job.endpoint];
        for (std::size_t r = job.requests.size(); r-- > 0;) {
            if (bytes_of(job.requests[r]) < endpoint.bytes_refused &&
                job.requests[r].size() < endpoint.calls_refused) {
                continue;
            }
            const RpcError refusal{.kind = ErrorKind::RequestTooLarge,
                                   .source = endpoint.name,
                                   .message = "the endpoint has refused a request of this size",
                                   .data = {}};
            for (const std::size_t i : job.asked[r]) {
                add_ballot(job.endpoint, requests, all[i], core::Unexpected(refusal));
            }
            job.requests.erase(job.requests.begin() + static_cast<std::ptrdiff_t>(r));
            job.asked.erase(job.asked.begin() + static_cast<std::ptrdiff_t>(r));
        }
    }

    void add_ballot(std::size_t endpoint, const std::vector<RpcRequest>& requests, Asked& asked,
                    RpcOutcome outcome) {
        asked.endpoints.push_back(endpoint);
        asked.ballots.push_back(make_ballot(endpoints_[endpoint].name,
                                            requests[asked.at.request][asked.at.call],
                                            std::move(outcome)));
    }

    void file(const Job& job, std::vector<std::vector<RpcOutcome>> outcomes,
              const std::vector<RpcRequest>& requests, std::vector<Asked>& all) {
        const auto unfit = unfit_because(job, outcomes);
        std::optional<ErrorKind> worst;
        for (std::size_t r = 0; r < job.asked.size(); ++r) {
            std::size_t too_large = 0;
            for (std::size_t k = 0; k < job.asked[r].size(); ++k) {
                Asked& asked = all[job.asked[r][k]];
                --asked.pending;
                RpcOutcome outcome =
                    unfit ? RpcOutcome(core::Unexpected(*unfit)) : std::move(outcomes[r][k]);
                add_ballot(job.endpoint, requests, asked, std::move(outcome));
                const Ballot& ballot = asked.ballots.back();
                if (!ballot.is_vote() && !ballot.outcome &&
                    (!worst || weight(ballot.outcome.error().kind) > weight(*worst))) {
                    worst = ballot.outcome.error().kind;
                }
                if (!ballot.is_vote() && !ballot.outcome &&
                    ballot.outcome.error().kind == ErrorKind::RateLimited) {
                    leave_alone(job.endpoint, ballot.outcome.error());
                }
                too_large +=
                    !ballot.outcome && ballot.outcome.error().kind == ErrorKind::RequestTooLarge
                        ? 1
                        : 0;
            }
            if (too_large == job.asked[r].size()) {
                learn_size(job.endpoint, job.requests[r]);
            }
        }
        judge(job.endpoint, worst);
    }

    /// Why nothing of what came is believed: of another chain, or without the block.
    std::optional<RpcError> unfit_because(const Job& job,
                                          const std::vector<std::vector<RpcOutcome>>& outcomes) {
        Endpoint& endpoint = endpoints_[job.endpoint];
        for (std::size_t r = 0; r < job.requests.size(); ++r) {
            for (std::size_t k = 0; k < job.requests[r].size(); ++k) {
                const auto id = is_chain_id_question(job.requests[r][k])
                                    ? chain_id_in(outcomes[r][k])
                                    : std::nullopt;
                if (id && policy_.chain_id && *id != *policy_.chain_id) {
                    endpoint.excluded = true;
                    return RpcError{
                        .kind = ErrorKind::WrongChain,
                        .source = endpoint.name,
                        .message = fmt::format("the endpoint serves chain {}, configured "
                                               "is {}",
                                               id->value(), policy_.chain_id->value()),
                        .data = {}};
                }
            }
        }
        if (!job.has_check) {
            return std::nullopt;
        }
        for (const auto* check : {&outcomes[outcomes.size() - 2][0], &outcomes.back()[0]}) {
            if (!*check) {
                return check->error();
            }
        }
        const auto block = parse_block_reply(outcomes.back()[0]);
        if (!block || block->hash != reference_->hash) {
            return RpcError{.kind = ErrorKind::MissingState,
                            .source = endpoint.name,
                            .message = "the endpoint does not have the block that is read",
                            .data = {}};
        }
        endpoint.admitted = true;
        return std::nullopt;
    }

    [[nodiscard]] RpcCall reference_question() const {
        return {"eth_getBlockByHash",
                fmt::format(R"(["{}",false])", core::to_hex(reference_->hash))};
    }

    /// All of the request was refused for its size, which may be that of a range of blocks.
    void learn_size(std::size_t which, const RpcRequest& request) {
        Endpoint& endpoint = endpoints_[which];
        constexpr std::size_t kBytesLearned = 4096;  // no endpoint refuses fewer for being many
        if (std::any_of(request.begin(), request.end(),
                        [](const RpcCall& call) { return call.method == "eth_getLogs"; })) {
            return;
        }
        if (request.size() > 1) {
            endpoint.calls_refused = std::min(endpoint.calls_refused, request.size());
        } else if (bytes_of(request) > kBytesLearned) {
            endpoint.bytes_refused = std::min(endpoint.bytes_refused, bytes_of(request));
        }
    }

    void leave_alone(std::size_t which, const RpcError& error) {
        constexpr milliseconds kPause{1'000};
        constexpr milliseconds kPauseMax{600'000};
        const auto pause = std::clamp(error.retry_after.value_or(kPause), kPause, kPauseMax);
        Endpoint& endpoint = endpoints_[which];
        endpoint.cooling_until = std::max(endpoint.cooling_until, RealClock::now() + pause);
    }

    void judge(std::size_t which, std::optional<ErrorKind> worst) {
        Endpoint& endpoint = endpoints_[which];
        if (!worst) {
            endpoint.badness /= 2;
            return;
        }
        endpoint.badness += weight(*worst);
        if (weight(*worst) > 0 && endpoint.told.insert(*worst).second) {
            tell(fmt::format("{} is passed over: {}", endpoint.name, core::to_string(*worst)));
        }
    }

    void blame_silence(const std::map<std::uint64_t, Job>& running) {
        for (const auto& [id, job] : running) {
            Endpoint& endpoint = endpoints_[job.endpoint];
            endpoint.badness += kWeightOfSilence;
            if (endpoint.told.insert(ErrorKind::Timeout).second) {
                tell(fmt::format("{} is slow; another endpoint is asked beside it", endpoint.name));
            }
        }
    }

    void settle(const std::vector<RpcRequest>& requests, std::vector<Asked>& all) {
        for (Asked& asked : all) {
            if (asked.verdict || asked.ballots.empty()) {
                continue;
            }
            Verdict verdict = count(requests, asked, policy_.needed);
            if (verdict.settled) {
                asked.verdict = std::move(verdict);
            }
        }
    }

    [[nodiscard]] static Verdict count(const std::vector<RpcRequest>& requests, const Asked& asked,
                                       std::size_t needed) {
        return count_votes(requests[asked.at.request][asked.at.call], asked.ballots, needed);
    }

    static bool is_settled(const std::vector<Asked>& all) {
        return std::all_of(all.begin(), all.end(),
                           [](const Asked& asked) { return asked.verdict.has_value(); });
    }

    /// Whether a call cannot be settled by those who are still to answer it.
    [[nodiscard]] bool needs_more(const std::vector<RpcRequest>& requests,
                                  const std::vector<Asked>& all) const {
        return std::any_of(all.begin(), all.end(), [&](const Asked& asked) {
            if (asked.verdict) {
                return false;
            }
            std::size_t agreeing = asked.ballots.empty() ? 0 : policy_.needed - 1;
            while (agreeing > 0 && !count(requests, asked, agreeing).settled) {
                --agreeing;
            }
            return agreeing + asked.pending < policy_.needed;
        });
    }

    void conclude(const std::vector<RpcRequest>& requests, std::vector<Asked>& all) {
        for (Asked& asked : all) {
            if (!asked.verdict && asked.ballots.empty()) {
                asked.verdict = Verdict{.outcome = core::Unexpected(nobody())};
                continue;
            }
            if (!asked.verdict) {
                asked.verdict = count(requests, asked, policy_.needed);
            } else if (policy_.needed > 1) {
                // What is settled stays; who answered later may contradict it.
                Verdict later = count(requests, asked, policy_.needed);
                asked.verdict->outvoted = std::move(later.outvoted);
                asked.verdict->disagreements = std::move(later.disagreements);
                asked.verdict->disputed = later.disputed;
            }
            for (const std::size_t i : asked.verdict->outvoted) {
                endpoints_[asked.endpoints[i]].badness += kWeightOfLie;
                ++endpoints_[asked.endpoints[i]].outvoted;
            }
            disputes_ += asked.verdict->disputed ? 1 : 0;
            for (std::string& disagreement : asked.verdict->disagreements) {
                note(std::move(disagreement));
            }
            if (is_block_question(requests[asked.at.request][asked.at.call])) {
                begin_with(asked.verdict->outcome, asked);
            }
        }
    }

    /// Reading begins with the newest block: one that is older says nothing of who has that. Who
    /// gave it has it.
    void begin_with(const RpcOutcome& answer, const Asked& asked) {
        const auto block = parse_block_reply(answer);
        if (!block || (reference_ && block->number < reference_->number)) {
            return;
        }
        set_reference(*block);
        for (std::size_t i = 0; i < asked.ballots.size(); ++i) {
            const auto theirs = parse_block_reply(asked.ballots[i].outcome);
            if (theirs && theirs->hash == block->hash) {
                endpoints_[asked.endpoints[i]].admitted = true;
            }
        }
    }

    void set_reference(const Block& block) {
        if (reference_ && reference_->hash == block.hash) {
            return;
        }
        reference_ = block;
        for (Endpoint& endpoint : endpoints_) {
            endpoint.admitted = false;
        }
    }

    [[nodiscard]] RpcError nobody() const {
        return {.kind = ErrorKind::WrongChain,
                .source = endpoints_.front().name,
                .message = policy_.chain_id ? fmt::format("no endpoint serves chain {}",
                                                          policy_.chain_id->value())
                                            : "no endpoint is left",
                .data = {}};
    }

    void note(std::string disagreement) {
        tell("endpoints disagree: " + disagreement);
        if (disagreements_.size() < kDisagreementsMax) {
            disagreements_.push_back(std::move(disagreement));
        } else if (disagreements_.size() == kDisagreementsMax) {
            disagreements_.emplace_back("and more");
        }
    }

    void tell(const std::string& line) const {
        if (policy_.tell) {
            policy_.tell(line);
        }
    }

    /// What everybody takes the tag for.
    std::vector<Asked> ask_everybody(const std::vector<RpcRequest>& requests) {
        std::vector<Asked> all;
        for (std::size_t r = 0; r < requests.size(); ++r) {
            all.push_back({.at = {.request = r, .call = 0}});
        }
        std::map<std::uint64_t, Job> running;
        for (const std::size_t endpoint : order()) {
            Job job{.endpoint = endpoint, .requests = requests};
            for (std::size_t r = 0; r < requests.size(); ++r) {
                job.asked.push_back({r});
                ++all[r].pending;
            }
            const std::uint64_t id = next_job_++;
            endpoints_[endpoint].worker->start(id, job.requests);
            running.emplace(id, std::move(job));
        }
        auto deadline = RealClock::time_point::max();
        bool enough = false;
        while (!running.empty() && take_one(deadline, requests, all, running)) {
            if (!enough && is_enough(all.back(), requests.back().back())) {
                enough = true;
                // The others may know a newer block, but are not waited for long.
                constexpr milliseconds kGrace{500};
                deadline =
                    RealClock::now() + (policy_.needed == 1 ? std::min(kGrace, policy_.hedge_after)
                                                            : policy_.hedge_after);
            }
        }
        for (const auto& [id, job] : running) {
            Endpoint& endpoint = endpoints_[job.endpoint];
            endpoint.badness += kWeightOfSilence;
            endpoint.worker->abandon();
            if (policy_.needed > 1 && endpoint.told.insert(ErrorKind::Timeout).second) {
                tell(fmt::format("{} is slow; the newest block is the others'", endpoint.name));
            }
        }
        return all;
    }

    static std::size_t votes(const Asked& asked) {
        return static_cast<std::size_t>(
            std::count_if(asked.ballots.begin(), asked.ballots.end(),
                          [](const Ballot& ballot) { return ballot.is_vote(); }));
    }

    HeadAnswer ask_head(const RpcCall& tag) {
        const std::vector<RpcRequest> requests{{chain_id_question()}, {tag}};
        const std::vector<Asked> all = ask_everybody(requests);
        if (!may_lag(tag)) {
            is_split_ = is_split(all.back().ballots);
        }
        if (all.back().ballots.empty()) {
            return {.chain_id = core::Unexpected(nobody()), .block = core::Unexpected(nobody())};
        }
        HeadAnswer answer{.chain_id = count(requests, all.front(), policy_.needed).outcome,
                          .block = policy_.needed == 1 ? leading_block(requests, all.back(), tag)
                                                       : common_block(requests, all.back(), tag)};
        begin_with(answer.block, all.back());
        return answer;
    }

    /// What is final moves by whole epochs, so that the best endpoints are a leap apart.
    static bool may_lag(const RpcCall& tag) { return tag != block_by_tag("latest"); }

    [[nodiscard]] LagLimits lag_limits() const {
        return {.blocks = policy_.lag_blocks_max, .seconds = policy_.lag_s_max};
    }

    /// The block of the best endpoint, unless it lags behind another's.
    RpcOutcome leading_block(const std::vector<RpcRequest>& requests, const Asked& heads,
                             const RpcCall& tag) {
        const auto shown = newest_of_each(heads.ballots);
        const Block newest = shown.empty() ? Block{} : shown.front().block;
        const std::vector<std::size_t> best = order();
        const Ballot* chosen = nullptr;
        std::size_t rank = best.size();
        for (std::size_t i = 0; i < heads.ballots.size(); ++i) {
            const auto block = parse_block_reply(heads.ballots[i].outcome);
            if (!block) {
                continue;
            }
            Endpoint& endpoint = endpoints_[heads.endpoints[i]];
            const bool is_behind = !may_lag(tag) && lags(*block, newest, lag_limits());
            if (is_newly_far(heads.endpoints[i], is_behind)) {
                tell(fmt::format("{} is passed over: its block {} is {} behind another endpoint's",
                                 endpoint.name, block->number.value(),
                                 newest.number.value() - block->number.value()));
            }
            if (is_behind) {
                endpoint.badness += weight(ErrorKind::WrongBlock);
                continue;
            }
            const auto mine = static_cast<std::size_t>(
                std::find(best.begin(), best.end(), heads.endpoints[i]) - best.begin());
            if (chosen == nullptr || mine < rank) {
                chosen = &heads.ballots[i];
                rank = mine;
            }
        }
        return chosen != nullptr ? chosen->outcome : count(requests, heads, 1).outcome;
    }

    /// The others need not be waited for long.
    [[nodiscard]] bool is_enough(const Asked& asked, const RpcCall& tag) const {
        if (votes(asked) < policy_.needed) {
            return false;
        }
        const auto heads = newest_of_each(asked.ballots);
        return policy_.needed == 1 || may_lag(tag) || heads.size() < policy_.needed ||
               agree_about(heads, policy_.needed, lag_limits());
    }

    void name_who_is_far(const Asked& asked, const std::vector<ShownHead>& heads) {
        const ShownHead& reached = heads[policy_.needed - 1];
        for (const ShownHead& head : heads) {
            const bool is_far = are_far(head.block, reached.block, lag_limits());
            if (is_newly_far(asked.endpoints[head.ballot], is_far)) {
                note(fmt::format("{} is at block {}, {} at {}", asked.ballots[head.ballot].who,
                                 head.block.number.value(), asked.ballots[reached.ballot].who,
                                 reached.block.number.value()));
            }
        }
    }

    /// And was not at the last head: it is told, and counted, once.
    bool is_newly_far(std::size_t which, bool is_far) {
        Endpoint& endpoint = endpoints_[which];
        const bool is_new = is_far && !endpoint.is_far;
        endpoint.is_far = is_far;
        endpoint.far_heads += is_new ? 1 : 0;
        return is_new;
    }

    /// The newest block that as many as needed have under one hash.
    RpcOutcome common_block(const std::vector<RpcRequest>& requests, const Asked& asked,
                            const RpcCall& tag) {
        const auto heads = newest_of_each(asked.ballots);
        if (!may_lag(tag)) {
            name_who_shows_none(asked);
        }
        if (heads.size() < policy_.needed) {
            return count(requests, asked, policy_.needed).outcome;
        }
        if (!may_lag(tag)) {
            name_who_is_far(asked, heads);
        }
        if (!may_lag(tag) && !agree_about(heads, policy_.needed, lag_limits())) {
            return core::Unexpected(
                RpcError{.kind = ErrorKind::NoAgreement,
                         .source = endpoints_.front().name,
                         .message = fmt::format(
                             "the newest blocks of {} endpoints are too far apart", heads.size()),
                         .data = {}});
        }
        // So many say that they are at least there.
        const std::uint64_t reached = heads[policy_.needed - 1].block.number.value();
        const Verdict at_once = count(requests, asked, policy_.needed);
        const auto agreed = parse_block_reply(at_once.outcome);
        if (at_once.settled && agreed && agreed->number.value() == reached) {
            name_who_is_apart(asked, at_once.outcome);
            return at_once.outcome;
        }
        return newest_agreed(reached, at_once, tag);
    }

    /// No node is without a newest block.
    void name_who_shows_none(const Asked& heads) {
        for (std::size_t i = 0; i < heads.ballots.size(); ++i) {
            if (is_null(heads.ballots[i].outcome) && is_newly_apart(heads.endpoints[i], true)) {
                note(fmt::format("{} shows no block", endpoints_[heads.endpoints[i]].name));
            }
        }
    }

    /// Who shows another block than the one that was agreed on under its number or its hash.
    void name_who_is_apart(const Asked& heads, const RpcOutcome& agreed) {
        const auto common = parse_block_reply(agreed);
        const Ballot common_ballot = make_ballot("", block_by_tag("latest"), agreed);
        for (std::size_t i = 0; i < heads.ballots.size(); ++i) {
            const auto block = parse_block_reply(heads.ballots[i].outcome);
            const bool is_of_it =
                block && (block->number == common->number || block->hash == common->hash);
            const bool is_apart = is_of_it && heads.ballots[i].parts != common_ballot.parts;
            if (block && is_newly_apart(heads.endpoints[i], is_apart)) {
                note(fmt::format("{} shows {}, others {}", endpoints_[heads.endpoints[i]].name,
                                 heads.ballots[i].parts.front(), common_ballot.parts.front()));
            }
        }
    }

    /// And was not at the last head: it is told once, and held against it each time.
    bool is_newly_apart(std::size_t which, bool is_apart) {
        Endpoint& endpoint = endpoints_[which];
        const bool is_new = is_apart && !endpoint.is_apart;
        endpoint.is_apart = is_apart;
        endpoint.badness += is_apart ? weight(ErrorKind::WrongBlock) : 0;
        return is_new;
    }

    RpcOutcome newest_agreed(std::uint64_t from, const Verdict& heads, const RpcCall& tag) {
        std::vector<RpcRequest> requests;
        std::vector<CallAt> calls;
        for (const std::uint64_t below : {0U, 1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
            if (below <= from) {
                calls.push_back({.request = requests.size(), .call = 0});
                requests.push_back({block_by_number(from - below)});
            }
        }
        for (const Asked& asked : ask(requests, calls)) {
            is_split_ = is_split_ || (!may_lag(tag) && is_split(asked.ballots));
            const auto block = parse_block_reply(asked.verdict->outcome);
            const RpcCall& call = requests[asked.at.request][0];
            if (asked.verdict->settled && block && block_by_number(block->number.value()) == call) {
                return asked.verdict->outcome;
            }
        }
        return heads.outcome ? RpcOutcome(core::Unexpected(RpcError{
                                   .kind = ErrorKind::NoAgreement,
                                   .source = endpoints_.front().name,
                                   .message = "no recent block is the same at enough endpoints",
                                   .data = {}}))
                             : heads.outcome;
    }

    QuorumPolicy policy_;
    Mailbox mail_;  // before the workers, which put into it to their end
    std::vector<Endpoint> endpoints_;
    std::uint64_t next_job_ = 1;
    std::optional<Block> reference_;  ///< the block that reading began with
    std::vector<std::string> disagreements_;
    std::uint64_t disputes_ = 0;
    bool is_split_ = false;  ///< at the last question for the newest block
};

}  // namespace

std::unique_ptr<RpcTransport> make_quorum_transport(std::vector<NamedEndpoint> endpoints,
                                                    QuorumPolicy policy) {
    core::ensure(!endpoints.empty() && policy.needed > 0 && policy.needed <= endpoints.size(),
                 "no more endpoints must agree than there are");
    return std::make_unique<QuorumTransport>(std::move(endpoints), std::move(policy));
}

}  // namespace margrave::chains::evm
