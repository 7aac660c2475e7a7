#include "core/archive.hpp"

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::core {

namespace {

std::string quote(std::string_view text) { return '"' + printable(text) + '"'; }

/// What an archive holds, for an error: the text itself, or the kind of thing.
std::string describe(const Archive& archive) {
    struct Describe {
        std::string operator()(std::nullptr_t) const { return "nothing"; }
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(const std::string& text) const { return quote(text); }
        std::string operator()(const Archive::List&) const { return "a list"; }
        std::string operator()(const Archive::Fields&) const { return "named fields"; }
    };
    return std::visit(Describe{}, archive.value());
}

[[noreturn]] void refuse(std::string_view name, std::string_view expected, const Archive& found) {
    throw InputError("field " + quote(name) + " should be " + std::string(expected) + ", not " +
                     describe(found));
}

template <class T>
const T& get(const Archive& archive, std::string_view name, std::string_view expected) {
    const Archive& field = archive.at(name);
    const T* const value = std::get_if<T>(&field.value());
    if (value == nullptr) {
        refuse(name, expected, field);
    }
    return *value;
}

}  // namespace

Archive::Archive(const U256& number) : value_(to_decimal(number)) {}

Archive::Archive(std::uint64_t number) : value_(std::to_string(number)) {}

Archive::Archive(const Address& address) : value_(address.to_string()) {}

void Archive::set(std::string_view name, Archive value) {
    if (std::holds_alternative<std::nullptr_t>(value_)) {
        value_ = Fields{};
    }
    Fields* const fields = std::get_if<Fields>(&value_);
    ensure(fields != nullptr, "only an empty archive or one of fields is given a field");
    fields->insert_or_assign(std::string(name), std::move(value));
}

const Archive* Archive::find(std::string_view name) const {
    if (std::holds_alternative<std::nullptr_t>(value_)) {
        return nullptr;
    }
    const Fields* const fields = std::get_if<Fields>(&value_);
    if (fields == nullptr) {
        throw InputError("field " + quote(name) + " is looked for in " + describe(*this) +
                         " instead of named fields");
    }
    const auto found = fields->find(name);
    return found == fields->end() ? nullptr : &found->second;
}

bool Archive::has(std::string_view name) const { return find(name) != nullptr; }

const Archive& Archive::at(std::string_view name) const {
    const Archive* const field = find(name);
    if (field == nullptr) {
        throw InputError("field " + quote(name) + " is missing");
    }
    return *field;
}

const Archive::List& Archive::list(std::string_view name) const {
    return get<List>(*this, name, "a list");
}

const std::string& Archive::text(std::string_view name) const {
    return get<std::string>(*this, name, "a text");
}

bool Archive::flag(std::string_view name) const { return get<bool>(*this, name, "true or false"); }

U256 Archive::u256(std::string_view name) const {
    constexpr std::string_view kExpected = "the decimal digits of an integer of at most 256 bits";
    const std::optional<U256> number = parse_decimal(get<std::string>(*this, name, kExpected));
    if (!number) {
        refuse(name, kExpected, at(name));
    }
    return *number;
}

std::uint64_t Archive::u64(std::string_view name) const {
    constexpr std::string_view kExpected = "the decimal digits of an integer of at most 64 bits";
    const std::optional<std::uint64_t> number = parse_u64(get<std::string>(*this, name, kExpected));
    if (!number) {
        refuse(name, kExpected, at(name));
    }
    return *number;
}

Address Archive::address(std::string_view name) const {
    const Result<Address, std::string> address =
        Address::try_parse(get<std::string>(*this, name, "an address"));
    if (!address) {
        throw InputError("field " + quote(name) + ": " + address.error());
    }
    return *address;
}

std::optional<U256> Archive::optional_u256(std::string_view name) const {
    return has(name) ? std::optional<U256>(u256(name)) : std::nullopt;
}

std::optional<std::uint64_t> Archive::optional_u64(std::string_view name) const {
    return has(name) ? std::optional<std::uint64_t>(u64(name)) : std::nullopt;
}

std::optional<std::string> Archive::optional_text(std::string_view name) const {
    return has(name) ? std::optional<std::string>(text(name)) : std::nullopt;
}

}  // namespace margrave::core
