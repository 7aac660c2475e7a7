#pragma once

#include <utility>
#include <variant>

#include "core/errors.hpp"

namespace margrave::core {

/// The failure half of a Result, as std::unexpected.
template <class E>
class Unexpected {
  public:
    explicit Unexpected(E error) : error_(std::move(error)) {}
    [[nodiscard]] E& error() { return error_; }

  private:
    E error_;
};

/// A value or the reason why there is none; the member names are those of std::expected (C++23).
template <class T, class E>
class [[nodiscard]] Result {
  public:
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }                              // NOLINT(google-explicit-constructor)
    Result(Unexpected<E> failure)  // NOLINT(google-explicit-constructor)
        : state_(std::in_place_index<1>, std::move(failure.error())) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    [[nodiscard]] const T& value() const& {
        ensure(has_value(), "a Result is asked for its value only when it has one");
        return std::get<0>(state_);
    }
    [[nodiscard]] T& value() & {
        ensure(has_value(), "a Result is asked for its value only when it has one");
        return std::get<0>(state_);
    }
    [[nodiscard]] T&& value() && {
        ensure(has_value(), "a Result is asked for its value only when it has one");
        return std::get<0>(std::move(state_));
    }
    [[nodiscard]] const E& error() const {
        ensure(!has_value(), "a Result is asked for its error only when it has one");
        return std::get<1>(state_);
    }
    const T& operator*() const& { return value(); }
    const T* operator->() const { return &value(); }

  private:
    std::variant<T, E> state_;
};

}  // namespace margrave::core
