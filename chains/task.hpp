#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/errors.hpp"
#include "core/result.hpp"

namespace margrave::chains {

template <class T>
class Task;

namespace detail {

/// Suspends the coroutine that awaits it for good and goes on with `next`, which may destroy it:
/// nothing of it runs again.
struct HandOver {
    std::coroutine_handle<> next;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(
        std::coroutine_handle<> /*suspended*/) const noexcept {
        return next;
    }
    void await_resume() const noexcept {}
};

/// What every task's promise shares: it starts when awaited, and hands control back to whoever
/// awaited it.
class PromiseBase {
  public:
    struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            const std::coroutine_handle<> next = done.promise().continuation;
            return next ? next : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }

    std::coroutine_handle<> continuation;
};

template <class T>
class Promise : public PromiseBase {
  public:
    Task<T> get_return_object();
    void unhandled_exception() { state_ = std::current_exception(); }
    template <class Value>
    void return_value(Value&& value) {
        state_.template emplace<T>(std::forward<Value>(value));
    }
    [[nodiscard]] T& result() {
        if (auto* error = std::get_if<std::exception_ptr>(&state_)) {
            std::rethrow_exception(*error);
        }
        return std::get<T>(state_);
    }

  private:
    std::variant<std::monostate, T, std::exception_ptr> state_;
};

template <>
class Promise<void> : public PromiseBase {
  public:
    Task<void> get_return_object();
    void unhandled_exception() { error_ = std::current_exception(); }
    void return_void() {}
    void result() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

  private:
    std::exception_ptr error_;
};

}  // namespace detail

/// A coroutine that starts when it is awaited (or start()ed) and is awaited once. Owns its frame.
/// Not thread-safe: all tasks of a chain run on the thread of that chain's reader.
template <class T>
class [[nodiscard]] Task {
  public:
    using promise_type =
        detail::Promise<T>;  // NOLINT(readability-identifier-naming): the language's name
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    struct Awaiter {
        Handle task;
        [[nodiscard]] bool await_ready() const noexcept { return task.done(); }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) const noexcept {
            task.promise().continuation = waiter;
            return task;
        }
        T await_resume() const {
            if constexpr (std::is_void_v<T>) {
                task.promise().result();
            } else {
                return std::move(task.promise().result());
            }
        }
    };
    Awaiter operator co_await() const noexcept { return Awaiter{handle_}; }

    /// Runs until the first thing it must wait for; for the tasks at the top.
    void start() const { handle_.resume(); }
    [[nodiscard]] bool done() const { return handle_.done(); }
    /// The result of a finished task; rethrows what it threw.
    decltype(auto) result() const {
        core::ensure(handle_.done(), "a task is asked for its result only when it is done");
        return handle_.promise().result();
    }

  private:
    Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

/// A task whose result many coroutines wait for: it starts with the first of them and runs once.
/// What it throws, it throws in each of them. Must outlive its waiters; neither copied nor moved.
template <class T>
class SharedTask {
  public:
    explicit SharedTask(Task<T> work) : work_(std::move(work)) {}
    SharedTask(const SharedTask&) = delete;
    SharedTask& operator=(const SharedTask&) = delete;

    struct Awaiter {
        SharedTask& shared;
        [[nodiscard]] bool await_ready() const noexcept { return shared.finished_; }
        void await_suspend(std::coroutine_handle<> waiter) const {
            shared.waiters_.push_back(waiter);
            shared.start();
        }
        T& await_resume() const {
            if (shared.error_) {
                std::rethrow_exception(shared.error_);
            }
            return *shared.value_;
        }
    };
    Awaiter operator co_await() noexcept { return Awaiter{*this}; }

    /// Starts the work, once, without waiting for it.
    void start() {
        if (!runner_) {
            runner_.emplace(run());
            runner_->start();
        }
    }

  private:
    Task<void> run() {
        try {
            value_.emplace(co_await work_);
        } catch (...) {
            error_ = std::current_exception();
        }
        finished_ = true;
        // The last waiter may own this task and end with it, so control is handed over to it for
        // good.
        const std::vector<std::coroutine_handle<>> waiters = std::exchange(waiters_, {});
        for (std::size_t i = 0; i + 1 < waiters.size(); ++i) {
            waiters[i].resume();
        }
        if (!waiters.empty()) {
            co_await detail::HandOver{waiters.back()};
        }
    }

    Task<T> work_;
    std::optional<Task<void>> runner_;
    std::optional<T> value_;
    std::exception_ptr error_;
    std::vector<std::coroutine_handle<>> waiters_;
    bool finished_ = false;
};

namespace detail {

template <class T>
struct Settling {
    std::size_t open = 0;
    std::coroutine_handle<> waiter;
    std::vector<std::optional<core::Result<T, core::ChainError>>> outcomes;
    std::exception_ptr defect;  ///< what is no ChainError is no answer

    struct Awaiter {
        Settling& settling;
        [[nodiscard]] bool await_ready() const noexcept { return settling.open == 0; }
        void await_suspend(std::coroutine_handle<> handle) const noexcept {
            settling.waiter = handle;
        }
        void await_resume() const noexcept {}
    };
};

template <class T>
Task<void> settle_one(Task<T> work, std::size_t index, Settling<T>& settling) {
    // A parsing edge: whoever settles tasks asks for their failures as answers.
    try {
        settling.outcomes[index].emplace(co_await work);
    } catch (const core::ChainError& error) {
        settling.outcomes[index].emplace(core::Unexpected(error));
    } catch (...) {
        settling.defect = std::current_exception();
    }
    if (--settling.open == 0 && settling.waiter) {
        // The waiter ends with this coroutine still in its list.
        co_await HandOver{settling.waiter};
    }
}

}  // namespace detail

/// Runs all tasks side by side and gives each one's value or ChainError, in their order. Anything
/// else that one throws is thrown once all have ended.
template <class T>
Task<std::vector<core::Result<T, core::ChainError>>> settle_all(std::vector<Task<T>> tasks) {
    detail::Settling<T> settling;
    settling.open = tasks.size();
    settling.outcomes.resize(tasks.size());
    std::vector<Task<void>> running;
    running.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        running.push_back(detail::settle_one(std::move(tasks[i]), i, settling));
        running.back().start();
    }
    co_await typename detail::Settling<T>::Awaiter{settling};
    if (settling.defect) {
        std::rethrow_exception(settling.defect);
    }
    std::vector<core::Result<T, core::ChainError>> outcomes;
    outcomes.reserve(settling.outcomes.size());
    for (auto& outcome : settling.outcomes) {
        outcomes.push_back(*std::move(outcome));
    }
    co_return outcomes;
}

}  // namespace margrave::chains
