#include "chains/evm/json_text.hpp"

#include <simdjson.h>

#include <algorithm>

namespace margrave::chains::evm {

namespace {

namespace ondemand = simdjson::ondemand;
namespace dom = simdjson::dom;

static_assert(JsonText::kPadding >= simdjson::SIMDJSON_PADDING);

/// JSON-RPC objects have four members, blocks some thirty: the bound only keeps a hostile reply
/// from turning into many times its own size in memory.
constexpr std::size_t kMembersMax = 64;

std::string_view without_trailing_space(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// The text of a value up to the next token.
std::string_view raw_text(ondemand::value& value, ondemand::json_type type) {
    std::string_view text;
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        const bool read = value.get_object().get(object) == simdjson::SUCCESS &&
                          object.raw_json().get(text) == simdjson::SUCCESS;
        return read ? text : std::string_view{};
    }
    if (type == ondemand::json_type::array) {
        ondemand::array array;
        const bool read = value.get_array().get(array) == simdjson::SUCCESS &&
                          array.raw_json().get(text) == simdjson::SUCCESS;
        return read ? text : std::string_view{};
    }
    return value.raw_json_token();
}

const std::string* walk(const dom::element& element, bool (*wanted)(std::string_view),
                        std::string& found) {
    if (std::string_view text; element.get(text) == simdjson::SUCCESS) {
        found = wanted(text) ? text : std::string_view{};
        return found.empty() ? nullptr : &found;
    }
    if (dom::array array; element.get(array) == simdjson::SUCCESS) {
        const auto hit = std::find_if(array.begin(), array.end(), [&](const dom::element& child) {
            return walk(child, wanted, found) != nullptr;
        });
        return hit == array.end() ? nullptr : &found;
    }
    if (dom::object object; element.get(object) == simdjson::SUCCESS) {
        for (const dom::key_value_pair& field : object) {
            if (walk(field.value, wanted, found) != nullptr) {
                return &found;
            }
        }
    }
    return nullptr;
}

}  // namespace

struct JsonText::Parsers {
    ondemand::parser outer;
    dom::parser inner;

    /// The on-demand parser looks only at what it is asked for. A string is checked by its first
    /// pass unless it has escapes; anything else is parsed once more in full, which also bounds its
    /// depth (1024).
    std::optional<std::string_view> checked_text(ondemand::value& value) {
        ondemand::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS) {
            return std::nullopt;
        }
        const std::string_view text = without_trailing_space(raw_text(value, type));
        if (type != ondemand::json_type::string) {
            const bool sound =
                inner.parse(text.data(), text.size(), false).error() == simdjson::SUCCESS;
            return sound ? std::optional(text) : std::nullopt;
        }
        const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
        if (!quoted || (text.find('\\') != std::string_view::npos &&
                        value.get_string().error() != simdjson::SUCCESS)) {
            return std::nullopt;
        }
        return text;
    }

    simdjson::simdjson_result<ondemand::document> open(std::string_view slice) {
        return outer.iterate(slice.data(), slice.size(), slice.size() + simdjson::SIMDJSON_PADDING);
    }
};

namespace {

bool is_at_end(ondemand::document& document) {
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace

JsonText::JsonText(const std::string& text) : text_(text), parsers_(std::make_unique<Parsers>()) {
    if (text.capacity() - text.size() < kPadding) {
        copy_.reserve(text.size() + kPadding);
        copy_ = text;
        text_ = copy_;
    }
}

JsonText::~JsonText() = default;

std::optional<std::vector<JsonText::Member>> JsonText::members(std::string_view slice) {
    ondemand::document document;
    ondemand::object object;
    if (parsers_->open(slice).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    std::vector<Member> members;
    for (auto field : object) {
        std::string_view key;
        ondemand::value value;
        if (members.size() == kMembersMax || field.unescaped_key().get(key) != simdjson::SUCCESS ||
            field.value().get(value) != simdjson::SUCCESS) {
            return std::nullopt;
        }
        const auto text = parsers_->checked_text(value);
        if (!text) {
            return std::nullopt;
        }
        members.push_back({.key = std::string(key), .value = *text});
    }
    return is_at_end(document) ? std::optional(std::move(members)) : std::nullopt;
}

std::optional<std::vector<std::string_view>> JsonText::elements(std::string_view slice,
                                                                std::size_t count_max) {
    ondemand::document document;
    ondemand::array array;
    if (parsers_->open(slice).get(document) != simdjson::SUCCESS ||
        document.get_array().get(array) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    std::vector<std::string_view> elements;
    for (auto element : array) {
        ondemand::value value;
        if (elements.size() == count_max || element.get(value) != simdjson::SUCCESS) {
            return std::nullopt;
        }
        const auto text = parsers_->checked_text(value);
        if (!text) {
            return std::nullopt;
        }
        elements.push_back(*text);
    }
    return is_at_end(document) ? std::optional(std::move(elements)) : std::nullopt;
}

std::optional<std::string> JsonText::string(std::string_view slice) {
    ondemand::document document;
    std::string_view text;
    if (parsers_->open(slice).get(document) != simdjson::SUCCESS ||
        document.get_string().get(text) != simdjson::SUCCESS || !is_at_end(document)) {
        return std::nullopt;
    }
    return std::string(text);
}

std::optional<std::string> JsonText::find_string(std::string_view slice,
                                                 bool (*wanted)(std::string_view)) {
    dom::element root;
    if (parsers_->inner.parse(slice.data(), slice.size(), false).get(root) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    std::string found;
    return walk(root, wanted, found) != nullptr ? std::optional(std::move(found)) : std::nullopt;
}

FoundMember find_member(const std::vector<JsonText::Member>& members, std::string_view key) {
    FoundMember found;
    for (const auto& member : members) {
        if (member.key == key) {
            found.repeated = found.value.has_value();
            found.value = member.value;
        }
    }
    return found;
}

}  // namespace margrave::chains::evm
