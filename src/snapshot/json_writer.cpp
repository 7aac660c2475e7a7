#include <algorithm>
#include <nlohmann/json.hpp>

#include "snapshot/archive_json.hpp"

namespace margrave::snapshot {

namespace {

using core::Archive;

constexpr std::size_t kColumnsMax = 120;
constexpr std::size_t kRoomMin = 40;  // However deep; an empty list or object always fits.
constexpr std::size_t kIndentStep = 2;

std::string quoted(const std::string& text) {
    constexpr bool kAscii = true;
    return nlohmann::json(text).dump(-1, ' ', kAscii, nlohmann::json::error_handler_t::replace);
}

/// Writes on one line; gives up (false) once that is longer than `bytes_max`, so that laying out a
/// deep tree does not write its leaves once per level.
class OneLine {
  public:
    OneLine(std::string& out, std::size_t bytes_max) : out_(out), end_(out.size() + bytes_max) {}

    [[nodiscard]] bool write(const Archive& archive) { return std::visit(*this, archive.value()); }

    bool operator()(std::nullptr_t) { return add("null"); }
    bool operator()(bool flag) { return add(flag ? "true" : "false"); }
    bool operator()(const std::string& text) {
        return text.size() <= end_ - out_.size() && add(quoted(text));
    }
    bool operator()(const Archive::List& list) {
        std::string_view before = "[";
        for (const Archive& element : list) {
            if (!add(before) || !write(element)) {
                return false;
            }
            before = ", ";
        }
        return add(list.empty() ? "[]" : "]");
    }
    bool operator()(const Archive::Fields& fields) {
        std::string_view before = "{";
        for (const auto& [name, value] : fields) {
            if (!add(before) || !(*this)(name) || !add(": ") || !write(value)) {
                return false;
            }
            before = ", ";
        }
        return add(fields.empty() ? "{}" : "}");
    }

  private:
    bool add(std::string_view text) {
        if (text.size() > end_ - out_.size()) {
            return false;
        }
        out_ += text;
        return true;
    }

    std::string& out_;
    std::size_t end_;
};

void new_line(std::size_t indent, std::string& out) { out.append(1, '\n').append(indent, ' '); }

/// Writes over several lines, each element laid out on its own.
struct ManyLines {
    std::size_t indent;
    std::string& out;

    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool flag) const { out += flag ? "true" : "false"; }
    void operator()(const std::string& text) const { out += quoted(text); }
    void operator()(const Archive::List& list) const {
        std::string_view before = "[";
        for (const Archive& element : list) {
            out += before;
            new_line(indent + kIndentStep, out);
            append_json(element, indent + kIndentStep, out);
            before = ",";
        }
        new_line(indent, out);
        out += ']';
    }
    void operator()(const Archive::Fields& fields) const {
        std::string_view before = "{";
        for (const auto& [name, value] : fields) {
            out += before;
            new_line(indent + kIndentStep, out);
            out += quoted(name) + ": ";
            append_json(value, indent + kIndentStep, out);
            before = ",";
        }
        new_line(indent, out);
        out += '}';
    }
};

}  // namespace

void append_json(const core::Archive& archive, std::size_t indent, std::string& out) {
    const std::size_t start = out.size();
    const std::size_t room = std::max(kRoomMin, kColumnsMax - std::min(kColumnsMax, indent));
    if (!OneLine(out, room).write(archive)) {
        out.resize(start);
        std::visit(ManyLines{.indent = indent, .out = out}, archive.value());
    }
}

}  // namespace margrave::snapshot
