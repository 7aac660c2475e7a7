#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace margrave::core {

/// A std::optional that takes a pointer's room while it is empty: for what few of many objects
/// have. Copies copy the value.
template <class T>
class Boxed {
  public:
    Boxed() = default;
    // It stands where an optional stood: values and optionals are assigned to it as to one.
    // NOLINTBEGIN(google-explicit-constructor)
    Boxed(T value) : box_(std::make_unique<T>(std::move(value))) {}
    Boxed(const std::optional<T>& value) : box_(value ? std::make_unique<T>(*value) : nullptr) {}
    operator std::optional<T>() const { return box_ ? std::optional<T>(*box_) : std::nullopt; }
    // NOLINTEND(google-explicit-constructor)
    Boxed(const Boxed& other) : box_(other ? std::make_unique<T>(*other) : nullptr) {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(Boxed other) noexcept {
        box_ = std::move(other.box_);
        return *this;
    }
    ~Boxed() = default;

    [[nodiscard]] bool has_value() const { return box_ != nullptr; }
    [[nodiscard]] explicit operator bool() const { return has_value(); }
    [[nodiscard]] T& operator*() { return *box_; }
    [[nodiscard]] const T& operator*() const { return *box_; }
    [[nodiscard]] T* operator->() { return box_.get(); }
    [[nodiscard]] const T* operator->() const { return box_.get(); }
    [[nodiscard]] T value_or(T other) const { return box_ ? *box_ : std::move(other); }
    void reset() { box_.reset(); }

    friend bool operator==(const Boxed& a, const T& b) { return a && *a == b; }

  private:
    std::unique_ptr<T> box_;
};

}  // namespace margrave::core
