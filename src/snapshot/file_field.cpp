#include "snapshot/file_field.hpp"

#include <algorithm>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::snapshot {

namespace {

using core::Archive;

bool is_canonical_decimal(const std::string& text) { return text == "0" || !text.starts_with('0'); }

std::string join(const std::string& path, std::string_view name) {
    return (path.empty() ? "" : path + ".") + std::string(name);
}

}  // namespace

void FileField::refuse(std::string_view why) const {
    const std::string place = path_.empty() ? "snapshot" : "snapshot: " + core::printable(path_);
    throw core::InputError(place + ": " + std::string(why));
}

const Archive::Fields& FileField::fields() const {
    const auto* const fields = std::get_if<Archive::Fields>(&archive_->value());
    if (fields == nullptr) {
        refuse("should be an object");
    }
    return *fields;
}

void FileField::require_only(std::initializer_list<std::string_view> names) const {
    for (const auto& [name, value] : fields()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            FileField(value, join(path_, name)).refuse("this margrave does not know the field");
        }
    }
}

FileField FileField::at(std::string_view name) const {
    const auto found = fields().find(name);
    if (found == fields().end()) {
        refuse("the field \"" + std::string(name) + "\" is missing");
    }
    return {found->second, join(path_, name)};
}

std::vector<std::string> FileField::names() const {
    std::vector<std::string> out;
    for (const auto& [name, value] : fields()) {
        out.push_back(name);
    }
    return out;
}

std::vector<FileField> FileField::elements() const {
    const auto* const list = std::get_if<Archive::List>(&archive_->value());
    if (list == nullptr) {
        refuse("should be a list");
    }
    std::vector<FileField> elements;
    elements.reserve(list->size());
    for (const Archive& element : *list) {
        elements.emplace_back(element, path_ + '[' + std::to_string(elements.size()) + ']');
    }
    return elements;
}

bool FileField::is_null() const {
    return std::holds_alternative<std::nullptr_t>(archive_->value());
}

const std::string& FileField::text() const {
    const auto* const text = std::get_if<std::string>(&archive_->value());
    if (text == nullptr) {
        refuse("should be a text");
    }
    return *text;
}

bool FileField::flag() const {
    const bool* const flag = std::get_if<bool>(&archive_->value());
    if (flag == nullptr) {
        refuse("should be true or false");
    }
    return *flag;
}

core::Address FileField::address() const {
    const auto address = core::Address::try_parse(text());
    if (!address) {
        refuse(address.error());
    }
    return *address;
}

core::Hash FileField::hash() const {
    core::Hash hash{};
    const auto bytes = core::parse_hex(text());
    if (!bytes || bytes->size() != hash.size()) {
        refuse("should be \"0x\" and 64 hex digits");
    }
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    return hash;
}

core::U256 FileField::u256() const {
    const auto number = core::parse_decimal(text());
    if (!number || !is_canonical_decimal(text())) {
        refuse("should be decimal digits in quotes, at most 256 bits, without a leading zero");
    }
    return *number;
}

std::uint64_t FileField::u64() const {
    const auto number = core::parse_u64(text());
    if (!number || !is_canonical_decimal(text())) {
        refuse("should be decimal digits in quotes, at most 64 bits, without a leading zero");
    }
    return *number;
}

}  // namespace margrave::snapshot
