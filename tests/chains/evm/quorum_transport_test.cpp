#include "chains/evm/quorum_transport.hpp"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "chains/evm/aggregate.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/retry_transport.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_endpoint.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::chains::evm {
namespace {

using Catch::Matchers::Contains;
using core::ErrorKind;
using core::U256;
using std::chrono::milliseconds;
using test::address;
using test::failed;
using test::FakeEndpoint;
using test::FakeNode;

using Answer = FakeEndpoint::Answer;

/// Endpoints a.test, b.test …, each by a function of the call; counts what each is asked.
struct Bench {
    explicit Bench(std::vector<Answer> answers, QuorumPolicy policy = {}) : asked(answers.size()) {
        policy.tell = [this](const std::string& line) { told.push_back(line); };
        std::vector<NamedEndpoint> endpoints;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            endpoints.push_back(
                {.name = std::string(1, static_cast<char>('a' + i)) + ".test",
                 .transport = std::make_unique<FakeEndpoint>(
                     [this, i, answer = std::move(answers[i])](const RpcCall& call) {
                         ++asked[i];
                         return answer(call);
                     })});
        }
        transport = make_quorum_transport(std::move(endpoints), std::move(policy));
    }

    RpcOutcome ask(const RpcCall& call) { return transport->send({{call}}).at(0).at(0); }
    RpcOutcome ask() { return ask({"eth_getBalance", R"(["0x01","0x1"])"}); }

    std::vector<std::atomic<int>> asked;
    std::vector<std::string> told;
    std::unique_ptr<RpcTransport> transport;
};

Answer always(const std::string& result) {
    return [result](const RpcCall&) { return RpcOutcome(result); };
}
Answer always(ErrorKind kind) {
    return [kind](const RpcCall&) { return failed(kind); };
}

std::string block_text(std::uint64_t number, char digit) {
    return R"({"number":")" + to_quantity(number) + R"(","hash":"0x)" + std::string(64, digit) +
           R"(","timestamp":")" + to_quantity(12 * number) + R"("})";
}

/// A node whose chain has `head` blocks; blocks from `fork` on are its own, by `digit`.
Answer chain(std::uint64_t head, std::uint64_t fork = 1'000'000, char digit = 'f',
             std::uint64_t id = 1) {
    const auto block = [=](std::uint64_t number) {
        return number > head
                   ? std::string("null")
                   : block_text(number,
                                number >= fork ? digit : static_cast<char>('0' + number % 10));
    };
    return [=](const RpcCall& call) -> RpcOutcome {
        if (call.method == "eth_chainId") {
            return "\"" + to_quantity(id) + "\"";
        }
        if (call.params.starts_with("[\"latest") || call.params.starts_with("[\"final")) {
            return block(head);
        }
        if (call.method == "eth_getBlockByHash") {
            for (std::uint64_t number = head - 9; number <= head; ++number) {
                if (block(number).find(call.params.substr(2, 66)) != std::string::npos) {
                    return block(number);
                }
            }
            return std::string("null");
        }
        if (call.method == "eth_getBlockByNumber") {
            return block(std::stoull(call.params.substr(4), nullptr, 16));
        }
        return "\"" + to_quantity(head) + "\"";
    };
}

constexpr const char* kOne = "\"0x1\"";
constexpr const char* kTwo = "\"0x2\"";

TEST_CASE("with one needed, only the first is asked as long as it answers", "[evm][quorum]") {
    Bench bench({always(kOne), always(kTwo)});
    CHECK(bench.ask().value() == kOne);
    CHECK(bench.asked[0] == 1);
    CHECK(bench.asked[1] == 0);
    CHECK(bench.told.empty());
    CHECK(bench.transport->agreement().endpoints == 1);
}

TEST_CASE("an endpoint that fails is left for the next, and asked last from then on",
          "[evm][quorum][failover]") {
    const auto kind = GENERATE(ErrorKind::Unreachable, ErrorKind::Timeout, ErrorKind::ServerFault,
                               ErrorKind::RateLimited, ErrorKind::QuotaExceeded,
                               ErrorKind::BadReply, ErrorKind::Unauthorized, ErrorKind::TlsFailed);
    Bench bench({always(kind), always(kOne)});
    CHECK(bench.ask().value() == kOne);
    CHECK(bench.ask().value() == kOne);
    CHECK(bench.asked[0] == 1);
    CHECK(bench.told == std::vector{"a.test is passed over: " + std::string(to_string(kind))});
}

TEST_CASE("only what failed is asked again elsewhere", "[evm][quorum][failover]") {
    Bench bench({[](const RpcCall& call) {
                     return call.method == "eth_call" ? failed(ErrorKind::MissingState)
                                                      : RpcOutcome(std::string(kOne));
                 },
                 always(R"("0x02")")});
    const auto outcomes =
        bench.transport->send({{{"eth_getBalance", "[]"}, {"eth_call", R"([{"to":"0x1"}])"}}});
    CHECK(outcomes[0][0].value() == kOne);
    CHECK(outcomes[0][1].value() == R"("0x02")");
    CHECK(bench.asked[1] == 1);
}

TEST_CASE("when everybody fails, the failure is told", "[evm][quorum][failover]") {
    Bench bench({always(ErrorKind::Unreachable), always(ErrorKind::RateLimited)});
    CHECK(bench.ask().error().kind == ErrorKind::RateLimited);
}

TEST_CASE("a revert is an answer, not an endpoint's failure", "[evm][quorum][failover]") {
    Bench bench({always(ErrorKind::Reverted), always(kOne)});
    CHECK(bench.ask({"eth_call", "[]"}).error().kind == ErrorKind::Reverted);
    CHECK(bench.asked[1] == 0);
}

TEST_CASE("an endpoint of another chain is left out", "[evm][quorum][failover]") {
    const QuorumPolicy policy{.chain_id = core::ChainId(1)};
    SECTION("another serves the right one") {
        Bench bench({chain(80, 0, 'e', 5), chain(70)}, policy);
        const Head head = read_head(*bench.transport, "latest");
        CHECK(head.chain_id == core::ChainId(1));
        CHECK(head.block.number == core::BlockNumber(70));
        CHECK(bench.ask().value() == "\"0x46\"");
    }
    SECTION("none does") {
        Bench bench({chain(80, 0, 'e', 5), chain(80, 0, 'e', 6)}, policy);
        const auto outcome = bench.ask({"eth_chainId", "[]"});
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().kind == ErrorKind::WrongChain);
        CHECK(bench.ask().error().kind == ErrorKind::WrongChain);
    }
}

TEST_CASE("an endpoint that lags is left for one that does not", "[evm][quorum][failover]") {
    Bench lagging({chain(70), chain(80)});
    CHECK(read_head(*lagging.transport, "latest").block.number == core::BlockNumber(80));
    CHECK_THAT(lagging.told.at(0), Contains("a.test") && Contains("10 behind"));
    CHECK(lagging.ask().value() == "\"0x50\"");
    Bench close({chain(78), chain(80)});
    CHECK(read_head(*close.transport, "latest").block.number == core::BlockNumber(78));
}

TEST_CASE("who does not have the block that is read is not asked in its place",
          "[evm][quorum][failover]") {
    std::atomic<bool> dead = false;
    const auto dying = [&dead, node = chain(80)](const RpcCall& call) {
        return dead ? failed(ErrorKind::Unreachable) : node(call);
    };
    // The second has a block 80 of another history, the third the right one.
    Bench bench({dying, chain(80, 75, 'c'), chain(80)});
    CHECK(read_head(*bench.transport, "latest").block.number == core::BlockNumber(80));
    dead = true;
    const auto outcome = bench.ask();
    REQUIRE(outcome);
    CHECK_THAT(bench.told.back(), Contains("b.test") && Contains("missing_state"));
}

TEST_CASE("a size that an endpoint refused is not sent to it again", "[evm][quorum][limits]") {
    const RpcCall large{"eth_call", "[\"0x" + std::string(10'000, '0') + "\"]"};
    const RpcCall small{"eth_call", R"(["0x"])"};
    Bench bench({[](const RpcCall& call) {
                     return call.params.size() > 9'000 ? failed(ErrorKind::RequestTooLarge)
                                                       : RpcOutcome(std::string(R"("0x01")"));
                 },
                 always(R"("0x02")")});
    CHECK(bench.ask(large).value() == R"("0x02")");
    CHECK(bench.ask(large).value() == R"("0x02")");
    CHECK(bench.asked[0] == 1);
    CHECK(bench.ask(small).value() == R"("0x01")");
    CHECK(bench.told.empty());
}

TEST_CASE("an endpoint that asks to slow down is left alone for so long", "[evm][quorum][limits]") {
    std::atomic<bool> limited = true;
    Bench bench({[&](const RpcCall&) {
                     return limited.exchange(false) ? RpcOutcome(core::Unexpected(RpcError{
                                                          .kind = ErrorKind::RateLimited,
                                                          .source = "a.test",
                                                          .message = "slow down",
                                                          .data = {},
                                                          .retry_after = std::chrono::minutes(2)}))
                                                    : RpcOutcome(std::string(kOne));
                 },
                 always(kTwo)});
    CHECK(bench.ask().value() == kTwo);
    CHECK(bench.ask().value() == kTwo);
    CHECK(bench.asked[0] == 1);
}

/// Says nothing until it is given up.
class Silent final : public RpcTransport {
  public:
    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::unique_lock lock(mutex_);
        given_up_.wait(lock, [&] { return abandoned_; });
        abandoned_ = false;
        return {requests.size(), {failed(ErrorKind::Timeout)}};
    }
    [[nodiscard]] RpcTraffic traffic() const override { return {}; }
    void abandon() override {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        given_up_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable given_up_;
    bool abandoned_ = false;
};

TEST_CASE("when an endpoint is silent, the next is asked beside it and answers",
          "[evm][quorum][hedge]") {
    const std::size_t needed = GENERATE(1U, 2U);
    std::vector<NamedEndpoint> endpoints;
    endpoints.push_back({"silent.test", std::make_unique<Silent>()});
    endpoints.push_back({"b.test", std::make_unique<FakeEndpoint>(always(kOne))});
    endpoints.push_back({"c.test", std::make_unique<FakeEndpoint>(always(kOne))});
    std::vector<std::string> told;
    const auto transport = make_quorum_transport(
        std::move(endpoints), {.needed = needed,
                               .hedge_after = milliseconds(20),
                               .tell = [&](const std::string& line) { told.push_back(line); }});
    const auto begin = std::chrono::steady_clock::now();
    CHECK(transport->send({{{"eth_getBalance", "[]"}}})[0][0].value() == kOne);
    CHECK(transport->send({{{"eth_getBalance", "[]"}}})[0][0].value() == kOne);
    // Once: the second time it is not asked first.
    CHECK(told ==
          std::vector<std::string>{"silent.test is slow; another endpoint is asked beside it"});
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("those who must agree are asked at the same time", "[evm][quorum]") {
    std::mutex mutex;
    std::condition_variable met;
    int waiting = 0;
    const Answer meeting = [&](const RpcCall&) -> RpcOutcome {
        std::unique_lock lock(mutex);
        ++waiting;
        met.notify_all();
        const bool together =
            met.wait_for(lock, std::chrono::seconds(20), [&] { return waiting >= 3; });
        return together ? RpcOutcome(std::string(kOne)) : failed(ErrorKind::Timeout);
    };
    Bench bench({meeting, meeting, meeting},
                {.needed = 3, .hedge_after = std::chrono::seconds(30)});
    CHECK(bench.ask().value() == kOne);
}

TEST_CASE("how endpoints stand: trusted, distrusted, left alone, of another chain",
          "[evm][quorum]") {
    using State = EndpointStanding::State;
    const auto states = [](const Bench& bench) {
        std::vector<State> out;
        for (const EndpointStanding& one : bench.transport->agreement().standings) {
            out.push_back(one.state);
        }
        return out;
    };
    Bench failing({always(ErrorKind::ServerFault), always(kOne)});
    CHECK(states(failing) == std::vector{State::InUse, State::InUse});
    static_cast<void>(failing.ask());
    CHECK(states(failing) == std::vector{State::Distrusted, State::InUse});
    Bench busy({always(ErrorKind::RateLimited), always(kOne)});
    static_cast<void>(busy.ask());
    CHECK(states(busy) == std::vector{State::Resting, State::InUse});
    Bench other({chain(100, 1'000'000, 'f', 5), chain(100)}, {.chain_id = core::ChainId(1)});
    static_cast<void>(other.ask({"eth_chainId", "[]"}));
    CHECK(states(other) == std::vector{State::Excluded, State::InUse});
}

TEST_CASE("disputes, lies and heads that are far away are counted", "[evm][quorum]") {
    Bench bench({always(kTwo), always(kOne), always(kOne)}, {.needed = 2});
    static_cast<void>(bench.ask());
    static_cast<void>(bench.ask());  // the liar is not asked again
    const Agreement agreement = bench.transport->agreement();
    CHECK(agreement.disputes == 1);
    REQUIRE(agreement.standings.size() == 3);
    CHECK(agreement.standings[0].outvoted == 1);
    CHECK(agreement.standings[1].outvoted == 0);
    CHECK_FALSE(agreement.is_split);

    Bench nobody({always(kOne), always(kTwo)}, {.needed = 2});
    static_cast<void>(nobody.ask());
    CHECK(nobody.transport->agreement().disputes == 1);
    CHECK(nobody.transport->agreement().standings[0].outvoted == 0);
    CHECK(nobody.transport->agreement().standings[1].outvoted == 0);
    Bench silent({always(kOne), always(ErrorKind::Timeout)}, {.needed = 2});
    static_cast<void>(silent.ask());
    CHECK(silent.transport->agreement().disputes == 0);

    Bench far({chain(1'000), chain(900)});
    static_cast<void>(far.ask(block_by_tag("latest")));
    static_cast<void>(far.ask(block_by_tag("latest")));
    CHECK(far.transport->agreement().standings[0].far_heads == 0);
    CHECK(far.transport->agreement().standings[1].far_heads == 1);
    CHECK_FALSE(far.transport->agreement().is_split);
}

TEST_CASE("two blocks of one number are a split, for as long as they are shown", "[evm][quorum]") {
    std::atomic<bool> is_apart = true;
    const Answer one = chain(100);
    const Answer fork = chain(100, 100);
    const std::size_t needed = GENERATE(std::size_t{1}, std::size_t{2});
    Bench bench({one, one, [&](const RpcCall& call) { return is_apart ? fork(call) : one(call); }},
                {.needed = needed});
    static_cast<void>(bench.ask(block_by_tag("latest")));
    CHECK(bench.transport->agreement().is_split);
    // What is final says nothing of the newest.
    static_cast<void>(bench.ask(block_by_tag("finalized")));
    CHECK(bench.transport->agreement().is_split);
    is_apart = false;
    static_cast<void>(bench.ask(block_by_tag("latest")));
    CHECK_FALSE(bench.transport->agreement().is_split);
}

TEST_CASE("as many as needed must say the same, and who does not is named", "[evm][quorum]") {
    Bench bench({always(kTwo), always(kOne), always(kOne)}, {.needed = 2});
    CHECK(bench.ask().value() == kOne);
    const Agreement agreement = bench.transport->agreement();
    CHECK(agreement.endpoints == 2);
    REQUIRE(agreement.disagreements.size() == 1);
    CHECK_THAT(agreement.disagreements[0], Contains("a.test said 2"));
    CHECK_THAT(bench.told.at(0), Contains("a.test said 2"));
    // A liar is asked last.
    CHECK(bench.ask().value() == kOne);
    CHECK(bench.asked[0] == 1);
}

TEST_CASE("the third is asked only where two do not agree", "[evm][quorum]") {
    Bench bench({always(kOne), always(kOne), always(kTwo)}, {.needed = 2});
    CHECK(bench.ask().value() == kOne);
    CHECK(bench.asked[2] == 0);
}

TEST_CASE("without agreement there is no answer, and everybody is named", "[evm][quorum]") {
    Bench bench({always(kOne), always(kTwo), always("\"0x3\"")}, {.needed = 2});
    const auto outcome = bench.ask();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == ErrorKind::NoAgreement);
    CHECK_THAT(outcome.error().message,
               Contains("a.test said 1") && Contains("b.test said 2") && Contains("c.test said 3"));
}

TEST_CASE("one answer and silence are no agreement", "[evm][quorum]") {
    Bench bench({always(kOne), always(ErrorKind::Timeout)}, {.needed = 2});
    CHECK(bench.ask().error().kind == ErrorKind::Timeout);
}

TEST_CASE("the block is the newest that enough endpoints have", "[evm][quorum][head]") {
    const auto head = [](std::vector<Answer> nodes) {
        Bench bench(std::move(nodes), {.needed = 2, .chain_id = core::ChainId(1)});
        return read_head(*bench.transport, "latest").block;
    };
    CHECK(head({chain(80), chain(80), chain(80)}).number == core::BlockNumber(80));
    CHECK(head({chain(80), chain(78), chain(75)}).number == core::BlockNumber(78));
    CHECK(head({chain(70), chain(80), chain(80)}).number == core::BlockNumber(80));
    CHECK(head({chain(80), always(ErrorKind::Timeout), chain(79)}).number == core::BlockNumber(79));
    // One that is far ahead of a chain that nobody else has.
    CHECK(head({chain(900, 79, 'e'), chain(80), chain(78)}).number == core::BlockNumber(78));
    // A fork: below it they are one.
    CHECK(head({chain(80, 77, 'd'), chain(80, 77, 'e')}).number == core::BlockNumber(76));
    // Of another chain.
    CHECK(head({chain(80), chain(80, 0, 'e', 5), chain(79)}).number == core::BlockNumber(79));
}

TEST_CASE("who lags makes no quorum", "[evm][quorum][head]") {
    const auto dead = always(ErrorKind::Timeout);
    for (const auto& nodes : {std::vector{chain(80), chain(70)}, std::vector{chain(70), chain(80)},
                              std::vector{chain(80), chain(70), dead}}) {
        Bench bench(nodes, {.needed = 2});
        try {
            static_cast<void>(read_head(*bench.transport, "latest"));
            FAIL("one of two may be days behind");
        } catch (const core::ChainError& error) {
            CHECK(error.kind() == ErrorKind::NoAgreement);
        }
        const auto disagreements = bench.transport->agreement().disagreements;
        REQUIRE(disagreements.size() == 1);
        CHECK_THAT(disagreements[0], Contains("at block 80") && Contains("at 70"));
    }
    // What is final leaps, and of blocks within a minute nobody is behind.
    Bench final({chain(80), chain(70)}, {.needed = 2});
    CHECK(read_head(*final.transport, "finalized").block.number == core::BlockNumber(70));
    Bench fast({chain(80), chain(75)}, {.needed = 2});
    CHECK(read_head(*fast.transport, "latest").block.number == core::BlockNumber(75));
}

TEST_CASE("histories that part far below leave no block", "[evm][quorum][head]") {
    Bench bench({chain(80, 1, 'd'), chain(80, 1, 'e')}, {.needed = 2});
    try {
        static_cast<void>(read_head(*bench.transport, "latest"));
        FAIL("two histories are no chain");
    } catch (const core::ChainError& error) {
        CHECK(error.kind() == ErrorKind::NoAgreement);
    }
}

// The runs with a liar.

using Value = abi::Function<"value", U256(U256)>;
using Price = abi::Function<"price", U256()>;
using Missing = abi::Function<"missing", U256()>;

constexpr std::uint64_t kWallets = 3;
const core::Address kPool = address(0xc0);

void fill(FakeNode& node) {
    for (std::uint64_t n = 0; n < kWallets; ++n) {
        node.answer(kPool, Value{}, U256(1'000'000 + n), U256(n));
        node.fund(address(0x100 + n), U256(777) + n);
    }
    node.answer(kPool, Price{}, U256(4'000'00000000));
}

/// What a run found: nullopt is unknown.
struct Found {
    std::array<std::optional<U256>, 2 * kWallets + 1> values;
    std::optional<bool> is_missing;  ///< that the contract lacks a function
};

Task<void> read_into(Reader& chain, std::uint64_t n, std::optional<U256>& value,
                     std::optional<U256>& balance) {
    value = co_await chain.call(kPool, Value{}, U256(n));
    balance = co_await chain.native_balance(address(0x100 + n));
}
Task<void> read_price(Reader& chain, std::optional<U256>& price) {
    price = co_await chain.call(kPool, Price{});
}
Task<void> read_missing(Reader& chain, std::optional<bool>& is_missing, std::string& said) {
    const auto answer = co_await chain.try_call(kPool, Missing{});
    if (answer) {
        is_missing = false;
    } else if (answer.error().kind() == ErrorKind::Reverted) {
        is_missing = true;
    } else {
        said += answer.error().what();
    }
}

enum class Lie {
    OneMore,
    OneLess,
    Zero,
    AnothersValue,
    Empty,
    CutShort,
    Reverts,
    AllReverts,
    Answers,  ///< where the contract refuses
    Swapped,
    FewerItems,
    OtherBlock,
    OtherHash,
    OtherTime,
    OtherNumber,
    Future,
    NoBlock,
    OtherChain,
    Silence,
    Garbage,
    Broken,
    Last = Broken,
};

/// A node that lies from a certain call on.
class Liar final : public RpcTransport {
  public:
    Liar(FakeNode& node, Lie lie, std::uint64_t seed) : node_(node), lie_(lie), random_(seed) {
        truths_ = random_() % 6;
    }

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        auto outcomes = node_.send(requests);
        for (std::size_t r = 0; r < requests.size(); ++r) {
            for (std::size_t k = 0; k < requests[r].size(); ++k) {
                if (seen_++ >= truths_) {
                    outcomes[r][k] = twist(requests[r][k], outcomes[r][k]);
                }
            }
        }
        return outcomes;
    }
    [[nodiscard]] RpcTraffic traffic() const override { return {}; }

    std::atomic<bool> has_lied = false;

  private:
    RpcOutcome twist(const RpcCall& call, const RpcOutcome& truth) {
        switch (lie_) {
            case Lie::Silence:
                has_lied = true;
                return failed(ErrorKind::Timeout);
            case Lie::Garbage:
                has_lied = true;
                return std::string(R"({"jsonrpc":[1,2,"0x"]})");
            case Lie::Broken:
                return failed(static_cast<ErrorKind>(
                    random_() % (static_cast<unsigned>(ErrorKind::NoAgreement) + 1)));
            case Lie::AllReverts:
                has_lied = call.method == "eth_call" && truth;
                return call.method == "eth_call" ? failed(ErrorKind::Reverted) : truth;
            case Lie::OtherChain:
                has_lied = has_lied || call.method == "eth_chainId";
                return call.method == "eth_chainId" ? RpcOutcome(std::string(R"("0x5")")) : truth;
            default:
                break;
        }
        if (call.method.starts_with("eth_getBlock")) {
            RpcOutcome block = twist_block(truth);
            // A node that lags does not have a block, either.
            const bool may_lag = lie_ == Lie::NoBlock && call != block_by_tag("latest");
            has_lied = has_lied || (truth && block.value() != truth.value() && !may_lag);
            return block;
        }
        if (is_aggregate(call) && truth) {
            return twist_aggregate(truth);
        }
        return call.method == "eth_call" || call.method == "eth_getBalance" ? twist_plain(truth)
                                                                            : truth;
    }

    RpcOutcome twist_block(const RpcOutcome& truth) {
        std::string text = truth ? truth.value() : "null";
        const auto change = [&](const std::string& member, const std::string& to) {
            const std::size_t at = text.find("\"" + member + "\":\"");
            if (at != std::string::npos) {
                const std::size_t begin = at + member.size() + 4;
                text.replace(begin, text.find('"', begin) - begin, to);
            }
        };
        if (lie_ == Lie::OtherHash) {
            change("hash", "0x" + std::string(64, 'e'));
        } else if (lie_ == Lie::OtherTime) {
            change("timestamp", "0x665b1000");
        } else if (lie_ == Lie::OtherNumber) {
            change("number", "0x1312cff");
        } else if (lie_ == Lie::Future) {
            change("number", "0x7fffffff");
            change("hash", "0x" + std::string(64, 'e'));
        } else if (lie_ == Lie::NoBlock) {
            text = "null";
        }
        return text;
    }

    RpcOutcome twist_aggregate(const RpcOutcome& truth) {
        auto reply = parse_aggregate(truth.value());
        REQUIRE(reply);
        auto& items = reply->items;
        const std::size_t at = random_() % items.size();
        const std::size_t other = random_() % items.size();
        const auto before = items;
        twist_item(items[at], items[other]);
        if (lie_ == Lie::Swapped) {
            std::swap(items[at], items[other]);
        } else if (lie_ == Lie::FewerItems) {
            items.pop_back();
        } else if (lie_ == Lie::OtherBlock) {
            items[0].data = test::abi_result(U256(20'000'007));
        }
        for (std::size_t i = 0; i < before.size() && i < items.size(); ++i) {
            has_lied = has_lied || before[i].success != items[i].success ||
                       (before[i].success && before[i].data != items[i].data);
        }
        return write_aggregate(*reply);
    }

    void twist_item(AggregateItem& item, const AggregateItem& other) const {
        if (lie_ == Lie::Answers && !item.success) {
            item = {.success = true, .data = test::abi_result(U256(1))};
        } else if (item.success && item.data.size() == 32) {
            item = twist_word(item, other);
        }
    }

    [[nodiscard]] AggregateItem twist_word(AggregateItem item, const AggregateItem& other) const {
        switch (lie_) {
            case Lie::OneMore:
                ++item.data.back();
                break;
            case Lie::OneLess:
                --item.data.back();
                break;
            case Lie::Zero:
                item.data.assign(32, 0);
                break;
            case Lie::AnothersValue:
                item.data = other.data;
                break;
            case Lie::Empty:
                item.data.clear();
                break;
            case Lie::CutShort:
                item.data.pop_back();
                break;
            case Lie::Reverts:
                item = {.success = false, .data = {}};
                break;
            default:
                break;
        }
        return item;
    }

    RpcOutcome twist_plain(const RpcOutcome& truth) {
        if (!truth) {
            return lie_ == Lie::Answers ? RpcOutcome("\"0x" + std::string(63, '0') + "1\"") : truth;
        }
        std::string text = truth.value();
        if (lie_ == Lie::OneMore || lie_ == Lie::OneLess) {
            char& digit = text[text.size() - 2];
            digit = digit == '7' ? '8' : '7';
        } else if (lie_ == Lie::Zero) {
            text = "\"0x" + std::string(text.size() - 4, '0') + "\"";
        } else if (lie_ == Lie::Empty) {
            text = R"("0x")";
        } else if (lie_ == Lie::Reverts) {
            has_lied = true;
            return failed(ErrorKind::Reverted);
        } else {
            return truth;
        }
        has_lied = has_lied || text != truth.value();
        return text;
    }

    FakeNode& node_;
    Lie lie_;
    std::mt19937_64 random_;
    std::size_t truths_ = 0;
    std::size_t seen_ = 0;
};

struct Run {
    std::size_t endpoints = 3;
    std::uint64_t seed = 0;
    Lie lie = Lie::OneMore;
    std::size_t liar = 0;
    bool multicall = true;
};

struct RunOutcome {
    Found found;
    bool has_lied = false;
    std::string said;  ///< disagreements and errors together
};

RunOutcome run_with_liar(const Run& run) {
    std::vector<FakeNode> nodes(run.endpoints);
    std::vector<NamedEndpoint> endpoints;
    Liar* liar = nullptr;
    for (std::size_t i = 0; i < run.endpoints; ++i) {
        fill(nodes[i]);
        nodes[i].latest = nodes[i].block;
        std::unique_ptr<RpcTransport> transport;
        if (i == run.liar) {
            auto lying = std::make_unique<Liar>(nodes[i], run.lie, run.seed);
            liar = lying.get();
            transport = std::move(lying);
        } else {
            transport = std::make_unique<FakeEndpoint>(
                [&node = nodes[i]](const RpcCall& call) { return node.send({{call}})[0][0]; });
        }
        endpoints.push_back(
            {std::string(1, static_cast<char>('a' + i)) + ".test", std::move(transport)});
    }
    RunOutcome out;
    test::FakeClock clock;
    const auto transport = make_retry_transport(
        make_quorum_transport(std::move(endpoints),
                              {.needed = 2,
                               .chain_id = core::ChainId(1),
                               .hedge_after = std::chrono::seconds(30),
                               .tell = [&](const std::string& line) { out.said += line; }}),
        {}, clock);
    try {
        const Head head = read_head(*transport, "latest");
        BatchReader reader(*transport, head.block,
                           run.multicall ? std::optional(nodes[0].multicall3) : std::nullopt);
        std::vector<Task<void>> tasks;
        for (std::uint64_t n = 0; n < kWallets; ++n) {
            tasks.push_back(
                read_into(reader, n, out.found.values[2 * n], out.found.values[2 * n + 1]));
        }
        tasks.push_back(read_price(reader, out.found.values.back()));
        tasks.push_back(read_missing(reader, out.found.is_missing, out.said));
        reader.run(tasks);
        reader.confirm_block();
        for (const Task<void>& task : tasks) {
            try {
                task.result();
            } catch (const core::ChainError& error) {
                out.said += error.what();
            }
        }
    } catch (const core::ChainError& error) {
        out.found = {};  // as collect leaves out a chain that could not be read
        out.said += error.what();
    }
    for (const std::string& line : transport->agreement().disagreements) {
        out.said += line;
    }
    out.has_lied = liar->has_lied;
    return out;
}

/// What is known is true; how much is not known.
std::size_t count_unknown(const Found& found) {
    std::size_t unknown = found.is_missing ? 0 : 1;
    std::size_t wrong = found.is_missing.value_or(true) ? 0 : 1;
    for (std::uint64_t n = 0; n < kWallets; ++n) {
        wrong += found.values[2 * n].value_or(U256(1'000'000 + n)) != U256(1'000'000 + n) ? 1 : 0;
        wrong += found.values[2 * n + 1].value_or(U256(777) + n) != U256(777) + n ? 1 : 0;
    }
    wrong += found.values.back().value_or(U256(4'000'00000000)) != U256(4'000'00000000) ? 1 : 0;
    for (const auto& value : found.values) {
        unknown += value ? 0 : 1;
    }
    REQUIRE(wrong == 0);
    return unknown;
}

Run run_of(std::uint64_t seed, std::size_t endpoints) {
    std::mt19937_64 random(seed);
    Run run{.endpoints = endpoints, .seed = seed};
    run.lie = static_cast<Lie>(seed % (static_cast<std::uint64_t>(Lie::Last) + 1));
    run.liar = random() % endpoints;
    run.multicall = random() % 4 != 0;
    return run;
}

TEST_CASE("one liar among three never changes a value: 10,000 runs", "[evm][quorum][runs]") {
    std::size_t lied = 0;
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
        const Run run = run_of(seed, 3);
        const RunOutcome outcome = run_with_liar(run);
        INFO("seed " << seed << ", lie " << static_cast<int>(run.lie) << ", liar " << run.liar
                     << (run.multicall ? "" : ", no multicall") << ": " << outcome.said);
        REQUIRE(count_unknown(outcome.found) == 0);
        if (outcome.has_lied) {
            ++lied;
            REQUIRE_THAT(outcome.said,
                         Contains(std::string(1, static_cast<char>('a' + run.liar)) + ".test"));
        }
    }
    CHECK(lied > 3'000);
}

TEST_CASE("one liar among two leaves values true or unknown: 1,000 runs", "[evm][quorum][runs]") {
    std::size_t unknown = 0;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        const Run run = run_of(100'000 + seed, 2);
        const RunOutcome outcome = run_with_liar(run);
        INFO("seed " << 100'000 + seed << ", lie " << static_cast<int>(run.lie) << ", liar "
                     << run.liar << ": " << outcome.said);
        unknown += count_unknown(outcome.found);
        if (outcome.has_lied) {
            REQUIRE_THAT(outcome.said,
                         Contains(std::string(1, static_cast<char>('a' + run.liar)) + ".test"));
        }
    }
    CHECK(unknown > 500);
}

}  // namespace
}  // namespace margrave::chains::evm
