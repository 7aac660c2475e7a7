#pragma once

#include <string.h>

#include <memory>
#include <string>
#include <utility>

namespace margrave::channels {

/// A password, a token, or a URL that holds one. Nothing prints, formats or compares it, and its
/// bytes are wiped when the last copy goes.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text)
        : text_(new std::string(std::move(text)), [](std::string* kept) {
              ::explicit_bzero(kept->data(), kept->size());
              delete kept;
          }) {}

    [[nodiscard]] bool is_empty() const { return text_ == nullptr || text_->empty(); }
    /// Only for who sends it to its owner.
    [[nodiscard]] const std::string& reveal() const {
        static const std::string none;
        return text_ == nullptr ? none : *text_;
    }

  private:
    std::shared_ptr<std::string> text_;
};

}  // namespace margrave::channels
