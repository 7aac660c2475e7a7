#include "chains/task.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "chains/evm/batch_reader.hpp"
#include "core/errors.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using core::ChainError;
using core::ErrorKind;
using core::U256;
using test::FakeNode;

namespace {

using Value = abi::Function<"value", U256(U256)>;
const core::Address kContract = test::address(0xc0);

/// Something to wait for that a test lets go by hand.
class Gate {
  public:
    struct Awaiter {
        Gate& gate;
        [[nodiscard]] bool await_ready() const { return gate.open_; }
        void await_suspend(std::coroutine_handle<> waiter) const {
            gate.waiters_.push_back(waiter);
        }
        void await_resume() const {}
    };
    Awaiter operator co_await() { return {*this}; }
    void open() {
        open_ = true;
        const auto waiters = std::exchange(waiters_, {});
        for (const auto waiter : waiters) {
            waiter.resume();
        }
    }

  private:
    bool open_ = false;
    std::vector<std::coroutine_handle<>> waiters_;
};

ChainError chain_error(const std::string& detail) { return {ErrorKind::Timeout, "test", detail}; }

Task<int> number_after(Gate& gate, int number) {
    co_await gate;
    co_return number;
}

Task<int> failing_after(Gate& gate, std::string detail) {
    co_await gate;
    throw chain_error(detail);
}

Task<int> number_now(int number) { co_return number; }

Task<int> defect() {
    throw std::out_of_range("a defect");
    co_return 0;
}

/// Says in a variable of its test when it is destroyed.
class Witness {
  public:
    explicit Witness(int& destroyed) : destroyed_(&destroyed) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { ++*destroyed_; }

  private:
    int* destroyed_;
};

template <class T>
Task<void> store(Task<T> work, T& out) {
    out = co_await work;
}

Task<void> wait_for(SharedTask<int>& shared, int& out) { out = co_await shared; }

}  // namespace

TEST_CASE("a task does nothing until it is started or awaited", "[task]") {
    bool ran = false;
    const auto work = [](bool& out) -> Task<void> {
        out = true;
        co_return;
    };
    {
        const Task<void> dropped = work(ran);
        CHECK_FALSE(dropped.done());
    }
    CHECK_FALSE(ran);
    const Task<void> task = work(ran);
    task.start();
    CHECK(ran);
    CHECK(task.done());
}

TEST_CASE("an exception goes to whoever awaits, through every level", "[task]") {
    Gate gate;
    int destroyed = 0;
    const auto middle = [](Gate& on, int& count) -> Task<int> {
        const Witness witness(count);
        co_return co_await failing_after(on, "deep") + 1;
    };
    int out = 0;
    const Task<void> task = store(middle(gate, destroyed), out);
    task.start();
    CHECK_FALSE(task.done());
    CHECK_THROWS_AS(task.result(), core::InvariantError);
    gate.open();
    REQUIRE(task.done());
    CHECK_THROWS_AS(task.result(), ChainError);
    CHECK(destroyed == 1);
    CHECK(out == 0);
}

TEST_CASE("an exception can be caught inside a coroutine, which then goes on waiting", "[task]") {
    Gate first;
    Gate second;
    const auto work = [](Gate& a, Gate& b) -> Task<int> {
        int out = 0;
        try {
            out = co_await failing_after(a, "caught");
        } catch (const ChainError&) {
            out = 1;
        }
        co_return out + co_await number_after(b, 10);
    };
    int out = 0;
    const Task<void> task = store(work(first, second), out);
    task.start();
    first.open();
    CHECK_FALSE(task.done());
    second.open();
    CHECK(out == 11);
}

TEST_CASE("what a coroutine holds is freed when its task is dropped half way", "[task]") {
    Gate gate;
    int destroyed = 0;
    const auto inner = [](Gate& on, int& count) -> Task<int> {
        const Witness witness(count);
        co_return co_await number_after(on, 1);
    };
    {
        int out = 0;
        const Task<void> task = store(inner(gate, destroyed), out);
        task.start();
        CHECK(destroyed == 0);
    }
    CHECK(destroyed == 1);
}

TEST_CASE("results that can only be moved are moved out", "[task]") {
    const auto work = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    std::unique_ptr<int> out;
    const Task<void> task = store(work(), out);
    task.start();
    REQUIRE(out);
    CHECK(*out == 5);
}

TEST_CASE("a shared task runs once for all its waiters", "[task][shared]") {
    Gate gate;
    int runs = 0;
    const auto work = [](Gate& on, int& count) -> Task<int> {
        ++count;
        co_await on;
        co_return 7;
    };
    SharedTask<int> shared(work(gate, runs));
    CHECK(runs == 0);
    std::vector<int> out(100);
    std::vector<Task<void>> waiters;
    for (int& mine : out) {
        waiters.push_back(wait_for(shared, mine));
        waiters.back().start();
    }
    CHECK(runs == 1);
    shared.start();
    CHECK(runs == 1);
    gate.open();
    for (std::size_t i = 0; i < out.size(); ++i) {
        CHECK(waiters[i].done());
        CHECK(out[i] == 7);
    }
    int late = 0;
    const Task<void> after = wait_for(shared, late);
    after.start();
    CHECK(late == 7);
    CHECK(runs == 1);
}

TEST_CASE("a shared task throws in each of its waiters, also in late ones", "[task][shared]") {
    Gate gate;
    SharedTask<int> shared(failing_after(gate, "for all"));
    int out = 0;
    std::vector<Task<void>> waiters;
    for (int i = 0; i < 3; ++i) {
        waiters.push_back(wait_for(shared, out));
        waiters.back().start();
    }
    gate.open();
    waiters.push_back(wait_for(shared, out));
    waiters.back().start();
    for (const auto& waiter : waiters) {
        REQUIRE(waiter.done());
        CHECK_THROWS_AS(waiter.result(), ChainError);
    }
}

TEST_CASE("a shared task that never waits is finished at once", "[task][shared]") {
    SharedTask<int> shared(number_now(3));
    int out = 0;
    const Task<void> waiter = wait_for(shared, out);
    waiter.start();
    CHECK(waiter.done());
    CHECK(out == 3);
}

TEST_CASE("a started shared task may be dropped unfinished, and unheard", "[task][shared]") {
    Gate gate;
    {
        SharedTask<int> shared(number_after(gate, 1));
        shared.start();
    }
    SharedTask<int> failing(failing_after(gate, "unheard"));
    failing.start();
}

TEST_CASE("a coroutine may end with the shared task that woke it in its own frame",
          "[task][shared][lifetime]") {
    const auto owner = [](Gate& gate) -> Task<int> {
        SharedTask<int> local(number_after(gate, 4));
        local.start();
        co_return co_await local;
    };
    SECTION("after waiting") {
        Gate gate;
        int out = 0;
        {
            const Task<void> task = store(owner(gate), out);
            task.start();
            gate.open();
            CHECK(task.done());
        }
        CHECK(out == 4);
    }
    SECTION("without waiting") {
        Gate gate;
        gate.open();
        int out = 0;
        const Task<void> task = store(owner(gate), out);
        task.start();
        CHECK(out == 4);
    }
    SECTION("as one of many that are settled") {
        Gate gate;
        const auto all = [](std::vector<Task<int>> tasks) -> Task<int> {
            int sum = 0;
            for (const auto& one : co_await settle_all(std::move(tasks))) {
                sum += one.value();
            }
            co_return sum;
        };
        std::vector<Task<int>> tasks;
        for (int i = 0; i < 5; ++i) {
            tasks.push_back(owner(gate));
        }
        int out = 0;
        const Task<void> task = store(all(std::move(tasks)), out);
        task.start();
        gate.open();
        CHECK(out == 20);
    }
}

namespace {

using Outcomes = std::vector<core::Result<int, ChainError>>;

Outcomes settle(std::vector<Task<int>> tasks, Gate* gate = nullptr) {
    Outcomes out;
    const Task<void> task = store(settle_all(std::move(tasks)), out);
    task.start();
    if (gate != nullptr) {
        CHECK_FALSE(task.done());
        gate->open();
    }
    REQUIRE(task.done());
    task.result();
    return out;
}

}  // namespace

TEST_CASE("settling gives every value and every failure in its place", "[task][settle]") {
    Gate gate;
    std::vector<Task<int>> tasks;
    tasks.push_back(number_after(gate, 1));
    tasks.push_back(failing_after(gate, "second"));
    tasks.push_back(number_now(3));
    tasks.push_back(failing_after(gate, "fourth"));
    const Outcomes out = settle(std::move(tasks), &gate);
    REQUIRE(out.size() == 4);
    CHECK(out[0].value() == 1);
    CHECK(out[1].error().detail() == "second");
    CHECK(out[2].value() == 3);
    CHECK(out[3].error().detail() == "fourth");
}

TEST_CASE("settling nothing, or what never waits, ends at once", "[task][settle]") {
    CHECK(settle({}).empty());
    std::vector<Task<int>> tasks;
    tasks.push_back(number_now(1));
    tasks.push_back(number_now(2));
    const Outcomes out = settle(std::move(tasks));
    CHECK(out[0].value() == 1);
    CHECK(out[1].value() == 2);
}

TEST_CASE("settling waits for the slowest, whatever the order", "[task][settle]") {
    Gate fast;
    Gate slow;
    const bool slow_first = GENERATE(true, false);
    std::vector<Task<int>> tasks;
    tasks.push_back(number_after(slow_first ? slow : fast, 1));
    tasks.push_back(number_after(slow_first ? fast : slow, 2));
    Outcomes out;
    const Task<void> task = store(settle_all(std::move(tasks)), out);
    task.start();
    fast.open();
    CHECK_FALSE(task.done());
    slow.open();
    REQUIRE(task.done());
    CHECK(out.size() == 2);
}

TEST_CASE("a defect among settled tasks is thrown and leaves nobody waiting", "[task][settle]") {
    Gate gate;
    std::vector<Task<int>> tasks;
    tasks.push_back(defect());
    tasks.push_back(number_after(gate, 1));
    Outcomes out;
    const Task<void> task = store(settle_all(std::move(tasks)), out);
    task.start();
    CHECK_FALSE(task.done());  // the others end first
    gate.open();
    REQUIRE(task.done());
    CHECK_THROWS_AS(task.result(), std::out_of_range);
}

TEST_CASE("100,000 coroutines of depth three run", "[task][scale]") {
    constexpr std::size_t kCount = 100'000;
    Gate gate;
    SharedTask<int> shared(number_after(gate, 1));
    const auto third = [](SharedTask<int>& on) -> Task<int> { co_return co_await on; };
    const auto second = [&](SharedTask<int>& on) -> Task<int> { co_return 1 + co_await third(on); };
    long sum = 0;
    const auto first = [&](SharedTask<int>& on) -> Task<void> { sum += 1 + co_await second(on); };
    std::vector<Task<void>> tasks;
    tasks.reserve(kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
        tasks.push_back(first(shared));
        tasks.back().start();
    }
    gate.open();
    CHECK(sum == 3 * static_cast<long>(kCount));
}

TEST_CASE("100,000 tasks are settled", "[task][scale]") {
    Gate gate;
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 100'000; ++i) {
        tasks.push_back(number_after(gate, i));
    }
    const Outcomes out = settle(std::move(tasks), &gate);
    CHECK(out.back().value() == 99'999);
}

TEST_CASE("a call that was answered while another was awaited needs no waiting", "[task][call]") {
    FakeNode node;
    node.answer(kContract, Value{}, U256(10), U256(0));
    node.answer(kContract, Value{}, U256(11), U256(1));
    const auto work = [](Reader& chain, U256& out) -> Task<void> {
        auto first = chain.call(kContract, Value{}, U256(0));
        auto second = chain.call(kContract, Value{}, U256(1));
        const U256 b = co_await second;
        const U256 a = co_await first;
        out = b - a;
    };
    evm::BatchReader reader(node, node.block, node.multicall3);
    U256 out = 0;
    std::vector<Task<void>> tasks;
    tasks.push_back(work(reader, out));
    reader.run(tasks);
    CHECK(out == 1);
    CHECK(reader.cost().rounds == 1);
}

TEST_CASE("a call that is dropped before it is answered is not sent", "[task][call][lifetime]") {
    FakeNode node;
    node.answer(kContract, Value{}, U256(10), U256(0));
    evm::BatchReader reader(node, node.block, node.multicall3);
    {
        auto dropped = reader.call(kContract, Value{}, U256(1));
        static_cast<void>(dropped);
    }
    const auto work = [](Reader& chain, U256& out) -> Task<void> {
        auto kept = chain.call(kContract, Value{}, U256(0));
        {
            auto unasked = chain.call(kContract, Value{}, U256(2));
            static_cast<void>(unasked);
        }
        out = co_await kept;
    };
    U256 out = 0;
    std::vector<Task<void>> tasks;
    tasks.push_back(work(reader, out));
    reader.run(tasks);
    CHECK(out == 10);
    CHECK(node.times_asked(kContract, Value{}, U256(1)) == 0);
    CHECK(node.times_asked(kContract, Value{}, U256(2)) == 0);
}

TEST_CASE("a call that nobody awaits is answered and harms nobody", "[task][call][lifetime]") {
    FakeNode node;
    node.answer(kContract, Value{}, U256(10), U256(0));
    const auto work = [](Reader& chain, U256& out) -> Task<void> {
        auto unheard = chain.call(kContract, Value{}, U256(1));
        static_cast<void>(unheard);
        out = co_await chain.call(kContract, Value{}, U256(0));
    };
    evm::BatchReader reader(node, node.block, node.multicall3);
    U256 out = 0;
    std::vector<Task<void>> tasks;
    tasks.push_back(work(reader, out));
    reader.run(tasks);
    CHECK(out == 10);
}

TEST_CASE("a failure may end what waits for an answer of the same round",
          "[task][call][lifetime]") {
    FakeNode node;
    node.answer(kContract, Value{}, U256(10), U256(0));
    node.revert(kContract, Value{}, U256(1));
    // The failing question is asked first, so its coroutine wakes first and takes the shared one
    // down with it.
    const auto side = [](Reader& chain) -> Task<U256> {
        const U256 value = co_await chain.call(kContract, Value{}, U256(0));
        co_return value;
    };
    const auto work = [&](Reader& chain) -> Task<void> {
        auto failing = chain.call(kContract, Value{}, U256(1));
        SharedTask<U256> beside(side(chain));
        beside.start();
        const U256 never = co_await failing;
        static_cast<void>(never + co_await beside);
    };
    evm::BatchReader reader(node, node.block, node.multicall3);
    std::vector<Task<void>> tasks;
    tasks.push_back(work(reader));
    tasks.push_back(work(reader));
    reader.run(tasks);
    CHECK_THROWS_AS(tasks[0].result(), ChainError);
    CHECK_THROWS_AS(tasks[1].result(), ChainError);
}
