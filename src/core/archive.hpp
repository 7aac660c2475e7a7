#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::core {

/// What a Market writes of itself to the snapshot file, and is restored from: a tree of texts,
/// flags, lists and named fields. Integers are decimal text, so nothing is ever rounded.
/// src/snapshot turns it into JSON; nobody else needs to know what is inside. Every getter throws
/// InputError naming the field when it is missing or malformed.
class Archive {
  public:
    using List = std::vector<Archive>;
    using Fields = std::map<std::string, Archive, std::less<>>;
    using Value = std::variant<std::nullptr_t, bool, std::string, List, Fields>;

    Archive() = default;
    Archive(bool flag) : value_(flag) {}                      // NOLINT(google-explicit-constructor)
    Archive(std::string text) : value_(std::move(text)) {}    // NOLINT(google-explicit-constructor)
    Archive(const char* text) : value_(std::string(text)) {}  // NOLINT(google-explicit-constructor)
    Archive(const U256& number);                              // NOLINT(google-explicit-constructor)
    Archive(std::uint64_t number);                            // NOLINT(google-explicit-constructor)
    Archive(const Address& address);                          // NOLINT(google-explicit-constructor)
    Archive(List list) : value_(std::move(list)) {}           // NOLINT(google-explicit-constructor)
    Archive(Fields fields) : value_(std::move(fields)) {}     // NOLINT(google-explicit-constructor)

    /// Sets a named field; turns an empty archive into one of fields.
    void set(std::string_view name, Archive value);
    /// Sets it only when there is a value: an absent field reads back as nullopt.
    template <class T>
    void set_optional(std::string_view name, const std::optional<T>& value) {
        if (value) {
            set(name, Archive(*value));
        }
    }

    /// False for an empty archive; throws InputError when this holds something else than fields.
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] const Archive& at(std::string_view name) const;
    [[nodiscard]] const List& list(std::string_view name) const;
    [[nodiscard]] const std::string& text(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] U256 u256(std::string_view name) const;
    /// An integer of at most 64 bits.
    [[nodiscard]] std::uint64_t u64(std::string_view name) const;
    [[nodiscard]] Address address(std::string_view name) const;
    /// nullopt when the field is absent.
    [[nodiscard]] std::optional<U256> optional_u256(std::string_view name) const;
    [[nodiscard]] std::optional<std::uint64_t> optional_u64(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) const;

    [[nodiscard]] const Value& value() const { return value_; }

  private:
    /// nullptr when absent; throws InputError when this holds something else than fields.
    [[nodiscard]] const Archive* find(std::string_view name) const;

    Value value_ = nullptr;
};

}  // namespace margrave::core
