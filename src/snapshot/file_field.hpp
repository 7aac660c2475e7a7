#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/archive.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"

namespace margrave::snapshot {

/// A place in the file being read. It knows its path, so that an error names "holdings[3].amount"
/// and not just "amount"; every getter throws core::InputError with it. Points into the archive,
/// which must outlive it.
class FileField {
  public:
    FileField(const core::Archive& archive, std::string path)
        : archive_(&archive), path_(std::move(path)) {}

    /// Throws unless this is an object with no other fields than these.
    void require_only(std::initializer_list<std::string_view> names) const;

    /// The named field; throws when it is missing.
    [[nodiscard]] FileField at(std::string_view name) const;
    [[nodiscard]] std::vector<FileField> elements() const;
    /// The names of an object's fields.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] bool is_null() const;

    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] bool flag() const;
    [[nodiscard]] core::Address address() const;
    [[nodiscard]] core::Hash hash() const;
    /// Decimal digits without a leading zero, so that a number has one spelling only.
    [[nodiscard]] core::U256 u256() const;
    [[nodiscard]] std::uint64_t u64() const;

    [[nodiscard]] const core::Archive& archive() const { return *archive_; }
    [[noreturn]] void refuse(std::string_view why) const;

  private:
    [[nodiscard]] const core::Archive::Fields& fields() const;

    const core::Archive* archive_;
    std::string path_;
};

}  // namespace margrave::snapshot
