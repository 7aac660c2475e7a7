#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace margrave::chains::evm {

/// JSON taken apart into slices of its own text: what passes through is neither rounded nor
/// re-spelled, and a reply of a megabyte is not copied on the way. Everything handed out was
/// checked to be JSON; nullopt says that it is not, or not of the kind asked for. By simdjson,
/// behind this header because simdjson is slow to compile.
class JsonText {
  public:
    /// Keeps a reference to `text`, which must outlive this object and the slices. A text with
    /// spare capacity (see kPadding) is read in place, another one is copied once.
    explicit JsonText(const std::string& text);
    ~JsonText();
    JsonText(const JsonText&) = delete;
    JsonText& operator=(const JsonText&) = delete;

    static constexpr std::size_t kPadding = 64;  ///< bytes that simdjson may look at past the end

    struct Member {
        std::string key;
        std::string_view value;
    };

    [[nodiscard]] std::string_view whole() const { return text_; }
    /// An object's members in their order, duplicate keys included. `slice` is whole() or came from
    /// this object. Objects of more members than any reply has are refused.
    [[nodiscard]] std::optional<std::vector<Member>> members(std::string_view slice);
    /// An array's elements, at most `count_max`.
    [[nodiscard]] std::optional<std::vector<std::string_view>> elements(std::string_view slice,
                                                                        std::size_t count_max);
    /// A string without quotes and escapes.
    [[nodiscard]] std::optional<std::string> string(std::string_view slice);
    /// The first string anywhere in `slice`, depth first and keys left out, that `wanted` accepts.
    [[nodiscard]] std::optional<std::string> find_string(std::string_view slice,
                                                         bool (*wanted)(std::string_view));

  private:
    struct Parsers;
    std::string copy_;
    std::string_view text_;
    std::unique_ptr<Parsers> parsers_;
};

/// The value of the member `key`; nullopt when it is absent. `repeated` tells whether it is there
/// more than once, which JSON leaves undefined and a reader must not guess about.
struct FoundMember {
    std::optional<std::string_view> value;
    bool repeated = false;
};
[[nodiscard]] FoundMember find_member(const std::vector<JsonText::Member>& members,
                                      std::string_view key);

}  // namespace margrave::chains::evm
