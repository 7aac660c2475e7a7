#pragma once

#include <cstddef>
#include <string_view>

#include "core/keccak.hpp"

namespace margrave::server {

/// A secret that a client has to show. Only its hash is held: no message, core file or other reader
/// of this process's memory gives it away.
class Token {
  public:
    static constexpr std::size_t kCharactersMin = 32;

    /// `secret` has kCharactersMin at least, by chance enough that its hash tells nothing of it.
    explicit Token(std::string_view secret);

    /// Whether an Authorization header shows it, "Bearer …". Takes as long for a wrong one.
    [[nodiscard]] bool is_shown_by(std::string_view authorization) const;

  private:
    core::Hash hash_;
};

}  // namespace margrave::server
